/** Transfers as screens and other capabilities read them. */
import { sql } from 'kysely'
import { BadInput, type MicroTokens, type Reader, type Uuid } from '../platform/index.ts'

export type TransferView = {
  readonly companyId: Uuid
  readonly transferId: Uuid
  readonly lotId: Uuid
  readonly kind: string
  /** Kind of the account debited and of the account credited. */
  readonly debit: string
  readonly credit: string
  readonly amount: MicroTokens
  readonly pendingId: Uuid | null
  readonly expiresAt: string | null
  readonly reversesId: Uuid | null
  readonly reason: string
  readonly subject: string | null
  readonly createdAt: string
}

const transfers = (reader: Reader, companyId: Uuid) =>
  reader
    .selectFrom('transfer')
    .innerJoin('ledger_account as debit', (on) =>
      on
        .onRef('debit.holder_id', '=', 'transfer.holder_id')
        .onRef('debit.account_id', '=', 'transfer.debit_account_id'),
    )
    .innerJoin('ledger_account as credit', (on) =>
      on
        .onRef('credit.holder_id', '=', 'transfer.holder_id')
        .onRef('credit.account_id', '=', 'transfer.credit_account_id'),
    )
    .where('transfer.holder_id', '=', companyId)
    .select([
      'transfer.holder_id as companyId',
      'transfer.transfer_id as transferId',
      'transfer.lot_id as lotId',
      'transfer.kind',
      'debit.kind as debit',
      'credit.kind as credit',
      'transfer.amount_micro as amount',
      'transfer.pending_id as pendingId',
      'transfer.expires_at as expiresAt',
      'transfer.reverses_id as reversesId',
      'transfer.reason',
      'transfer.subject',
      'transfer.created_at as createdAt',
    ])

/** One transfer of a company, or `undefined`. */
export async function findTransfer(
  reader: Reader,
  companyId: Uuid,
  transferId: Uuid,
): Promise<TransferView | undefined> {
  return transfers(reader, companyId).where('transfer.transfer_id', '=', transferId).executeTakeFirst()
}

/**
 * A page of a company's transfers, newest first. The keyset is the instant of creation, then the id; the cursor is the id.
 *
 * @throws {BadInput} when a cursor is none of this list
 */
export async function transferPage(
  reader: Reader,
  companyId: Uuid,
  page: { limit: number; after?: Uuid | undefined; before?: Uuid | undefined; backwards?: boolean },
): Promise<TransferView[]> {
  let query = transfers(reader, companyId).limit(page.limit)
  for (const end of ['after', 'before'] as const) {
    const cursor = page[end]
    if (cursor === undefined) continue
    const place = await findTransfer(reader, companyId, cursor)
    if (place === undefined) throw new BadInput([{ path: [end], reason: 'is not a cursor of this list' }])
    const keyset = sql`(${place.createdAt}::timestamptz, ${cursor}::uuid)`
    query = query.where(
      end === 'after'
        ? sql<boolean>`(transfer.created_at, transfer.transfer_id) < ${keyset}`
        : sql<boolean>`(transfer.created_at, transfer.transfer_id) > ${keyset}`,
    )
  }
  const direction = page.backwards === true ? 'asc' : 'desc'
  return query.orderBy('transfer.created_at', direction).orderBy('transfer.transfer_id', direction).execute()
}
