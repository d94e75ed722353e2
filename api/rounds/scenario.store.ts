/** Writes of scenarios. */
import { globalId, instant, NotFound, newId, type Ref, sha256, type Trx, type Uuid } from '../platform/index.ts'
import type { RoundTerms } from './terms.ts'
import { canonicalTerms } from './terms-wire.ts'

/** The newest version of a scenario, whose company is locked. @throws {NotFound} */
export async function newestVersion(trx: Trx, ref: Ref): Promise<number> {
  const row = await trx
    .selectFrom('scenario')
    .select('version')
    .where('company_id', '=', ref.companyId)
    .where('scenario_id', '=', ref.id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('scenario', globalId('Scenario', ref.companyId, ref.id))
  return row.version
}

/** Inserts one version; without an id, of a new scenario. */
export async function insertScenario(
  trx: Trx,
  row: {
    readonly companyId: Uuid
    readonly scenarioId: Uuid | undefined
    readonly version: number
    readonly name: string
    readonly asOf: string
    readonly terms: RoundTerms
    readonly savedBy: Uuid
  },
): Promise<Uuid> {
  const scenarioId = row.scenarioId ?? newId()
  const terms = canonicalTerms(row.terms)
  await trx
    .insertInto('scenario')
    .values({
      company_id: row.companyId,
      scenario_id: scenarioId,
      version: row.version,
      name: row.name,
      as_of: row.asOf,
      terms,
      terms_hash: sha256(terms),
      saved_by: row.savedBy,
      saved_at: await instant(trx),
    })
    .execute()
  return scenarioId
}
