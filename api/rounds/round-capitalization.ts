/** The cap table that a round stands on. */
import { Temporal } from 'temporal-polyfill'
import { BeforeFirstTransaction, type Capitalization, loadCapitalization } from '../captable/index.ts'
import type { Reader, Uuid } from '../platform/index.ts'
import { TermsRefused } from './errors.ts'
import { type ProForma, proForma } from './pro-forma.ts'
import type { RoundView } from './round.views.ts'
import type { RoundTerms } from './terms.ts'

/**
 * The company's capitalization as of the closing date: with everything on record that takes effect until then.
 *
 * @throws {NoCapTable}
 * @throws {TermsRefused} when nothing is known of the closing date yet
 */
export async function capitalizationBefore(
  reader: Reader,
  companyId: Uuid,
  { closingDate }: Pick<RoundTerms, 'closingDate'>,
): Promise<Capitalization> {
  try {
    return await loadCapitalization(reader, companyId, closingDate)
  } catch (error) {
    if (!(error instanceof BeforeFirstTransaction)) throw error
    const reason = `is before the first transaction of the company, which is of ${error.first}`
    throw new TermsRefused([{ path: ['closingDate'], reason }])
  }
}

/**
 * The pro forma of a round by the terms that stand, over the cap table as of `asOf`: by default the closing date, or the
 * day before it where the round is closed, since its own shares are on the cap table from then on.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 * @throws {TermsRefused} when there is no such round over that cap table
 */
export async function roundProForma(reader: Reader, round: RoundView, asOf?: string): Promise<ProForma> {
  const { companyId, state, terms } = round
  const closing = Temporal.PlainDate.from(terms.closingDate)
  const before = state === 'closed' ? closing.subtract({ days: 1 }) : closing
  return proForma(await loadCapitalization(reader, companyId, asOf ?? before.toString()), terms)
}
