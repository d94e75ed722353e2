/**
 * Every published example of the collection beside the project, run from its own figures: one that is added there and is not
 * understood here fails. Nothing of it is copied; the roundings that it tells in prose are chosen here, by id.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { conversionRatio, fullRatchet, weightedAverage } from '../../api/captable/pricing/anti-dilution.ts'
import {
  type ConvertibleRound,
  type ConvertibleRoundInput,
  solveConvertibleRound,
} from '../../api/captable/pricing/convertible-round.ts'
import { type AntiDilutionBase, antiDilutionBase } from '../../api/captable/pricing/fully-diluted.ts'
import { distribute } from '../../api/captable/waterfall/waterfall.ts'
import type { WaterfallClass } from '../../api/captable/waterfall/waterfall-terms.ts'
import { formatDecimal, formatNumeric, parseNumeric, roundRational } from '../../api/platform/index.ts'
import { sharedData } from '../support/shared.ts'

type Figures = Readonly<Record<string, unknown>>
type Example = { readonly id: string; readonly source: string; readonly given: Figures; readonly expect: unknown }

const path = sharedData('worked-examples/captable.json')
const examples: readonly Example[] = path === undefined ? [] : JSON.parse(readFileSync(path, 'utf8'))

const isFigures = (value: unknown): value is Figures => typeof value === 'object' && value !== null
const figures = (value: unknown): Figures => (isFigures(value) ? value : {})
/** A number of the collection, which writes whole ones as JSON numbers and others as text. */
const number = (value: unknown): bigint => parseNumeric(String(value))
const NOBODY = { common: 0n, preferred: 0n, options: 0n, warrants: 0n, promised: 0n, unallocated: 0n }

/** How each round is rounded, as its example says in words. */
const TO_NEAREST = { sharesFromRoundedPrice: true, shareRounding: 'NEAREST', conversionShareRounding: 'DOWN' } as const
const YC = { ...TO_NEAREST, method: 'PERCENT_OWNERSHIP', priceRounding: { direction: 'NEAREST', places: 4 } } as const
const COOLEY = {
  ...({ sharesFromRoundedPrice: false, shareRounding: 'NEAREST', conversionShareRounding: 'NEAREST' } as const),
  priceRounding: { direction: 'NEAREST', places: 2 },
} as const
const CEILING = { ...YC, priceRounding: { direction: 'UP', places: 5 }, shareRounding: 'DOWN' } as const
type Rounding = Omit<
  ConvertibleRoundInput,
  'count' | 'convertibles' | 'preMoney' | 'purchases' | 'pool' | 'poolRounding'
>
const ROUNDS: Readonly<Record<string, Rounding>> = {
  'safe-1': YC,
  'safe-2': YC,
  'pool-target-1': YC,
  'convert-method-pre-money': { ...COOLEY, method: 'PRE_MONEY' },
  'convert-method-percent-ownership': { ...COOLEY, method: 'PERCENT_OWNERSHIP' },
  'convert-method-dollars-invested': { ...COOLEY, method: 'DOLLARS_INVESTED' },
  'premoney-safe-cap': {
    ...{ method: 'PRE_MONEY', sharesFromRoundedPrice: true, shareRounding: 'DOWN', conversionShareRounding: 'DOWN' },
    priceRounding: { direction: 'DOWN', places: 3 },
    conversionPriceRounding: { direction: 'DOWN', places: 4 },
  },
  'priced-no-pool': CEILING,
  'priced-pool-10': CEILING,
  'option-pool-shuffle': YC,
}

function roundOf(id: string, rounding: Rounding, given: Figures): ConvertibleRound {
  // One example stands on the company of another, and asks for a target in the place of its increase.
  const like = figures(examples.find((other) => other.id === (given.as ?? figures(given.base).as))?.given)
  const all = { ...like, ...given }
  const base = figures(all.base)
  const safes = Array.isArray(all.safes) ? all.safes.map(figures) : []
  const target = all.pool_target_post ?? all.unallocated_pool_target_post
  const answer = solveConvertibleRound({
    ...rounding,
    poolRounding: 'DOWN',
    count: {
      ...NOBODY,
      common: number(base.founders ?? all.shares ?? all.founders ?? all.fully_diluted),
      options: number(base.options_outstanding ?? 0),
      promised: number(base.promised_options ?? 0),
      unallocated: number(base.unissued_pool ?? 0),
    },
    convertibles: safes.map((safe, at) => ({
      id: String(safe.holder ?? at),
      amount: number(safe.amount),
      ...(safe.discount === undefined ? {} : { discount: number(safe.discount) }),
      ...(safe.post_money_cap === undefined
        ? {}
        : { cap: { valuation: number(safe.post_money_cap), base: 'POST_MONEY' as const } }),
      ...(safe.pre_money_cap === undefined
        ? {}
        : { cap: { valuation: number(safe.pre_money_cap), base: 'PRE_MONEY' as const } }),
    })),
    preMoney: number(all.pre_money),
    purchases: [{ id: 'new', amount: number(all.new_money) }],
    pool:
      target !== undefined
        ? { kind: 'TARGET', postRoundUnallocated: number(target) }
        : all.pool_increase === undefined
          ? { kind: 'NONE' }
          : { kind: 'INCREASE', shares: BigInt(String(all.pool_increase)) },
  })
  assert.ok(answer.kind === 'solved', `${id}: ${answer.kind}`)
  return answer
}

const placesOf = (text: unknown): number => String(text).split('.')[1]?.length ?? 0

