/** Rounds as screens and other capabilities read them. */
import { type SqlBool, sql } from 'kysely'
import { type Actor, isStaff } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import { globalId, type Reader, type Ref, type Uuid } from '../platform/index.ts'
import { type RoundState, roundState } from './round-state.ts'
import { RoundTerms } from './terms.ts'
import { seesRound } from './visibility.ts'

/** One round with the current version of its terms. */
export type RoundView = {
  readonly companyId: Uuid
  readonly roundId: Uuid
  /** Global id. */
  readonly id: string
  readonly state: RoundState
  readonly termsVersion: number
  readonly terms: RoundTerms
  readonly termsSha256: string
  readonly draftedBy: Uuid
  readonly draftedAt: string
  readonly proposedBy: Uuid | null
  readonly proposedAt: string | null
  readonly issuedAt: string | null
  readonly endedAt: string | null
}

/** One version of the terms of a round. */
export type TermsVersionView = {
  readonly version: number
  readonly terms: RoundTerms
  readonly termsSha256: string
  readonly writtenBy: Uuid
  readonly writtenAt: string
}

const rounds = (reader: Reader) =>
  reader
    .selectFrom('round')
    .innerJoin('round_terms', (join) =>
      join
        .onRef('round_terms.company_id', '=', 'round.company_id')
        .onRef('round_terms.round_id', '=', 'round.round_id')
        .onRef('round_terms.version', '=', 'round.terms_version'),
    )
    .select([
      'round.company_id as companyId',
      'round.round_id as roundId',
      'round.state',
      'round.terms_version as termsVersion',
      'round_terms.terms',
      'round_terms.terms_hash as termsHash',
      'round.drafted_by as draftedBy',
      'round.drafted_at as draftedAt',
      'round.proposed_by as proposedBy',
      'round.proposed_at as proposedAt',
      'round.issued_at as issuedAt',
      'round.ended_at as endedAt',
    ])

type RoundRow = Awaited<ReturnType<ReturnType<typeof rounds>['execute']>>[number]

const view = ({ termsHash, ...row }: RoundRow): RoundView => ({
  ...row,
  id: globalId('Round', row.companyId, row.roundId),
  state: roundState(row.state),
  terms: RoundTerms.parse(row.terms),
  termsSha256: termsHash.toString('hex'),
})

/** The visible ones among these rounds, in no order. One query. */
export async function roundsByRef(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<RoundView[]> {
  const visible = refs.filter(({ companyId }) => seesCompany(actor, companyId))
  if (visible.length === 0) return []
  const rows = await rounds(reader)
    .where((on) =>
      on.or(visible.map(({ companyId, id }) => on.and({ 'round.company_id': companyId, 'round.round_id': id }))),
    )
    .execute()
  return rows.filter((row) => seesRound(actor, row)).map(view)
}

/** Which rounds a list is of: one company's, those in a state, or all. */
export type RoundFilter = { readonly companyId?: Uuid | undefined; readonly state?: RoundState | undefined }

/** {@link seesRound} and the filter as one condition. */
function listed(actor: Actor, { companyId, state }: RoundFilter) {
  const conditions = [sql<SqlBool>`round.company_id <> ALL(${[...actor.walledCompanyIds]}::uuid[])`]
  if (!isStaff(actor)) {
    conditions.push(sql<SqlBool>`round.company_id = ANY(${[...actor.companyIds]}::uuid[])`)
    conditions.push(sql<SqlBool>`round.issued_at IS NOT NULL`)
  }
  if (companyId !== undefined) conditions.push(sql<SqlBool>`round.company_id = ${companyId}`)
  if (state !== undefined) conditions.push(sql<SqlBool>`round.state = ${state}`)
  return sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`
}

/** A page of visible rounds, newest first: ids are UUIDv7, so the id is the keyset. */
export async function roundPage(
  reader: Reader,
  actor: Actor,
  filter: RoundFilter,
  page: { limit: number; after?: Uuid | undefined; before?: Uuid | undefined; backwards?: boolean },
): Promise<RoundView[]> {
  let query = rounds(reader).where(listed(actor, filter)).limit(page.limit)
  if (page.after !== undefined) query = query.where('round.round_id', '<', page.after)
  if (page.before !== undefined) query = query.where('round.round_id', '>', page.before)
  const rows = await query.orderBy('round.round_id', page.backwards === true ? 'asc' : 'desc').execute()
  return rows.map(view)
}

/** How many rounds the actor sees. */
export async function roundCount(reader: Reader, actor: Actor, filter: RoundFilter): Promise<number> {
  const { count } = await reader
    .selectFrom('round')
    .select((on) => on.fn.countAll<bigint>().as('count'))
    .where(listed(actor, filter))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/**
 * Versions of the terms of a round that the actor sees, newest first, at most `limit`. Founders see what was proposed to
 * them, not the drafts before it.
 */
export async function termsVersions(
  reader: Reader,
  actor: Actor,
  round: RoundView,
  limit: number,
): Promise<TermsVersionView[]> {
  const rows = await reader
    .selectFrom('round_terms')
    .innerJoin('round', (join) =>
      join
        .onRef('round.company_id', '=', 'round_terms.company_id')
        .onRef('round.round_id', '=', 'round_terms.round_id'),
    )
    .select([
      'round_terms.version',
      'round_terms.terms',
      'round_terms.terms_hash',
      'round_terms.written_by as writtenBy',
      'round_terms.written_at as writtenAt',
    ])
    .where('round_terms.company_id', '=', round.companyId)
    .where('round_terms.round_id', '=', round.roundId)
    .where((on) =>
      isStaff(actor)
        ? on.lit(true)
        : on('round_terms.version', '>=', on.ref('round.proposed_version').$castTo<number>()),
    )
    .orderBy('round_terms.version', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ terms_hash, terms, ...row }) => ({
    ...row,
    terms: RoundTerms.parse(terms),
    termsSha256: terms_hash.toString('hex'),
  }))
}
