import { globalId, type MicroTokens, type Reader, type Uuid } from '../platform/index.ts'

/** A charge as it was posted. */
export type PostedCharge = {
  readonly holdId: Uuid
  readonly cause: string
  readonly parts: readonly { readonly lotId: Uuid; readonly grantId: Uuid | null; readonly amount: MicroTokens }[]
}

/**
 * Those of these charges that were posted before, by id. A charge over several lots is a linked chain under the charge's
 * id; an id that stands for another transfer of the company shows as a charge of no hold.
 */
export async function postedCharges(
  reader: Reader,
  companyId: Uuid,
  charges: readonly { readonly chargeId: Uuid }[],
): Promise<Map<Uuid, PostedCharge>> {
  if (charges.length === 0) return new Map()
  const ids = charges.map((each) => each.chargeId)
  const query = (by: 'transfer.transfer_id' | 'transfer.linked_batch') =>
    reader
      .selectFrom('transfer')
      .innerJoin('lot', (on) =>
        on.onRef('lot.company_id', '=', 'transfer.holder_id').onRef('lot.lot_id', '=', 'transfer.lot_id'),
      )
      .innerJoin('ledger_account as credit', (on) =>
        on
          .onRef('credit.holder_id', '=', 'transfer.holder_id')
          .onRef('credit.account_id', '=', 'transfer.credit_account_id'),
      )
      .where('transfer.holder_id', '=', companyId)
      .where(by, 'in', ids)
      .select([
        'transfer.transfer_id as transferId',
        'transfer.linked_batch as chain',
        'transfer.lot_id as lotId',
        'transfer.amount_micro as amount',
        'transfer.subject',
        'transfer.created_at as at',
        'credit.kind',
        'lot.grant_id as grantId',
      ])
  const single = await query('transfer.transfer_id').execute()
  if (single.length === 0) return new Map()
  const chained = single.some((row) => row.chain !== null)
    ? await query('transfer.linked_batch').orderBy('transfer.created_at').execute()
    : []
  const subject = globalId('TokenHold', companyId, '')
  return new Map(
    single.map((row) => {
      const rows = row.chain === null ? [row] : chained.filter((other) => other.chain === row.chain)
      return [
        row.transferId,
        {
          holdId: row.subject?.startsWith(subject) === true ? row.subject.slice(subject.length) : '',
          cause: row.kind.startsWith('charged:') ? row.kind.slice('charged:'.length) : '',
          parts: rows.map(({ lotId, grantId, amount }) => ({ lotId, grantId, amount })),
        },
      ]
    }),
  )
}
