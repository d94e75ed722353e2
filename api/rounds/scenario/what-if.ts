/** Terms tried over the cap tables of companies. Nothing is stored. */
import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { type DomainError, parse, type Reader, type Uuid, zIsoDate } from '../../platform/index.ts'
import { Chain } from '../chain/chain-shape.ts'
import { type SolvedChain, solveChain } from '../chain/solve-chain.ts'
import { type ProForma, proForma } from '../pro-forma/pro-forma.ts'
import { overCapTables } from '../pro-forma/round-capitalization.ts'
import { RoundTerms } from '../terms/terms.ts'
import { Goal } from './goal.ts'
import { type GoalAnswer, seekGoal } from './goal-seek.ts'

/** `asOf` is the day of the cap table; left out, the closing date. */
const WhatIfInput = z.strictObject({ terms: RoundTerms, asOf: zIsoDate.optional() })
const ChainWhatIfInput = z.strictObject({ rounds: Chain, asOf: zIsoDate.optional() })
const GoalSeekInput = WhatIfInput.extend({ goal: Goal })

/** The fund's own paper, like drafts: every role of its staff, and nobody else. @throws {Forbidden} */
export const mustBeStaff = (actor: Actor): void =>
  must(actor, 'analyst', 'partner', 'compliance', 'operations', 'admin')

/**
 * The pro forma of these terms over the cap table of each of these companies, which the actor sees; in the place of an answer
 * its refusal. As many queries as for one.
 *
 * @throws {BadInput}
 * @throws {Forbidden} for whoever is not of the fund's staff
 */
export async function whatIf(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  input: unknown,
): Promise<ReadonlyMap<Uuid, ProForma | DomainError>> {
  mustBeStaff(actor)
  const { terms, asOf } = parse(WhatIfInput, input)
  return overCapTables(reader, companyIds, terms, asOf, (capitalization) => proForma(capitalization, terms))
}

/**
 * These rounds one after another over the cap table of each of these companies, as of `asOf` or the closing date of the
 * first round; else as {@link whatIf}.
 *
 * @throws {BadInput}
 * @throws {Forbidden} for whoever is not of the fund's staff
 */
export async function whatIfChain(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  input: unknown,
): Promise<ReadonlyMap<Uuid, SolvedChain | DomainError>> {
  mustBeStaff(actor)
  const { rounds, asOf } = parse(ChainWhatIfInput, input)
  const closingDate = rounds[0]?.terms.closingDate ?? ''
  return overCapTables(reader, companyIds, { closingDate }, asOf, (capitalization) =>
    solveChain(capitalization, rounds),
  )
}

/**
 * The terms that reach a goal over the cap table of each of these companies: {@link seekGoal}.
 *
 * @throws {BadInput}
 * @throws {Forbidden} for whoever is not of the fund's staff
 */
export async function goalSeek(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  input: unknown,
): Promise<ReadonlyMap<Uuid, GoalAnswer | DomainError>> {
  mustBeStaff(actor)
  const { terms, asOf, goal } = parse(GoalSeekInput, input)
  return overCapTables(reader, companyIds, terms, asOf, (capitalization) => seekGoal(capitalization, terms, goal))
}
