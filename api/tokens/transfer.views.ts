/** Transfers as screens and other capabilities read them. */
import { type RawBuilder, sql } from 'kysely'
import { BadInput, listOfEach, type MicroTokens, type Page, type Reader, type Uuid } from '../platform/index.ts'

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

const transfers = (reader: Reader, companyId: Uuid | RawBuilder<Uuid>) =>
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
 * A page of each company's transfers, newest first. The keyset is the instant of creation, then the id; the cursor is the id.
 * A company in whose list the cursor does not stand has the error in its place. One query; with a cursor, which stands in one
 * company's list, two.
 */
export async function transferPages(
  reader: Reader,
  companyIds: readonly Uuid[],
  page: Page,
): Promise<Map<Uuid, TransferView[] | BadInput>> {
  const end = page.after === undefined ? 'before' : 'after'
  const cursor = page[end]
  if (cursor === undefined) return listOfEach(reader, companyIds, ({ id }) => bounded(transfers(reader, id), page))
  const answers = new Map<Uuid, TransferView[] | BadInput>(
    companyIds.map((id) => [id, new BadInput([{ path: [end], reason: 'is not a cursor of this list' }])]),
  )
  const places = await reader
    .selectFrom('transfer')
    .select(['holder_id', 'created_at'])
    .where('holder_id', 'in', [...companyIds])
    .where('transfer_id', '=', cursor)
    .execute()
  for (const place of places) {
    const keyset = sql`(${place.created_at}::timestamptz, ${cursor}::uuid)`
    const beyond = transfers(reader, place.holder_id).where(
      end === 'after'
        ? sql<boolean>`(transfer.created_at, transfer.transfer_id) < ${keyset}`
        : sql<boolean>`(transfer.created_at, transfer.transfer_id) > ${keyset}`,
    )
    answers.set(place.holder_id, await bounded(beyond, page).execute())
  }
  return answers
}

function bounded(list: ReturnType<typeof transfers>, { limit, backwards }: Page): ReturnType<typeof transfers> {
  const direction = backwards === true ? 'asc' : 'desc'
  return list.orderBy('transfer.created_at', direction).orderBy('transfer.transfer_id', direction).limit(limit)
}
