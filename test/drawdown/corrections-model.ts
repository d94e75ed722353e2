/**
 * What a company is charged, earns and has left, in memory: what drawdown is held to over whole histories. Written from
 * DESIGN.md and the terms, not from the code: tokens go back where they came from, the latest first; what is taken more comes
 * from the reservation itself first, then from what is available; what there is nothing for is owed.
 *
 * One grant that earns and one top-up that does not, drawn in this order. A GPU-hour is a token; amounts are micro-tokens.
 */
export type Lot = 'grant' | 'topUp'
type Cause = 'delivered' | 'idle_reserved' | 'no_show'
type Charge = { lot: Lot; cause: Cause; usage: string | null; net: bigint }
type Booked = {
  readonly seconds: bigint
  state: 'active' | 'completed' | 'no_show'
  readonly held: { readonly lot: Lot; left: bigint }[]
  readonly used: Map<string, bigint>
  readonly charges: Charge[]
}
export type Terms = {
  readonly charging: 'METERED' | 'RESERVED'
  readonly basis: 'delivered' | 'reserved'
  readonly granted: bigint
  readonly shares: bigint
}
const LOTS = ['grant', 'topUp'] as const
const sum = (amounts: readonly bigint[]) => amounts.reduce((all, amount) => all + amount, 0n)
const tokens = (seconds: bigint) => (seconds * 1_000_000n) / 3600n
const min = (a: bigint, b: bigint) => (a < b ? a : b)

export class DrawdownModel {
  readonly available: Record<Lot, bigint>
  readonly booked = new Map<string, Booked>()
  readonly arrears: { of: Booked; usage: string; open: bigint }[] = []
  /** Use that a dispute keeps out of the vest basis. */
  aside: string | null = null
  private final = 0n
  vested = 0n
  private readonly terms: Terms

  constructor(terms: Terms) {
    this.terms = terms
    this.available = { grant: terms.granted, topUp: 0n }
  }

  book(name: string, seconds: bigint): void {
    const held: Booked['held'] = []
    this.draw(tokens(seconds), (lot, left) => held.push({ lot, left }))
    this.booked.set(name, { seconds, state: 'active', held, used: new Map(), charges: [] })
  }

  use(name: string, usage: string, seconds: bigint): void {
    const of = this.of(name)
    if (of.used.has(usage)) return
    const before = this.metered(of)
    of.used.set(usage, seconds)
    const cost = this.metered(of) - before
    if (of.state === 'active') this.owe(of, usage, this.take(of, usage, cost))
    else this.came(of, usage, cost)
  }

  /** Use that is told of a reservation to which nobody was thought to have come. */
  private came(of: Booked, usage: string, cost: bigint): void {
    let left = this.recharge(of, 'no_show', cost, 'delivered', usage)
    left = this.recharge(of, 'idle_reserved', left, 'delivered', usage, 'oldest')
    left = this.draw(left, (lot, net) => of.charges.push({ lot, cause: 'delivered', usage, net }))
    this.owe(of, usage, left)
    const unused = tokens(of.seconds) - this.metered(of)
    const idle = this.net(of, 'idle_reserved')
    if (unused > idle) this.recharge(of, 'no_show', unused - idle, 'idle_reserved', null)
    for (const charge of of.charges.filter(({ cause }) => cause === 'no_show')) {
      this.available[charge.lot] += charge.net
      charge.net = 0n
    }
    of.state = 'completed'
  }

  complete(name: string): void {
    const of = this.of(name)
    let idle = tokens(of.seconds) - this.metered(of)
    for (const part of of.held.filter(({ lot }) => this.chargesIdle(lot))) {
      const net = min(part.left, idle)
      if (net > 0n) of.charges.push({ lot: part.lot, cause: 'idle_reserved', usage: null, net })
      part.left -= net
      idle -= net
    }
    this.giveBack(of, 'completed')
  }

  /** Half of what reserved time costs, where it is charged; a top-up is under no such terms, and is charged whole. */
  noShow(name: string): void {
    const of = this.of(name)
    for (const part of of.held) {
      const net = part.lot === 'topUp' ? part.left : this.terms.charging === 'METERED' ? 0n : part.left / 2n
      if (net > 0n) of.charges.push({ lot: part.lot, cause: 'no_show', usage: null, net })
      part.left -= net
    }
    this.giveBack(of, 'no_show')
  }

  correct(name: string, usage: string, seconds: bigint): void {
    const of = this.of(name)
    const before = this.metered(of)
    of.used.set(usage, seconds)
    const change = this.metered(of) - before
    if (change < 0n) this.lower(of, usage, -change)
    else this.owe(of, usage, this.take(of, usage, change))
  }

