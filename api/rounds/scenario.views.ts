/** Scenarios as the fund's staff see them, and side by side. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../access/index.ts'
import { loadCapitalizations, NoCapTable } from '../captable/index.ts'
import { seesCompany } from '../parties/index.ts'
import { type DomainError, globalId, NotFound, type Reader, type Ref, type Uuid } from '../platform/index.ts'
import { type ProForma, proForma } from './pro-forma.ts'
import { knownOn, refusedOr } from './round-capitalization.ts'
import { RoundTerms } from './terms.ts'

/** The newest version of a scenario. */
export type ScenarioView = {
  readonly id: string
  readonly companyId: Uuid
  readonly scenarioId: Uuid
  readonly version: number
  readonly name: string
  readonly asOf: string
  readonly terms: RoundTerms
  readonly termsSha256: string
  readonly savedBy: Uuid
  readonly savedAt: string
}

/** Most scenarios of a company that a list or a comparison holds: the newest. */
export const MOST_SCENARIOS = 50

/**
 * Refuses a scenario that does not exist or that the actor may not see: the fund's own paper, like a draft.
 *
 * @throws {NotFound}
 */
export async function mustSeeScenario(reader: Reader, actor: Actor, { companyId, id }: Ref): Promise<void> {
  const found = (await scenariosOf(reader, actor, [companyId], [id])).get(companyId)
  if (found === undefined) throw new NotFound('scenario', globalId('Scenario', companyId, id))
}

/**
 * The newest version of each scenario of each company, newest scenario first, at most {@link MOST_SCENARIOS}; those of `ids`
 * alone where they are given. None for whoever is not of the fund's staff. One query.
 */
export async function scenariosOf(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  ids?: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, readonly ScenarioView[]>> {
  const visible = isStaff(actor) ? companyIds.filter((id) => seesCompany(actor, id)) : []
  if (visible.length === 0) return new Map()
  const rows = await reader
    .selectFrom('scenario')
    .distinctOn(['company_id', 'scenario_id'])
    .selectAll()
    .where(sql<boolean>`company_id = ANY(${[...visible]}::uuid[])`)
    .where(ids === undefined ? sql<boolean>`true` : sql<boolean>`scenario_id = ANY(${[...ids]}::uuid[])`)
    .orderBy('company_id')
    .orderBy('scenario_id', 'desc')
    .orderBy('version', 'desc')
    .execute()
  const views = rows.map(
    (row): ScenarioView => ({
      id: globalId('Scenario', row.company_id, row.scenario_id),
      companyId: row.company_id,
      scenarioId: row.scenario_id,
      version: row.version,
      name: row.name,
      asOf: row.as_of,
      terms: RoundTerms.parse(row.terms),
      termsSha256: row.terms_hash.toString('hex'),
      savedBy: row.saved_by,
      savedAt: row.saved_at,
    }),
  )
  const byCompany = Map.groupBy(views, ({ companyId }) => companyId)
  return new Map([...byCompany].map(([companyId, list]) => [companyId, list.slice(0, MOST_SCENARIOS)]))
}

/**
 * The pro forma of each of these scenarios over the cap table of its day; in the place of an answer its refusal. As many
 * queries as for one, whatever their companies and days.
 */
export async function scenarioProFormas(
  reader: Reader,
  scenarios: readonly ScenarioView[],
): Promise<ReadonlyMap<ScenarioView, ProForma | DomainError>> {
  const found = await loadCapitalizations(reader, scenarios)
  return new Map(
    scenarios.map((scenario, index) => [
      scenario,
      refusedOr(() => proForma(knownOn(found[index] ?? new NoCapTable()), scenario.terms)),
    ]),
  )
}
