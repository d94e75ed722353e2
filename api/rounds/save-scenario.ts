import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  type Trx,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { StaleTerms } from './errors.ts'
import { proForma } from './pro-forma.ts'
import { capitalizationOn } from './round-capitalization.ts'
import { insertScenario, newestVersion } from './scenario.store.ts'
import { mustSeeScenario } from './scenario.views.ts'
import { zVersion } from './term-pieces.ts'
import { RoundTerms } from './terms.ts'

const Kept = z.strictObject({
  name: zText(120),
  /** Day of the cap table; left out, the closing date. */
  asOf: zIsoDate.optional(),
  terms: RoundTerms,
  idempotencyKey: zIdempotencyKey,
})
export const SaveScenarioInput = Kept.extend({ companyId: zKey('Company') })
export type SaveScenarioInput = z.input<typeof SaveScenarioInput>
export const ReviseScenarioInput = Kept.extend({
  scenarioId: zRef('Scenario'),
  /** The version that the caller has read and revises. */
  expectedVersion: zVersion,
})
export type ReviseScenarioInput = z.input<typeof ReviseScenarioInput>

type Saved = { readonly companyId: Uuid; readonly scenarioId: Uuid; readonly version: number }

/**
 * Keeps terms under a name, over the cap table of a day, as version 1 of a scenario.
 *
 * @throws {TermsRefused} when there is no such round over that cap table
 */
export async function saveScenario(deps: Deps, actor: Actor, input: SaveScenarioInput): Promise<Saved> {
  const { companyId, idempotencyKey, ...kept } = parse(SaveScenarioInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'saveScenario', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    return stored(trx, actor, { ...kept, companyId, scenarioId: undefined, version: 1 })
  })
}

/**
 * Writes the next version of a scenario, whole. The versions before it stay.
 *
 * @throws {StaleTerms} when somebody revised it meanwhile
 * @throws {TermsRefused} when there is no such round over that cap table
 */
export async function reviseScenario(deps: Deps, actor: Actor, input: ReviseScenarioInput): Promise<Saved> {
  const { scenarioId: ref, expectedVersion, idempotencyKey, ...kept } = parse(ReviseScenarioInput, input)
  await mustSeeScenario(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'reviseScenario', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const current = await newestVersion(trx, ref)
    if (current !== expectedVersion) throw new StaleTerms(expectedVersion, current)
    return stored(trx, actor, { ...kept, companyId: ref.companyId, scenarioId: ref.id, version: current + 1 })
  })
}

type Version = {
  readonly companyId: Uuid
  readonly scenarioId: Uuid | undefined
  readonly version: number
  readonly name: string
  readonly asOf?: string | undefined
  readonly terms: RoundTerms
}

async function stored(trx: Trx, actor: Actor, { asOf, ...kept }: Version): Promise<Saved> {
  const { companyId, version, terms } = kept
  proForma(await capitalizationOn(trx, companyId, terms, asOf), terms)
  const row = { ...kept, asOf: asOf ?? terms.closingDate, savedBy: actor.id }
  const scenarioId = await insertScenario(trx, row)
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'scenario.saved',
    subject: globalId('Scenario', companyId, scenarioId),
    payload: { version },
  })
  return { companyId, scenarioId, version }
}
