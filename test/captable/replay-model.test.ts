/** Replay against a second bookkeeping of whole shares, which shares no code with it, over generated histories. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capTableView } from '../../api/captable/cap-table-view.ts'
import { checkPackage, replay } from '../../api/captable/index.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { option, safe, stock, type Tx, tx, usd, warrant } from './given-history.ts'

type Kind = 'stock' | 'equity' | 'warrant' | 'convertible'
type Held = { kind: Kind; class: 'common' | 'seed'; holder: string; plan: boolean; number: bigint }
type Day = { date: string; facts: Record<string, string> }
const HOLDERS = [OWN.founderAda, OWN.founderBo, OWN.employee, OWN.seedFund]
const CLASS = { common: OWN.common, seed: OWN.seed }

/** Keeps the books of one company, one act a day, and writes the act in Open Cap Format beside them. */
class Books {
  readonly transactions: Tx[] = []
  readonly days: Day[] = []
  readonly #held = new Map<string, Held>()
  #reserved = 2_000_000n
  #taken = 0n
  #day = Date.UTC(2025, 0, 31)
  #next = 0

  act(kind: string, pick: number, size: number, holder: string): void {
    this.#day += 86_400_000
    const before = this.transactions.length
    this.#do(kind, pick, BigInt(size), holder)
    if (this.transactions.length > before) this.days.push({ date: this.#date, facts: this.#facts() })
  }

  get #date(): string {
    return new Date(this.#day).toISOString().slice(0, 10)
  }

  #open(...kinds: Kind[]): [string, Held][] {
    return [...this.#held].filter(([, { kind }]) => kinds.includes(kind))
  }

  #write(type: string, more: object): void {
    this.transactions.push(tx(type, more, `tx-${this.transactions.length}`, this.#date))
  }

  /** Opens a security and writes its issuance, as `held` says it. */
  #issue(held: Held): string {
    this.#next += 1
    const id = `s${this.#next}`
    const plan = held.plan ? { stock_plan_id: OWN.plan } : {}
    const more = { stakeholder_id: held.holder }
    const number = String(held.number)
    const made = {
      stock: () => stock(id, number, { ...more, ...plan, stock_class_id: CLASS[held.class] }, this.#date),
      equity: () => option(id, number, more, this.#date),
      warrant: () => ({
        ...warrant(id, { ...more, quantity: number, quantity_source: 'INSTRUMENT_FIXED' }),
        date: this.#date,
      }),
      convertible: () => ({ ...safe(id, number, this.#date), ...more }),
    }[held.kind]() as Tx
    // The older names of equity compensation mean the same.
    if (held.kind === 'equity' && this.#next % 3 === 0) made.object_type = 'TX_PLAN_SECURITY_ISSUANCE'
    this.transactions.push(made)
    this.#held.set(id, { ...held })
    return id
  }

  /** Ends `part` of a security: the rest is a new one of the same kind. Its id, where there is a rest. */
  #endPart(id: string, held: Held, part: bigint, write: (balance: object) => void): void {
    this.#held.delete(id)
    const rest = held.number - part
    const balance = rest === 0n ? {} : { balance_security_id: `s${this.#next + 1}` }
    write(balance)
    if (rest > 0n) this.#issue({ ...held, number: rest })
  }

  #do(act: string, pick: number, size: bigint, holder: string): void {
    const among = (...kinds: Kind[]) => {
      const open = this.#open(...kinds)
      return open[pick % Math.max(1, open.length)]
    }
    const word = {
      stock: 'STOCK',
      equity: pick % 2 === 0 ? 'EQUITY_COMPENSATION' : 'PLAN_SECURITY',
      warrant: 'WARRANT',
      convertible: 'CONVERTIBLE',
    }
    const about: Record<string, Kind[]> = {
      EXERCISE: ['equity'],
      RELEASE: ['equity'],
      RETURN: ['equity'],
      REPURCHASE: ['stock'],
      CONVERT: ['stock', 'convertible'],
      REISSUE: ['stock'],
      WARRANT_EXERCISE: ['warrant'],
    }
    const [id, held] = among(...(about[act] ?? ['stock', 'equity', 'warrant', 'convertible'])) ?? []
    const part = held === undefined ? 0n : 1n + ((size - 1n) % held.number)
    const amount = held?.kind === 'convertible' ? { amount: usd(String(part)) } : { quantity: String(part) }
    if (act === 'STOCK')
      this.#issue({ kind: 'stock', class: pick % 3 === 0 ? 'seed' : 'common', holder, plan: false, number: size })
    else if (act === 'GRANT') {
      this.#issue({ kind: 'equity', class: 'common', holder, plan: true, number: size })
      this.#taken += size
    } else if (act === 'WARRANT' || act === 'SAFE') {
      this.#issue({
        kind: act === 'SAFE' ? 'convertible' : 'warrant',
        class: 'common',
        holder,
        plan: false,
        number: size,
      })
    } else if (act === 'SPLIT') {
      const of = pick % 2 === 0 ? 'common' : 'seed'
      const ratio = BigInt(2 + (pick % 2))
      this.#write('STOCK_CLASS_SPLIT', {
        stock_class_id: CLASS[of],
        split_ratio: { numerator: String(ratio), denominator: '1' },
      })
      for (const one of this.#held.values()) if (one.class === of && one.kind !== 'convertible') one.number *= ratio
      if (of === 'common') [this.#reserved, this.#taken] = [this.#reserved * ratio, this.#taken * ratio]
    } else if (act === 'POOL') {
      this.#reserved = size * 1_000n
      this.#write('STOCK_PLAN_POOL_ADJUSTMENT', { stock_plan_id: OWN.plan, shares_reserved: String(this.#reserved) })
    } else if (id === undefined || held === undefined) return
    else if (act === 'ACCEPT') this.#write(`${word[held.kind]}_ACCEPTANCE`, { security_id: id })
    else if (act === 'TRANSFER') {
      this.#endPart(id, held, part, (balance) => {
        // The balance, where there is one, is issued first.
        const resulting = `s${this.#next + ('balance_security_id' in balance ? 2 : 1)}`
        this.#write(`${word[held.kind]}_TRANSFER`, {
          security_id: id,
          ...amount,
          ...balance,
          resulting_security_ids: [resulting],
        })
      })
      this.#issue({ ...held, holder, number: part })
    } else if (act === 'CANCEL') {
      this.#endPart(id, held, part, (balance) =>
        this.#write(`${word[held.kind]}_CANCELLATION`, { security_id: id, ...amount, ...balance, reason_text: 'r' }),
      )
      if (held.plan) this.#taken -= part
    } else if (act === 'RETRACT') {
      this.#held.delete(id)
      this.#write(`${word[held.kind]}_RETRACTION`, { security_id: id, reason_text: 'r' })
      if (held.plan) this.#taken -= held.number
    } else if (act === 'REPURCHASE') {
      this.#endPart(id, held, part, (balance) =>
        this.#write('STOCK_REPURCHASE', { security_id: id, ...amount, ...balance, price: usd('1') }),
      )
    } else if (act === 'EXERCISE' || act === 'RELEASE') {
      const more = act === 'RELEASE' ? { settlement_date: this.#date, release_price: usd('1') } : {}
      this.#write(`${word[held.kind]}_${act}`, {
        security_id: id,
        ...amount,
        ...more,
        resulting_security_ids: [`s${this.#next + 1}`],
      })
      held.number -= part
      if (held.number === 0n) this.#held.delete(id)
      this.#issue({ kind: 'stock', class: 'common', holder: held.holder, plan: pick % 2 === 0, number: part })
    } else if (act === 'WARRANT_EXERCISE') {
      this.#held.delete(id)
      this.#write('WARRANT_EXERCISE', {
        security_id: id,
        trigger_id: 't',
        resulting_security_ids: [`s${this.#next + 1}`],
      })
      this.#issue({ kind: 'stock', class: 'common', holder: held.holder, plan: false, number: held.number })
    } else if (act === 'RETURN') {
      this.#write('STOCK_PLAN_RETURN_TO_POOL', {
        security_id: id,
        ...amount,
        stock_plan_id: OWN.plan,
        reason_text: 'r',
      })
      held.number -= part
      this.#taken -= part
      if (held.number === 0n) this.#held.delete(id)
    } else if (act === 'REISSUE') {
      this.#held.delete(id)
      this.#write('STOCK_REISSUANCE', { security_id: id, resulting_security_ids: [`s${this.#next + 1}`] })
      this.#issue(held)
    } else if (held.kind === 'convertible') {
      this.#held.delete(id)
      this.#write('CONVERTIBLE_CONVERSION', {
        security_id: id,
        trigger_id: 't',
        reason_text: 'r',
        resulting_security_ids: [`s${this.#next + 1}`],
      })
      this.#issue({ kind: 'stock', class: 'seed', holder: held.holder, plan: false, number: size })
    } else if (held.class === 'seed') {
      this.#endPart(id, held, part, (balance) => {
        const resulting = `s${this.#next + ('balance_security_id' in balance ? 2 : 1)}`
        this.#write('STOCK_CONVERSION', {
          security_id: id,
          quantity_converted: String(part),
          ...balance,
          resulting_security_ids: [resulting],
        })
      })
      this.#issue({ ...held, class: 'common', number: part })
    }
  }

  #facts(): Record<string, string> {
    const all = [...this.#held.values()]
    const sum = (which: (held: Held) => boolean) =>
      String(all.filter(which).reduce((total, it) => total + it.number, 0n))
    const left = this.#reserved - this.#taken
    return {
      common: sum((it) => it.kind === 'stock' && it.class === 'common'),
      seed: sum((it) => it.kind === 'stock' && it.class === 'seed'),
      granted: sum((it) => it.kind === 'equity'),
      warrants: sum((it) => it.kind === 'warrant'),
      available: String(left > 0n ? left : 0n),
      open: String(all.length),
      ...Object.fromEntries(
        HOLDERS.flatMap((holder) => [
          [`${holder} stock`, sum((it) => it.holder === holder && it.kind === 'stock')],
          [`${holder} diluted`, sum((it) => it.holder === holder && it.kind !== 'convertible')],
          [`${holder} owed`, sum((it) => it.holder === holder && it.kind === 'convertible')],
        ]),
      ),
    }
  }
}

