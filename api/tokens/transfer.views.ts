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

const transfers = (reader: Reader, companyId: Uuid | Expression<Uuid>) =>
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
 * A company in whose list a cursor does not stand has the error in its place. At most two queries.
 */
export async function transferPages(
  reader: Reader,
  companyIds: readonly Uuid[],
  page: Page,
): Promise<Map<Uuid, TransferView[] | BadInput>> {
  const cursors = [page.after, page.before].filter((cursor) => cursor !== undefined)
  const places = await placesOf(reader, companyIds, cursors)
  const answers = new Map<Uuid, TransferView[] | BadInput>()
  for (const companyId of companyIds) {
    const missing = (['after', 'before'] as const).find(
      (end) => page[end] !== undefined && !places.get(companyId)?.has(page[end]),
    )
    if (missing === undefined) continue
    answers.set(companyId, new BadInput([{ path: [missing], reason: 'is not a cursor of this list' }]))
  }
  const asked = companyIds.filter((companyId) => !answers.has(companyId))
  const createdAt = (cursor: Uuid | undefined) =>
    asked.map((companyId) => (cursor === undefined ? null : (places.get(companyId)?.get(cursor) ?? null)))
  const found = await listOfEach(
    reader,
    asked,
    ({ id, extra }) => pageFrom(transfers(reader, id), page, extra),
    { afterAt: createdAt(page.after), beforeAt: createdAt(page.before) },
  )
  for (const [companyId, rows] of found) answers.set(companyId, rows)
  return answers
}
