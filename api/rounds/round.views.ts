/** Rounds as screens and other capabilities read them. */
import { type SqlBool, sql } from 'kysely'
import { type Actor, isStaff } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import { globalId, listOfEach, type Page, pageByKey, type Reader, type Ref, type Uuid } from '../platform/index.ts'
import { type RoundState, roundState } from './round-state.ts'
import { RoundTerms } from './terms/terms.ts'
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
  /** The first day on which an amendment holds; null for what was proposed and for drafts. */
  readonly effectiveOn: string | null
}

/** The version that holds today: an amendment's from its date on, whether or not the job of the day has come to it. */
const versionInForce = sql<number>`(SELECT max(dated.version) FROM round_terms AS dated
  WHERE dated.company_id = round.company_id AND dated.round_id = round.round_id AND dated.version >= round.terms_version
    AND (dated.version = round.terms_version OR dated.effective_on <= (equihour_now() AT TIME ZONE 'UTC')::date))`

const rounds = (reader: Reader) =>
  reader
    .selectFrom('round')
    .innerJoin('round_terms', (join) =>
      join
        .onRef('round_terms.company_id', '=', 'round.company_id')
        .onRef('round_terms.round_id', '=', 'round.round_id')
        .on('round_terms.version', '=', versionInForce),
    )
    .select([
      'round.company_id as companyId',
      'round.round_id as roundId',
      'round.state',
      'round_terms.version as termsVersion',
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

/** Which rounds a list is of: those in a state, or all. */
export type RoundFilter = { readonly state?: RoundState | undefined }

/** {@link seesRound} and the filter as one condition. */
function listed(actor: Actor, { state }: RoundFilter = {}) {
  const conditions = [sql<SqlBool>`round.company_id <> ALL(${[...actor.walledCompanyIds]}::uuid[])`]
  if (!isStaff(actor)) {
    conditions.push(sql<SqlBool>`round.company_id = ANY(${[...actor.companyIds]}::uuid[])`)
    conditions.push(sql<SqlBool>`round.issued_at IS NOT NULL`)
  }
  if (state !== undefined) conditions.push(sql<SqlBool>`round.state = ${state}`)
  return sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`
}

/** A page of visible rounds of all companies, newest first: ids are UUIDv7, so the id is the keyset. */
export async function roundPage(reader: Reader, actor: Actor, filter: RoundFilter, page: Page): Promise<RoundView[]> {
  const rows = await pageByKey(rounds(reader).where(listed(actor, filter)), 'round.round_id', page).execute()
  return rows.map(view)
}

/** A page of each company's visible rounds, newest first. One query. */
export async function roundPages(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  page: Page,
): Promise<Map<Uuid, RoundView[]>> {
  const pages = await listOfEach(reader, companyIds, (company) =>
    pageByKey(rounds(reader).where('round.company_id', '=', company.id).where(listed(actor)), 'round.round_id', page),
  )
  return new Map([...pages].map(([companyId, rows]) => [companyId, rows.map(view)]))
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
 * Versions of the terms of each of these rounds that the actor sees, newest first, at most `limit` of each. Founders see
 * what was proposed to them, not the drafts before it. One query.
 */
export async function termsVersions(
  reader: Reader,
  actor: Actor,
  shown: readonly RoundView[],
  limit: number,
): Promise<Map<RoundView, TermsVersionView[]>> {
  const rows = await reader
    .selectFrom('round_terms')
    .innerJoin('round', (join) =>
      join
        .onRef('round.company_id', '=', 'round_terms.company_id')
        .onRef('round.round_id', '=', 'round_terms.round_id'),
    )
    .select([
      'round_terms.company_id',
      'round_terms.round_id',
      'round_terms.version',
      'round_terms.terms',
      'round_terms.terms_hash',
      'round_terms.written_by as writtenBy',
      'round_terms.written_at as writtenAt',
      'round_terms.effective_on as effectiveOn',
    ])
    .where(sql<SqlBool>`(round_terms.company_id, round_terms.round_id) IN (SELECT * FROM unnest(
      ${shown.map(({ companyId }) => companyId)}::uuid[], ${shown.map(({ roundId }) => roundId)}::uuid[]))`)
    // Versions count from 1 without gaps, so the newest are those above a number.
    .where(sql<SqlBool>`round_terms.version > round.terms_version - ${limit}::integer`)
    .where((on) =>
      isStaff(actor)
        ? on.lit(true)
        : on('round_terms.version', '>=', on.ref('round.proposed_version').$castTo<number>()),
    )
    .orderBy('round_terms.version', 'desc')
    .execute()
  const versions = Map.groupBy(rows, (row) => row.round_id)
  return new Map(
    shown.map((round) => [
      round,
      (versions.get(round.roundId) ?? []).map(({ terms_hash, terms, company_id: _, round_id: __, ...row }) => ({
        ...row,
        terms: RoundTerms.parse(terms),
        termsSha256: terms_hash.toString('hex'),
      })),
    ]),
  )
}
