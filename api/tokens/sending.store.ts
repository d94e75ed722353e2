/** Writes and locks tokens that are on their way to another holder. */
import {
  instant,
  type MicroTokens,
  NotFound,
  type Reader,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../platform/index.ts'

/** Where a sending is. */
export const SENDING_STATES = ['asked', 'on_its_way', 'completed', 'declined', 'returned'] as const
export type SendingState = (typeof SENDING_STATES)[number]

/** Part of a sending: tokens of one lot. */
export type SentLot = {
  readonly lotId: Uuid
  readonly amount: MicroTokens
  readonly pendingTransferId: Uuid
  readonly expiresOn: string
  readonly transferRule: string
}
export type Sending = {
  readonly ref: Ref
  readonly toCompanyId: Uuid
  readonly tokenClassId: Uuid
  readonly amount: MicroTokens
  readonly reason: string
  readonly state: SendingState
  readonly askedAt: string
  /** Why it was declined or returned. */
  readonly endedBecause: string | null
}

export async function insertSending(
  trx: Trx,
  sending: Omit<Sending, 'state' | 'askedAt' | 'endedBecause'> & { readonly askedBy: Uuid },
  parts: readonly Pick<SentLot, 'lotId' | 'amount' | 'pendingTransferId'>[],
): Promise<void> {
  const at = await instant(trx)
  const { companyId, id } = sending.ref
  await trx
    .insertInto('token_sending')
    .values({
      company_id: companyId,
      sending_id: id,
      to_company_id: sending.toCompanyId,
      token_class_id: sending.tokenClassId,
      amount_micro: sending.amount,
      reason: sending.reason,
      state: 'asked',
      asked_by: sending.askedBy,
      asked_at: at,
      changed_at: at,
    })
    .execute()
  await trx
    .insertInto('token_sending_lot')
    .values(
      parts.map((part, index) => ({
        company_id: companyId,
        sending_id: id,
        draw_order: index + 1,
        lot_id: part.lotId,
        amount_micro: part.amount,
        pending_transfer_id: part.pendingTransferId,
      })),
    )
    .execute()
}

const sendings = (reader: Reader) =>
  reader
    .selectFrom('token_sending')
    .select([
      'company_id',
      'sending_id',
      'to_company_id as toCompanyId',
      'token_class_id as tokenClassId',
      'amount_micro as amount',
      'reason',
      'state',
      'asked_at as askedAt',
      'ended_because as endedBecause',
    ])

type SendingRow = Awaited<ReturnType<ReturnType<typeof sendings>['execute']>>[number]
const sendingOf = ({ company_id: companyId, sending_id: id, ...row }: SendingRow): Sending => ({
  ...row,
  ref: { companyId, id },
  // The column's CHECK lists exactly these.
  state: row.state as SendingState,
})

/** One sending, or `undefined`. */
export async function findSending(reader: Reader, { companyId, id }: Ref): Promise<Sending | undefined> {
  const row = await sendings(reader).where('company_id', '=', companyId).where('sending_id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : sendingOf(row)
}

/** Sendings that wait for somebody, oldest first, at most 100: for consent, or to be completed. */
export async function openSendings(reader: Reader, state: 'asked' | 'on_its_way'): Promise<Sending[]> {
  const rows = await sendings(reader)
    .where('state', '=', state)
    .orderBy('asked_at')
    .orderBy('sending_id')
    .limit(100)
    .execute()
  return rows.map(sendingOf)
}

/** One sending, locked. @throws {NotFound} */
export async function lockSending(trx: Trx, { companyId, id }: Ref): Promise<Sending> {
  const row = await sendings(trx)
    .where('company_id', '=', companyId)
    .where('sending_id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('sending', `TokenSending:${companyId}:${id}`)
  return sendingOf(row)
}

/** The lots of a sending, in the order of drawing. */
export async function lotsOfSending(reader: Reader, { companyId, id }: Ref): Promise<SentLot[]> {
  return reader
    .selectFrom('token_sending_lot as part')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'part.company_id').onRef('lot.lot_id', '=', 'part.lot_id'),
    )
    .where('part.company_id', '=', companyId)
    .where('part.sending_id', '=', id)
    .select([
      'part.lot_id as lotId',
      'part.amount_micro as amount',
      'part.pending_transfer_id as pendingTransferId',
      'lot.expires_on as expiresOn',
      'lot.transfer_rule as transferRule',
    ])
    .orderBy('part.draw_order')
    .execute()
}

/** Moves a locked sending on. @throws {WrongState} when it is not in the state that the step needs */
export async function moveSending(
  trx: Trx,
  sending: Sending,
  step: { from: SendingState; to: SendingState; by?: Uuid; because?: string },
): Promise<void> {
  if (sending.state !== step.from) throw new WrongState('sending', sending.state, [step.from])
  await trx
    .updateTable('token_sending')
    .set({
      state: step.to,
      changed_at: await instant(trx),
      ...(step.by === undefined ? {} : { decided_by: step.by }),
      ...(step.because === undefined ? {} : { ended_because: step.because }),
    })
    .where('company_id', '=', sending.ref.companyId)
    .where('sending_id', '=', sending.ref.id)
    .where('state', '=', step.from)
    .execute()
}

export type Receipt = { readonly outcome: 'taken' | 'refused'; readonly because: string | null }

/** What the receiver's side says of a sending; `undefined` while it has said nothing. */
export async function findReceipt(reader: Reader, receiver: Uuid, sendingId: Uuid): Promise<Receipt | undefined> {
  const row = await reader
    .selectFrom('token_receipt')
    .select(['outcome', 'because'])
    .where('company_id', '=', receiver)
    .where('sending_id', '=', sendingId)
    .executeTakeFirst()
  return row === undefined
    ? undefined
    : { outcome: row.outcome === 'taken' ? 'taken' : 'refused', because: row.because }
}

export async function insertReceipt(trx: Trx, sending: Sending, receipt: Receipt): Promise<void> {
  await trx
    .insertInto('token_receipt')
    .values({
      company_id: sending.toCompanyId,
      sending_id: sending.ref.id,
      from_company_id: sending.ref.companyId,
      amount_micro: sending.amount,
      outcome: receipt.outcome,
      because: receipt.because,
      at: await instant(trx),
    })
    .execute()
}