const ACTS = [
  'STOCK',
  'STOCK',
  'GRANT',
  'GRANT',
  'WARRANT',
  'SAFE',
  'TRANSFER',
  'TRANSFER',
  'CANCEL',
  'RETRACT',
  'REPURCHASE',
  'EXERCISE',
  'EXERCISE',
  'RELEASE',
  'WARRANT_EXERCISE',
  'RETURN',
  'REISSUE',
  'CONVERT',
  'CONVERT',
  'SPLIT',
  'POOL',
  'ACCEPT',
] as const
const histories = fc
  .array(
    fc.tuple(fc.constantFrom(...ACTS), fc.nat(1_000), fc.integer({ min: 1, max: 3_000 }), fc.constantFrom(...HOLDERS)),
    { minLength: 10, maxLength: 40 },
  )
  .map((acts) => {
    const books = new Books()
    books.act('STOCK', 1, 1_000, OWN.founderAda)
    for (const act of acts) books.act(...act)
    return books
  })

/** Nothing is authorised in so small a number that a split would pass it. */
const packageOf = ({ transactions }: Books) =>
  ownPackage({
    Transactions: () => transactions as never,
    StockClasses: (items) => {
      for (const item of items) item.initial_shares_authorized = 'UNLIMITED'
    },
  })

