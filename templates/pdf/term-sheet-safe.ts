/** The clauses of a term sheet whose compute buys a SAFE: they stand where those of shares do, so that numbers stay. */
import { counted, date, grouped, type MoneyText, money } from '../format.ts'
import type { Clauses } from './clauses.ts'
import { bold, defined, rich } from './rich-text.ts'
import type { SafeOnPaper, TermSheet } from './term-sheet-input.ts'
import { accrualWords, BASIS_WORDS, releaseWords } from './term-sheet-words.ts'

type SafeSheet = TermSheet & { readonly safe: SafeOnPaper }

/** "Signs a SAFE of up to USD 235,000.00, accruing with compute, with ... and grants 100,000 tokens to ..." */
export const safeHeadline = ({ safe, fund, grant, company }: SafeSheet): string =>
  `Gives ${fund.name} a SAFE of up to ${money(safe.purchaseAmount)} that accrues with compute, and grants ${counted(grant.tokens, 'token')} to ${company.name}`

export function safeKeyTerms(clauses: Clauses, sheet: SafeSheet): void {
  const { safe, grant, price } = sheet
  clauses.section('Key terms')
  const rows: [string, string][] = [
    ['Instrument', 'SAFE whose purchase amount accrues as compute is delivered. Nothing is issued at Closing'],
    ['Purchase amount', `Up to ${money(safe.purchaseAmount)}; nothing has accrued at Closing`],
    ['Tokens', `${grouped(grant.tokens)} of class ${grant.tokenClass}; 1 Token is 1 H100-hour`],
    ['Valuation cap', capWords(safe)],
    ['Discount', safe.discountPercent === undefined ? 'None' : `${safe.discountPercent}% off the price of the round`],
    ['In a priced round', `What has accrued converts. ${restWords(safe)}`],
    ['In a sale', 'The SAFE is paid on what has accrued, and on nothing else'],
    ['Price per H100-hour', `${money(price.referencePerHour)}, the reference price`],
    ['What accrues', `${BASIS_WORDS[sheet.vesting.basis]}.`],
    ['Releases', releaseWords(sheet)],
    ['Closing', `Expected on ${date(sheet.closingDate)}, once the conditions of clause 11 are met`],
    ['Long-Stop Date', date(sheet.longStop)],
    ['Expiry of Tokens', date(grant.expiresOn)],
  ]
  clauses.table({
    summary: 'Key terms of the SAFE',
    headless: true,
    columns: [{ head: 'Term' }, { head: 'Agreed', share: 2.9 }],
    rows: rows.map((cells) => ({ cells })),
  })
}

const capWords = ({ cap, capBase }: SafeOnPaper): string =>
  cap === undefined ? 'None' : `${money(cap)}, ${capBase === 'PRE_MONEY' ? 'pre-money' : 'post-money'}`

const RESTS: Readonly<Record<SafeOnPaper['rest'], string>> = {
  END: 'What has not accrued ends, and the Tokens that are left with it',
  ROUND_PRICE: 'What accrues later is issued as stock at the price of that round',
  NEW_SAFE: 'What accrues later is a new SAFE on the same terms',
}
const restWords = ({ rest }: SafeOnPaper): string => RESTS[rest]

export function safeEconomics(clauses: Clauses, sheet: SafeSheet): void {
  const { safe, price, grant } = sheet
  const { currency } = safe.purchaseAmount
  clauses.section('Price and economics')
  const rows: [string, string][] = [
    ['Tokens granted (H100-hours)', grouped(grant.tokens)],
    [`Reference Price per H100-hour, ${currency}`, amount(price.referencePerHour)],
    [`Purchase Amount, ${currency}`, amount(safe.purchaseAmount)],
    [
      safe.cap === undefined ? `Valuation that is assumed, ${currency}` : `Valuation cap, ${currency}`,
      amount(price.preMoney),
    ],
    [`Price per share at that, ${currency}`, amount(price.perShare)],
    ['Shares if all of it accrued and converted now', grouped(sheet.equity.shares)],
  ]
  clauses.clause(
    rich`The ${defined('Purchase Amount')} is ${money(safe.purchaseAmount)}: the Tokens at the ${defined('Reference Price')}, which is ${price.referenceSource ?? 'a price agreed by the parties'} and not a fair value. It is owed only so far as it has accrued.`,
    {
      summary: 'What the SAFE comes to',
      columns: [{ head: 'Measure' }, { head: 'Amount', number: true }],
      rows: rows.map((cells) => ({ cells })),
    },
  )
  clauses.clause(
    safe.cap === undefined
      ? 'There is no cap. The shares shown are an illustration at the valuation assumed; they bind nobody.'
      : 'The shares shown are what the whole Purchase Amount would become at the cap, over today’s capitalisation and with no other SAFE or note converted. A round converts at the price that gives the Fund most shares: that of the cap, of the discount, or of the round.',
  )
  clauses.clause('Nobody invests cash with this SAFE.')
}

