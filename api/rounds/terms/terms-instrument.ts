/** In which form equity is issued for compute. Left out: stock. How stock is issued is `unearned.basis`. */
import { z } from 'zod'
import { formatNumeric, type InputFault, zIsoDate, zMoney } from '../../platform/index.ts'
import { Safe, type SafeInHand, safeFaults, writeSafe } from './terms-safe.ts'

/**
 * Corporate basis of stock that is not earned yet.
 *
 * - `obligation`: fully paid by the provider's binding promise, with contractual forfeiture
 * - `partly_paid`: issued whole, paid as compute is delivered; dividends in proportion to what is paid (8 Del. C. § 156)
 * - `staged`: nothing is issued at closing; each final statement's shares are issued under the formula that the board
 *   approved with the round (8 Del. C. § 152)
 */
export const UNEARNED_BASES = ['obligation', 'partly_paid', 'staged'] as const
export type UnearnedBasis = (typeof UNEARNED_BASES)[number]

export const Instrument = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('STOCK') }),
    /** A warrant on the class of `security` that vests as compute is drawn, exercised for next to nothing. */
    z.strictObject({ kind: z.literal('PENNY_WARRANT'), exercisePrice: zMoney, expiresOn: zIsoDate }),
    Safe,
  ],
  { error: 'must be STOCK, PENNY_WARRANT with exercisePrice and expiresOn, or SAFE with rest' },
)
export type InstrumentKindTerms = z.output<typeof Instrument>

type InHand = Omit<SafeInHand, 'unearned'> & {
  readonly instrument?: InstrumentKindTerms | undefined
  readonly unearned?: { readonly basis: UnearnedBasis; readonly votes: boolean; readonly dividends: string } | undefined
  readonly longStop?: string | undefined
}

/** What the form of the instrument and the rights of unearned shares owe each other. */
export function* instrumentFaults(terms: InHand): Iterable<InputFault> {
  const { instrument, unearned, preMoney, longStop } = terms
  if (unearned !== undefined) yield* basisFaults(unearned)
  if (instrument?.kind === 'SAFE') yield* safeFaults(instrument, terms)
  if (instrument?.kind !== 'PENNY_WARRANT') return
  if (unearned !== undefined && unearned.basis !== 'obligation') {
    yield { path: ['unearned', 'basis'], reason: `is ${unearned.basis}, but the instrument is a warrant` }
  }
  if (unearned?.votes === true) yield { path: ['unearned', 'votes'], reason: 'is true, but a warrant does not vote' }
  const { exercisePrice, expiresOn } = instrument
  if (exercisePrice.amount === 0n) {
    yield { path: ['instrument', 'exercisePrice', 'amount'], reason: 'must be more than zero' }
  }
  if (preMoney !== undefined && exercisePrice.currency !== preMoney.currency) {
    const reason = `is ${exercisePrice.currency}, but the pre-money valuation is in ${preMoney.currency}: a round has one currency`
    yield { path: ['instrument', 'exercisePrice', 'currency'], reason }
  }
  if (longStop !== undefined && expiresOn < longStop) {
    yield { path: ['instrument', 'expiresOn'], reason: `must not be before the long-stop date ${longStop}` }
  }
}

function* basisFaults({ basis, votes, dividends }: NonNullable<InHand['unearned']>): Iterable<InputFault> {
  const path = ['unearned', 'dividends']
  if (basis === 'partly_paid' && dividends !== 'in_proportion') {
    yield { path, reason: 'must be in_proportion: partly paid shares share in dividends by what is paid on them' }
  }
  if (basis !== 'partly_paid' && dividends === 'in_proportion') {
    yield { path, reason: 'is in_proportion, which only partly paid shares can be' }
  }
  if (basis !== 'staged') return
  if (dividends !== 'none') yield { path, reason: 'must be none: shares that are not issued bear no dividend' }
  if (votes) yield { path: ['unearned', 'votes'], reason: 'must be false: shares that are not issued do not vote' }
}

export function writeInstrument(instrument: InstrumentKindTerms): z.input<typeof Instrument> {
  if (instrument.kind === 'STOCK') return instrument
  if (instrument.kind === 'SAFE') return writeSafe(instrument)
  const { amount, currency } = instrument.exercisePrice
  return { ...instrument, exercisePrice: { amount: formatNumeric(amount), currency } }
}