/** What the round says under each name that the collection uses, in the form in which it writes it. */
function told(name: string, expected: unknown, round: ConvertibleRound): string {
  const [first] = round.conversions
  const at = (id: string) => round.conversions.find((one) => one.id === id)?.shares
  const price = (value: Parameters<typeof roundRational>[0] | undefined): string =>
    value === undefined
      ? ''
      : formatDecimal(roundRational(value, placesOf(expected), 'NEAREST'), placesOf(expected), placesOf(expected))
  const [bought] = round.purchases
  const says: Readonly<Record<string, () => unknown>> = {
    price: () => formatDecimal(round.price, 10, placesOf(expected)),
    conversion_price: () => price(first?.price),
    safe_price: () => price(first?.price),
    new_shares: () => bought?.shares,
    safe_shares: () => first?.shares,
    A: () => at('A'),
    B: () => at('B'),
    pool: () => round.poolIncrease,
    total: () => formatNumeric(round.sharesAfter),
    company_capitalization: () => formatNumeric(round.safePostMoneyCapitalization),
    exact_price: () => round.exact.price.toFraction(),
    exact_total: () => round.exact.sharesAfter.toFraction(),
    exact_pool_increase: () => round.exact.poolIncrease.toFraction(),
    // What was there before, at the price of the round.
    effective_pre_money: () => formatDecimal((roundedShares(round) * round.price) / 10n ** 10n, 10),
  }
  const say = says[name]
  if (say === undefined) throw new Error(`what is ${name}? Say here where it stands in a round`)
  return String(say())
}
const roundedShares = (round: ConvertibleRound): bigint =>
  (BigInt(formatNumeric(round.sharesAfter)) - round.poolIncrease - (round.purchases[0]?.shares ?? 0n)) * 10n ** 10n

/** The bases of the weighted average, by the names of the collection; and how far each is printed. */
const BASES: Readonly<Record<string, AntiDilutionBase>> = {
  cp2_broad_based: 'BROAD',
  cp2_including_reserve: 'BROAD_WITH_RESERVE',
  cp2_narrow: 'STOCK',
}

function antiDilution(given: Figures, expect: Figures): void {
  const count = {
    ...NOBODY,
    common: number(given.common),
    preferred: number(given.series_a),
    options: number(given.options),
    unallocated: number(given.reserve),
  }
  const issue = {
    conversionPrice: number(given.series_a_price),
    issued: number(given.issued),
    consideration: number(given.consideration),
  }
  for (const [name, expected] of Object.entries(expect)) {
    const base = BASES[name]
    if (base !== undefined) {
      const rounding = { direction: 'NEAREST', places: placesOf(expected) } as const
      const answer = weightedAverage(issue, antiDilutionBase(count, 0n, base), rounding)
      assert.ok(answer.kind !== 'price_rounds_to_zero')
      assert.equal(formatNumeric(answer.price), expected, name)
    } else if (name === 'cp2_full_ratchet') {
      const answer = fullRatchet(issue)
      assert.ok(answer.kind !== 'price_rounds_to_zero')
      assert.equal(formatNumeric(answer.price), expected)
    } else {
      assert.equal(name, 'conversion_ratio_exact')
      const broad = weightedAverage(issue, antiDilutionBase(count, 0n, 'BROAD'))
      assert.ok(broad.kind !== 'price_rounds_to_zero')
      assert.equal(conversionRatio(issue.conversionPrice, broad.price).toFraction(), expected)
    }
  }
}

function waterfall(given: Figures, expect: readonly Figures[]): void {
  for (const sale of expect) {
    const preferred = (name: 'a' | 'b', seniority: bigint): readonly WaterfallClass[] => {
      const of = figures(given[`series_${name}`])
      if (of.shares === undefined) return []
      return [
        {
          id: name,
          preference: {
            price: number(of.price),
            multiple: number(of.multiple ?? 1),
            seniority,
            participation:
              of.participation !== 'full'
                ? { kind: 'NONE' }
                : sale.cap_multiple === undefined
                  ? { kind: 'FULL' }
                  : { kind: 'CAPPED', multiple: number(sale.cap_multiple) },
          },
          holdings: [{ id: name, shares: number(of.shares) }],
        },
      ]
    }
    const common = { id: 'common', holdings: [{ id: 'founders', shares: number(given.common) }] }
    const classes = [common, ...preferred('a', 1n), ...preferred('b', sale.b_senior === true ? 2n : 1n)]
    const answer = distribute({ debts: [], convertibles: [], options: [], places: 2, classes }, [number(sale.exit)])
    assert.ok(answer.kind === 'distributed', answer.kind)
    const paid = new Map(answer.distributions[0]?.classes.map(({ id, amount }) => [id, formatNumeric(amount)]))
    for (const [name, expected] of Object.entries(sale)) {
      if (['exit', 'b_senior', 'cap_multiple'].includes(name)) continue
      assert.equal(paid.get(name.replace(/^series_/, '')), String(expected), `${name} at ${String(sale.exit)}`)
    }
  }
}

/** Examples that are run from the collection elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = { 'ocf-allocation-18-over-4': 'vesting.test.ts' }

for (const { id, source, given, expect } of examples) {
  test(`${source}: ${id}`, () => {
    const rounding = ROUNDS[id]
    if (rounding !== undefined) {
      const round = roundOf(id, rounding, given)
      for (const [name, expected] of Object.entries(figures(expect)))
        assert.equal(told(name, expected, round), String(expected), name)
    } else if (id.startsWith('anti-dilution')) antiDilution(given, figures(expect))
    else if (id.startsWith('waterfall')) waterfall(given, (expect as unknown[]).map(figures))
    else if (ELSEWHERE[id] !== undefined)
      assert.ok(readFileSync(new URL(ELSEWHERE[id], import.meta.url), 'utf8').includes(id))
    else throw new Error('this example is not understood: say here how it is run')
  })
}
