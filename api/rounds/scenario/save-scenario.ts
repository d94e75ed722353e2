import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  type Ref,
  type Trx,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { Chain } from '../chain/chain-shape.ts'
import { solveChain } from '../chain/solve-chain.ts'
import { StaleTerms } from '../errors.ts'
import { proForma } from '../pro-forma/pro-forma.ts'
import { capitalizationOn } from '../pro-forma/round-capitalization.ts'
import { zVersion } from '../terms/term-pieces.ts'
import { RoundTerms } from '../terms/terms.ts'
import { insertScenario, newestVersion, type ScenarioContent } from './scenario.store.ts'
import { mustSeeScenario, SCENARIO_TYPES } from './scenario.views.ts'

/** What every call has, whatever is kept. */
const Kept = z.strictObject({
  name: zText(120),
  /** Day of the cap table; left out, the closing date of the first round. */
  asOf: zIsoDate.optional(),
  idempotencyKey: zIdempotencyKey,
})
/** The version that the caller has read and revises. */
const expectedVersion = zVersion
export const SaveScenarioInput = Kept.extend({ companyId: zKey('Company'), terms: RoundTerms })
export type SaveScenarioInput = z.input<typeof SaveScenarioInput>
export const ReviseScenarioInput = Kept.extend({ scenarioId: zRef('Scenario'), expectedVersion, terms: RoundTerms })
export type ReviseScenarioInput = z.input<typeof ReviseScenarioInput>
export const SaveChainInput = Kept.extend({ companyId: zKey('Company'), rounds: Chain })
export type SaveChainInput = z.input<typeof SaveChainInput>
export const ReviseChainInput = Kept.extend({ chainId: zRef('RoundChain'), expectedVersion, rounds: Chain })
export type ReviseChainInput = z.input<typeof ReviseChainInput>

type Saved = { readonly companyId: Uuid; readonly scenarioId: Uuid; readonly version: number }

/**
 * Keeps terms under a name, over the cap table of a day, as version 1 of a scenario.
 *
 * @throws {TermsRefused} when there is no such round over that cap table
 */
export async function saveScenario(deps: Deps, actor: Actor, input: SaveScenarioInput): Promise<Saved> {
  const { terms, ...asked } = parse(SaveScenarioInput, input)
  return saved(deps, actor, { operation: 'saveScenario', input, ...asked, content: { of: 'terms', terms } })
}

/**
 * Keeps rounds one after another under a name, as version 1 of a chain.
 *
 * @throws {ChainRefused} when there is no such round, over that cap table or on the result of the rounds before it
 */
export async function saveChain(deps: Deps, actor: Actor, input: SaveChainInput): Promise<Saved> {
  const { rounds, ...asked } = parse(SaveChainInput, input)
  return saved(deps, actor, { operation: 'saveChain', input, ...asked, content: { of: 'rounds', rounds } })
}

/**
 * Writes the next version of a scenario, whole. The versions before it stay.
 *
 * @throws {StaleTerms} when somebody revised it meanwhile
 * @throws {TermsRefused} when there is no such round over that cap table
 */
export async function reviseScenario(deps: Deps, actor: Actor, input: ReviseScenarioInput): Promise<Saved> {
  const { terms, scenarioId, ...asked } = parse(ReviseScenarioInput, input)
  const content = { of: 'terms', terms } as const
  return revised(deps, actor, { operation: 'reviseScenario', input, ref: scenarioId, ...asked, content })
}

/**
 * Writes the next version of a chain, whole. The versions before it stay.
 *
 * @throws {StaleTerms} when somebody revised it meanwhile
 * @throws {ChainRefused} when there is no such round, over that cap table or on the result of the rounds before it
 */
export async function reviseChain(deps: Deps, actor: Actor, input: ReviseChainInput): Promise<Saved> {
  const { rounds, chainId, ...asked } = parse(ReviseChainInput, input)
  const content = { of: 'rounds', rounds } as const
  return revised(deps, actor, { operation: 'reviseChain', input, ref: chainId, ...asked, content })
}

type Call = Omit<z.output<typeof Kept>, 'asOf'> & {
  readonly operation: string
  readonly input: unknown
  readonly asOf?: string | undefined
  readonly content: ScenarioContent
}

async function saved(deps: Deps, actor: Actor, { companyId, ...call }: Call & { readonly companyId: Uuid }) {
  const { operation, idempotencyKey, input } = call
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation, scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    return stored(trx, actor, call, { companyId, scenarioId: undefined, version: 1 })
  })
}

async function revised(
  deps: Deps,
  actor: Actor,
  { ref, ...call }: Call & { readonly ref: Ref; readonly expectedVersion: number },
): Promise<Saved> {
  const { operation, idempotencyKey, input, content, expectedVersion: expected } = call
  await mustSeeScenario(deps.db, actor, ref, content.of)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation, scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const current = await newestVersion(trx, ref)
    if (current !== expected) throw new StaleTerms(expected, current)
    return stored(trx, actor, call, { companyId: ref.companyId, scenarioId: ref.id, version: current + 1 })
  })
}

type Version = { readonly companyId: Uuid; readonly scenarioId: Uuid | undefined; readonly version: number }

async function stored(trx: Trx, actor: Actor, { name, asOf, content }: Call, at: Version): Promise<Saved> {
  const { companyId, version } = at
  const first = content.of === 'terms' ? content.terms : content.rounds[0]?.terms
  if (first === undefined) throw new RangeError('a chain has at least one round')
  const capitalization = await capitalizationOn(trx, companyId, first, asOf)
  if (content.of === 'terms') proForma(capitalization, content.terms)
  else solveChain(capitalization, content.rounds)
  const row = { ...at, name, content, asOf: asOf ?? first.closingDate, savedBy: actor.id }
  const scenarioId = await insertScenario(trx, row)
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'scenario.saved',
    subject: globalId(SCENARIO_TYPES[content.of], companyId, scenarioId),
    payload: { version },
  })
  return { companyId, scenarioId, version }
}
