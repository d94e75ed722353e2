/**
 * `npm run bench -- captable`: a round in which 40 SAFEs and notes convert, a waterfall of 20 classes at 1,000 exit values,
 * and replay in memory; pure, one core. Then, in a database of its own, the import of a history and the table of a day
 * through GraphQL beside that of 1,000 transactions. Quick by default: with `--large` replay goes to 1,000,000 transactions,
 * and the history in the database has 100,000.
 */
import {
  type Convertible,
  type ConvertibleRoundInput,
  distribute,
  replay,
  solveConvertibleRound,
  type WaterfallClass,
  type WaterfallInput,
} from '../api/captable/index.ts'
import { readItem } from '../api/captable/ocf/items.ts'
import type { JsonObject } from '../api/captable/ocf/json.ts'
import { type Numeric, numericOfWhole } from '../api/platform/index.ts'
import { type MadeHistory, makeHistory } from './captable-history.ts'
import { storedTables } from './captable-stored.ts'
import { machine, median } from './machine.ts'

const CONVERTIBLES = 40
const CLASSES = 20
const HOLDINGS = 5
const EXITS = 1000
const ROUNDS = 100
/** Milliseconds. */
const LIMITS = { round: 5, waterfall: 200 }

export async function run(args: string[] = []): Promise<number> {
  const large = args.includes('--large')
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
    ...replays(large ? [1_000, 10_000, 100_000, 1_000_000] : [1_000, 10_000, 100_000]),
  ]
  kept.push(await storedTables(large ? 100_000 : 20_000))
  return kept.every(Boolean) ? 0 : 1
}

/**
 * Transactions a second that a replay must reach at every size but the smallest, and the power of the number of transactions
 * that its cost may grow with: 1 is a straight line, and memory that no cache holds bends it a little.
 */
const REPLAY = { rate: 200_000, power: 1.25 }

/** Replays of histories of these lengths: the least rate, and how the cost grows from the shortest to the longest. */
function replays(sizes: readonly number[]): boolean[] {
  const costs = sizes.map((size) => {
    const history = historyOf(makeHistory(size))
    const rounds = Math.max(3, Math.min(40, Math.floor(200_000 / size)))
    const times = Array.from({ length: rounds + 2 }, () => {
      // Time of the processor, not of the clock: the figure is for one core, whatever else the machine does.
      const begun = process.cpuUsage()
      replay(history, { trusted: true })
      const { user, system } = process.cpuUsage(begun)
      return (user + system) / 1000
    }).slice(2)
    const middle = median(times)
    const rate = (size / middle) * 1000
    console.log(
      `${`replay of ${size} transactions`.padEnd(30)} ${middle.toFixed(2).padStart(7)} ms, median of ${rounds}; ${Math.round(rate).toLocaleString('en')} a second`,
    )
    return { size, each: middle / size, rate }
  })
  const least = Math.min(...costs.map(({ rate }) => rate))
  const [first, last] = [costs[0], costs.at(-1)]
  const power =
    first === undefined || last === undefined
      ? Number.NaN
      : Math.log((last.each * last.size) / (first.each * first.size)) / Math.log(last.size / first.size)
  return [
    told(
      'replay, least rate',
      least / 1000,
      'thousand a second',
      least >= REPLAY.rate,
      `at least ${REPLAY.rate / 1000}`,
    ),
    told('its cost grows with the power', power, 'of n', power <= REPLAY.power, `at most ${REPLAY.power}`),
  ]
}

function told(what: string, value: number, unit: string, kept: boolean, limit: string): boolean {
  console.log(`${what.padEnd(40)} ${value.toFixed(2)} ${unit}   limit ${limit} ${kept ? 'kept' : 'BROKEN'}`)
  return kept
}

/** A made-up history as a replay takes it. */
function historyOf({ issuer, objects, transactions }: MadeHistory): Parameters<typeof replay>[0] {
  const place = { file: '', pointer: '' }
  const item = (raw: MadeHistory['issuer']) => {
    const reading = readItem(raw as JsonObject)
    if (reading.kind !== 'object' && reading.kind !== 'transaction') throw new Error(JSON.stringify(reading))
    return { place, raw: raw as JsonObject, reading }
  }
  const objectOf = (raw: MadeHistory['issuer']) => {
    const { reading, ...rest } = item(raw)
    if (reading.kind !== 'object') throw new Error('not an object')
    return { ...rest, item: reading.item }
  }
  const made = objectOf(issuer)
  if (made.item.object_type !== 'ISSUER') throw new Error('not an issuer')
  return {
    issuer: { ...made, item: made.item },
    objects: objects.map(objectOf),
    transactions: transactions.map((raw) => {
      const { reading, ...rest } = item(raw)
      if (reading.kind !== 'transaction') throw new Error('not a transaction')
      return { ...rest, item: reading.item }
    }),
  }
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
