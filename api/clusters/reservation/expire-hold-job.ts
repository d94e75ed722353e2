/** Name of the job that is added with every request, for the end of the provider's time to decide. */
export const EXPIRE_HOLD_JOB = 'clusters.expire-hold'
