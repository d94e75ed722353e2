/** Terms tried over the cap tables of companies. Nothing is stored. */
import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { type DomainError, parse, type Reader, type Uuid, zIsoDate } from '../platform/index.ts'
import { Goal } from './goal.ts'
import { type GoalAnswer, seekGoal } from './goal-seek.ts'
import { type ProForma, proForma } from './pro-forma.ts'
import { overCapTables } from './round-capitalization.ts'
import { RoundTerms } from './terms.ts'

/** `asOf` is the day of the cap table; left out, the closing date. */
const WhatIfInput = z.strictObject({ terms: RoundTerms, asOf: zIsoDate.optional() })
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
