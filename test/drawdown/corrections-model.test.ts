/** Histories of use, late use, repeats, corrections, no-shows, disputes and arrears: after every step it is as the model says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startReservation } from '../../api/drawdown/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { openTopUp } from '../../api/tokens/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { DrawdownModel, type Lot, type Terms } from './corrections-model.ts'
import { corrected, settleArrears } from './given-corrections.ts'
import { assertSound, at, givenDrawdown, progressOf, report, START, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const HOUR = 3600n
const DAY = 24 * 60

type Step = { readonly kind: (typeof KINDS)[number]; readonly of: number; readonly n: number; readonly m: number }
const KINDS = [
  'book',
  'use',
  'late',
  'complete',
  'noShow',
  'correct',
  'topUp',
  'arrears',
  'close',
  'dispute',
  'aside',
] as const
const WEIGHTS: Record<Step['kind'], number> = {
  book: 5,
  use: 7,
  late: 4,
  complete: 5,
  noShow: 2,
  correct: 9,
  topUp: 2,
  arrears: 4,
  close: 1,
  dispute: 1,
  aside: 1,
}
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(...KINDS.map((kind) => ({ weight: WEIGHTS[kind], arbitrary: fc.constant(kind) }))),
  of: fc.nat(50),
  n: fc.nat(1_000_000),
  m: fc.nat(3),
})
/** One hour of ten is used; all else is spent; then it turns out that all ten were: nine are owed. */
const SPENT: readonly Step[] = [
  { kind: 'book', of: 0, n: 1, m: 1 },
  { kind: 'use', of: 0, n: 1, m: 1 },
  { kind: 'complete', of: 0, n: 1, m: 1 },
  { kind: 'book', of: 0, n: 1, m: 0 },
  { kind: 'correct', of: 0, n: 1, m: 0 },
]
/** One hour of all tokens of both lots is used, and the time of both is left unused; then it turns out that more was used. */
const OVER_LOTS: readonly Step[] = [
  { kind: 'topUp', of: 0, n: 1, m: 1 },
  { kind: 'book', of: 0, n: 1, m: 0 },
  { kind: 'use', of: 0, n: 1, m: 1 },
  { kind: 'complete', of: 0, n: 1, m: 1 },
  { kind: 'correct', of: 0, n: 201, m: 2 },
  { kind: 'correct', of: 0, n: 101, m: 2 },
  { kind: 'correct', of: 0, n: 4001, m: 2 },
]
/** Nobody comes to what both lots were booked for; then it turns out, twice, that somebody had. */
const MISSED: readonly Step[] = [
  { kind: 'topUp', of: 0, n: 1, m: 1 },
  { kind: 'book', of: 0, n: 1, m: 0 },
  { kind: 'noShow', of: 0, n: 1, m: 1 },
  { kind: 'late', of: 0, n: 201, m: 2 },
  { kind: 'late', of: 0, n: 1, m: 1 },
]
const steps = fc
  .tuple(fc.constantFrom([], SPENT, OVER_LOTS, MISSED), fc.array(step, { minLength: 15, maxLength: 40 }))
  .map(([before, more]) => [...before, ...more])
const terms = fc.record({
  charging: fc.constantFrom('METERED' as const, 'METERED' as const, 'RESERVED' as const),
  basis: fc.constantFrom('delivered' as const, 'delivered' as const, 'reserved' as const),
})

const send = async (by: Person, name: string, type: string, input: Record<string, unknown>) => {
  const answer = await by.graphql(
    `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
      ${type === 'Dispute' ? '... on Dispute { disputeId proposals { proposalId } }' : ''} ... on DomainError { message } } }`,
    { input },
  )
  assert.equal(answer.data?.[name]?.__typename, type, `${name}: ${JSON.stringify(answer)}`)
  return answer.data[name]
}

