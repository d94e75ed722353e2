/** The cap table that a round stands on. */
import { Temporal } from 'temporal-polyfill'
import {
  BeforeFirstTransaction,
  type Capitalization,
  type CapitalizedTable,
  type CapTable,
  loadCapitalizations,
  loadCapitalizedTables,
  NoCapTable,
} from '../../captable/index.ts'
import { DomainError, type Reader, Refused, type Uuid } from '../../platform/index.ts'
import { TermsRefused } from '../errors.ts'
import type { RoundView } from '../round.views.ts'
import type { RoundTerms } from '../terms/terms.ts'
import { type ProForma, proForma } from './pro-forma.ts'

/**
 * The company's capitalization as of the closing date: with everything on record that takes effect until then.
 *
 * @throws {Refused} when the company has no cap table
 * @throws {TermsRefused} when the closing date is before everything that is known
 */
export async function capitalizationBefore(
  reader: Reader,
  companyId: Uuid,
  { closingDate }: Pick<RoundTerms, 'closingDate'>,
): Promise<Capitalization> {
  const [found] = await loadCapitalizations(reader, [{ companyId, asOf: closingDate }])
  return known(found ?? new NoCapTable(), closingDateIsEarly)
}

/** The same as of a day of its own; left out, as of the closing date. @throws {Refused} when that day is before everything */
export async function capitalizationOn(
  reader: Reader,
  companyId: Uuid,
  terms: Pick<RoundTerms, 'closingDate'>,
  asOf: string | undefined,
): Promise<Capitalization> {
  if (asOf === undefined) return capitalizationBefore(reader, companyId, terms)
  const [found] = await loadCapitalizations(reader, [{ companyId, asOf }])
  return knownOn(found ?? new NoCapTable())
}

/**
 * The pro forma of each of these rounds by the terms that stand, over the cap table as of `asOf`: by default the closing
 * date, or the day before it where the round is closed, since its own shares are on the cap table from then on. As many
 * queries as for one. In the place of an answer stands its refusal: {@link Refused} when `asOf` is before everything that is
 * known, {@link TermsRefused} when there is no such round over that cap table.
 */
export async function roundProFormas(
  reader: Reader,
  rounds: readonly RoundView[],
  asOf?: string,
): Promise<Map<RoundView, ProForma | DomainError>> {
  const found = await roundsOverTables(reader, rounds, asOf)
  return new Map([...found].map(([round, one]) => [round, one instanceof DomainError ? one : one.proForma]))
}

/** A pro forma, and the table that it is over. */
export type ProFormaOverTable = { readonly proForma: ProForma; readonly table: CapTable }

/** {@link roundProFormas} with their tables. */
export async function roundsOverTables(
  reader: Reader,
  rounds: readonly RoundView[],
  asOf?: string,
): Promise<Map<RoundView, ProFormaOverTable | DomainError>> {
  const wanted = rounds.map((round) => ({ companyId: round.companyId, asOf: asOf ?? dayOf(round) }))
  const found = await loadCapitalizedTables(reader, wanted)
  return new Map(
    rounds.map((round, index) => [round, overTable(round, found[index] ?? new NoCapTable(), asOf !== undefined)]),
  )
}

/** The round over what was read of the day of its cap table; `named`: a day that somebody asked for. */
export function overTable(
  round: RoundView,
  found: CapitalizedTable | NoCapTable | BeforeFirstTransaction,
  named = false,
): ProFormaOverTable | DomainError {
  const early = named || round.state === 'closed' ? asOfIsEarly : closingDateIsEarly
  return refusedOr(() => {
    const { table, capitalization } = known(found, early)
    return { table, proForma: proForma(withoutOwnClasses(round, capitalization), round.terms) }
  })
}

/**
 * What a pure rule says of the cap table of each company as of `asOf`, or of the closing date where it is not given; in the
 * place of an answer its refusal. As many queries as for one.
 */
export async function overCapTables<Answer>(
  reader: Reader,
  companyIds: readonly Uuid[],
  { closingDate }: Pick<RoundTerms, 'closingDate'>,
  asOf: string | undefined,
  rule: (capitalization: Capitalization) => Answer,
): Promise<Map<Uuid, Answer | DomainError>> {
  const found = await loadCapitalizations(
    reader,
    companyIds.map((companyId) => ({ companyId, asOf: asOf ?? closingDate })),
  )
  const early = asOf === undefined ? closingDateIsEarly : asOfIsEarly
  return new Map(
    companyIds.map((companyId, index) => [
      companyId,
      refusedOr(() => rule(known(found[index] ?? new NoCapTable(), early))),
    ]),
  )
}

/** The day of the cap table that a round stands on. */
export function dayOf({ state, terms: { closingDate } }: RoundView): string {
  if (state !== 'closed') return closingDate
  return Temporal.PlainDate.from(closingDate).subtract({ days: 1 }).toString()
}

/**
 * Stock classes carry no date: those that a closed round brought stand in the list of every day. Before its closing there was
 * none of their names, or it could not have closed.
 */
function withoutOwnClasses({ state, terms }: RoundView, capitalization: Capitalization): Capitalization {
  if (state !== 'closed') return capitalization
  const own = [terms.security, terms.cashSecurity].filter((security) => security?.newClass).map((one) => one?.className)
  const classes = capitalization.classes.filter(({ name, outstanding }) => outstanding > 0n || !own.includes(name))
  return { ...capitalization, classes }
}

const early = ({ first }: BeforeFirstTransaction) =>
  `is before the first transaction of the company, which is of ${first}`
const closingDateIsEarly = (error: BeforeFirstTransaction) =>
  new TermsRefused([{ path: ['closingDate'], reason: early(error) }])
const asOfIsEarly = (error: BeforeFirstTransaction) => new Refused('asOf', early(error))

function known<Found>(
  found: Found | NoCapTable | BeforeFirstTransaction,
  refusal: (error: BeforeFirstTransaction) => DomainError,
): Found {
  if (found instanceof NoCapTable) throw new Refused('companyId', 'has no cap table yet: import one first')
  if (found instanceof BeforeFirstTransaction) throw refusal(found)
  return found
}

/** The cap table of a day that somebody named. @throws {Refused} */
export const knownOn = (found: Capitalization | NoCapTable | BeforeFirstTransaction): Capitalization =>
  known(found, asOfIsEarly)

/** An answer, or the refusal that was thrown in its place. */
export function refusedOr<Answer>(answer: () => Answer): Answer | DomainError {
  try {
    return answer()
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
}
