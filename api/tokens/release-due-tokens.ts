import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import { type Deps, once, parse, today, type Uuid, zIdempotencyKey, zKey } from '../platform/index.ts'
import { auditReleases, type Released, releaseDue } from './release-due.ts'

export const ReleaseDueTokensInput = z.strictObject({ companyId: zKey('Company'), idempotencyKey: zIdempotencyKey })
export type ReleaseDueTokensInput = z.input<typeof ReleaseDueTokensInput>

/** Releases what is due today: what the job of the day does, for when somebody cannot wait for it. */
export async function releaseDueTokens(
  deps: Deps,
  actor: Actor,
  input: ReleaseDueTokensInput,
): Promise<{ companyId: Uuid; releases: readonly Released[] }> {
  const { companyId, idempotencyKey } = parse(ReleaseDueTokensInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'operations')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'releaseDueTokens', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const releases = await releaseDue(trx, companyId, await today(trx))
    if (releases.length > 0) await auditReleases(trx, actor, companyId, releases)
    return { companyId, releases }
  })
}
