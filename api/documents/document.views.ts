/** Documents as screens and other capabilities read them. Bytes are read alone, by {@link documentBytes}. */
import type { Actor } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { Reader, Ref, Uuid } from '../platform/index.ts'

/** A document without its bytes. */
export type DocumentView = {
  readonly companyId: Uuid
  readonly documentId: Uuid
  /** Global id of what it is about. */
  readonly subject: string
  readonly kind: string
  readonly version: number
  readonly supersedes: Uuid | null
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly sha256: string
  /** Size in bytes. */
  readonly size: number
  readonly mediaType: string
  readonly fileName: string
  readonly madeAt: string
}

/** Who accepted a document for the company, when, and which bytes. */
export type AcceptanceView = {
  readonly companyId: Uuid
  readonly documentId: Uuid
  /** SHA-256 of the accepted bytes, 64 hex digits. */
  readonly sha256: string
  readonly acceptedBy: Uuid
  readonly acceptedAs: 'founder' | 'signatory'
  readonly acceptedAt: string
}

/** What documents of a subject are asked for by. */
export type DocumentKey = { readonly companyId: Uuid; readonly subject: string; readonly kind: string }

const documents = (reader: Reader) =>
  reader
    .selectFrom('document')
    .select((on) => [
      'company_id as companyId',
      'document_id as documentId',
      'subject',
      'kind',
      'version',
      'supersedes',
      on.fn<string>('encode', ['sha256', on.val('hex')]).as('sha256'),
      on.fn<number>('octet_length', ['bytes']).as('size'),
      'media_type as mediaType',
      'file_name as fileName',
      'made_at as madeAt',
    ])

/** One document, whoever asks: for a capability that has decided visibility itself. */
export const findDocument = (reader: Reader, ref: Ref): Promise<DocumentView | undefined> =>
  documents(reader).where('company_id', '=', ref.companyId).where('document_id', '=', ref.id).executeTakeFirst()

/** The visible ones among these documents, in no order. One query. */
export async function documentsById(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<DocumentView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  return documents(reader)
    .where((on) =>
      on(
        on.refTuple('company_id', 'document_id'),
        'in',
        visible.map((ref) => on.tuple(ref.companyId, ref.id)),
      ),
    )
    .execute()
}

/** The version of a subject's document that holds now, or `undefined`: for a capability that has decided visibility itself. */
export const latestDocument = (
  reader: Reader,
  companyId: Uuid,
  subject: string,
  kind: string,
): Promise<DocumentView | undefined> =>
  documents(reader)
    .where('company_id', '=', companyId)
    .where('subject', '=', subject)
    .where('kind', '=', kind)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()

/** {@link latestDocument} for many subjects in one query, of companies that the actor sees, in no order. */
export async function latestDocuments(
  reader: Reader,
  actor: Actor,
  keys: readonly DocumentKey[],
): Promise<DocumentView[]> {
  const visible = keys.filter((key) => seesCompany(actor, key.companyId))
  if (visible.length === 0) return []
  return documents(reader)
    .distinctOn(['company_id', 'subject', 'kind'])
    .where((on) =>
      on(
        on.refTuple('company_id', 'subject', 'kind'),
        'in',
        visible.map((key) => on.tuple(key.companyId, key.subject, key.kind)),
      ),
    )
    .orderBy('company_id')
    .orderBy('subject')
    .orderBy('kind')
    .orderBy('version', 'desc')
    .execute()
}

/** How many documents are stored about one subject, in any version; whoever asks. */
export async function countDocuments(reader: Reader, companyId: Uuid, subject: string): Promise<number> {
  const { count } = await reader
    .selectFrom('document')
    .select((on) => on.fn.countAll<bigint>().as('count'))
    .where('company_id', '=', companyId)
    .where('subject', '=', subject)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** What is stored about one subject, in the order in which it was made; none for a company that the actor does not see. */
export async function documentsAbout(
  reader: Reader,
  actor: Actor,
  { companyId, subject }: { readonly companyId: Uuid; readonly subject: string },
): Promise<DocumentView[]> {
  if (!seesCompany(actor, companyId)) return []
  return documents(reader)
    .where('company_id', '=', companyId)
    .where('subject', '=', subject)
    .orderBy('document_id')
    .limit(LISTED_MAX)
    .execute()
}

/**
 * Documents about any of these subjects, in the order in which they were made, at most {@link LISTED_MAX}; whoever asks: for a
 * capability that has decided visibility itself. One query.
 */
export const documentsAboutAll = async (
  reader: Reader,
  { companyId, subjects }: { readonly companyId: Uuid; readonly subjects: readonly string[] },
): Promise<DocumentView[]> =>
  subjects.length === 0
    ? []
    : documents(reader)
        .where('company_id', '=', companyId)
        .where('subject', 'in', [...subjects])
        .orderBy('document_id')
        .limit(LISTED_MAX)
        .execute()

/** Most documents that are listed for one company. */
export const LISTED_MAX = 100

/**
 * The versions that hold now of all documents of these companies, newest first, at most {@link LISTED_MAX} for each
 * company; none for a company that the actor does not see. One query.
 */
export async function documentsOfCompanies(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
): Promise<DocumentView[]> {
  const visible = companyIds.filter((id) => seesCompany(actor, id))
  if (visible.length === 0) return []
  const holding = documents(reader)
    .distinctOn(['company_id', 'subject', 'kind'])
    .where('company_id', 'in', visible)
    .orderBy('company_id')
    .orderBy('subject')
    .orderBy('kind')
    .orderBy('version', 'desc')
  const ranked = reader
    .selectFrom(holding.as('holding'))
    .selectAll()
    .select((on) =>
      on.fn
        .agg<bigint>('row_number')
        .over((over) => over.partitionBy('companyId').orderBy('documentId', 'desc'))
        .as('place'),
    )
  const rows = await reader
    .selectFrom(ranked.as('ranked'))
    .selectAll()
    .where('place', '<=', BigInt(LISTED_MAX))
    .orderBy('companyId')
    .orderBy('place')
    .execute()
  return rows.map(({ place: _place, ...document }) => document)
}

/** The bytes of one document. */
export async function documentBytes(reader: Reader, ref: Ref): Promise<Buffer | undefined> {
  const row = await reader
    .selectFrom('document')
    .select('bytes')
    .where('company_id', '=', ref.companyId)
    .where('document_id', '=', ref.id)
    .executeTakeFirst()
  return row?.bytes
}

/** The acceptances of these documents, of companies that the actor sees, in no order. One query. */
export async function acceptancesOf(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<AcceptanceView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  return acceptances(reader)
    .where((on) =>
      on(
        on.refTuple('company_id', 'document_id'),
        'in',
        visible.map((ref) => on.tuple(ref.companyId, ref.id)),
      ),
    )
    .execute()
}

/** The acceptance of one document, whoever asks: for a capability that has decided visibility itself. */
export const findAcceptance = (reader: Reader, ref: Ref): Promise<AcceptanceView | undefined> =>
  acceptances(reader).where('company_id', '=', ref.companyId).where('document_id', '=', ref.id).executeTakeFirst()

const acceptances = (reader: Reader) =>
  reader
    .selectFrom('document_acceptance')
    .select((on) => [
      'company_id as companyId',
      'document_id as documentId',
      on.fn<string>('encode', ['sha256', on.val('hex')]).as('sha256'),
      'accepted_by as acceptedBy',
      on.ref('accepted_as').$castTo<'founder' | 'signatory'>().as('acceptedAs'),
      'accepted_at as acceptedAt',
    ])
