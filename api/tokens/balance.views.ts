/** Balances as screens and other capabilities read them. */
import { sql } from 'kysely'
import { type MicroTokens, type Reader, type Ref, Refused, type Uuid } from '../platform/index.ts'
import { ACCOUNT_KINDS, type AccountKind, isAccountKind } from './account-kind.ts'
import { isAfter } from './instants.ts'

/** One account of a lot, or one kind of account over lots. Micro-tokens. */
export type AccountBalance = {
  readonly kind: AccountKind
  /** The account; `null` for a sum over lots. */
  readonly account: Ref | null
  /**
   * What counts as being there: posted, less what pending transfers will take, plus what they will bring. Over all kinds
   * but `obligation` these add up to what was granted and did not leave.
   */
  readonly amount: MicroTokens
  /** What was posted. */
  readonly posted: MicroTokens
  /** What pending transfers will take if they are posted. */
  readonly pendingOut: MicroTokens
  /** What pending transfers will bring if they are posted. */
  readonly pendingIn: MicroTokens
}
/** The accounts of one lot, one of each kind, in the order of {@link ACCOUNT_KINDS}. */
export type LotBalance = {
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  /** The last day of its tokens, as it is agreed now. */
  readonly expiresOn: string
  readonly accounts: readonly AccountBalance[]
}

type AccountRow = {
  readonly holder_id: Uuid
  readonly account_id: Uuid
  readonly lot_id: Uuid
  readonly token_class_id: Uuid
  readonly expires_on: string
  readonly kind: string
  readonly debits_posted: bigint
  readonly credits_posted: bigint
  readonly debits_pending: bigint
  readonly credits_pending: bigint
}

/** The balances of a holder: by lot, oldest lot first, and over all lots. */
export type Balances = { readonly lots: readonly LotBalance[]; readonly totals: readonly AccountBalance[] }

/** The balances of a company now. */
export async function balances(reader: Reader, companyId: Uuid): Promise<Balances> {
  return (await balancesByCompany(reader, [companyId])).get(companyId) ?? byLot([])
}

/** The balances of these companies now; a company that never held tokens is left out. One query. */
export async function balancesByCompany(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, Balances>> {
  if (companyIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('ledger_account as account')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'account.holder_id').onRef('lot.lot_id', '=', 'account.lot_id'),
    )
    .where('account.holder_id', 'in', [...companyIds])
    .select([
      'account.holder_id',
      'account.account_id',
      'account.lot_id',
      'lot.token_class_id',
      'lot.expires_on',
      'account.kind',
      'account.debits_posted',
      'account.credits_posted',
      'account.debits_pending',
      'account.credits_pending',
    ])
    .orderBy('lot.lot_id')
    .execute()
  const byHolder = Map.groupBy(rows, (row) => row.holder_id)
  return new Map([...byHolder].map(([holderId, held]) => [holderId, byLot(held)]))
}

function byLot(rows: readonly AccountRow[]): Balances {
  const lots = new Map<Uuid, Omit<LotBalance, 'accounts'> & { accounts: AccountBalance[] }>()
  for (const row of rows) {
    const { lot_id: lotId, token_class_id: tokenClassId, expires_on: expiresOn } = row
    const lot = lots.get(lotId) ?? { lotId, tokenClassId, expiresOn, accounts: [] }
    lots.set(row.lot_id, lot)
    lot.accounts.push(balanceOf(row))
  }
  const place = ({ kind }: AccountBalance) => ACCOUNT_KINDS.indexOf(kind)
  for (const lot of lots.values()) lot.accounts.sort((a, b) => place(a) - place(b))
  return { lots: [...lots.values()], totals: sumBalances([...lots.values()]) }
}

function balanceOf(row: AccountRow): AccountBalance {
  if (!isAccountKind(row.kind)) throw new Error(`the account kind ${row.kind} is unknown`)
  const contra = row.kind === 'obligation'
  const net = row.credits_posted - row.debits_posted
  const posted = contra ? -net : net
  const pendingOut = contra ? row.credits_pending : row.debits_pending
  const pendingIn = contra ? row.debits_pending : row.credits_pending
  const account = { companyId: row.holder_id, id: row.account_id }
  return { kind: row.kind, account, amount: posted - pendingOut + pendingIn, posted, pendingOut, pendingIn }
}

