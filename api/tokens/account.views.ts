/** Accounts as the use cases of this capability read them, after {@link lockTokens}. */
import type { MicroTokens, Reader, Uuid } from '../platform/index.ts'
import { type AccountKind, isAccountKind } from './account-kind.ts'

/** The accounts of one lot: id, and what can still be taken from it (posted and not promised away by a pending transfer). */
export type LotAccounts = {
  readonly lotId: Uuid
  readonly grantId: Uuid | null
  readonly tokenClassId: Uuid
  readonly expiresOn: string
  readonly drawRank: number
  readonly openedAt: string
  readonly origin: string
  /** Whether money was paid for it. */
  readonly paid: boolean
  readonly accounts: ReadonlyMap<AccountKind, { readonly id: Uuid; readonly left: MicroTokens }>
}

/** All lots of a company with their accounts, in no order. */
export async function lotAccounts(reader: Reader, companyId: Uuid): Promise<readonly LotAccounts[]> {
  const rows = await reader
    .selectFrom('ledger_account as account')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'account.holder_id').onRef('lot.lot_id', '=', 'account.lot_id'),
    )
    .where('account.holder_id', '=', companyId)
    .select([
      'lot.lot_id',
      'lot.grant_id',
      'lot.token_class_id',
      'lot.expires_on',
      'lot.draw_rank',
      'lot.opened_at',
      'lot.origin',
      'lot.cost',
      'account.account_id',
      'account.kind',
      'account.credits_posted',
      'account.debits_posted',
      'account.debits_pending',
    ])
    .execute()
  const lots = new Map<Uuid, LotAccounts & { accounts: Map<AccountKind, { id: Uuid; left: MicroTokens }> }>()
  for (const row of rows) {
    const lot = lots.get(row.lot_id) ?? {
      lotId: row.lot_id,
      grantId: row.grant_id,
      tokenClassId: row.token_class_id,
      expiresOn: row.expires_on,
      drawRank: row.draw_rank,
      openedAt: row.opened_at,
      origin: row.origin,
      paid: row.cost !== null,
      accounts: new Map(),
    }
    lots.set(row.lot_id, lot)
    if (!isAccountKind(row.kind)) throw new Error(`the account kind ${row.kind} is unknown`)
    lot.accounts.set(row.kind, {
      id: row.account_id,
      left: row.credits_posted - row.debits_posted - row.debits_pending,
    })
  }
  return [...lots.values()]
}

/** One account of a lot: every lot has all kinds. */
export function accountOf(lot: LotAccounts, kind: AccountKind): { readonly id: Uuid; readonly left: MicroTokens } {
  const account = lot.accounts.get(kind)
  if (account === undefined) throw new Error(`lot ${lot.lotId} has no account ${kind}`)
  return account
}
