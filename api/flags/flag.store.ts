/** Writes flags and what happens to them. Callers hold the company's lock. */
import {
  globalId,
  instant,
  type JsonValue,
  NotFound,
  newId,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../platform/index.ts'
import type { RuleKind } from './rule.ts'
import { RULE_KINDS } from './rule.ts'

export const FLAG_STATES = ['open', 'waived', 'cleared'] as const
export type FlagState = (typeof FLAG_STATES)[number]
export const SETTLEMENTS = ['waiver', 'evidence', 'run'] as const
export type Settlement = (typeof SETTLEMENTS)[number]

/** A flag as its row is. */
export type FlagRow = {
  readonly companyId: Uuid
  readonly flagId: Uuid
  readonly subject: string
  readonly ruleId: string
  readonly kind: RuleKind
  readonly state: FlagState
  readonly settledBy: Settlement | null
  readonly settledPrint: string | null
  readonly lapsesOn: string | null
  readonly findingId: Uuid
}

const select = (trx: Trx) =>
  trx
    .selectFrom('flag')
    .select([
      'company_id',
      'flag_id',
      'subject',
      'rule_id',
      'kind',
      'state',
      'settled_by',
      'settled_print',
      'lapses_on',
    ])
    .select('finding_id')

type Selected = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>

const flagOf = (row: Selected): FlagRow => ({
  companyId: row.company_id,
  flagId: row.flag_id,
  subject: row.subject,
  ruleId: row.rule_id,
  kind: member(RULE_KINDS, row.kind),
  state: member(FLAG_STATES, row.state),
  settledBy: row.settled_by === null ? null : member(SETTLEMENTS, row.settled_by),
  settledPrint: row.settled_print,
  lapsesOn: row.lapses_on,
  findingId: row.finding_id,
})

/** A text of the database as one of the values that its CHECK allows. @throws {RangeError} */
export function member<T extends string>(values: readonly T[], text: string): T {
  const found = values.find((value) => value === text)
  if (found === undefined) throw new RangeError(`the database holds "${text}" where ${values.join(', ')} are known`)
  return found
}

/** The flags of a subject, locked in the order of their ids. */
export async function lockFlags(trx: Trx, companyId: Uuid, subject: string): Promise<FlagRow[]> {
  const rows = await select(trx)
    .where('company_id', '=', companyId)
    .where('subject', '=', subject)
    .orderBy('flag_id')
    .forUpdate()
    .execute()
  return rows.map(flagOf)
}

/** One flag, locked. @throws {NotFound} */
export async function lockFlag(trx: Trx, ref: Ref): Promise<FlagRow> {
  const row = await select(trx)
    .where('company_id', '=', ref.companyId)
    .where('flag_id', '=', ref.id)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('flag', globalId('Flag', ref.companyId, ref.id))
  return flagOf(row)
}

export async function openFlag(
  trx: Trx,
  flag: { companyId: Uuid; subject: string; ruleId: string; kind: RuleKind; findingId: Uuid },
): Promise<Uuid> {
  const flagId = newId()
  const at = await instant(trx)
  await trx
    .insertInto('flag')
    .values({
      company_id: flag.companyId,
      flag_id: flagId,
      subject: flag.subject,
      rule_id: flag.ruleId,
      kind: flag.kind,
      state: 'open',
      finding_id: flag.findingId,
      opened_at: at,
      changed_at: at,
    })
    .execute()
  return flagId
}

/** Points a flag at its latest finding; its state stays. */
export async function pointAtFinding(trx: Trx, flag: FlagRow, findingId: Uuid): Promise<void> {
  await trx
    .updateTable('flag')
    .set({ finding_id: findingId })
    .where('company_id', '=', flag.companyId)
    .where('flag_id', '=', flag.flagId)
    .execute()
}

export type FlagChange =
  | { readonly to: 'open'; readonly findingId: Uuid }
  | {
      readonly to: 'waived' | 'cleared'
      readonly findingId: Uuid
      readonly by: Settlement
      readonly print: string
      readonly lapsesOn?: string | null
    }

/**
 * Changes a flag's state, from the state that the caller read.
 *
 * @throws {WrongState} when it has another state meanwhile
 */
export async function changeFlag(trx: Trx, flag: FlagRow, change: FlagChange): Promise<void> {
  const settled =
    change.to === 'open'
      ? { settled_by: null, settled_print: null, lapses_on: null }
      : { settled_by: change.by, settled_print: change.print, lapses_on: change.lapsesOn ?? null }
  const { numUpdatedRows } = await trx
    .updateTable('flag')
    .set({ state: change.to, finding_id: change.findingId, changed_at: await instant(trx), ...settled })
    .where('company_id', '=', flag.companyId)
    .where('flag_id', '=', flag.flagId)
    .where('state', '=', flag.state)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('flag', 'changed meanwhile', [flag.state])
}

export const FLAG_EVENT_KINDS = ['opened', 'reopened', 'waived', 'acknowledged', 'evidenced', 'cleared'] as const
export type FlagEventKind = (typeof FLAG_EVENT_KINDS)[number]

/** Adds to the flag's history. Numbers follow one another: the caller holds the flag's lock. */
export async function recordFlagEvent(
  trx: Trx,
  flag: { companyId: Uuid; flagId: Uuid },
  event: { kind: FlagEventKind; findingId: Uuid; actorId: Uuid; reason?: string; evidence?: JsonValue },
): Promise<void> {
  const { last } = await trx
    .selectFrom('flag_event')
    .select((on) => on.fn.coalesce(on.fn.max('number'), on.lit(0)).as('last'))
    .where('company_id', '=', flag.companyId)
    .where('flag_id', '=', flag.flagId)
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('flag_event')
    .values({
      company_id: flag.companyId,
      flag_id: flag.flagId,
      number: last + 1,
      kind: event.kind,
      finding_id: event.findingId,
      reason: event.reason ?? null,
      evidence: event.evidence === undefined ? null : JSON.stringify(event.evidence),
      actor_id: event.actorId,
      at: await instant(trx),
    })
    .execute()
}

/** The print of a finding, or `undefined` where there is no such finding. */
export async function printOfFinding(trx: Trx, ref: Ref): Promise<string | undefined> {
  const row = await trx
    .selectFrom('finding')
    .select('print')
    .where('company_id', '=', ref.companyId)
    .where('finding_id', '=', ref.id)
    .executeTakeFirst()
  return row?.print
}
