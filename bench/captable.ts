/**
 * `npm run bench -- captable`: a round in which 40 SAFEs and notes convert, and a waterfall of 20 classes at 1,000 exit
 * values. Pure, one core, no database.
 */
import {
  type Convertible,
  type ConvertibleRoundInput,
  distribute,
  solveConvertibleRound,
  type WaterfallClass,
  type WaterfallInput,
} from '../api/captable/index.ts'
import { type Numeric, numericOfWhole } from '../api/platform/index.ts'
import { machine, median } from './machine.ts'

const CONVERTIBLES = 40
const CLASSES = 20
const HOLDINGS = 5
const EXITS = 1000
const ROUNDS = 100
/** Milliseconds. */
const LIMITS = { round: 5, waterfall: 200 }

export async function run(): Promise<number> {
  console.log(machine())
  console.log(
    `${CONVERTIBLES} convertibles; ${CLASSES} classes of ${HOLDINGS} holdings at ${EXITS} exit values; medians`,
  )
  const kept = [
    measure(`round with ${CONVERTIBLES} convertibles`, ROUNDS, LIMITS.round, (index) => {
      const { kind } = solveConvertibleRound(roundOf(index, 100_000n))
      if (kind !== 'solved') throw new Error(`the round was not solved: ${kind}`)
    }),
    measure('the same, caps to the dollar', ROUNDS, LIMITS.round, (index) => {
      const { kind } = solveConvertibleRound(roundOf(index, 1n))
      if (kind !== 'solved') throw new Error(`the round was not solved: ${kind}`)
    }),
    measure(`waterfall of ${CLASSES} classes`, ROUNDS / 5, LIMITS.waterfall, (index) => {
      const answer = distribute(waterfallOf(index), exitsOf(index))
      if (answer.kind !== 'distributed') throw new Error(`the waterfall was refused: ${answer.kind}`)
    }),
  ]
  return kept.every(Boolean) ? 0 : 1
}

function measure(what: string, rounds: number, limit: number, work: (index: number) => void): boolean {
  for (let index = 0; index < rounds / 5; index += 1) work(index)
  const costs: number[] = []
  for (let index = 0; index < rounds; index += 1) {
    const begun = performance.now()
    work(index)
    costs.push(performance.now() - begun)
  }
  const middle = median(costs)
  const kept = middle <= limit
  console.log(
    `${what.padEnd(30)} ${middle.toFixed(2).padStart(7)} ms, worst ${Math.max(...costs).toFixed(2)} ms of ${rounds}   limit ${limit} ms ${kept ? 'kept' : 'BROKEN'}`,
  )
  return kept
}

/** A number that looks drawn, the same every time: figures of two runs are of the same work. */
const drawn = (seed: number, most: bigint): bigint => (BigInt(seed) * 2_654_435_761n + 40_503n) % most

/** `grain`: dollars that caps are multiples of. Caps of no common factor make long fractions. */
function roundOf(index: number, grain: bigint): ConvertibleRoundInput {
  const convertibles = Array.from({ length: CONVERTIBLES }, (_, at): Convertible => {
    const seed = index * CONVERTIBLES + at
    const valuation = numericOfWhole((4_000_000n / grain + drawn(seed, 16_000_000n / grain)) * grain)
    const base = at % 4 === 1 ? 'PRE_MONEY' : 'POST_MONEY'
    return {
      id: `convertible-${at}`,
      amount: numericOfWhole(25_000n + drawn(seed + 7, 50_000n)),
      cap: at % 5 === 4 ? undefined : { valuation, base },
      discount: at % 3 === 0 ? 2n * 10n ** 9n : undefined,
    }
  })
  return {
    preMoney: numericOfWhole(15_000_000n),
    count: {
      common: numericOfWhole(9_250_000n),
      preferred: 0n,
      options: numericOfWhole(300_000n),
      warrants: 0n,
      promised: numericOfWhole(350_000n),
      unallocated: numericOfWhole(100_000n),
    },
    convertibles,
    method: 'PERCENT_OWNERSHIP',
    pool: { kind: 'TARGET', postRoundUnallocated: 10n ** 9n },
    purchases: [
      { id: 'cash', amount: numericOfWhole(4_000_000n) },
      { id: 'compute', amount: numericOfWhole(1_000_000n) },
    ],
    priceRounding: { direction: 'NEAREST', places: 4 },
    sharesFromRoundedPrice: true,
    shareRounding: 'DOWN',
    conversionShareRounding: 'DOWN',
    poolRounding: 'UP',
  }
}

function waterfallOf(index: number): WaterfallInput {
  const classes = Array.from({ length: CLASSES }, (_, at): WaterfallClass => {
    const holdings = Array.from({ length: HOLDINGS }, (_unused, holding) => ({
      id: `holder-${holding}`,
      shares: numericOfWhole(10_000n + drawn(index * 1000 + at * HOLDINGS + holding, 1_000_000n)),
    }))
    if (at === 0) return { id: 'common', holdings }
    const participation =
      at % 3 === 0
        ? ({ kind: 'CAPPED', multiple: 3n * 10n ** 10n } as const)
        : ({ kind: at % 7 === 0 ? 'FULL' : 'NONE' } as const)
    const preference = {
      price: 5n * 10n ** 9n * BigInt(at),
      multiple: 10n ** 10n,
      seniority: numericOfWhole(BigInt(at >> 1)),
      participation,
    }
    return { id: `series-${at}`, ratio: { numerator: 8n, denominator: BigInt(5 + (at % 4)) }, preference, holdings }
  })
  const options = [1n, 2n, 5n].map((strike) => ({
    id: `strike-${strike}`,
    shares: numericOfWhole(500_000n),
    strike: numericOfWhole(strike),
  }))
  return {
    debts: [{ id: 'bank', amount: numericOfWhole(3_000_000n), rank: 1 }],
    carveOut: { id: 'team', part: 8n * 10n ** 8n, above: numericOfWhole(10_000_000n) },
    convertibles: [],
    classes,
    options,
    places: 2,
  }
}

/** From nothing to 1,000,000,000, so that every step of the waterfall is met. */
const exitsOf = (index: number): Numeric[] =>
  Array.from({ length: EXITS }, (_, at) => numericOfWhole(BigInt(at) * 1_000_000n + drawn(index + at, 999_999n)))