test('on every day the table is what a second bookkeeping says', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(histories, async (books) => {
      const { package: read } = await checkPackage({ files: packageOf(books) })
      for (const { object_type: type } of books.transactions) seen.add(type)
      for (const { date, facts } of books.days) {
        const view = capTableView(replay(read, { through: date }).table, date)
        const of = (id: string) => view.classes.find((it) => it.id === id)?.outstanding ?? 0n
        const holder = (id: string) => view.stakeholders.find((it) => it.id === id)
        const numbers: Record<string, bigint> = {
          common: of(OWN.common),
          seed: of(OWN.seed),
          granted: view.totals.granted,
          warrants: view.totals.warrants,
          available: view.totals.reserved,
        }
        for (const id of HOLDERS) {
          numbers[`${id} stock`] = holder(id)?.outstanding ?? 0n
          numbers[`${id} diluted`] = holder(id)?.fullyDiluted ?? 0n
          numbers[`${id} owed`] = holder(id)?.convertibles[0]?.amount ?? 0n
        }
        const told = Object.fromEntries(Object.entries(numbers).map(([key, number]) => [key, formatNumeric(number)]))
        assert.deepEqual({ ...told, open: String(view.securities.length) }, facts, date)
      }
    }),
    { numRuns: 150 },
  )
  assert.ok(seen.size >= 30, `only ${[...seen].sort().join(' ')}`)
})

test('after a remainder nothing is left to vest: a further portion is refused', async () => {
  const condition = (id: string, portion: object, next: string[]) => ({
    id,
    portion,
    trigger: { type: 'VESTING_EVENT' },
    next_condition_ids: next,
  })
  const terms = {
    object_type: 'VESTING_TERMS',
    id: 'rest',
    name: 'n',
    description: 'd',
    allocation_type: 'CUMULATIVE_ROUND_DOWN',
    vesting_conditions: [
      condition('half', { numerator: '1', denominator: '2' }, ['rest']),
      condition('rest', { numerator: '1', denominator: '1', remainder: true }, ['more']),
      condition('more', { numerator: '1', denominator: '2' }, []),
    ],
  }
  const event = (id: string, date: string) =>
    tx('VESTING_EVENT', { security_id: 'op', vesting_condition_id: id }, id, date)
  const files = (events: readonly Tx[]) =>
    ownPackage({
      VestingTerms: (items) => {
        items.push(terms)
      },
      Transactions: (items) => [...items, option('op', '100', { vesting_terms_id: 'rest' }, '2026-01-01'), ...events],
    })
  const events = [event('half', '2026-02-01'), event('rest', '2026-03-01')]
  await checkPackage({ files: files(events) })
  await assert.rejects(checkPackage({ files: files([...events, event('more', '2026-04-01')]) }), /vests more than 100%/)
})

test('an issuer does not authorise fewer shares than are outstanding', async () => {
  const authorised = (shares: string) =>
    ownPackage({
      Transactions: (items) => [
        ...items,
        tx(
          'ISSUER_AUTHORIZED_SHARES_ADJUSTMENT',
          { issuer_id: OWN.issuer, new_shares_authorized: shares },
          'less',
          '2026-01-01',
        ),
      ],
    })
  // 8,000,000 common and 1,500,000 seed.
  await checkPackage({ files: authorised('9500000') })
  await assert.rejects(
    checkPackage({ files: authorised('9499999') }),
    /makes 9500000 outstanding of an issuer that authorises 9499999/,
  )
})