  private lower(of: Booked, usage: string, by: bigint): void {
    let left = by
    for (const owed of this.arrears.filter((each) => each.of === of).toReversed()) {
      const part = min(owed.open, left)
      owed.open -= part
      left -= part
    }
    const delivered = of.charges.filter(({ cause }) => cause === 'delivered').toReversed()
    const own = (charge: Charge) => charge.usage === usage
    for (const charge of [...delivered.filter(own), ...delivered.filter((each) => !own(each))]) {
      const part = min(charge.net, left)
      if (part === 0n) continue
      charge.net -= part
      left -= part
      const held = of.held.find(({ lot }) => lot === charge.lot)
      if (of.state === 'active' && held !== undefined) held.left += part
      else if (of.state === 'active') this.available[charge.lot] += part
      else if (this.chargesIdle(charge.lot))
        of.charges.push({ lot: charge.lot, cause: 'idle_reserved', usage: null, net: part })
      else this.available[charge.lot] += part
    }
  }

  /** Charges use to the reservation's own tokens, then to what is available. Answers what there is nothing for. */
  private take(of: Booked, usage: string, amount: bigint): bigint {
    let left = amount
    for (const part of of.state === 'active' ? of.held : []) {
      const net = min(part.left, left)
      if (net > 0n) of.charges.push({ lot: part.lot, cause: 'delivered', usage, net })
      part.left -= net
      left -= net
    }
    if (of.state !== 'active') left = this.recharge(of, 'idle_reserved', left, 'delivered', usage, 'oldest')
    return this.draw(left, (lot, net) => of.charges.push({ lot, cause: 'delivered', usage, net }))
  }

  topUp(amount: bigint): void {
    this.available.topUp += amount
  }

  /** What is disputed and set aside is not charged before that is settled. */
  settleArrears(): void {
    for (const owed of this.chargeable()) {
      const book = (lot: Lot, net: bigint) => owed.of.charges.push({ lot, cause: 'delivered', usage: owed.usage, net })
      owed.open = this.draw(owed.open, book)
    }
  }

  /** A final statement vests what is earned, and what is earned by then stays. */
  close(): void {
    this.final = this.peak()
    this.vested = this.earned()
  }

  charged(lot: Lot, cause: Cause): bigint {
    return sum(
      [...this.booked.values()]
        .flatMap(({ charges }) => charges)
        .filter((charge) => charge.lot === lot && charge.cause === cause)
        .map(({ net }) => net),
    )
  }
  held(lot: Lot): bigint {
    return sum(
      [...this.booked.values()]
        .flatMap(({ held }) => held)
        .filter((part) => part.lot === lot)
        .map(({ left }) => left),
    )
  }
  owed(): bigint {
    return sum(this.arrears.map(({ open }) => open))
  }
  chargeable() {
    return this.arrears.filter(({ usage, open }) => open > 0n && usage !== this.aside)
  }
  /** The net vest basis. */
  net(of?: Booked, cause?: Cause): bigint {
    if (of !== undefined) return sum(of.charges.filter((charge) => charge.cause === cause).map(({ net }) => net))
    const causes: Cause[] = this.terms.basis === 'delivered' ? ['delivered'] : ['delivered', 'idle_reserved', 'no_show']
    const all = [...this.booked.values()].flatMap(({ charges }) => charges)
    const disputed = all.filter(({ lot, usage }) => lot === 'grant' && usage !== null && usage === this.aside)
    return sum(causes.map((each) => this.charged('grant', each))) - sum(disputed.map(({ net }) => net))
  }
  peak(): bigint {
    const net = this.net()
    return net > this.final ? net : this.final
  }
  /** Rounded down, by the frozen denominator. */
  earned(): bigint {
    return (this.terms.shares * this.peak()) / this.terms.granted
  }

  private of(name: string): Booked {
    const of = this.booked.get(name)
    if (of === undefined) throw new Error(`${name} is not booked`)
    return of
  }
  private metered = ({ used }: Booked): bigint => tokens(sum([...used.values()]))
  private chargesIdle = (lot: Lot): boolean => lot === 'topUp' || this.terms.charging === 'RESERVED'
  private owe(of: Booked, usage: string, open: bigint): void {
    if (open > 0n) this.arrears.push({ of, usage, open })
  }
  private draw(amount: bigint, book: (lot: Lot, part: bigint) => unknown): bigint {
    let left = amount
    for (const lot of LOTS) {
      const part = min(this.available[lot], left)
      this.available[lot] -= part
      left -= part
      if (part > 0n) book(lot, part)
    }
    return left
  }
  private recharge(
    of: Booked,
    from: Cause,
    amount: bigint,
    cause: Cause,
    usage: string | null,
    order = 'latest',
  ): bigint {
    let left = amount
    const charges = of.charges.filter((charge) => charge.cause === from)
    for (const charge of order === 'oldest' ? charges : charges.toReversed()) {
      const net = min(charge.net, left)
      charge.net -= net
      left -= net
      if (net > 0n) of.charges.push({ lot: charge.lot, cause, usage, net })
    }
    return left
  }
  private giveBack(of: Booked, state: Booked['state']): void {
    for (const part of of.held) {
      this.available[part.lot] += part.left
      part.left = 0n
    }
    of.state = state
  }
}
