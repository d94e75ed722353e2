/** Writes and locks of rounds. */
import { sql } from 'kysely'
import { lockCompany } from '../parties/index.ts'
import {
  globalId,
  instant,
  NotFound,
  newId,
  type Ref,
  sha256,
  type Trx,
  type Uuid,
  WrongState,
} from '../platform/index.ts'
import { plannedGrants, writePlannedGrants } from './planned-grant.store.ts'
import { NEXT_STATES, type RoundState, roundState } from './round-state.ts'
import { RoundTerms } from './terms/terms.ts'
import { canonicalTerms } from './terms/terms-wire.ts'

/** A round whose row, and whose company's row, are locked until the end of the transaction. */
export type LockedRound = {
  readonly companyId: Uuid
  readonly roundId: Uuid
  /** Global id. */
  readonly id: string
  readonly state: RoundState
  /** The version that holds today: the proposed one, or an amendment's whose date has come. */
  readonly termsVersion: number
  readonly terms: RoundTerms
  /** SHA-256 of the canonical JSON of the terms. */
  readonly termsHash: Uint8Array
  readonly draftedBy: Uuid
  readonly proposedBy: Uuid | undefined
  readonly proposedVersion: number | undefined
  /** The first closing, and the grants that it opens, in the order of the terms. */
  readonly closingId: Uuid
  readonly grantIds: readonly [Uuid, ...Uuid[]]
}

/** Inserts a draft with version 1 of its terms, its closing and its grants. The caller has locked the company. */
export async function insertRound(
  trx: Trx,
  round: { readonly companyId: Uuid; readonly terms: RoundTerms; readonly draftedBy: Uuid },
): Promise<{ roundId: Uuid; closingId: Uuid; grantIds: readonly Uuid[] }> {
  const { companyId, terms, draftedBy } = round
  const ids = { roundId: newId(), closingId: newId() }
  await trx
    .insertInto('round')
    .values({
      company_id: companyId,
      round_id: ids.roundId,
      state: 'draft',
      terms_version: 1,
      drafted_by: draftedBy,
      drafted_at: await instant(trx),
    })
    .execute()
  await insertTerms(trx, { companyId, roundId: ids.roundId, version: 1, terms, writtenBy: draftedBy })
  await trx
    .insertInto('closing')
    .values({ company_id: companyId, closing_id: ids.closingId, round_id: ids.roundId, ordinal: 1, state: 'planned' })
    .execute()
  const grantIds = await writePlannedGrants(trx, { companyId, ...ids, terms, termsVersion: 1 })
  return { ...ids, grantIds }
}

export async function insertTerms(
  trx: Trx,
  row: {
    companyId: Uuid
    roundId: Uuid
    version: number
    terms: RoundTerms
    writtenBy: Uuid
    effectiveOn?: string
  },
): Promise<void> {
  const json = canonicalTerms(row.terms)
  await trx
    .insertInto('round_terms')
    .values({
      company_id: row.companyId,
      round_id: row.roundId,
      version: row.version,
      terms: json,
      terms_hash: sha256(json),
      written_by: row.writtenBy,
      written_at: await instant(trx),
      effective_on: row.effectiveOn ?? null,
    })
    .execute()
}

/** Adds the next version of a draft's terms and lets its planned grants follow. The round is locked by {@link lockRound}. */
export async function insertNextTerms(
  trx: Trx,
  round: LockedRound,
  terms: RoundTerms,
  writtenBy: Uuid,
): Promise<{ version: number }> {
  const version = round.termsVersion + 1
  const { companyId, roundId } = round
  await insertTerms(trx, { companyId, roundId, version, terms, writtenBy })
  const { numUpdatedRows } = await trx
    .updateTable('round')
    .set({ terms_version: version })
    .where('company_id', '=', companyId)
    .where('round_id', '=', roundId)
    .where('state', '=', 'draft')
    .where('terms_version', '=', round.termsVersion)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('round', round.state, ['draft'])
  await writePlannedGrants(trx, { companyId, roundId, closingId: round.closingId, terms, termsVersion: version })
  return { version }
}

/**
 * Locks the company, then the round, and reads it.
 *
 * @throws {NotFound} when there is no such round
 */
