/** Amendments as screens read them, and who sees them. */
import { type SqlBool, sql } from 'kysely'
import { termTitle, termWords } from '../../../templates/pdf/term-words.ts'
import { type Actor, isStaff } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { globalId, NotFound, type Reader, type Ref, type Uuid } from '../../platform/index.ts'
import type { TermChange } from '../../rounds/index.ts'
import { type PaperState, paperState, type Side } from '../paper.ts'
import { storedChanges } from './amendment.store.ts'

export type AmendmentView = {
  readonly companyId: Uuid
  readonly amendmentId: Uuid
  readonly roundId: Uuid
  /** By the date: an amendment whose day has come is in force, whether or not the job of the day has run. */
  readonly state: PaperState
  readonly baseVersion: number
  readonly termsVersion: number | null
  readonly changes: readonly ChangeInWords[]
  readonly reason: string
  readonly effectiveOn: string | null
  readonly documentId: Uuid | null
  readonly draftedBy: Uuid
  readonly draftedAt: string
  readonly proposedAt: string | null
  readonly acceptedAt: string | null
  readonly signatures: readonly SignatureView[]
}
/** A change, and how the document prints it. */
export type ChangeInWords = TermChange & {
  readonly title: string
  readonly fromWords: string
  readonly toWords: string
}
export type SignatureView = {
  readonly side: Side
  /** SHA-256 of the bytes that were signed, 64 hex digits. */
  readonly sha256: string
  readonly signedBy: Uuid
  readonly signedAt: string
}

const amendments = (reader: Reader) =>
  reader.selectFrom('amendment').select([
    'company_id as companyId',
    'amendment_id as amendmentId',
    'round_id as roundId',
    sql<string>`CASE WHEN state = 'accepted' AND effective_on <= (equihour_now() AT TIME ZONE 'UTC')::date
      THEN 'in_force' ELSE state END`.as('state'),
    'base_version as baseVersion',
    'terms_version as termsVersion',
    'changes',
    'reason',
    'effective_on as effectiveOn',
    'document_id as documentId',
    'drafted_by as draftedBy',
    'drafted_at as draftedAt',
    'proposed_at as proposedAt',
    'accepted_at as acceptedAt',
  ])

type Row = Awaited<ReturnType<ReturnType<typeof amendments>['execute']>>[number]

/** Staff whom no wall keeps out see every amendment; the company sees it once it was proposed to it. */
const sees = (actor: Actor, row: { readonly companyId: Uuid; readonly proposedAt: string | null }): boolean =>
  seesCompany(actor, row.companyId) && (isStaff(actor) || row.proposedAt !== null)

async function shown(reader: Reader, actor: Actor, rows: readonly Row[]): Promise<AmendmentView[]> {
  const visible = rows.filter((row) => sees(actor, row))
  if (visible.length === 0) return []
  const signatures = await reader
    .selectFrom('amendment_signature')
    .select((on) => [
      'amendment_id as amendmentId',
      on.ref('side').$castTo<Side>().as('side'),
      on.fn<string>('encode', ['sha256', on.val('hex')]).as('sha256'),
      'signed_by as signedBy',
      'signed_at as signedAt',
    ])
    .where((on) =>
      on(
        on.refTuple('company_id', 'amendment_id'),
        'in',
        visible.map((row) => on.tuple(row.companyId, row.amendmentId)),
      ),
    )
    .orderBy('signed_at')
    .orderBy('side', 'desc')
    .execute()
  const byAmendment = Map.groupBy(signatures, (row) => row.amendmentId)
  return visible.map((row) => ({
    ...row,
    state: paperState(row.state),
    changes: storedChanges(row.changes).map(inWords),
    signatures: (byAmendment.get(row.amendmentId) ?? []).map(({ amendmentId: _, ...signature }) => signature),
  }))
}

const inWords = (change: TermChange): ChangeInWords => ({
  ...change,
  title: termTitle(change.path),
  fromWords: termWords(change.path, change.from),
  toWords: termWords(change.path, change.to),
})

/** The visible ones among these amendments, in no order. Two queries. */
export async function amendmentsById(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<AmendmentView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  const rows = await amendments(reader)
    .where((on) => on.or(visible.map((ref) => on.and({ company_id: ref.companyId, amendment_id: ref.id }))))
    .execute()
  return shown(reader, actor, rows)
}

/** The visible amendments of these rounds, newest first, by round. Two queries. */
export async function amendmentsOfRounds(
  reader: Reader,
  actor: Actor,
  rounds: readonly Ref[],
): Promise<Map<Uuid, AmendmentView[]>> {
  const visible = rounds.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return new Map()
  const rows = await amendments(reader)
    .where(sql<SqlBool>`(company_id, round_id) IN (SELECT * FROM unnest(
      ${visible.map(({ companyId }) => companyId)}::uuid[], ${visible.map(({ id }) => id)}::uuid[]))`)
    .orderBy('amendment_id', 'desc')
    .execute()
  return Map.groupBy(await shown(reader, actor, rows), (row) => row.roundId)
}

/**
 * Refuses an amendment that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeAmendment(reader: Reader, actor: Actor, ref: Ref): Promise<AmendmentView> {
  const [found] = await amendmentsById(reader, actor, [ref])
  if (found === undefined) throw new NotFound('amendment', globalId('Amendment', ref.companyId, ref.id))
  return found
}
