/** Signed changes of how a grant earns: from a date on, and never what was earned before. */
import { lockCompany } from '../parties/index.ts'
import {
  globalId,
  instant,
  NotFound,
  newId,
  type Reader,
  Refused,
  type Trx,
  today,
  type Uuid,
} from '../platform/index.ts'

export type GrantChange = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  /** The first day on which it holds; today at the earliest. Charges booked from that day on follow it. */
  readonly effectiveOn: string
  readonly basis?: 'delivered' | 'reserved' | undefined
  readonly charging?: 'RESERVED' | 'METERED' | undefined
  readonly disputeWindowDays?: number | undefined
  /** A later day than it is. */
  readonly longStop?: string | undefined
  /** Global id of the signed document, or of the signed clause, that says so. */
  readonly source: string
}

/**
 * Records a signed change of a grant, and applies it at once where its day has come. The company is locked by the caller.
 *
 * @throws {NotFound} @throws {Refused} when it would shorten the time, or count again what was released
 */
export async function changeGrant(trx: Trx, change: GrantChange): Promise<void> {
  const { companyId, grantId, effectiveOn, basis, longStop } = change
  if (effectiveOn < (await today(trx))) throw new Refused('effectiveOn', 'is in the past')
  const now = await asOf(trx, companyId, grantId)
  if (basis !== undefined && now.basis === 'released') throw new Refused('vesting.basis', 'is "released": it stays so')
  if (longStop !== undefined) {
    if (longStop <= now.longStop) throw new Refused('longStop', `must be after ${now.longStop}`)
    await mustStillRun(trx, { companyId, grantId, effectiveOn, longStop: now.longStop })
  }
  await trx
    .insertInto('grant_change')
    .values({
      company_id: companyId,
      change_id: newId(),
      grant_id: grantId,
      effective_on: effectiveOn,
      ...(basis === undefined ? {} : { basis, basis_before: now.basis }),
      ...(change.charging === undefined ? {} : { charging: change.charging, charging_before: now.charging }),
      ...(change.disputeWindowDays === undefined
        ? {}
        : { dispute_window_days: change.disputeWindowDays, dispute_window_before: now.disputeWindowDays }),
      ...(longStop === undefined ? {} : { long_stop: longStop, long_stop_before: now.longStop }),
      source: change.source,
      recorded_at: await instant(trx),
    })
    .execute()
  await applyGrantChanges(trx, companyId)
}

/**
 * A long-stop moves while it lies ahead: what is used once earning has ended earns nothing, whatever is signed later. A settled
 * grant is left as it is, beside others of its round.
 *
 * @throws {Refused}
 */
async function mustStillRun(
  trx: Trx,
  of: Pick<GrantChange, 'companyId' | 'grantId' | 'effectiveOn'> & { readonly longStop: string },
): Promise<void> {
  const { ended_on: endedOn, settled_at: settledAt } = await trx
    .selectFrom('grant_progress')
    .select(['ended_on', 'settled_at'])
    .where('company_id', '=', of.companyId)
    .where('grant_id', '=', of.grantId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (settledAt !== null) return
  if (endedOn !== null) throw new Refused('longStop', `cannot move any more: earning ended on ${endedOn}`)
  // Days that are owed may have moved a long-stop that is over by its terms: what takes effect today is in time.
  if (of.effectiveOn > of.longStop && of.effectiveOn > (await today(trx))) {
    throw new Refused('longStop', `is reached on ${of.longStop}, before the change takes effect on ${of.effectiveOn}`)
  }
}

type Changeable = {
  readonly basis: string
  readonly charging: string
  readonly disputeWindowDays: number
  readonly longStop: string
}

/** The terms as they will be once every change that is recorded has come due. */
async function asOf(trx: Trx, companyId: Uuid, grantId: Uuid): Promise<Changeable> {
  const row = await trx
    .selectFrom('vesting_grant')
    .select(['basis', 'charging', 'dispute_window_days as disputeWindowDays', 'long_stop as longStop'])
    .where('company_id', '=', companyId)
    .where('grant_id', '=', grantId)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('grant', globalId('Grant', companyId, grantId))
  const pending = await trx
    .selectFrom('grant_change')
    .select(['basis', 'charging', 'dispute_window_days', 'long_stop'])
    .where('company_id', '=', companyId)
    .where('grant_id', '=', grantId)
    .where('applied_at', 'is', null)
    .orderBy('effective_on')
    .orderBy('change_id')
    .execute()
  return pending.reduce<Changeable>(
    (terms, change) => ({
      basis: change.basis ?? terms.basis,
      charging: change.charging ?? terms.charging,
      disputeWindowDays: change.dispute_window_days ?? terms.disputeWindowDays,
      longStop: change.long_stop ?? terms.longStop,
    }),
    row,
  )
}

/**
 * Applies what has come due, oldest first. Called before a grant's terms decide anything, so that it does not matter
 * whether the job of the day has run. Harmless when repeated; locks the company where something is due.
 */
export async function applyGrantChanges(trx: Trx, companyId: Uuid): Promise<void> {
  const pending = await trx
    .selectFrom('grant_change')
    .select('change_id')
    .where('company_id', '=', companyId)
    .where('effective_on', '<=', await today(trx))
    .where('applied_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (pending === undefined) return
  await lockCompany(trx, companyId)
  const due = await trx
    .selectFrom('grant_change')
    .select(['change_id', 'grant_id', 'basis', 'charging', 'dispute_window_days', 'long_stop'])
    .where('company_id', '=', companyId)
    .where('effective_on', '<=', await today(trx))
    .where('applied_at', 'is', null)
    .orderBy('effective_on')
    .orderBy('change_id')
    .forUpdate()
    .execute()
  for (const change of due) {
    await trx
      .updateTable('vesting_grant')
      .set({
        ...(change.basis === null ? {} : { basis: change.basis }),
        ...(change.charging === null ? {} : { charging: change.charging }),
        ...(change.dispute_window_days === null ? {} : { dispute_window_days: change.dispute_window_days }),
        ...(change.long_stop === null ? {} : { long_stop: change.long_stop }),
      })
      .where('company_id', '=', companyId)
      .where('grant_id', '=', change.grant_id)
      .execute()
    await trx
      .updateTable('grant_change')
      .set({ applied_at: await instant(trx) })
      .where('company_id', '=', companyId)
      .where('change_id', '=', change.change_id)
      .execute()
  }
}

/** Long-stops that are signed, take effect by a day, and are not applied yet, by grant: what a late job leaves out. One query. */
export async function signedLongStops(
  reader: Reader,
  companyIds: readonly Uuid[],
  day: string,
): Promise<ReadonlyMap<Uuid, string>> {
  if (companyIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('grant_change')
    .select(['grant_id', 'long_stop'])
    .where('company_id', 'in', [...companyIds])
    .where('applied_at', 'is', null)
    .where('effective_on', '<=', day)
    .where('long_stop', 'is not', null)
    .orderBy('effective_on')
    .orderBy('change_id')
    .execute()
  return new Map(rows.flatMap((row) => (row.long_stop === null ? [] : [[row.grant_id, row.long_stop] as const])))
}
