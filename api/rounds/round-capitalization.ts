/** The cap table that a round stands on. */
import { Temporal } from 'temporal-polyfill'
import { BeforeFirstTransaction, type Capitalization, loadCapitalization, NoCapTable } from '../captable/index.ts'
import { type Reader, Refused, type Uuid } from '../platform/index.ts'
import { TermsRefused } from './errors.ts'
import { type ProForma, proForma } from './pro-forma.ts'
import type { RoundView } from './round.views.ts'
import type { RoundTerms } from './terms.ts'

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
  try {
    return await loadCapitalization(reader, companyId, closingDate)
  } catch (error) {
    if (error instanceof NoCapTable) throw new Refused('companyId', 'has no cap table yet: import one first')
    if (!(error instanceof BeforeFirstTransaction)) throw error
    const reason = `is before the first transaction of the company, which is of ${error.first}`
    throw new TermsRefused([{ path: ['closingDate'], reason }])
  }
}

/**
 * The pro forma of a round by the terms that stand, over the cap table as of `asOf`: by default the closing date, or the
 * day before it where the round is closed, since its own shares are on the cap table from then on.
 *
 * @throws {Refused} when `asOf` is before everything that is known
 * @throws {TermsRefused} when there is no such round over that cap table
 */
export async function roundProForma(reader: Reader, round: RoundView, asOf?: string): Promise<ProForma> {
  const { companyId, state, terms } = round
  if (asOf === undefined && state !== 'closed')
    return proForma(await capitalizationBefore(reader, companyId, terms), terms)
  const dayBefore = Temporal.PlainDate.from(terms.closingDate).subtract({ days: 1 }).toString()
  try {
    return proForma(await loadCapitalization(reader, companyId, asOf ?? dayBefore), terms)
  } catch (error) {
    if (!(error instanceof BeforeFirstTransaction)) throw error
    throw new Refused('asOf', `is before the first transaction of the company, which is of ${error.first}`)
  }
}
