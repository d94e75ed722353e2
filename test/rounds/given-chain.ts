/** Chains of rounds that tests start from; arithmetic is beside the tests. */
import { Chain, type ChainRound } from '../../api/rounds/index.ts'
import { WIRE } from './given-terms.ts'

/** A priced round for cash, closing a year after the one of the tests. */
export const CASH = {
  name: 'Series A',
  closingDate: '2027-12-15',
  security: { className: 'Series A Preferred', newClass: true },
  preMoney: { amount: '40000000', currency: 'USD' },
  priceRounding: { direction: 'DOWN', places: 4 },
  pool: { kind: 'NONE' },
  cashInvestors: [{ name: 'Meridian Growth', amount: { amount: '10000000', currency: 'USD' } }],
}

export const chain = (...rounds: readonly object[]): readonly ChainRound[] => Chain.parse(rounds)
export const compute = (change: object = {}, more: object = {}) => ({ compute: { ...WIRE, ...change }, ...more })
export const cash = (change: object = {}) => ({ cash: { ...CASH, ...change } })