export function safeAccrual(clauses: Clauses, sheet: SafeSheet): void {
  const { vesting: terms, grant, safe } = sheet
  clauses.section('Accrual')
  clauses.clause(rich`An amount is ${defined('Earned')} when Tokens count for it. ${BASIS_WORDS[terms.basis]}.`)
  clauses.clause(
    `The amount Earned follows the part of the ${grouped(grant.tokens)} granted Tokens that counts, ${accrualWords(terms)}. When all Tokens count, all ${money(safe.purchaseAmount)} are earned. Each statement adds the difference to what was earned before, so that rounding never adds up.`,
  )
  clauses.clause(
    terms.cliffTokens === undefined
      ? 'There is no cliff.'
      : `Nothing is earned before ${counted(terms.cliffTokens, 'Token')} count; then the amount for all of them is.`,
  )
  clauses.clause(
    rich`The Provider’s deliveries are stated to the Company each month. The Company may dispute a statement within ${counted(String(sheet.disputeWindowDays), 'day')}; after that it counts as accepted. With a final statement the amount Earned in it has ${defined('Accrued')}. What has Accrued stays Accrued except by an amendment signed by the Company and the Fund, or by an award or judgment.`,
  )
}

export function safeClauses(clauses: Clauses, sheet: SafeSheet): void {
  const { safe } = sheet
  clauses.section('The SAFE')
  clauses.clause(
    rich`The Company grants the Fund the right to certain shares of its capital stock for the Purchase Amount as it Accrues (the ${defined('SAFE')}). The SAFE is no share: it bears no interest and no dividend, does not vote, and has no maturity. It is paid for in compute alone.`,
  )
  clauses.clause(
    rich`${bold('Priced round.')} When the Company sells preferred stock at a fixed price, what has Accrued converts at the closing into stock of that round, or of a series like it but for its price, ${conversionWords(safe)}. What is Earned and not Accrued yet belongs to the rest.`,
  )
  clauses.clause(rich`${bold('The rest.')} ${REST_CLAUSES[safe.rest]}`)
  clauses.clause(
    rich`${bold('Sale or dissolution.')} Before a priced round, the Fund is paid what has Accrued${safe.cap === undefined ? '' : ', or what that amount would bring if it converted at the cap, whichever is more'}. What has not Accrued is not paid, whatever Tokens are left.`,
  )
  clauses.clause(
    'The SAFE cannot be transferred or pledged without the Company’s consent, save to an affiliate of the Fund.',
  )
}

function conversionWords({ cap, capBase, discountPercent }: SafeOnPaper): string {
  const over =
    capBase === 'PRE_MONEY'
      ? 'the capitalisation before it, without SAFEs and notes and with any increase of the pool'
      : 'the capitalisation before it, with all SAFEs and notes that convert and without any increase of the pool'
  const capped = cap === undefined ? [] : [`that of ${money(cap)} divided by ${over}`]
  const discounted = discountPercent === undefined ? [] : [`the price of the round less ${discountPercent}%`]
  const prices = [...capped, ...discounted]
  if (prices.length === 0) return 'at the price of the round'
  return `at the lowest of these prices: ${[...prices, 'the price of the round'].join('; ')}`
}

const REST_CLAUSES: Readonly<Record<SafeOnPaper['rest'], string>> = {
  END: 'What has not Accrued at that closing ends. Tokens that are not held for reservations are cancelled. Everything Earned by then must have been stated and be final before the round closes.',
  ROUND_PRICE:
    'What has not Accrued at that closing stays owed. Each later final statement’s amount is issued as whole shares of the class that money buys in that round, at its price, rounded down on the running total.',
  NEW_SAFE:
    'What has not Accrued at that closing goes on as a new SAFE, with the same cap and discount, to which later final statements add.',
}

const amount = (value: MoneyText): string => grouped(value.amount, 2)
