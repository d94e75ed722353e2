import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Distribution, distribute, exactMoney } from '../../api/captable/waterfall/waterfall.ts'
import type {
  Participation,
  UnearnedTreatment,
  WaterfallClass,
  WaterfallInput,
} from '../../api/captable/waterfall/waterfall-terms.ts'
import { type Numeric, numericOfWhole, type Rational, rational, rationalOfNumeric } from '../../api/platform/index.ts'

const zero = rational(0n)
const value = rationalOfNumeric
const least = (left: Rational, right: Rational): Rational => (left.lt(right) ? left : right)
const sum = (parts: readonly Rational[]): Rational => parts.reduce((all, part) => all.add(part), zero)

const tenths = (least: bigint, most: bigint) => fc.bigInt(least, most).map((number) => number * 10n ** 9n)
const whole = (least: bigint, most: bigint) => fc.bigInt(least, most).map(numericOfWhole)

const participation: fc.Arbitrary<Participation> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Participation>({ kind: 'NONE' }) },
  fc.constant<Participation>({ kind: 'FULL' }),
  tenths(20n, 50n).map((multiple): Participation => ({ kind: 'CAPPED', multiple })),
)

const preferredClass = fc.record({
  shares: fc.array(whole(1n, 40n), { minLength: 1, maxLength: 2 }),
  unearned: fc.option(
    fc.record({
      part: fc.bigInt(0n, 10n),
      treatment: fc.constantFrom<UnearnedTreatment>('NO_PREFERENCE', 'FULL', 'FORFEITED'),
    }),
    { nil: undefined },
  ),
  ratio: fc.option(fc.record({ numerator: fc.bigInt(1n, 9n), denominator: fc.bigInt(1n, 9n) }), { nil: undefined }),
  price: tenths(1n, 50n),
  multiple: tenths(5n, 20n),
  seniority: whole(1n, 3n),
  participation,
})

const classesOf = (most: number): fc.Arbitrary<WaterfallClass[]> =>
  fc.record({ common: whole(1n, 100n), preferred: fc.array(preferredClass, { maxLength: most }) }).map((given) => [
    { id: 'common', holdings: [{ id: 'founder', shares: given.common }] },
    ...given.preferred.map(({ shares, ratio, unearned, ...preference }, at) => ({
      id: `series-${at}`,
      ratio,
      preference,
      holdings: shares.map((own, index) => ({
        id: `holder-${index}`,
        shares: own,
        ...(unearned === undefined
          ? {}
          : { unearned: { shares: (own * unearned.part) / 10n, treatment: unearned.treatment } }),
      })),
    })),
  ])

const inputs = (most: number): fc.Arbitrary<WaterfallInput> =>
  fc
    .record({
      classes: classesOf(most),
      debts: fc.array(fc.record({ amount: whole(0n, 40n), rank: fc.integer({ min: 1, max: 2 }) }), { maxLength: 3 }),
      carveOut: fc.option(
        fc.record({
          id: fc.constant('team'),
          part: tenths(0n, 5n),
          above: whole(0n, 60n),
          atMost: fc.option(whole(0n, 20n), { nil: undefined }),
        }),
        { nil: undefined },
      ),
      convertibles: fc.array(
        fc.record({
          amount: whole(1n, 50n),
          shares: whole(0n, 30n),
          standing: fc.oneof(
            fc.record({ kind: fc.constant('BEFORE_STOCK' as const), seniority: fc.integer({ min: 1, max: 2 }) }),
            fc.record({ kind: fc.constant('WITH_STOCK' as const), seniority: whole(1n, 3n) }),
          ),
        }),
        { maxLength: 1 },
      ),
      options: fc.array(fc.record({ shares: whole(1n, 20n), strike: tenths(0n, 60n) }), { maxLength: 1 }),
      places: fc.integer({ min: 2, max: 10 }),
    })
    .map((input) => ({
      ...input,
      debts: input.debts.map((debt, at) => ({ id: `debt-${at}`, ...debt })),
      convertibles: input.convertibles.map((one, at) => ({ id: `safe-${at}`, ...one })),
      options: input.options.map((one, at) => ({ id: `option-${at}`, ...one })),
    }))

const exits = fc
  .array(fc.bigInt(0n, 60_000n), { minLength: 2, maxLength: 6 })
  .map((cents) => cents.sort((a, b) => (a < b ? -1 : 1)).map((cent) => cent * 10n ** 8n))

function all(input: WaterfallInput, values: readonly Numeric[]): readonly Distribution[] {
  const answer = distribute(input, values)
  assert.ok(answer.kind === 'distributed', answer.kind)
  return answer.distributions
}

