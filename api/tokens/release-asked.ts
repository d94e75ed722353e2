import type { Actor } from '../access/index.ts'
import { addJob, type Trx, type Uuid } from '../platform/index.ts'
import { RELEASE_DUE_JOB } from './job-names.ts'
import { auditReleases, releaseDue } from './release-due.ts'

/** Releases at once what a person's act made due. The job follows, since shares may be earned by what is released. */
export async function releaseAsked(trx: Trx, actor: Actor, companyId: Uuid, on: string): Promise<void> {
  const releases = await releaseDue(trx, companyId, on)
  if (releases.length === 0) return
  await auditReleases(trx, actor, companyId, releases)
  await addJob(trx, { name: RELEASE_DUE_JOB, payload: { companyId }, key: `tokens.release:${companyId}:now` })
}