/** Balances added up, over lots: of one class, or of a holder. */
export function sumBalances(lots: readonly LotBalance[]): readonly AccountBalance[] {
  return ACCOUNT_KINDS.map((kind) => {
    const accounts = lots.flatMap((lot) => lot.accounts.filter((account) => account.kind === kind))
    const sum = (of: (account: AccountBalance) => MicroTokens) => accounts.reduce((total, each) => total + of(each), 0n)
    return {
      kind,
      account: null,
      amount: sum((each) => each.amount),
      posted: sum((each) => each.posted),
      pendingOut: sum((each) => each.pendingOut),
      pendingIn: sum((each) => each.pendingIn),
    }
  })
}

/**
 * The balances of each of these companies by lot as they were at an instant, from the transfers up to then. Lots that were
 * opened later are left out. Where there is no record, before a company's first lot and after `now`, stands a refusal. Two
 * queries.
 */
export async function balancesAsOf(
  reader: Reader,
  companyIds: readonly Uuid[],
  at: string,
  now: string,
): Promise<Map<Uuid, Balances | Refused>> {
  if (companyIds.length === 0) return new Map()
  const openings = await reader
    .selectFrom('lot')
    .where('company_id', 'in', [...companyIds])
    .select(['company_id', (on) => on.fn.min('opened_at').as('first')])
    .groupBy('company_id')
    .execute()
  const firsts = new Map(openings.map((row) => [row.company_id, row.first]))
  const answers = new Map<Uuid, Balances | Refused>()
  for (const companyId of companyIds) {
    const refusal = unrecorded(firsts.get(companyId), at, now)
    if (refusal !== undefined) answers.set(companyId, refusal)
  }
  const asked = companyIds.filter((companyId) => !answers.has(companyId))
  if (asked.length === 0) return answers
  const rows = await reader
    .with('event', (history) =>
      history
        .selectFrom('transfer')
        .leftJoin('transfer as promise', (on) =>
          on
            .onRef('promise.holder_id', '=', 'transfer.holder_id')
            .onRef('promise.transfer_id', '=', 'transfer.pending_id'),
        )
        .where('transfer.holder_id', 'in', asked)
        .where('transfer.created_at', '<=', at)
        .select([
          'transfer.holder_id as holder',
          'transfer.debit_account_id as debit',
          'transfer.credit_account_id as credit',
          sql<bigint>`CASE WHEN transfer.kind IN ('posted', 'post_pending') THEN transfer.amount_micro ELSE 0 END`.as(
            'posted',
          ),
          sql<bigint>`CASE transfer.kind WHEN 'pending' THEN transfer.amount_micro WHEN 'posted' THEN 0
            ELSE -promise.amount_micro END`.as('pending'),
        ]),
    )
    .with('side', (history) =>
      history
        .selectFrom('event')
        .select([
          'holder',
          'debit as account',
          'posted as dp',
          'pending as dq',
          sql<bigint>`0`.as('cp'),
          sql<bigint>`0`.as('cq'),
        ])
        .unionAll(
          history
            .selectFrom('event')
            .select([
              'holder',
              'credit as account',
              sql<bigint>`0`.as('dp'),
              sql<bigint>`0`.as('dq'),
              'posted as cp',
              'pending as cq',
            ]),
        ),
    )
    .selectFrom('ledger_account as account')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'account.holder_id').onRef('lot.lot_id', '=', 'account.lot_id'),
    )
    .leftJoin('side', (on) =>
      on.onRef('side.holder', '=', 'account.holder_id').onRef('side.account', '=', 'account.account_id'),
    )
    .where('account.holder_id', 'in', asked)
    .where('lot.opened_at', '<=', at)
    .groupBy(['account.holder_id', 'account.account_id', 'account.lot_id', 'lot.token_class_id', 'lot.expires_on'])
    .groupBy('account.kind')
    .select([
      'account.holder_id',
      'account.account_id',
      'account.lot_id',
      'lot.token_class_id',
      'lot.expires_on',
      'account.kind',
      sql<bigint>`coalesce(sum(dp), 0)::bigint`.as('debits_posted'),
      sql<bigint>`coalesce(sum(cp), 0)::bigint`.as('credits_posted'),
      sql<bigint>`coalesce(sum(dq), 0)::bigint`.as('debits_pending'),
      sql<bigint>`coalesce(sum(cq), 0)::bigint`.as('credits_pending'),
    ])
    .orderBy('account.lot_id')
    .execute()
  for (const [companyId, held] of Map.groupBy(rows, (row) => row.holder_id)) answers.set(companyId, byLot(held))
  return answers
}

function unrecorded(first: string | undefined, at: string, now: string): Refused | undefined {
  if (first === undefined) return new Refused('asOf', 'has no answer: this company never held tokens')
  if (isAfter(first, at)) return new Refused('asOf', `is before this company's first lot, opened ${first}`)
  return isAfter(at, now) ? new Refused('asOf', 'is in the future') : undefined
}
