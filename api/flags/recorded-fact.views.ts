/** Recorded facts as rules and screens read them. */
import type { Actor } from '../access/index.ts'
import type { JsonValue, Reader, Ref, Uuid } from '../platform/index.ts'
import type { Fact, FactQuestion } from './fact.ts'
import { FACT_NAMES, type FactName, isFactName } from './fact-catalogue.ts'
import { seesFlags } from './flag-visibility.ts'

export type RecordedFactView = Fact & {
  readonly companyId: Uuid
  readonly factId: Uuid
  readonly version: number
  readonly subject: string | null
  readonly recordedBy: Uuid
  readonly recordedAt: string
}

const facts = (reader: Reader) =>
  reader
    .selectFrom('recorded_fact')
    .select(['company_id', 'fact_id', 'name', 'version', 'subject', 'value', 'source', 'as_of', 'recorded_by'])
    .select('recorded_at')

type Row = Awaited<ReturnType<ReturnType<typeof facts>['executeTakeFirstOrThrow']>>

function viewOf(row: Row): RecordedFactView[] {
  // A name that the catalogue no longer has: nothing asks for it.
  if (!isFactName(row.name)) return []
  return [
    {
      companyId: row.company_id,
      factId: row.fact_id,
      name: row.name,
      version: row.version,
      subject: row.subject,
      // It was JSON when it was stored, and jsonb keeps nothing else.
      value: row.value as JsonValue,
      source: row.source,
      asOf: row.as_of,
      recordedBy: row.recorded_by,
      recordedAt: row.recorded_at,
    },
  ]
}

/**
 * What people recorded of these facts: per name the latest version that is about the company or about this deal, and that
 * holds on or before the date. A value of a later date says nothing about an earlier one.
 */
export async function recordedFacts(
  reader: Reader,
  names: readonly FactName[],
  question: FactQuestion,
): Promise<Fact[]> {
  if (names.length === 0) return []
  const rows = await facts(reader)
    .distinctOn('name')
    .where('company_id', '=', question.companyId)
    .where('name', 'in', [...names])
    .where('as_of', '<=', question.onDate)
    .where((on) => on.or([on('subject', 'is', null), on('subject', '=', question.subject)]))
    .orderBy('name')
    .orderBy('version', 'desc')
    .execute()
  return rows.flatMap(viewOf)
}

/**
 * The facts on record for each of these companies, latest version of each name and deal, by name; none where the actor
 * may not see them. One query.
 */
export async function factsOnRecord(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, RecordedFactView[]>> {
  const visible = companyIds.filter((id) => seesFlags(actor, id))
  const byCompany = new Map<Uuid, RecordedFactView[]>()
  if (visible.length === 0) return byCompany
  const rows = await facts(reader)
    .distinctOn(['company_id', 'name', 'subject'])
    .where('company_id', 'in', visible)
    .where('name', 'in', FACT_NAMES)
    .orderBy('company_id')
    .orderBy('name')
    .orderBy('subject')
    .orderBy('version', 'desc')
    .execute()
  for (const view of rows.flatMap(viewOf))
    byCompany.set(view.companyId, [...(byCompany.get(view.companyId) ?? []), view])
  return byCompany
}

/** One recorded fact, or `undefined` where there is none that the actor sees. */
export async function recordedFact(reader: Reader, actor: Actor, ref: Ref): Promise<RecordedFactView | undefined> {
  if (!seesFlags(actor, ref.companyId)) return undefined
  const row = await facts(reader)
    .where('company_id', '=', ref.companyId)
    .where('fact_id', '=', ref.id)
    .executeTakeFirst()
  return row === undefined ? undefined : viewOf(row)[0]
}
