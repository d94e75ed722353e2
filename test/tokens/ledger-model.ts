/** The ledger in memory, one event at a time: what `ledger_post` is held to. Written from its description, not from its SQL. */

export type ModelEvent = {
  readonly id: string
  readonly kind: 'posted' | 'pending' | 'post_pending' | 'void_pending' | 'expire_pending'
  readonly debit?: string | undefined
  readonly credit?: string | undefined
  readonly amount?: bigint | undefined
  readonly pendingId?: string | undefined
  readonly until?: number | undefined
  readonly linked?: boolean | undefined
}
type Account = {
  readonly lot: number
  readonly limit: bigint | undefined
  dp: bigint
  cp: bigint
  dq: bigint
  cq: bigint
}
type Made = {
  readonly event: ModelEvent
  readonly amount: bigint
  readonly debit: string
  readonly credit: string
  readonly chain: string | undefined
  resolvedBy?: string
}
type State = { accounts: Map<string, Account>; made: Map<string, Made> }
type Said = readonly [result: string, amount?: bigint]

export class LedgerModel {
  private state: State = { accounts: new Map(), made: new Map() }

  addAccount(id: string, lot: number, limit: bigint | undefined): void {
    this.state.accounts.set(id, { lot, limit, dp: 0n, cp: 0n, dq: 0n, cq: 0n })
  }

  /** The four balances of an account. */
  balance(id: string): readonly bigint[] {
    const account = this.account(id)
    return [account.dp, account.cp, account.dq, account.cq]
  }

  post(batch: readonly ModelEvent[], now: number): Said[] {
    const answers: Said[] = []
    for (let from = 0; from < batch.length; ) {
      let to = from
      while (to < batch.length && batch[to]?.linked === true) to += 1
      const chain = batch.slice(from, to + 1)
      answers.push(
        ...(chain.length === 1 && to < batch.length
          ? this.alone(chain, now)
          : this.chain(chain, from, to >= batch.length, now)),
      )
      from = to + 1
    }
    return answers
  }

  private alone(chain: readonly ModelEvent[], now: number): Said[] {
    return chain.map((event) => this.apply(event, undefined, now))
  }

  private chain(chain: readonly ModelEvent[], offset: number, open: boolean, now: number): Said[] {
    const before = structuredClone(this.state)
    const answers: Said[] = []
    for (const [index, event] of chain.entries()) {
      let said = this.apply(event, chain[0]?.id, now)
      const exists = [...answers, said].filter(([result]) => result === 'exists').length
      const last = index === chain.length - 1
      if (['created', 'exists'].includes(said[0]) && last && open) said = ['linked_chain_open']
      else if (['created', 'exists'].includes(said[0]) && last && exists !== 0 && exists !== chain.length)
        said = ['id_reused linked']
      answers.push(said)
      if (['created', 'exists'].includes(said[0])) continue
      this.state = before
      return chain.map((_, at) => (at === index ? said : [`linked_chain_broken ${offset + index + 1}`]))
    }
    return answers
  }

  private apply(event: ModelEvent, chain: string | undefined, now: number): Said {
    const before = this.state.made.get(event.id)
    if (before !== undefined) {
      const field =
        difference(event, { ...before.event, debit: before.debit, credit: before.credit }) ??
        (before.chain === chain ? undefined : 'linked')
      return field === undefined ? ['exists', before.amount] : [`id_reused ${field}`]
    }
    return event.kind === 'posted' || event.kind === 'pending'
      ? this.move(event, chain, now)
      : this.resolve(event, chain, now)
  }

  private move(event: ModelEvent, chain: string | undefined, now: number): Said {
    const { debit = '', credit = '', amount = 0n } = event
    const [from, to] = [this.account(debit), this.account(credit)]
    if (debit === credit) return ['same_account']
    if (from.lot !== to.lot) return ['other_lot']
    if (event.until !== undefined && event.until <= now) return ['expires_in_past']
    if (amount <= 0n) return ['amount_not_positive']
    let room = (from.limit ?? from.cp) - from.dp - from.dq
    if (to.limit !== undefined && to.dp - to.cp - to.cq < room) room = to.dp - to.cp - to.cq
    if (amount > room) return [`would_overdraw ${room}`]
    if (event.kind === 'posted') {
      from.dp += amount
      to.cp += amount
    } else {
      from.dq += amount
      to.cq += amount
    }
    this.state.made.set(event.id, { event, amount, debit, credit, chain })
    return ['created', amount]
  }

  private resolve(event: ModelEvent, chain: string | undefined, now: number): Said {
    const promise = this.state.made.get(event.pendingId ?? '')
    if (promise === undefined) return ['pending_missing']
    if (promise.event.kind !== 'pending') return ['pending_not_pending']
    if (event.debit !== undefined && event.debit !== promise.debit) return ['pending_differs debit']
    if (event.credit !== undefined && event.credit !== promise.credit) return ['pending_differs credit']
    if (event.kind !== 'post_pending' && event.amount !== undefined && event.amount !== promise.amount)
      return ['pending_differs amount']
    if (promise.resolvedBy === 'post_pending') return ['pending_already_posted']
    if (promise.resolvedBy === 'void_pending') return ['pending_already_voided']
    if (promise.resolvedBy === 'expire_pending') return ['pending_expired']
    const due = promise.event.until !== undefined && promise.event.until <= now
    if (event.kind === 'expire_pending' && !due) return ['pending_not_due']
    if (event.kind !== 'expire_pending' && due) return ['pending_expired']
    const amount = event.kind === 'post_pending' ? (event.amount ?? promise.amount) : promise.amount
    if (amount > promise.amount) return [`exceeds_pending ${promise.amount}`]
    if (amount <= 0n) return ['amount_not_positive']
    const [from, to] = [this.account(promise.debit), this.account(promise.credit)]
    from.dq -= promise.amount
    to.cq -= promise.amount
    if (event.kind === 'post_pending') {
      from.dp += amount
      to.cp += amount
    }
    promise.resolvedBy = event.kind
    this.state.made.set(event.id, { event, amount, debit: promise.debit, credit: promise.credit, chain })
    return ['created', amount]
  }

  private account(id: string): Account {
    const account = this.state.accounts.get(id)
    if (account === undefined) throw new Error(`no account ${id}`)
    return account
  }
}

function difference(now: ModelEvent, then: ModelEvent): string | undefined {
  if (now.kind !== then.kind) return 'kind'
  for (const side of ['debit', 'credit'] as const) {
    const leftOut = now[side] === undefined && then.pendingId !== undefined
    if (!leftOut && now[side] !== then[side]) return side
  }
  if (now.amount !== then.amount) return 'amount'
  if (now.pendingId !== then.pendingId) return 'pending_id'
  if (now.until !== then.until) return 'expires_at'
  return undefined
}