export async function lockRound(trx: Trx, ref: Ref): Promise<LockedRound> {
  const id = globalId('Round', ref.companyId, ref.id)
  await lockCompany(trx, ref.companyId)
  const round = await trx
    .selectFrom('round')
    .select(['state', 'terms_version', 'drafted_by', 'proposed_by', 'proposed_version'])
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .forUpdate()
    .executeTakeFirst()
  if (round === undefined) throw new NotFound('round', id)
  const current = await termsInForce(trx, ref, round.terms_version)
  const { closingId, grantIds } = await plannedGrants(trx, ref)
  return {
    companyId: ref.companyId,
    roundId: ref.id,
    id,
    state: roundState(round.state),
    termsVersion: current.version,
    terms: RoundTerms.parse(current.terms),
    termsHash: current.terms_hash,
    draftedBy: round.drafted_by,
    proposedBy: round.proposed_by ?? undefined,
    proposedVersion: round.proposed_version ?? undefined,
    closingId,
    grantIds,
  }
}

/** The version that holds today: of a draft the last one, of a signed round the last one whose date has come. */
const termsInForce = (trx: Trx, ref: Ref, version: number) =>
  trx
    .selectFrom('round_terms')
    .select(['version', 'terms', 'terms_hash'])
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .where((on) =>
      on.or([
        on('version', '=', version),
        on.and([
          on('version', '>', version),
          on('effective_on', '<=', sql<string>`(equihour_now() AT TIME ZONE 'UTC')::date`),
        ]),
      ]),
    )
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()

/** Marks a draft as proposed, at the version of its terms that it has now. */
export async function markProposed(trx: Trx, round: LockedRound, proposedBy: Uuid): Promise<void> {
  const at = await instant(trx)
  await step(trx, round, 'draft', 'proposed', {
    proposed_by: proposedBy,
    proposed_at: at,
    proposed_version: round.termsVersion,
  })
}

/**
 * Moves a locked round from one state to the next: a guarded update.
 *
 * @throws {WrongState} when it is not in `from`
 * @throws {RangeError} when `to` cannot follow `from`, or is `proposed`, which has its own use case
 */
export async function markRound(
  trx: Trx,
  round: Pick<LockedRound, 'companyId' | 'roundId' | 'state'>,
  from: RoundState,
  to: Exclude<RoundState, 'proposed'>,
): Promise<void> {
  const at = await instant(trx)
  await step(trx, round, from, to, {
    ...(to === 'term_sheet_issued' ? { issued_at: at } : {}),
    ...(to === 'closed' || to === 'withdrawn' ? { ended_at: at } : {}),
  })
}

type StepColumns = {
  proposed_by?: Uuid
  proposed_at?: string
  proposed_version?: number
  issued_at?: string
  ended_at?: string
}

async function step(
  trx: Trx,
  round: Pick<LockedRound, 'companyId' | 'roundId' | 'state'>,
  from: RoundState,
  to: RoundState,
  columns: StepColumns,
): Promise<void> {
  if (!NEXT_STATES[from].includes(to)) throw new RangeError(`a round that is ${from} cannot become ${to}`)
  const { numUpdatedRows } = await trx
    .updateTable('round')
    .set({ state: to, ...columns })
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.roundId)
    .where('state', '=', from)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('round', round.state, [from])
}

/** Marks the round's closing as done and its grants as opened; of two at once the second finds nothing planned. */
export async function markClosingDone(trx: Trx, round: LockedRound, closedBy: Uuid): Promise<void> {
  const at = await instant(trx)
  const { numUpdatedRows } = await trx
    .updateTable('closing')
    .set({ state: 'closed', closed_by: closedBy, closed_at: at })
    .where('company_id', '=', round.companyId)
    .where('closing_id', '=', round.closingId)
    .where('state', '=', 'planned')
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('closing', 'closed', ['planned'])
  await trx
    .updateTable('planned_grant')
    .set({ opened_at: at })
    .where('company_id', '=', round.companyId)
    .where('closing_id', '=', round.closingId)
    .execute()
}

/** The last version of a round's terms that both sides have signed, whether or not its date has come. */
export type SignedTerms = {
  readonly version: number
  readonly terms: RoundTerms
  readonly effectiveOn: string | undefined
}

/** {@link SignedTerms} of a signed round: what the next amendment builds on. */
export async function signedTerms(trx: Trx, ref: Ref): Promise<SignedTerms> {
  const row = await trx
    .selectFrom('round_terms')
    .select(['version', 'terms', 'effective_on'])
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return { version: row.version, terms: RoundTerms.parse(row.terms), effectiveOn: row.effective_on ?? undefined }
}

/** Lets a signed round stand at the next version of its terms: the amendment that made it has come into force. */
export async function moveToVersion(trx: Trx, ref: Ref, version: number): Promise<void> {
  await trx
    .updateTable('round')
    .set({ terms_version: version })
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .where('terms_version', '=', version - 1)
    .execute()
}
