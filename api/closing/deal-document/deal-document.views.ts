/** Deal documents as screens read them, and who sees them. */
import { type SqlBool, sql } from 'kysely'
import { type RightText, rightWords } from '../../../templates/pdf/deal-document.ts'
import { type Actor, isStaff } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { globalId, NotFound, type Reader, type Ref, type Uuid } from '../../platform/index.ts'
import type { SignatureView } from '../amendment/amendment.views.ts'
import { type PaperState, paperState, type Side } from '../paper.ts'
import { type DealDocumentKind, dealDocumentKind } from './deal-document.store.ts'
import { obligationsOfLetters } from './obligation.views.ts'
import type { Obligation } from './obligations.ts'
import { electedTerms, type SideRightKind } from './side-letter.ts'

export type DealDocumentView = {
  readonly companyId: Uuid
  readonly dealDocumentId: Uuid
  readonly roundId: Uuid
  readonly kind: DealDocumentKind
  /** By the date: what is signed and whose day has come is in force. */
  readonly state: PaperState
  readonly title: string
  /** As it is stored. */
  readonly content: unknown
  /** Of a side letter: its holder among the stakeholders; `null` where the cap table does not know the holder. */
  readonly stakeholderId: string | null
  readonly effectiveOn: string | null
  readonly documentId: Uuid | null
  readonly draftedAt: string
  readonly proposedAt: string | null
  readonly acceptedAt: string | null
  readonly signatures: readonly SignatureView[]
  /** Of a side letter: what was brought to its holder's notice, and the one that was elected. */
  readonly notices: readonly NoticeView[]
  readonly electedId: Uuid | null
  /** The side letter whose rights its holder has now. */
  readonly termsOfId: Uuid
  /** Of a side letter in force: what it obliges the company to, by due date. */
  readonly obligations: readonly Obligation[]
}
export type NoticeView = { readonly offeredId: Uuid; readonly noticedOn: string; readonly electUntil: string }

const documents = (reader: Reader) =>
  reader.selectFrom('deal_document').select([
    'company_id as companyId',
    'deal_document_id as dealDocumentId',
    'round_id as roundId',
    'kind',
    sql<string>`CASE WHEN state = 'accepted' AND effective_on <= (equihour_now() AT TIME ZONE 'UTC')::date
      THEN 'in_force' ELSE state END`.as('state'),
    'title',
    'content',
    'stakeholder_id as stakeholderId',
    'effective_on as effectiveOn',
    'document_id as documentId',
    'drafted_at as draftedAt',
    'proposed_at as proposedAt',
    'accepted_at as acceptedAt',
  ])
type Row = Awaited<ReturnType<ReturnType<typeof documents>['execute']>>[number]

/** Staff whom no wall keeps out see every one; the company sees it once it was proposed to it. */
const sees = (actor: Actor, row: { readonly companyId: Uuid; readonly proposedAt: string | null }): boolean =>
  seesCompany(actor, row.companyId) && (isStaff(actor) || row.proposedAt !== null)

async function shown(reader: Reader, actor: Actor, rows: readonly Row[]): Promise<DealDocumentView[]> {
  const visible = rows.filter((row) => sees(actor, row))
  if (visible.length === 0) return []
  const companies = [...new Set(visible.map(({ companyId }) => companyId))]
  const ids = visible.map(({ dealDocumentId }) => dealDocumentId)
  const signatures = await reader
    .selectFrom('deal_signature')
    .select((on) => [
      'deal_document_id as id',
      on.ref('side').$castTo<Side>().as('side'),
      on.fn<string>('encode', ['sha256', on.val('hex')]).as('sha256'),
      'signed_by as signedBy',
      'signed_at as signedAt',
    ])
    .where('company_id', 'in', companies)
    .where('deal_document_id', 'in', ids)
    .orderBy('signed_at')
    .orderBy('side', 'desc')
    .execute()
  const notices = await reader
    .selectFrom('mfn_notice')
    .select(['holder_id as id', 'offered_id as offeredId', 'noticed_on as noticedOn', 'elect_until as electUntil'])
    .where('company_id', 'in', companies)
    .where('holder_id', 'in', ids)
    .orderBy('offered_id')
    .execute()
  const elections = await reader
    .selectFrom('mfn_election')
    .select(['holder_id as holderId', 'elected_id as electedId'])
    .where('company_id', 'in', companies)
    .execute()
  const owed = await obligationsOfLetters(
    reader,
    visible.filter(({ kind, state }) => kind === 'side_letter' && state === 'in_force'),
  )
  const elected = new Map(elections.map(({ holderId, electedId }) => [holderId, electedId]))
  const signed = Map.groupBy(signatures, ({ id }) => id)
  const noticed = Map.groupBy(notices, ({ id }) => id)
  return visible.map((row) => ({
    ...row,
    kind: dealDocumentKind(row.kind),
    state: paperState(row.state),
    signatures: (signed.get(row.dealDocumentId) ?? []).map(({ id: _, ...signature }) => signature),
    notices: (noticed.get(row.dealDocumentId) ?? []).map(({ id: _, ...notice }) => notice),
    electedId: elected.get(row.dealDocumentId) ?? null,
    termsOfId: electedTerms(row.dealDocumentId, elected),
    obligations: owed.get(row.dealDocumentId)?.obligations ?? [],
  }))
}

/** The visible ones among these documents, in no order. */
export async function dealDocumentsById(
  reader: Reader,
  actor: Actor,
  refs: readonly Ref[],
): Promise<DealDocumentView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  const rows = await documents(reader)
    .where((on) => on.or(visible.map((ref) => on.and({ company_id: ref.companyId, deal_document_id: ref.id }))))
    .execute()
  return shown(reader, actor, rows)
}

/** The visible documents of these rounds, newest first, by round. As many queries as for one. */
export async function dealDocumentsOfRounds(
  reader: Reader,
  actor: Actor,
  rounds: readonly Ref[],
): Promise<Map<Uuid, DealDocumentView[]>> {
  const visible = rounds.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return new Map()
  const rows = await documents(reader)
    .where(sql<SqlBool>`(company_id, round_id) IN (SELECT * FROM unnest(
      ${visible.map(({ companyId }) => companyId)}::uuid[], ${visible.map(({ id }) => id)}::uuid[]))`)
    .orderBy('deal_document_id', 'desc')
    .execute()
  return Map.groupBy(await shown(reader, actor, rows), (row) => row.roundId)
}

/** Refuses one that does not exist or that the actor may not see: the two look the same. @throws {NotFound} */
export async function mustSeeDealDocument(reader: Reader, actor: Actor, ref: Ref): Promise<DealDocumentView> {
  const [found] = await dealDocumentsById(reader, actor, [ref])
  if (found === undefined) throw new NotFound('deal document', globalId('DealDocument', ref.companyId, ref.id))
  return found
}

/** A right of a side letter as its document prints it. */
export type RightInWords = { readonly kind: SideRightKind; readonly title: string; readonly words: string }
export const rightsInWords = ({ rights }: { readonly rights: readonly unknown[] }): readonly RightInWords[] =>
  // Stored by `sideLetterJson`, whose rights have this form.
  (rights as readonly RightText[]).map((right) => ({ kind: right.kind, ...rightWords(right) }))
