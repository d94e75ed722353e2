/** The closings of rounds as screens read them, and who sees them. */
import { type SqlBool, sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import {
  globalId,
  type MicroTokens,
  NotFound,
  parseNumeric,
  type Reader,
  type Ref,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { RoundTerms } from '../../rounds/index.ts'
import type { Condition } from '../condition.store.ts'
import { type ClosingState, closingState } from './later-closing.store.ts'
import { LaterClosing, type LaterForma, laterForma } from './later-closing.ts'

export type ClosingView = {
  readonly companyId: Uuid
  readonly closingId: Uuid
  readonly roundId: Uuid
  /** 1 is the first, whose figures are the round's. */
  readonly ordinal: number
  readonly state: ClosingState
  readonly closingDate: string
  readonly closedAt: string | null
  readonly documentId: Uuid | null
  /** What a closing after the first brings and issues; null for the first. */
  readonly forma: LaterForma | null
  readonly conditions: readonly Condition[]
  readonly grants: readonly ClosedGrantView[]
}
/** A grant that a closing opened. */
export type ClosedGrantView = {
  readonly grantId: Uuid
  readonly leg: number
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  readonly securityId: string
  readonly documentId: Uuid
  readonly tokens: MicroTokens
  readonly shares: WholeShares
}

const closings = (reader: Reader) =>
  reader
    .selectFrom('closing')
    .innerJoin('round', (on) =>
      on.onRef('round.company_id', '=', 'closing.company_id').onRef('round.round_id', '=', 'closing.round_id'),
    )
    .innerJoin('round_terms as terms', (on) =>
      on
        .onRef('terms.company_id', '=', 'round.company_id')
        .onRef('terms.round_id', '=', 'round.round_id')
        .onRef('terms.version', '=', 'round.terms_version'),
    )
    .leftJoin('closed_round as first', (on) =>
      on.onRef('first.company_id', '=', 'closing.company_id').onRef('first.round_id', '=', 'closing.round_id'),
    )
    .leftJoin('issued_term_sheet as sheet', (on) =>
      on.onRef('sheet.company_id', '=', 'first.company_id').onRef('sheet.document_id', '=', 'first.document_id'),
    )
    .select((on) => [
      'closing.company_id as companyId',
      'closing.closing_id as closingId',
      'closing.round_id as roundId',
      'closing.ordinal',
      'closing.state',
      'closing.closing_date as closingDate',
      'closing.content',
      'closing.closed_at as closedAt',
      on.fn.coalesce('closing.document_id', 'first.document_id').as('documentId'),
      'round.issued_at as issuedAt',
      'terms.terms',
      'sheet.price',
    ])
type Row = Awaited<ReturnType<ReturnType<typeof closings>['execute']>>[number]

/** Staff whom no wall keeps out see every closing; the company the first with its round, and others once offered. */
const sees = (actor: Actor, row: Row): boolean =>
  seesCompany(actor, row.companyId) &&
  (isStaff(actor) || (row.ordinal === 1 ? row.issuedAt !== null : row.documentId !== null && row.state !== 'planned'))

async function shown(reader: Reader, actor: Actor, rows: readonly Row[]): Promise<ClosingView[]> {
  const visible = rows.filter((row) => sees(actor, row))
  if (visible.length === 0) return []
  const companies = [...new Set(visible.map(({ companyId }) => companyId))]
  const rounds = [...new Set(visible.map(({ roundId }) => roundId))]
  const conditions = await reader
    .selectFrom('closing_condition')
    .select([
      'round_id as roundId',
      'closing_ordinal as closingOrdinal',
      'code',
      'wording',
      'waivable_by as waivableBy',
      'state',
      'waived_by_fund as waivedByFund',
      'waived_by_company as waivedByCompany',
    ])
    .where('company_id', 'in', companies)
    .where('round_id', 'in', rounds)
    .orderBy('ordinal')
    .execute()
  const grants = await reader
    .selectFrom('closed_grant')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'closed_grant.company_id').onRef('lot.lot_id', '=', 'closed_grant.lot_id'),
    )
    .select([
      'closed_grant.company_id as companyId',
      'closed_grant.grant_id as grantId',
      'closed_grant.closing_id as closingId',
      'closed_grant.leg',
      'closed_grant.lot_id as lotId',
      'lot.token_class_id as tokenClassId',
      'closed_grant.security_id as securityId',
      'closed_grant.document_id as documentId',
      'closed_grant.tokens_micro as tokens',
      'closed_grant.equity_shares as shares',
    ])
    .where('closed_grant.company_id', 'in', companies)
    .where('closed_grant.round_id', 'in', rounds)
    .orderBy('closed_grant.leg')
    .execute()
  const byClosing = Map.groupBy(grants, ({ closingId }) => closingId)
  const byOrdinal = Map.groupBy(conditions, ({ roundId, closingOrdinal }) => `${roundId} ${closingOrdinal}`)
  return visible.map((row) =>
    view(row, byOrdinal.get(`${row.roundId} ${row.ordinal}`) ?? [], byClosing.get(row.closingId) ?? []),
  )
}

function view(
  row: Row,
  conditions: readonly (Condition & { roundId: Uuid; closingOrdinal: number })[],
  grants: readonly (ClosedGrantView & { closingId: Uuid })[],
): ClosingView {
  const terms = RoundTerms.parse(row.terms)
  const later = row.ordinal > 1 && row.price !== null
  const price = { amount: parseNumeric(row.price ?? '0'), currency: terms.preMoney.currency }
  return {
    companyId: row.companyId,
    closingId: row.closingId,
    roundId: row.roundId,
    ordinal: row.ordinal,
    state: closingState(row.state),
    closingDate: row.closingDate ?? terms.closingDate,
    closedAt: row.closedAt,
    documentId: row.documentId,
    forma: later ? laterForma(terms, price, LaterClosing.parse(row.content)) : null,
    conditions: conditions.map(({ roundId: _, closingOrdinal: __, ...condition }) => condition),
    grants: grants.map(({ closingId: _, ...grant }) => grant),
  }
}

/** The visible ones among these closings, in no order. As many queries as for one. */
export async function closingsById(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<ClosingView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  const rows = await closings(reader)
    .where((on) =>
      on.or(visible.map((ref) => on.and({ 'closing.company_id': ref.companyId, 'closing.closing_id': ref.id }))),
    )
    .execute()
  return shown(reader, actor, rows)
}

/** The visible closings of these rounds, the first one first, by round. As many queries as for one. */
export async function closingsOfRounds(
  reader: Reader,
  actor: Actor,
  rounds: readonly Ref[],
): Promise<Map<Uuid, ClosingView[]>> {
  const visible = rounds.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return new Map()
  const rows = await closings(reader)
    .where(sql<SqlBool>`(closing.company_id, closing.round_id) IN (SELECT * FROM unnest(
      ${visible.map(({ companyId }) => companyId)}::uuid[], ${visible.map(({ id }) => id)}::uuid[]))`)
    .orderBy('closing.ordinal')
    .execute()
  return Map.groupBy(await shown(reader, actor, rows), (row) => row.roundId)
}

/** Refuses one that does not exist or that the actor may not see: the two look the same. @throws {NotFound} */
export async function mustSeeClosing(reader: Reader, actor: Actor, ref: Ref): Promise<ClosingView> {
  const [found] = await closingsById(reader, actor, [ref])
  if (found === undefined) throw new NotFound('closing', globalId('Closing', ref.companyId, ref.id))
  return found
}
