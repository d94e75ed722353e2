/** Writes facts that people record. A later row supersedes; none is changed. */
import { instant, type JsonValue, newId, type Trx, type Uuid } from '../platform/index.ts'
import type { FactName } from './fact-catalogue.ts'

/** Adds the next version of a fact. The caller holds the company's lock, which makes versions follow one another. */
export async function insertRecordedFact(
  trx: Trx,
  fact: {
    companyId: Uuid
    name: FactName
    subject: string | null
    value: JsonValue
    source: string
    asOf: string
    recordedBy: Uuid
  },
): Promise<{ factId: Uuid; version: number }> {
  const { last } = await trx
    .selectFrom('recorded_fact')
    .select((on) => on.fn.coalesce(on.fn.max('version'), on.lit(0)).as('last'))
    .where('company_id', '=', fact.companyId)
    .where('name', '=', fact.name)
    .executeTakeFirstOrThrow()
  const [factId, version] = [newId(), last + 1]
  await trx
    .insertInto('recorded_fact')
    .values({
      company_id: fact.companyId,
      fact_id: factId,
      name: fact.name,
      version,
      subject: fact.subject,
      value: JSON.stringify(fact.value),
      source: fact.source,
      as_of: fact.asOf,
      recorded_by: fact.recordedBy,
      recorded_at: await instant(trx),
    })
    .execute()
  return { factId, version }
}
