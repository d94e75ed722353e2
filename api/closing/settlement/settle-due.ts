/** What time alone settles: the long-stop, the end of a wind-down, and expiry that owed days move. */
import { sql } from 'kysely'
import { z } from 'zod'
import { endEarning, isEarningOpen, reopenGrant, takeOutAfterEnd } from '../../drawdown/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  DomainError,
  globalId,
  instant,
  inTransaction,
  NOBODY,
  newId,
  parse,
  type Reader,
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
 * The job: settles a grant whose day has come, as its signed terms say. Earning ends on that day at once: use of before it
 * earns also when it is told later. Shares move when everything earned is final and the reservations that began before are
 * complete; until then the job only waits. Harmless the second time.
 */
export async function settleDue(deps: Deps, payload: unknown): Promise<void> {
  const { companyId, grantId } = parse(z.strictObject({ companyId: zUuid, grantId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const now = await reopened(trx, await loadStanding(trx, companyId, grantId))
    await keepTokensAlive(trx, now.standing)
    if (now.standing.settledBy !== null) return cancelReturned(trx, now.standing)
    const event = dueEvent(now.standing)
    if (event === undefined) return
    const { longStop, windDownEnds, on } = now.standing
    const endsOn = event === 'long_stop' ? longStop.effective : (windDownEnds ?? on)
    if (now.grant.endedOn === null) {
      await takeOutAfterEnd(trx, now.grant, endsOn, await closerOf(trx, now.grant))
      await endEarning(trx, now.grant, endsOn)
      await audit(trx, NOBODY, {
        scope: { kind: 'company', id: companyId },
        kind: 'grant.earning_ended',
        subject: globalId('Grant', companyId, grantId),
        payload: { event, on: endsOn },
      })
    }
    const { standing, grant } = await loadStanding(trx, companyId, grantId, { event, happenedOn: endsOn })
    if (grant.earned !== grant.vested || (await openProposal(trx, companyId, grantId)) !== undefined) return
    if (await isEarningOpen(trx, grant, endsOn)) return
    await settle(trx, standing, grant, {
      event,
      happenedOn: endsOn,
      evidence: 'The day that the signed terms name has come.',
    })
  })
}

/** Days that turned out to be owed after the end was noted move it like all others, until the shares have moved. */
async function reopened(trx: Trx, now: Awaited<ReturnType<typeof loadStanding>>) {
  const { grant, standing } = now
  const { companyId, grantId, longStop, windDownEnds, on, settledBy } = standing
  const ends = windDownEnds !== null && windDownEnds < longStop.effective ? windDownEnds : longStop.effective
  if (settledBy !== null || grant.settledAt !== null || grant.endedOn === null || ends <= grant.endedOn) return now
  await reopenGrant(trx, grant, ends <= on ? ends : null, await closerOf(trx, grant))
  return loadStanding(trx, companyId, grantId)
}

function dueEvent(of: GrantStanding): 'long_stop' | 'termination_for_convenience' | undefined {
  if (of.windDownEnds !== null && of.on >= of.windDownEnds) return 'termination_for_convenience'
  return of.on >= of.longStop.effective ? 'long_stop' : undefined
}

type Grant = Awaited<ReturnType<typeof loadStanding>>['grant']

/** On whose account history has what time alone does: of whoever closed the round. */
async function closerOf(trx: Trx, { grant: { companyId, roundId } }: Grant): Promise<Uuid> {
  const { closed_by: by } = await trx
    .selectFrom('closed_round')
    .select('closed_by')
    .where('company_id', '=', companyId)
    .where('round_id', '=', roundId)
    .limit(1)
    .executeTakeFirstOrThrow()
  return by
}

async function settle(trx: Trx, standing: GrantStanding, grant: Grant, said: Circumstances): Promise<void> {
  const { companyId, grantId } = standing
  const plan = planFor(standing, said)
  const ref = { companyId, id: newId() }
  const madeBy = await closerOf(trx, grant)
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

/** Grants that are read at once. */
const PAGE = 500

/** Where a page of due grants ends. */
type DueGrant = { readonly companyId: Uuid; readonly grantId: Uuid; readonly longStop: string }

/**
 * Settles whatever is due, of all companies: what a lost job would have left behind. A grant may wait for its statements for
 * long: every page is taken in turn, so that none waits for those before it.
 */
export async function settleDueGrants(deps: Deps, page = PAGE): Promise<void> {
  const on = await today(deps.db)
  const faults: unknown[] = []
  let rows = await dueAfter(deps.db, on, undefined, page)
  while (rows.length > 0) {
    for (const due of rows) await settleOne(deps, due).catch((error: unknown) => faults.push(error))
    rows = rows.length < page ? [] : await dueAfter(deps.db, on, rows.at(-1), page)
  }
  // A fault of ours is told when all others are settled: at the next sweep it would come first again.
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} grants could not be settled`)
}

async function settleOne(deps: Deps, { companyId, grantId }: DueGrant): Promise<void> {
  try {
    await settleDue(deps, { companyId, grantId })
  } catch (error) {
    // One grant that cannot be settled must not keep the others waiting.
    if (!(error instanceof DomainError)) throw error
    deps.log.warn({ grant: globalId('Grant', companyId, grantId), reason: error.message }, 'a grant is not settled')
  }
}

/** The grants next in line for which a day may have come, the earliest long-stop first. */
async function dueAfter(
  reader: Reader,
  on: string,
  last: DueGrant | undefined,
  page: number,
): Promise<readonly DueGrant[]> {
  const next =
    last === undefined
      ? sql`true`
      : sql`(due.long_stop, due.company_id, due.grant_id) >
          (${last.longStop}::date, ${last.companyId}::uuid, ${last.grantId}::uuid)`
  const { rows } = await sql<DueGrant>`
    SELECT company_id AS "companyId", grant_id AS "grantId", long_stop AS "longStop" FROM vesting_grant AS due
    WHERE ${next} AND ((EXISTS (SELECT FROM grant_progress AS progress
          WHERE progress.company_id = due.company_id AND progress.grant_id = due.grant_id AND progress.settled_at IS NULL)
        AND (long_stop <= ${on}::date OR EXISTS (SELECT FROM wind_down
          WHERE wind_down.company_id = due.company_id AND wind_down.lot_id = due.lot_id AND wind_down.ends_on <= ${on}::date)))
      OR EXISTS (SELECT FROM wind_down JOIN ledger_account AS account
          ON account.holder_id = wind_down.company_id AND account.lot_id = wind_down.lot_id
        WHERE wind_down.company_id = due.company_id AND wind_down.lot_id = due.lot_id
          AND wind_down.ends_on <= ${on}::date AND account.kind IN ('locked', 'available')
          AND account.credits_posted > account.debits_posted + account.debits_pending)
      OR EXISTS (SELECT FROM lot WHERE lot.company_id = due.company_id AND lot.lot_id = due.lot_id
        AND lot.expires_on BETWEEN ${on}::date AND ${daysAfter(on, 7)}::date))
    ORDER BY long_stop, company_id, grant_id LIMIT ${page}`.execute(reader)
  return rows
}
