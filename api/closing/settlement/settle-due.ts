/** What time alone settles: the long-stop, the end of a wind-down, and expiry that owed days move. */
import { sql } from 'kysely'
import { z } from 'zod'
import { endEarning } from '../../drawdown/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  type Deps,
  DomainError,
  globalId,
  instant,
  inTransaction,
  newId,
  parse,
  type Trx,
  today,
  type Uuid,
  zUuid,
} from '../../platform/index.ts'
import { cancelTokens, changeLot, daysAfter } from '../../tokens/index.ts'
import { applyPlan } from './apply-plan.ts'
import { loadStanding } from './load-standing.ts'
import { type Circumstances, type GrantStanding, planHash, planJson } from './plan.ts'
import { planFor } from './plan-for.ts'
import { insertOutcome, insertSettlement, openProposal } from './settlement.store.ts'

/**
 * The job: settles a grant whose day has come, as its signed terms say. Earning ends on that day at once; shares move when
 * everything earned is final, so until then the job only waits. Harmless the second time.
 */
export async function settleDue(deps: Deps, payload: unknown): Promise<void> {
  const { companyId, grantId } = parse(z.strictObject({ companyId: zUuid, grantId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const { standing, grant } = await loadStanding(trx, companyId, grantId)
    await keepTokensAlive(trx, standing)
    if (standing.settledBy !== null) return cancelReturned(trx, standing)
    const event = dueEvent(standing)
    if (event === undefined) return
    const endsOn = event === 'long_stop' ? standing.longStop.effective : windDownEnd(standing)
    if (grant.endedOn === null) await endEarning(trx, grant, endsOn)
    if (grant.earned !== grant.vested || (await openProposal(trx, companyId, grantId)) !== undefined) return
    await settle(trx, standing, grant, {
      event,
      happenedOn: endsOn,
      evidence: 'The day that the signed terms name has come.',
    })
  })
}

const windDownEnd = (of: GrantStanding): string => daysAfter(of.noticeOn ?? of.on, of.terms.settlement.windDownDays)

function dueEvent(of: GrantStanding): 'long_stop' | 'termination_for_convenience' | undefined {
  if (of.noticeOn !== null && of.on >= windDownEnd(of)) return 'termination_for_convenience'
  return of.on >= of.longStop.effective ? 'long_stop' : undefined
}

async function settle(
  trx: Trx,
  standing: GrantStanding,
  grant: Awaited<ReturnType<typeof loadStanding>>['grant'],
  said: Circumstances,
): Promise<void> {
  const { companyId, grantId } = standing
  const plan = planFor(standing, said)
  const ref = { companyId, id: newId() }
  const { closed_by: madeBy } = await trx
    .selectFrom('closed_round')
    .select('closed_by')
    .where('company_id', '=', companyId)
    .where('round_id', '=', grant.grant.roundId)
    .limit(1)
    .executeTakeFirstOrThrow()
  await insertSettlement(trx, {
    ref,
    grantId,
    said,
    plan: planJson(plan),
    planSha256: planHash(plan),
    termsDocumentId: grant.grant.termsDocumentId,
    proposedBy: null,
  })
  const { evidence, happenedOn } = said
  const applied = await applyPlan(trx, { ref, standing, grant, plan, evidence, happenedOn, actorId: null, madeBy })
  await insertOutcome(
    trx,
    { ref, proposedBy: null },
    { kind: 'applied', decidedBy: null, documentId: applied.documentId, reason: null },
  )
}

/** What returns from reservations after a termination is cancelled with the rest. */
async function cancelReturned(trx: Trx, { companyId, lotId, on }: GrantStanding): Promise<void> {
  const ended = await trx
    .selectFrom('wind_down')
    .select('settlement_id')
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('ends_on', '<=', on)
    .limit(1)
    .executeTakeFirst()
  if (ended === undefined) return
  await cancelTokens(trx, {
    companyId,
    lotId,
    from: ['locked', 'available'],
    cause: ended.settlement_id,
    subject: globalId('Settlement', companyId, ended.settlement_id),
    round: await instant(trx),
  })
}

/** Owed days move the expiry of the tokens as they move the long-stop: told in time, a week before they would expire. */
async function keepTokensAlive(trx: Trx, of: GrantStanding): Promise<void> {
  const { companyId, grantId, lotId, on, expiresOn, agreedExpiry, longStop } = of
  const moved = daysAfter(agreedExpiry, longStop.deniedDays.length + longStop.outageDays.length)
  if (moved <= expiresOn || expiresOn <= on || daysAfter(on, 7) < expiresOn) return
  await changeLot(trx, {
    companyId,
    lotId,
    effectiveOn: on,
    expiresOn: moved,
    source: globalId('Grant', companyId, grantId),
  })
}

/** Most grants of one sweep. The next sweep takes the rest. */
const SWEEP_MAX = 500

/** Settles whatever is due, of all companies: what a lost job would have left behind. */
export async function settleDueGrants(deps: Deps): Promise<void> {
  const { rows } = await sql<{ companyId: Uuid; grantId: Uuid }>`
    SELECT company_id AS "companyId", grant_id AS "grantId" FROM vesting_grant AS due
    WHERE (long_stop <= ${await today(deps.db)}::date AND NOT EXISTS (SELECT FROM settlement
        JOIN settlement_outcome AS outcome USING (company_id, settlement_id)
        WHERE settlement.company_id = due.company_id AND settlement.grant_id = due.grant_id
          AND outcome.kind = 'applied' AND (settlement.plan ->> 'endsEarning')::boolean))
      OR EXISTS (SELECT FROM wind_down JOIN ledger_account AS account
          ON account.holder_id = wind_down.company_id AND account.lot_id = wind_down.lot_id
        WHERE wind_down.company_id = due.company_id AND wind_down.lot_id = due.lot_id
          AND wind_down.ends_on <= ${await today(deps.db)}::date AND account.kind IN ('locked', 'available')
          AND account.credits_posted > account.debits_posted + account.debits_pending)
      OR EXISTS (SELECT FROM lot WHERE lot.company_id = due.company_id AND lot.lot_id = due.lot_id
        AND lot.expires_on BETWEEN ${await today(deps.db)}::date AND ${daysAfter(await today(deps.db), 7)}::date)
    ORDER BY long_stop LIMIT ${SWEEP_MAX}`.execute(deps.db)
  for (const due of rows) {
    try {
      await settleDue(deps, due)
    } catch (error) {
      // One grant that cannot be settled must not keep the others waiting.
      if (!(error instanceof DomainError)) throw error
      deps.log.warn(
        { grant: globalId('Grant', due.companyId, due.grantId), reason: error.message },
        'a grant is not settled',
      )
    }
  }
}
