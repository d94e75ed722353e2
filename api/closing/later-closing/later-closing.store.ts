/** Writes, locks and reads of the closings after a round's first. */
import {
  canonicalJson,
  globalId,
  type Money,
  NotFound,
  parseNumeric,
  type Reader,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../../platform/index.ts'
import type { RoundTerms } from '../../rounds/index.ts'
import { LaterClosing, laterClosingJson } from './later-closing.ts'

/** `closed` and `withdrawn` are the ends. The company sees a closing from `offered` on. */
export const CLOSING_STATES = ['planned', 'offered', 'accepted', 'closed', 'withdrawn'] as const
export type ClosingState = (typeof CLOSING_STATES)[number]

/** A state as the database gives it. @throws {RangeError} for another text: a fault of ours */
export function closingState(text: string): ClosingState {
  const state = CLOSING_STATES.find((known) => known === text)
  if (state === undefined) throw new RangeError(`"${text}" is not a state of a closing`)
  return state
}

export type LockedClosing = {
  readonly ref: Ref
  /** Global id. */
  readonly id: string
  readonly round: Ref
  readonly ordinal: number
  readonly state: ClosingState
  readonly content: LaterClosing
  readonly plannedBy: Uuid
  readonly offeredBy: Uuid | undefined
  readonly documentId: Uuid | undefined
}

/** The round of a closing after the first, for whoever must lock the round before it. @throws {NotFound} */
export async function roundOfClosing(reader: Reader, ref: Ref): Promise<Ref> {
  const row = await reader
    .selectFrom('closing')
    .select('round_id')
    .where('company_id', '=', ref.companyId)
    .where('closing_id', '=', ref.id)
    .where('ordinal', '>', 1)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('closing', globalId('Closing', ref.companyId, ref.id))
  return { companyId: ref.companyId, id: row.round_id }
}

/** Locks a closing after the first; its company and round are locked by the caller. @throws {NotFound} */
export async function lockClosing(trx: Trx, ref: Ref): Promise<LockedClosing> {
  const row = await trx
    .selectFrom('closing')
    .selectAll()
    .where('company_id', '=', ref.companyId)
    .where('closing_id', '=', ref.id)
    .where('ordinal', '>', 1)
    .forUpdate()
    .executeTakeFirst()
  const id = globalId('Closing', ref.companyId, ref.id)
  if (row === undefined || row.planned_by === null) throw new NotFound('closing', id)
  return {
    ref,
    id,
    round: { companyId: ref.companyId, id: row.round_id },
    ordinal: row.ordinal,
    state: closingState(row.state),
    content: LaterClosing.parse(row.content),
    plannedBy: row.planned_by,
    offeredBy: row.offered_by ?? undefined,
    documentId: row.document_id ?? undefined,
  }
}

/** Inserts the next closing of a round, planned. The round is locked. */
export async function insertClosing(
  trx: Trx,
  closing: { readonly ref: Ref; readonly roundId: Uuid; readonly content: LaterClosing; readonly plannedBy: Uuid },
): Promise<number> {
  const { companyId, id } = closing.ref
  const { last } = await trx
    .selectFrom('closing')
    .select((on) => on.fn.max('ordinal').as('last'))
    .where('company_id', '=', companyId)
    .where('round_id', '=', closing.roundId)
    .executeTakeFirstOrThrow()
  const ordinal = last + 1
  await trx
    .insertInto('closing')
    .values({
      company_id: companyId,
      closing_id: id,
      round_id: closing.roundId,
      ordinal,
      state: 'planned',
      closing_date: closing.content.closingDate,
      content: canonicalJson(laterClosingJson(closing.content)),
      planned_by: closing.plannedBy,
    })
    .execute()
  return ordinal
}

type Columns = { document_id?: Uuid; offered_by?: Uuid; closed_by?: Uuid; closed_at?: string }

/** A guarded step. @throws {WrongState} when it is in another state */
export async function markClosing(
  trx: Trx,
  { ref, state }: Pick<LockedClosing, 'ref' | 'state'>,
  from: ClosingState,
  to: ClosingState,
  columns: Columns = {},
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('closing')
    .set({ state: to, ...columns })
    .where('company_id', '=', ref.companyId)
    .where('closing_id', '=', ref.id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('closing', state, [from])
}

/** The price of the first closing, which the later ones have, and what it made. */
export type FirstClosing = { readonly price: Money; readonly stockClassId: string | null; readonly securityId: string }

export async function firstClosing(reader: Reader, round: Ref, terms: RoundTerms): Promise<FirstClosing> {
  const row = await reader
    .selectFrom('closed_round')
    .innerJoin('issued_term_sheet as sheet', (on) =>
      on
        .onRef('sheet.company_id', '=', 'closed_round.company_id')
        .onRef('sheet.document_id', '=', 'closed_round.document_id'),
    )
    .select(['sheet.price', 'closed_round.stock_class_id', 'closed_round.security_id'])
    .where('closed_round.company_id', '=', round.companyId)
    .where('closed_round.round_id', '=', round.id)
    .executeTakeFirstOrThrow()
  const price = { amount: parseNumeric(row.price), currency: terms.preMoney.currency }
  return { price, stockClassId: row.stock_class_id, securityId: row.security_id }
}

/** Later closings of a round that are not withdrawn, in order. */
export async function closingsOf(reader: Reader, round: Ref): Promise<{ id: Uuid; content: LaterClosing }[]> {
  const rows = await reader
    .selectFrom('closing')
    .select(['closing_id as id', 'content'])
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('ordinal', '>', 1)
    .where('state', '<>', 'withdrawn')
    .orderBy('ordinal')
    .execute()
  return rows.map(({ id, content }) => ({ id, content: LaterClosing.parse(content) }))
}
