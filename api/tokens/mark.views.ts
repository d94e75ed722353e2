/** Marks, for the fund's own staff: what the fund takes something to be worth is not for the other side's eyes. */
import { type SqlBool, sql } from 'kysely'
import { type Actor, isStaff } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import { globalId, type Money, NotFound, parseNumeric, type Reader, type Ref, type Uuid } from '../platform/index.ts'

/** What is marked: a token of a class, a share of a company's stock class, or the company whole. */
export type MarkSubject =
  | { readonly kind: 'token'; readonly tokenClassId: Uuid }
  | { readonly kind: 'company'; readonly companyId: Uuid }
  | { readonly kind: 'share'; readonly companyId: Uuid; readonly stockClassId: string }

/** `reference_price` is a price that somebody published or agreed; it is no fair value. */
export const MARK_BASES = ['fair_value', 'reference_price'] as const
export type MarkBasis = (typeof MARK_BASES)[number]

export type MarkView = {
  readonly scopeId: Uuid
  readonly markId: Uuid
  readonly subject: MarkSubject
  readonly basis: MarkBasis
  readonly value: Money
  readonly markedOn: string
  /** First day on which it no longer counts. */
  readonly expiresOn: string
  readonly method: string
  /** Level of the fair value hierarchy, 1 to 3; null for a reference price. */
  readonly level: number | null
  readonly source: string
  readonly proposedBy: Uuid
  readonly proposedAt: string
  readonly approvedBy: Uuid | null
  readonly approvedAt: string | null
}

/** Where the marks of a subject lie. */
export const scopeOf = (subject: MarkSubject): Uuid =>
  subject.kind === 'token' ? subject.tokenClassId : subject.companyId

/** Staff see marks of tokens, and those of every company that they see. */
export const seesMark = (actor: Actor, subject: MarkSubject): boolean =>
  isStaff(actor) && (subject.kind === 'token' || seesCompany(actor, subject.companyId))

const marks = (reader: Reader) =>
  reader
    .selectFrom('mark')
    .leftJoin('mark_approval as approval', (on) =>
      on.onRef('approval.scope_id', '=', 'mark.scope_id').onRef('approval.mark_id', '=', 'mark.mark_id'),
    )
    .select([
      'mark.scope_id',
      'mark.mark_id',
      'subject_kind',
      'stock_class_id',
      'basis',
      'amount',
      'currency',
      'marked_on',
      'expires_on',
      'method',
      'level',
      'source',
      'mark.proposed_by',
      'proposed_at',
      'approved_by',
      'approved_at',
    ])

type Row = Awaited<ReturnType<ReturnType<typeof marks>['execute']>>[number]

function subjectOf(row: Row): MarkSubject {
  if (row.subject_kind === 'token') return { kind: 'token', tokenClassId: row.scope_id }
  if (row.stock_class_id === null) return { kind: 'company', companyId: row.scope_id }
  return { kind: 'share', companyId: row.scope_id, stockClassId: row.stock_class_id }
}

const view = (row: Row): MarkView => ({
  scopeId: row.scope_id,
  markId: row.mark_id,
  subject: subjectOf(row),
  // The column's CHECK lists exactly these.
  basis: row.basis as MarkBasis,
  value: { amount: parseNumeric(row.amount), currency: row.currency },
  markedOn: row.marked_on,
  expiresOn: row.expires_on,
  method: row.method,
  level: row.level,
  source: row.source,
  proposedBy: row.proposed_by,
  proposedAt: row.proposed_at,
  approvedBy: row.approved_by,
  approvedAt: row.approved_at,
})

/** Most marks of one list. */
export const MARKS_MAX = 200

/** The marks that lie with each of these companies or token classes, newest first; none that the actor does not see. One query. */
export async function marksOf(reader: Reader, actor: Actor, scopeIds: readonly Uuid[]): Promise<Map<Uuid, MarkView[]>> {
  if (scopeIds.length === 0 || !isStaff(actor)) return new Map()
  const rows = await marks(reader)
    .where('mark.scope_id', 'in', [...scopeIds])
    .orderBy('marked_on', 'desc')
    .orderBy('mark.mark_id', 'desc')
    .limit(MARKS_MAX * scopeIds.length)
    .execute()
  return Map.groupBy(
    rows.map(view).filter((mark) => seesMark(actor, mark.subject)),
    (mark) => mark.scopeId,
  )
}

/** A mark whoever asks. */
export async function findMark(reader: Reader, scopeId: Uuid, markId: Uuid): Promise<MarkView | undefined> {
  const row = await marks(reader)
    .where('mark.scope_id', '=', scopeId)
    .where('mark.mark_id', '=', markId)
    .executeTakeFirst()
  return row === undefined ? undefined : view(row)
}

/**
 * Refuses a mark that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeMark(reader: Reader, actor: Actor, ref: Ref): Promise<MarkView> {
  const mark = await findMark(reader, ref.companyId, ref.id)
  if (mark === undefined || !seesMark(actor, mark.subject))
    throw new NotFound('mark', globalId('Mark', ref.companyId, ref.id))
  return mark
}

/**
 * The mark of a subject in force on a day: approved, marked on or before it, not expired; of several the latest. `undefined`
 * where there is none: what is not marked has no value here, and certainly not zero.
 */
export async function markOn(
  reader: Reader,
  subject: MarkSubject,
  basis: MarkBasis,
  on: string,
): Promise<MarkView | undefined> {
  const row = await marks(reader)
    .where('mark.scope_id', '=', scopeOf(subject))
    .where('subject_kind', '=', subject.kind)
    .where(sql<SqlBool>`stock_class_id IS NOT DISTINCT FROM ${subject.kind === 'share' ? subject.stockClassId : null}`)
    .where('basis', '=', basis)
    .where('marked_on', '<=', on)
    .where('expires_on', '>', on)
    .where('approved_by', 'is not', null)
    .orderBy('marked_on', 'desc')
    .orderBy('mark.mark_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : view(row)
}

/**
 * The fair value of a share of each of these classes in force on its day, in the order asked; `undefined` where no approved mark
 * was in force. Whoever asks. One query.
 */
export async function shareValuesOn(
  reader: Reader,
  companyId: Uuid,
  wanted: readonly { readonly stockClassId: string; readonly on: string }[],
): Promise<(MarkView | undefined)[]> {
  if (wanted.length === 0) return []
  const [classes, days] = [wanted.map(({ stockClassId }) => stockClassId), wanted.map(({ on }) => on)]
  const rows = await marks(reader)
    .where('mark.scope_id', '=', companyId)
    .where('subject_kind', '=', 'share')
    .where('basis', '=', 'fair_value')
    .where('approved_by', 'is not', null)
    .where(
      sql<SqlBool>`EXISTS (SELECT FROM unnest(${classes}::text[], ${days}::date[]) AS wanted (class, day)
        WHERE stock_class_id = wanted.class AND marked_on <= wanted.day AND expires_on > wanted.day)`,
    )
    .orderBy('marked_on', 'desc')
    .orderBy('mark.mark_id', 'desc')
    .execute()
  return wanted.map(({ stockClassId, on }) => {
    const found = rows.find((row) => row.stock_class_id === stockClassId && row.marked_on <= on && row.expires_on > on)
    return found === undefined ? undefined : view(found)
  })
}
