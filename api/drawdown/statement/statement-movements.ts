/** What moved in a statement's month, so that opening and movements come to the closing balances, to the micro-token. */
import { formatTokens, globalId, type MicroTokens, type Trx, type Uuid } from '../../platform/index.ts'
import { ACCOUNT_KINDS, flowsUntil } from '../../tokens/index.ts'
import type { LateMove } from '../correction/statement-corrections.ts'

/** One line: tokens of a class that went from one account to another for one reason. */
export type Movement = {
  readonly tokenClass: string
  readonly from: string
  readonly to: string
  readonly reason: string
  /** In the month. Negative where a promise of an earlier month was taken back. */
  readonly amount: MicroTokens
  /** Since the first grant: the next statement begins here. */
  readonly total: MicroTokens
}

type Key = Pick<Movement, 'tokenClass' | 'from' | 'to' | 'reason'>
const keyOf = ({ tokenClass, from, to, reason }: Key): string => [tokenClass, from, to, reason].join(' ')

/**
 * The movements from what the statement before has counted (`before`, none for the first) up to `close`. What was posted
 * late, under an instant that is stated already, is in the difference of the totals and so in this statement. `late` are
 * corrections that count before `close` and moved their tokens after it.
 */
export async function movementsUntil(
  trx: Trx,
  companyId: Uuid,
  close: string,
  before: readonly (Key & { readonly total: MicroTokens })[],
  late: readonly LateMove[],
): Promise<readonly Movement[]> {
  const counted = new Map(before.map((movement) => [keyOf(movement), movement.total]))
  const all = [...(await flowsUntil(trx, companyId, close)), ...late].map((flow) => ({
    tokenClass: globalId('TokenClass', flow.tokenClassId),
    from: flow.from as string,
    to: flow.to as string,
    reason: flow.reason,
    total: flow.amount,
  }))
  const now = new Map(
    [...Map.groupBy(all, keyOf)].flatMap(([key, same]) => {
      const [first] = same
      const total = same.reduce((sum, flow) => sum + flow.total, 0n)
      return first === undefined ? [] : [[key, { ...first, total }] as const]
    }),
  )
  const flows = [...now.values()]
  const gone = before.filter((movement) => !now.has(keyOf(movement))).map((movement) => ({ ...movement, total: 0n }))
  return [...flows, ...gone].map((flow) => ({
    tokenClass: flow.tokenClass,
    from: flow.from,
    to: flow.to,
    reason: flow.reason,
    amount: flow.total - (counted.get(keyOf(flow)) ?? 0n),
    total: flow.total,
  }))
}

/** The balances of one class with which a statement opens and closes. */
export type ClassBalances = {
  readonly tokenClass: string
  readonly accounts: readonly { readonly kind: string; readonly opening: MicroTokens; readonly closing: MicroTokens }[]
}

/**
 * Checks that opening + what came - what went = closing, for every account of every class. `obligation` counts what is
 * owed: it grows by what leaves it.
 *
 * @throws {Error} where they differ: the ledger and the statement would tell two stories, so nothing is stated
 */
export function mustAddUp(balances: readonly ClassBalances[], movements: readonly Movement[]): void {
  for (const { tokenClass, accounts } of balances) {
    for (const kind of ACCOUNT_KINDS) {
      const account = accounts.find((each) => each.kind === kind)
      const sum = (side: 'from' | 'to') =>
        movements
          .filter((movement) => movement.tokenClass === tokenClass && movement[side] === kind)
          .reduce((total, movement) => total + movement.amount, 0n)
      const net = kind === 'obligation' ? sum('from') - sum('to') : sum('to') - sum('from')
      const [opening, closing] = [account?.opening ?? 0n, account?.closing ?? 0n]
      if (opening + net === closing) continue
      throw new Error(
        `${tokenClass} ${kind}: ${formatTokens(opening)} and movements of ${formatTokens(net)} are not ${formatTokens(closing)}`,
      )
    }
  }
}
