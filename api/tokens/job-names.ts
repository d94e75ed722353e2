/** Names of the jobs that are added for a company and a day. */

/** For each date on which tokens of a company are released. */
export const RELEASE_DUE_JOB = 'tokens.release-due'
/** For the day on which a lot expires. */
export const EXPIRE_LOTS_JOB = 'tokens.expire-lots'