/** A grant of 40 tokens for 47 shares, driven by steps; each is done to the company and to the model, or to neither. */
async function history(chosen: Pick<Terms, 'charging' | 'basis'>) {
  const deal = await givenDeal(world)
  const change = {
    compute: deal.compute('40'),
    cashInvestors: [],
    charging: chosen.charging,
    vesting: { basis: chosen.basis },
    booking: { noShowGraceMinutes: 30, noShowPart: '0.5' },
  } as Partial<RoundTermsWire>
  const it = await givenDrawdown(world, change, { deal })
  const model = new DrawdownModel({ ...chosen, granted: 40_000_000n, shares: 47n })
  const [ids, seconds] = [new Map<string, string>(), new Map<string, bigint>()]
  const usages: { of: string; name: string; usageId: string; month: number }[] = []
  let [from, month, lots]: [number, number, Map<string, Lot>] = [0, 0, new Map()]
  let disputed: { disputeId: string; of: string } | undefined
  const bookings = () => [...model.booked.entries()].map(([name, of]) => ({ name, ...of }))
  const pick = <T>(from: readonly T[], of: number): T | undefined => from[of % Math.max(from.length, 1)]
  const free = (name: string) => {
    const { seconds: most, used } = model.booked.get(name) ?? { seconds: 0n, used: new Map<string, bigint>() }
    return most - [...used.values()].reduce((all, each) => all + each, 0n)
  }
  /** Some seconds of what is left of a reservation: all of it, whole hours, or any number. */
  const some = (most: bigint, { n, m }: Step): bigint =>
    most <= 1n ? most : m === 0 ? most : m === 1 && most > HOUR ? HOUR : 1n + ((BigInt(n) * 36n) % (most - 1n))
  const first = (n: number) => new Date(Date.UTC(2027, n, 1)).toISOString().slice(0, 10)
  /** Minutes from the start to the end of a month. */
  const ends = (n: number) => (Date.parse(`${first(n + 1)}T00:00:00Z`) - Date.parse(START)) / 60_000
  /** States the month that is over and takes the clock into the next. */
  const stated = async () => {
    // Time starts what was booked, which makes its tokens firm: an unused promise would expire.
    for (const { name } of bookings().filter(({ state, used }) => state === 'active' && used.size === 0)) {
      const [companyId = '', reservationId = ''] = (ids.get(name) ?? '').split(':').slice(1)
      await startReservation(deps, { companyId, reservationId })
    }
    const statement = await it.stated(first(month), `${first(month + 1)}T06:00:00Z`)
    month += 1
    from = Math.max(from, ends(month - 1) + 2 * DAY)
    return statement
  }
  const finals = async () => {
    const { data } = await it.founder.graphql(
      'query ($id: ID!) { node(id: $id) { ... on Company { statements(first: 10) { edges { node { id sha256 state } } } } } }',
      { id: it.id },
    )
    for (const { node } of data.node.statements.edges) if (node.state === 'stated') await it.settled(node)
    model.close()
  }
  /** The company disputes one record of the month that is stated. */
  const answered = async (usageId: string, statement: { id: string; sha256: string }) => {
    const input = { statementId: statement.id, sha256: statement.sha256, answer: 'DISPUTE', reason: 'It never ran.' }
    await send(it.founder, 'answerStatement', 'Statement', {
      ...input,
      reasonCode: 'NOT_RECEIVED',
      usageIds: [usageId],
    })
    const { data } = await it.founder.graphql(
      'query ($id: ID!) { node(id: $id) { ... on Company { disputes { disputeId state } } } }',
      { id: it.id },
    )
    return data.node.disputes.find(({ state }: { state: string }) => state === 'open').disputeId as string
  }
  const settle = async (disputeId: string, more: Record<string, unknown>) => {
    const { proposals } = await send(staff.operations, 'proposeSettlement', 'Dispute', {
      disputeId,
      note: 'Agreed.',
      ...more,
    })
    await send(it.founder, 'confirmSettlement', 'Dispute', { disputeId, proposalId: proposals.at(-1).proposalId })
  }
  const tell = async (name: string, { n, m, of }: Step) => {
    const most = free(name)
    if (most <= 0n) return false
    const each = some(most, { kind: 'use', n, m, of })
    const key = `${name}-${model.booked.get(name)?.used.size}`
    const start = Number(name.slice(1))
    const record = usage(key, each, { startedAt: at(start), endedAt: at(start + 60) })
    // Told twice in one call, and what was told before once more.
    const again = usages
      .filter((one) => one.of === name)
      .slice(0, 1)
      .map((one) => usage(one.name, seconds.get(one.name) ?? 0n, { startedAt: at(start), endedAt: at(start + 60) }))
    const answer = await report(staff.provider, { reservationId: ids.get(name), records: [record, record, ...again] })
    assert.equal(answer.__typename, 'ReportedUsage', JSON.stringify(answer))
    const { usage_id: usageId } = await deps.db
      .selectFrom('usage_record')
      .select('usage_id')
      .where('company_id', '=', it.companyId)
      .where('external_id', '=', key)
      .executeTakeFirstOrThrow()
    usages.push({ of: name, name: key, usageId, month })
    seconds.set(key, each)
    model.use(name, key, each)
    return true
  }
  const correctable = () => usages.filter(({ of }) => of !== disputed?.of)
  const steps: Record<Step['kind'], (of: Step) => Promise<boolean>> = {
    book: async ({ m }) => {
      // One in four takes all that is left, so that what is raised later finds nothing.
      const left = Number((model.available.grant + model.available.topUp) / 1_000_000n)
      const gpus = m === 0 && left > 0 ? left : 10
      const need = BigInt(gpus) * 1_000_000n
      if (model.available.grant + model.available.topUp < need || from + DAY > ends(month)) return false
      ids.set(`r${from}`, await it.reserved(gpus, 60, from, at(from + 60 + 40)))
      model.book(`r${from}`, BigInt(gpus) * HOUR)
      from += 2 * DAY
      return true
    },
    use: async (one) => {
      const booked = pick(
        bookings().filter(({ state }) => state === 'active'),
        one.of,
      )
      return booked !== undefined && tell(booked.name, one)
    },
    late: async (one) => {
      const booked = pick(
        bookings().filter(({ state, name }) => state === 'no_show' || missed.has(name)),
        one.of,
      )
      return booked !== undefined && booked.name !== disputed?.of && tell(booked.name, one)
    },
    complete: async ({ of }) => {
      const booked = pick(
        bookings().filter(({ state, used }) => state === 'active' && used.size > 0),
        of,
      )
      if (booked === undefined) return false
      await it.told(ids.get(booked.name) ?? '', [], true)
      model.complete(booked.name)
      return true
    },
    noShow: async ({ of }) => {
      const booked = pick(
        bookings().filter(({ state, used }) => state === 'active' && used.size === 0),
        of,
      )
      if (booked === undefined) return false
      await send(staff.provider, 'declareNoShow', 'Reservation', { reservationId: ids.get(booked.name) })
      model.noShow(booked.name)
      missed.add(booked.name)
      return true
    },
    correct: async (one) => {
      const record = pick(correctable(), one.of)
      if (record === undefined) return false
      const now = model.booked.get(record.of)?.used.get(record.name) ?? 0n
      const next = one.n % 5 === 0 ? 0n : some(now + free(record.of), one)
      if (next === now) return false
      const records = [{ usageId: record.usageId, gpuSeconds: String(next) }]
      await corrected(staff.provider, { reservationId: ids.get(record.of), records })
      model.correct(record.of, record.name, next)
      return true
    },
    topUp: async () => {
      if (lots.size > 1) return false
      const { lotId } = await inTransaction(deps.db, (trx) =>
        openTopUp(trx, {
          companyId: it.companyId,
          tokenClassId: it.deal.tokenClassUuid,
          amount: 5_500_000n,
          expiresOn: '2032-01-01',
          subject: `Company:${it.companyId}`,
        }),
      )
      lots.set(lotId, 'topUp')
      model.topUp(5_500_000n)
      return true
    },
    arrears: async () => {
      if (model.chargeable().length === 0 || model.available.grant + model.available.topUp === 0n) return false
      await settleArrears(staff.operations, it.id)
      model.settleArrears()
      return true
    },
    close: async () => {
      await stated()
      await finals()
      return true
    },
    // Both sides agree on another figure before the month is final.
    dispute: async (one) => {
      const record = pick(
        correctable().filter((each) => each.month === month),
        one.of,
      )
      const now = record && model.booked.get(record.of)?.used.get(record.name)
      if (record === undefined || now === undefined || now === 0n) return false
      const disputeId = await answered(record.usageId, await stated())
      await settle(disputeId, {
        outcome: 'CORRECTED',
        records: [{ usageId: record.usageId, gpuSeconds: String(now / 2n) }],
      })
      model.correct(record.of, record.name, now / 2n)
      await finals()
      return true
    },
    // What is set aside leaves the basis; the next time it is agreed that it stands, and counts again.
    aside: async (one) => {
      if (disputed !== undefined) {
        await settle(disputed.disputeId, { outcome: 'STANDS' })
        disputed = undefined
        model.aside = null
        return true
      }
      const record = pick(
        correctable().filter((each) => each.month === month),
        one.of,
      )
      if (record === undefined || (model.booked.get(record.of)?.used.get(record.name) ?? 0n) === 0n) return false
      const disputeId = await answered(record.usageId, await stated())
      await send(staff.operations, 'setDisputeAside', 'Dispute', { disputeId })
      disputed = { disputeId, of: record.of }
      model.aside = record.name
      await finals()
      return true
    },
  }
  const missed = new Set<string>()
  await world.setClock('2027-01-01T00:00:00Z')
  const [grant] = await deps.db.selectFrom('lot').select('lot_id').where('company_id', '=', it.companyId).execute()
  lots = new Map([[grant?.lot_id ?? '', 'grant']])

  const agree = async () => {
    const accounts = await deps.db
      .selectFrom('ledger_account')
      .select(['lot_id', 'kind', 'credits_posted', 'debits_posted', 'debits_pending'])
      .where('holder_id', '=', it.companyId)
      .execute()
    const found = (lot: Lot, kind: string) => {
      const row = accounts.find((each) => lots.get(each.lot_id) === lot && each.kind === kind)
      return row === undefined ? 0n : row.credits_posted - row.debits_posted
    }
    const promised = (lot: Lot) =>
      accounts.find((each) => lots.get(each.lot_id) === lot && each.kind === 'available')?.debits_pending ?? 0n
    const balances = (lot: Lot) => ({
      // What a booking holds before its first use is promised from what is available.
      held: found(lot, 'held') + promised(lot),
      available: found(lot, 'available') - promised(lot),
      delivered: found(lot, 'charged:delivered'),
      idle_reserved: found(lot, 'charged:idle_reserved'),
      no_show: found(lot, 'charged:no_show'),
    })
    const said = (lot: Lot) => ({
      held: model.held(lot),
      available: model.available[lot],
      delivered: model.charged(lot, 'delivered'),
      idle_reserved: model.charged(lot, 'idle_reserved'),
      no_show: model.charged(lot, 'no_show'),
    })
    const owed = await deps.db
      .selectFrom('arrears')
      .select(['amount_micro', 'settled_micro', 'cancelled_micro'])
      .where('company_id', '=', it.companyId)
      .execute()
    const [progress] = await progressOf(world, it)
    const open = owed.reduce((all, row) => all + row.amount_micro - row.settled_micro - row.cancelled_micro, 0n)
    assert.deepEqual(
      {
        grant: balances('grant'),
        topUp: balances('topUp'),
        owed: open,
        basis: progress?.basis_micro,
        peak: progress?.basis_peak_micro,
        earned: progress?.earned_shares,
        vested: progress?.vested_shares,
      },
      {
        grant: said('grant'),
        topUp: said('topUp'),
        owed: model.owed(),
        basis: model.net(),
        peak: model.peak(),
        earned: model.earned(),
        vested: model.vested,
      },
    )
    await assertSound(world, it)
  }
  return { run: (one: Step) => steps[one.kind](one), agree }
}

const done = new Map<string, number>()
test('a generated history is charged, earns and vests as the model in memory says, after every step', async (t) => {
  await fc.assert(
    fc.asyncProperty(terms, steps, async (chosen, each) => {
      const it = await history(chosen)
      for (const one of each) {
        if (!(await it.run(one))) continue
        done.set(one.kind, (done.get(one.kind) ?? 0) + 1)
        await it.agree()
      }
    }),
    {
      numRuns: Number(process.env.EQUIHOUR_HISTORIES ?? 12),
      endOnFailure: true,
      // Unused time is charged by the terms of the first lot: only then is there an order over several.
      examples: [OVER_LOTS, MISSED].map((each) => [{ charging: 'RESERVED', basis: 'delivered' }, [...each]]),
    },
  )
  t.diagnostic(`steps done: ${[...done].map(([kind, times]) => `${kind} ${times}`).join(', ')}`)
})
