/** Writes of scenarios: of one round, and of several. */
import { globalId, instant, NotFound, newId, type Ref, sha256, type Trx, type Uuid } from '../../platform/index.ts'
import { type ChainRound, canonicalChain } from '../chain/chain-shape.ts'
import type { RoundTerms } from '../terms/terms.ts'
import { canonicalTerms } from '../terms/terms-wire.ts'

/** What a scenario is of, for as long as it has versions: the terms of one round, or rounds one after another. */
export type ScenarioContent =
  | { readonly of: 'terms'; readonly terms: RoundTerms }
  | { readonly of: 'rounds'; readonly rounds: readonly ChainRound[] }

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
    readonly content: ScenarioContent
    readonly savedBy: Uuid
  },
): Promise<Uuid> {
  const scenarioId = row.scenarioId ?? newId()
  const { content } = row
  const text = content.of === 'terms' ? canonicalTerms(content.terms) : canonicalChain(content.rounds)
  await trx
    .insertInto('scenario')
    .values({
      company_id: row.companyId,
      scenario_id: scenarioId,
      version: row.version,
      name: row.name,
      as_of: row.asOf,
      [content.of]: text,
      terms_hash: sha256(text),
      saved_by: row.savedBy,
      saved_at: await instant(trx),
    })
    .execute()
  return scenarioId
}
