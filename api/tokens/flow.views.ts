/** Flows between accounts: what a statement's movements are made of. */
import { sql } from 'kysely'
import type { MicroTokens, Reader, Uuid } from '../platform/index.ts'
import { type AccountKind, isAccountKind } from './account-kind.ts'

/**
 * Tokens of one class that went from one kind of account to another for one reason, since the first lot. What is promised
 * by a pending transfer has gone; a voided or expired promise goes back under its own reason, as a negative flow. So the
 * balances of {@link balancesAsOf} are exactly what flowed in less what flowed out. Micro-tokens.
 */
export type Flow = {
  readonly tokenClassId: Uuid
  readonly from: AccountKind
  readonly to: AccountKind
  /** Why, as the transfer says: `release`. */
  readonly reason: string
  readonly amount: MicroTokens
}

/** The flows of a company's tokens up to and including an instant, in order of class, accounts and reason. One query. */
export async function flowsUntil(reader: Reader, companyId: Uuid, at: string): Promise<readonly Flow[]> {
  const { rows } = await sql<{
    tokenClassId: Uuid
    from: string
    to: string
    reason: string
    amount: MicroTokens
  }>`
    SELECT lot.token_class_id AS "tokenClassId", debit.kind AS "from", credit.kind AS "to", transfer.reason,
      sum(CASE transfer.kind WHEN 'posted' THEN transfer.amount_micro WHEN 'pending' THEN transfer.amount_micro
        WHEN 'post_pending' THEN transfer.amount_micro - promise.amount_micro ELSE -promise.amount_micro END)::bigint AS amount
    FROM transfer
    JOIN lot ON lot.company_id = transfer.holder_id AND lot.lot_id = transfer.lot_id
    JOIN ledger_account AS debit ON debit.holder_id = transfer.holder_id AND debit.account_id = transfer.debit_account_id
    JOIN ledger_account AS credit ON credit.holder_id = transfer.holder_id AND credit.account_id = transfer.credit_account_id
    LEFT JOIN transfer AS promise ON promise.holder_id = transfer.holder_id AND promise.transfer_id = transfer.pending_id
    WHERE transfer.holder_id = ${companyId} AND transfer.created_at <= ${at}::timestamptz
    GROUP BY lot.token_class_id, debit.kind, credit.kind, transfer.reason
    ORDER BY lot.token_class_id, debit.kind, credit.kind, transfer.reason`.execute(reader)
  return rows.map(({ from, to, ...row }) => {
    if (!isAccountKind(from) || !isAccountKind(to)) throw new Error(`the account kind ${from} or ${to} is unknown`)
    return { ...row, from, to }
  })
}
