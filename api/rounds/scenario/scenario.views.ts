/** Scenarios as the fund's staff see them, and side by side. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { loadCapitalizations, NoCapTable } from '../../captable/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { type DomainError, globalId, NotFound, type Reader, type Ref, type Uuid } from '../../platform/index.ts'
import { Chain, type ChainRound } from '../chain/chain-shape.ts'
import { type SolvedChain, solveChain } from '../chain/solve-chain.ts'
import { type ProForma, proForma } from '../pro-forma/pro-forma.ts'
import { knownOn, refusedOr } from '../pro-forma/round-capitalization.ts'
import { RoundTerms } from '../terms/terms.ts'

/** How scenarios are called in ids, by what they are of. */
export const SCENARIO_TYPES = { terms: 'Scenario', rounds: 'RoundChain' } as const
type Of = keyof typeof SCENARIO_TYPES

type Version = {
  readonly id: string
  readonly companyId: Uuid
  readonly scenarioId: Uuid
  readonly version: number
  readonly name: string
  /** Day of the cap table. */
  readonly asOf: string
  /** SHA-256 of what it is of, in its canonical form, in hex. */
  readonly termsSha256: string
  readonly savedBy: Uuid
  readonly savedAt: string
}

/** The newest version of a scenario of one round. */
export type ScenarioView = Version & { readonly terms: RoundTerms }
/** The newest version of a scenario of rounds one after another. */
export type ChainView = Version & { readonly rounds: readonly ChainRound[] }

/** Most scenarios of a company that a list or a comparison holds: the newest. */
export const MOST_SCENARIOS = 50

/**
 * Refuses a scenario that does not exist or that the actor may not see: the fund's own paper, like a draft.
 *
 * @throws {NotFound}
 */
export async function mustSeeScenario(reader: Reader, actor: Actor, { companyId, id }: Ref, of: Of): Promise<void> {
  const found = (await versionsOf(reader, actor, of, [companyId], [id])).get(companyId)
  if (found === undefined) throw new NotFound('scenario', globalId(SCENARIO_TYPES[of], companyId, id))
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
  const found = await versionsOf(reader, actor, 'terms', companyIds, ids)
  return new Map(
    [...found].map(([companyId, rows]) => [
      companyId,
      rows.map(({ content, version }) => ({ ...version, terms: RoundTerms.parse(content) })),
    ]),
  )
}

/** The same of chains. */
export async function chainsOf(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  ids?: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, readonly ChainView[]>> {
  const found = await versionsOf(reader, actor, 'rounds', companyIds, ids)
  return new Map(
    [...found].map(([companyId, rows]) => [
      companyId,
      rows.map(({ content, version }) => ({ ...version, rounds: Chain.parse(content) })),
    ]),
  )
}

async function versionsOf(
  reader: Reader,
  actor: Actor,
  of: Of,
  companyIds: readonly Uuid[],
  ids: readonly Uuid[] | undefined,
): Promise<ReadonlyMap<Uuid, readonly { readonly version: Version; readonly content: unknown }[]>> {
  const visible = isStaff(actor) ? companyIds.filter((id) => seesCompany(actor, id)) : []
  if (visible.length === 0) return new Map()
  const rows = await reader
    .selectFrom('scenario')
    .distinctOn(['company_id', 'scenario_id'])
    .selectAll()
    .where(sql<boolean>`company_id = ANY(${[...visible]}::uuid[])`)
    .where(ids === undefined ? sql<boolean>`true` : sql<boolean>`scenario_id = ANY(${[...ids]}::uuid[])`)
    .where(of, 'is not', null)
    .orderBy('company_id')
    .orderBy('scenario_id', 'desc')
    .orderBy('version', 'desc')
    .execute()
  const read = rows.map((row) => ({
    content: row[of],
    version: {
      id: globalId(SCENARIO_TYPES[of], row.company_id, row.scenario_id),
      companyId: row.company_id,
      scenarioId: row.scenario_id,
      version: row.version,
      name: row.name,
      asOf: row.as_of,
      termsSha256: row.terms_hash.toString('hex'),
      savedBy: row.saved_by,
      savedAt: row.saved_at,
    },
  }))
  const byCompany = Map.groupBy(read, ({ version }) => version.companyId)
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

/** What each of these chains comes to over the cap table of its day; else as {@link scenarioProFormas}. */
export async function solvedChains(
  reader: Reader,
  chains: readonly ChainView[],
): Promise<ReadonlyMap<ChainView, SolvedChain | DomainError>> {
  const found = await loadCapitalizations(reader, chains)
  return new Map(
    chains.map((chain, index) => [
      chain,
      refusedOr(() => solveChain(knownOn(found[index] ?? new NoCapTable()), chain.rounds)),
    ]),
  )
}
