import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId, type Uuid } from '../../api/platform/index.ts'
import { conservation } from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { commit } from './given.ts'
import { LedgerModel, type ModelEvent } from './ledger-model.ts'
import { openLot, postAt } from './raw-ledger.ts'

const world = await makeWorld()
const { companyId } = await world.company()

/** Few promises and small amounts, so that events meet: retries, reuse, promises of the same batch, overdraws. */
const KINDS = ['obligation', 'available', 'held', 'charged:delivered'] as const
const FLOWS = [
  ['available', 'held'],
  ['available', 'held'],
  ['held', 'available'],
  ['held', 'charged:delivered'],
  ['available', 'obligation'],
  ['obligation', 'available'],
] as const
const NAMES = { P: 4, M: 30, R: 20 } as const
const named = (letter: keyof typeof NAMES) => fc.integer({ min: 0, max: NAMES[letter] }).map((n) => `${letter}${n}`)
/** Mostly an id of its own kind. */
const id = (letter: keyof typeof NAMES) =>
  fc.oneof(
    { weight: 30, arbitrary: named(letter) },
    { weight: 1, arbitrary: fc.oneof(named('P'), named('M'), named('R')) },
  )
const lot = fc.integer({ min: 0, max: 1 })
const account = fc.tuple(lot, fc.constantFrom(...KINDS)).map(([of, kind]) => `${of}:${kind}`)
const flow = fc
  .tuple(lot, fc.constantFrom(...FLOWS))
  .map(([of, [from, to]]) => ({ debit: `${of}:${from}`, credit: `${of}:${to}` }))
const sides = fc.oneof(
  { weight: 15, arbitrary: flow },
  { weight: 1, arbitrary: fc.record({ debit: account, credit: account }) },
)
const amount = fc.oneof(
  { weight: 12, arbitrary: fc.bigInt({ min: 1n, max: 40n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 200n }) },
)
const linked = fc.integer({ min: 0, max: 6 }).map((n) => (n === 0 ? true : undefined))
const until = fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined })
const move = fc
  .record({ id: id('M'), kind: fc.constant('posted' as const), sides, amount, linked })
  .map(({ sides: of, ...event }): ModelEvent => ({ ...event, ...of }))
const promise = fc
  .record({ id: id('P'), kind: fc.constant('pending' as const), sides, amount, until, linked })
  .map(({ sides: of, ...event }): ModelEvent => ({ ...event, ...of }))
const resolution = fc
  .record({
    id: id('R'),
    kind: fc.constantFrom(
      'post_pending' as const,
      'post_pending' as const,
      'void_pending' as const,
      'expire_pending' as const,
    ),
    pendingId: id('P'),
    amount: fc.option(amount, { nil: undefined, freq: 3 }),
    sides: fc.option(flow, { nil: undefined, freq: 8 }),
    linked,
  })
  .map(({ sides: of, ...event }): ModelEvent => ({ ...event, ...of }))
const history = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 4 }),
    batch: fc.array(fc.oneof(move, move, promise, promise, resolution, resolution), { minLength: 1, maxLength: 10 }),
    /** Sends the batch a second time. */
    again: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 8, size: 'max' },
)

const second = (n: number): string => new Date(Date.UTC(2031, 0, 1) + n * 1000).toISOString()

test('a random history gives the answers and the balances of the model, and adds up', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const model = new LedgerModel()
      const accounts = new Map<string, Uuid>()
      for (const lot of [0, 1]) {
        const byKind = await openLot(world, companyId, 100n, second(0))
        for (const kind of KINDS) {
          accounts.set(`${lot}:${kind}`, byKind.get(kind) ?? '')
          model.addAccount(`${lot}:${kind}`, lot, kind === 'obligation' ? 100n : undefined)
        }
        model.post(
          [
            {
              id: `opening ${lot}`,
              kind: 'posted',
              debit: `${lot}:obligation`,
              credit: `${lot}:available`,
              amount: 100n,
            },
          ],
          0,
        )
      }
      const ids = new Map<string, Uuid>()
      const idOf = (name: string | undefined) =>
        name === undefined ? undefined : (ids.get(name) ?? ids.set(name, newId()).get(name))
      let now = 0
      for (const { wait, batch } of steps.flatMap((step) => (step.again ? [step, { ...step, wait: 0 }] : [step]))) {
        now += wait
        const sent = batch.map((event) => ({
          id: idOf(event.id),
          kind: event.kind,
          debit: accounts.get(event.debit ?? ''),
          credit: accounts.get(event.credit ?? ''),
          amount: event.amount?.toString(),
          pending_id: idOf(event.pendingId),
          expires_at: event.until === undefined ? undefined : second(event.until),
          linked: event.linked,
          reason: 'test',
        }))
        const answers = await commit(world, (trx) => postAt(trx, companyId, sent, second(now)))
        assert.deepEqual(
          answers.map(({ result, about, amount: moved }) => [about === null ? result : `${result} ${about}`, moved]),
          model.post(batch, now).map(([result, moved]) => [result, moved ?? null]),
        )
      }
      const rows = await world.deps.db
        .selectFrom('ledger_account')
        .where('holder_id', '=', companyId)
        .where('account_id', 'in', [...accounts.values()])
        .selectAll()
        .execute()
      const found = new Map(rows.map((row) => [row.account_id, row]))
      for (const [name, accountId] of accounts) {
        const row = found.get(accountId)
        assert.deepEqual(
          [row?.debits_posted, row?.credits_posted, row?.debits_pending, row?.credits_pending],
          model.balance(name),
          name,
        )
      }
    }),
    { numRuns: 150 },
  )
  const differences = (await conservation(world.deps.db, companyId)).filter(({ what }) => !what.includes('holds'))
  assert.deepEqual(differences, [])
})