const payouts = ({ debts, carveOut, convertibles, classes, options }: Distribution) => [
  ...debts,
  ...(carveOut === undefined ? [] : [carveOut]),
  ...convertibles,
  ...classes.flatMap(({ holdings }) => holdings),
  ...options,
]

test('waterfall: pays out exactly the exit value, rounded and not, nobody less than nothing', () => {
  fc.assert(
    fc.property(inputs(5), exits, (input, values) => {
      for (const distribution of all(input, values)) {
        const paid = payouts(distribution)
        assert.equal(
          paid.reduce((total, { amount }) => total + amount, 0n),
          distribution.exit,
        )
        assert.ok(sum(paid.map(({ exact }) => exactMoney(exact))).equals(value(distribution.exit)))
        const unit = rational(1n, 10n ** BigInt(input.places))
        for (const { amount, exact } of paid) {
          assert.ok(amount >= 0n)
          assert.ok(value(amount).sub(exactMoney(exact)).abs().lt(unit), 'within a unit of the exact one')
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('waterfall: no holder gets less of a higher exit value', () => {
  fc.assert(
    fc.property(inputs(5), exits, (input, values) => {
      const distributions = all({ ...input, places: 10 }, values).map(payouts)
      distributions.slice(1).forEach((later, at) => {
        later.forEach((paid, index) => {
          const before = distributions[at]?.[index] ?? assert.fail()
          assert.ok(exactMoney(paid.exact).gte(exactMoney(before.exact)))
          assert.ok(paid.amount >= before.amount, 'nor rounded to ten places, a cent apart')
        })
      })
    }),
    { numRuns: 300 },
  )
})

test('waterfall: between breakpoints every payout is a straight line, and at each one something bends', () => {
  fc.assert(
    fc.property(inputs(4), (input) => {
      const answer = distribute(input, [])
      assert.ok(answer.kind === 'distributed')
      const points = [zero, ...answer.breakpoints.map(({ exit }) => exit), rational(100_000n)]
      points.slice(1).forEach((end, at) => {
        const start = points[at] ?? zero
        assert.ok(start.lte(end), 'in rising order')
        // Three exit values evenly apart within the two breakpoints, on ten places.
        const width = end
          .sub(start)
          .div(4)
          .mul(10n ** 10n)
        const step = width.n / width.d
        if (step < 4n) return
        const from = start.mul(10n ** 10n).ceil()
        const values = [1n, 2n, 3n].map((times) => from.n * from.s + (times * step * 7n) / 8n)
        const [low = 0n, middle = 0n] = values
        const [a = [], b = [], c = []] = all({ ...input, places: 10 }, [low, middle, middle * 2n - low]).map(payouts)
        a.forEach((first, index) => {
          const [second, third] = [b[index] ?? assert.fail(), c[index] ?? assert.fail()]
          const twice = exactMoney(first.exact).add(exactMoney(third.exact))
          assert.ok(twice.equals(exactMoney(second.exact).mul(2)))
        })
      })
    }),
    { numRuns: 150 },
  )
})

/** One who chooses: a class, convertible or option, on its own terms. */
type Player = {
  readonly id: string
  readonly shares: Rational
  readonly preference: Rational
  readonly cap: Rational | undefined
  readonly participates: boolean
  readonly cost: Rational
  /** Paid before those with a lower one. */
  readonly order: number
  readonly chooses: boolean
}

function playersOf({ convertibles, classes, options }: WaterfallInput): Player[] {
  const none = { preference: zero, cap: undefined, participates: false, cost: zero, order: 0, chooses: true }
  const stock = (seniority: Numeric): number => Number(seniority / 10n ** 10n)
  return [
    ...convertibles.map(({ id, amount, shares, standing }) => ({
      ...none,
      id,
      shares: value(shares),
      preference: value(amount),
      order: standing.kind === 'WITH_STOCK' ? stock(standing.seniority) : 1000 - standing.seniority,
    })),
    ...classes.map(({ id, ratio, preference, holdings }): Player => {
      const own = sum(holdings.map(({ shares }) => value(shares)))
      const shares = own.mul(rational(ratio?.numerator ?? 1n, ratio?.denominator ?? 1n))
      if (preference === undefined) return { ...none, id, shares, participates: true, chooses: false }
      const { price, multiple, participation: terms, seniority } = preference
      return {
        ...none,
        id,
        shares,
        preference: own.mul(value(price)).mul(value(multiple)),
        cap: terms.kind === 'CAPPED' ? own.mul(value(price)).mul(value(terms.multiple)) : undefined,
        participates: terms.kind !== 'NONE',
        order: stock(seniority),
        chooses: terms.kind !== 'FULL',
      }
    }),
    ...options.map(({ id, shares, strike }) => ({
      ...none,
      id,
      shares: value(shares),
      cost: value(shares).mul(value(strike)),
    })),
  ]
}

/** What each gets when those in `chosen` convert or exercise, by paying tier after tier and then share after share. */
function payoffs(players: readonly Player[], chosen: readonly boolean[], equity: Rational): Rational[] {
  const paid = players.map(() => zero)
  let left = equity
  for (const order of [...new Set(players.map((player) => player.order))].sort((a, b) => b - a)) {
    const owed = players.map((player, at) => (player.order === order && !chosen[at] ? player.preference : zero))
    const total = sum(owed)
    if (total.equals(0)) continue
    const available = least(left, total)
    owed.forEach((own, at) => {
      paid[at] = (paid[at] ?? zero).add(own.mul(available).div(total))
    })
    left = left.sub(available)
  }
  players.forEach((player, at) => {
    if (!chosen[at]) return
    left = left.add(player.cost)
    paid[at] = player.cost.neg()
  })
  share(players, chosen, paid, left)
  return paid
}

/** Shares what is left by shares; who reaches a cap stops there and the others share on. */
function share(players: readonly Player[], chosen: readonly boolean[], paid: Rational[], rest: Rational): void {
  let left = rest
  const stopped = new Set<number>()
  const room = (at: number): Rational | undefined => {
    const cap = chosen[at] ? undefined : players[at]?.cap
    return cap?.sub(paid[at] ?? zero)
  }
  while (left.gt(0)) {
    const sharing = players.flatMap((player, at) =>
      (chosen[at] || player.participates) && !stopped.has(at) && !player.shares.equals(0) ? [{ player, at }] : [],
    )
    if (sharing.length === 0) return
    const shares = sum(sharing.map(({ player }) => player.shares))
    let perShare = left.div(shares)
    for (const { player, at } of sharing) {
      const open = room(at)
      if (open !== undefined) perShare = least(perShare, open.div(player.shares))
    }
    for (const { player, at } of sharing) {
      paid[at] = (paid[at] ?? zero).add(perShare.mul(player.shares))
      if (room(at)?.equals(0)) stopped.add(at)
    }
    left = left.sub(perShare.mul(shares))
  }
}

/** Every choice from which nobody gains by choosing otherwise alone. */
function equilibria(players: readonly Player[], equity: Rational): Rational[][] {
  const choosers = players.flatMap(({ chooses }, at) => (chooses ? [at] : []))
  const choices = Array.from({ length: 2 ** choosers.length }, (_, number) =>
    players.map((_player, at) => choosers.includes(at) && Math.floor(number / 2 ** choosers.indexOf(at)) % 2 === 1),
  )
  const table = choices.map((chosen) => payoffs(players, chosen, equity))
  return table.filter((paid, number) =>
    choosers.every((at, bit) => {
      const other = table[number ^ (2 ** bit)] ?? []
      return (other[at] ?? zero).lte(paid[at] ?? zero)
    }),
  )
}

test('waterfall: brute force over every choice finds an equilibrium, and each one pays what the waterfall pays', () => {
  // Debt, carve-out and unearned shares change what is shared, not who chooses: the tables test them.
  const plain = inputs(6).map(({ convertibles, options, places, classes }) => ({
    convertibles,
    options,
    places,
    debts: [],
    classes: classes.map((one) => ({ ...one, holdings: one.holdings.map(({ id, shares }) => ({ id, shares })) })),
  }))
  let found = 0
  fc.assert(
    fc.property(plain, fc.bigInt(0n, 600n), (input, exit) => {
      const players = playersOf(input)
      const stable = equilibria(players, rational(exit))
      assert.ok(stable.length > 0)
      const [distribution = assert.fail()] = all(input, [numericOfWhole(exit)])
      const groups = [...distribution.convertibles, ...distribution.classes, ...distribution.options]
      const ours = groups.map((group) =>
        sum(('holdings' in group ? group.holdings : [group]).map(({ exact }) => exactMoney(exact))),
      )
      for (const paid of stable) {
        found += 1
        paid.forEach((amount, at) => {
          assert.ok(amount.equals(ours[at] ?? zero), `${players[at]?.id}: ${amount.toFraction()}`)
        })
      }
    }),
    { numRuns: 200 },
  )
  assert.ok(found >= 200)
})
