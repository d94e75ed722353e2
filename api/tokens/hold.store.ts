/** Writes and locks holds. */
import { sql } from 'kysely'
import { instant, type MicroTokens, NotFound, type Reader, type Trx, type Uuid } from '../platform/index.ts'

/** `pending` until the first usage posts it; `closed` when what was left of it was returned; `joined` when another took it up. */
export type HoldState = 'pending' | 'posted' | 'closed' | 'voided' | 'expired' | 'joined'

/** A hold with the lots it drew, in the order of drawing. */
export type Hold = {
  readonly companyId: Uuid
  readonly holdId: Uuid
  readonly tokenClassId: Uuid
  readonly amount: MicroTokens
  readonly state: HoldState
  /** A pending hold can only expire from this instant on. */
  readonly expiresAt: string
  readonly lots: readonly HoldLot[]
}
export type HoldLot = {
  readonly lotId: Uuid
  readonly amount: MicroTokens
  readonly charged: MicroTokens
  readonly pendingTransferId: Uuid
}

export async function insertHold(trx: Trx, hold: Omit<Hold, 'state'>): Promise<void> {
  const at = await instant(trx)
  await trx
    .insertInto('token_hold')
    .values({
      company_id: hold.companyId,
      hold_id: hold.holdId,
      token_class_id: hold.tokenClassId,
      amount_micro: hold.amount,
      state: 'pending',
      expires_at: hold.expiresAt,
      opened_at: at,
      changed_at: at,
    })
    .execute()
  await trx
    .insertInto('token_hold_lot')
    .values(
      hold.lots.map((lot, index) => ({
        company_id: hold.companyId,
        hold_id: hold.holdId,
        draw_order: index + 1,
        lot_id: lot.lotId,
        amount_micro: lot.amount,
        charged_micro: lot.charged,
        pending_transfer_id: lot.pendingTransferId,
      })),
    )
    .execute()
}

/** Locks these holds of a company, whose accounts are locked; those that do not exist are left out. */
export async function lockHolds(trx: Trx, companyId: Uuid, holdIds: readonly Uuid[]): Promise<Map<Uuid, Hold>> {
  if (holdIds.length === 0) return new Map()
  await trx
    .selectFrom('token_hold')
    .select('hold_id')
    .where('company_id', '=', companyId)
    .where('hold_id', 'in', [...holdIds])
    .orderBy('hold_id')
    .forNoKeyUpdate()
    .execute()
  return readHolds(trx, companyId, holdIds)
}

/** One hold, locked. @throws {NotFound} */
export async function lockHold(trx: Trx, companyId: Uuid, holdId: Uuid): Promise<Hold> {
  const hold = (await lockHolds(trx, companyId, [holdId])).get(holdId)
  if (hold === undefined) throw new NotFound('hold', `TokenHold:${companyId}:${holdId}`)
  return hold
}

/** These holds of a company, by id. One query. */
export async function readHolds(reader: Reader, companyId: Uuid, holdIds: readonly Uuid[]): Promise<Map<Uuid, Hold>> {
  if (holdIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('token_hold as hold')
    .innerJoin('token_hold_lot as part', (on) =>
      on.onRef('part.company_id', '=', 'hold.company_id').onRef('part.hold_id', '=', 'hold.hold_id'),
    )
    .where('hold.company_id', '=', companyId)
    .where('hold.hold_id', 'in', [...holdIds])
    .select([
      'hold.hold_id as holdId',
      'hold.token_class_id as tokenClassId',
      'hold.amount_micro as amount',
      'hold.state',
      'hold.expires_at as expiresAt',
      'part.lot_id as lotId',
      'part.amount_micro as lotAmount',
      'part.charged_micro as charged',
      'part.pending_transfer_id as pendingTransferId',
    ])
    .orderBy('hold.hold_id')
    .orderBy('part.draw_order')
    .execute()
  const holds = new Map<Uuid, Hold & { lots: HoldLot[] }>()
  for (const { lotId, lotAmount, charged, pendingTransferId, ...row } of rows) {
    const hold = holds.get(row.holdId) ?? { ...row, companyId, state: row.state as HoldState, lots: [] }
    holds.set(row.holdId, hold)
    hold.lots.push({ lotId, amount: lotAmount, charged, pendingTransferId })
  }
  return holds
}

/** Moves a locked hold from one state to another. */
export async function moveHold(trx: Trx, hold: Hold, to: HoldState): Promise<void> {
  const moved = await trx
    .updateTable('token_hold')
    .set({ state: to, changed_at: await instant(trx) })
    .where('company_id', '=', hold.companyId)
    .where('hold_id', '=', hold.holdId)
    .where('state', '=', hold.state)
    .executeTakeFirst()
  if (moved.numUpdatedRows !== 1n) throw new Error(`the hold ${hold.holdId} changed while it was locked`)
}

/** Adds charges to the parts of locked holds. One query. */
export async function addCharged(
  trx: Trx,
  companyId: Uuid,
  parts: readonly { readonly holdId: Uuid; readonly lotId: Uuid; readonly amount: MicroTokens }[],
): Promise<void> {
  if (parts.length === 0) return
  await sql`
    UPDATE token_hold_lot AS part SET charged_micro = part.charged_micro + more.amount
    FROM (SELECT hold_id, lot_id, sum(amount)::bigint AS amount
      FROM unnest(${parts.map((part) => part.holdId)}::uuid[], ${parts.map((part) => part.lotId)}::uuid[],
        ${parts.map((part) => part.amount.toString())}::bigint[]) AS each (hold_id, lot_id, amount)
      GROUP BY hold_id, lot_id) AS more
    WHERE part.company_id = ${companyId} AND part.hold_id = more.hold_id AND part.lot_id = more.lot_id`.execute(trx)
}

/** Adds lots to a locked hold: to the parts of the lots that it has, and after them. */
export async function takeLots(trx: Trx, hold: Hold, lots: readonly HoldLot[]): Promise<void> {
  const own = new Set(hold.lots.map(({ lotId }) => lotId))
  const more = lots.filter(({ lotId }) => !own.has(lotId))
  await addAmounts(
    trx,
    hold,
    lots.filter(({ lotId }) => own.has(lotId)).map(({ lotId, amount }) => ({ lotId, amount })),
  )
  if (more.length > 0) {
    await trx
      .insertInto('token_hold_lot')
      .values(
        more.map((lot, index) => ({
          company_id: hold.companyId,
          hold_id: hold.holdId,
          draw_order: hold.lots.length + index + 1,
          lot_id: lot.lotId,
          amount_micro: lot.amount,
          charged_micro: lot.charged,
          pending_transfer_id: lot.pendingTransferId,
        })),
      )
      .execute()
  }
  await setAmount(
    trx,
    hold,
    lots.reduce((sum, { amount }) => sum + amount, hold.amount),
  )
}

/** Takes lots away from a locked hold. The database refuses to take what is charged. */
export async function giveLots(trx: Trx, hold: Hold, lots: readonly HoldLot[]): Promise<void> {
  await addAmounts(
    trx,
    hold,
    lots.map(({ lotId, amount }) => ({ lotId, amount: -amount })),
  )
  await setAmount(
    trx,
    hold,
    lots.reduce((sum, { amount }) => sum - amount, hold.amount),
  )
}

async function addAmounts(
  trx: Trx,
  { companyId, holdId }: Hold,
  parts: readonly { readonly lotId: Uuid; readonly amount: MicroTokens }[],
): Promise<void> {
  if (parts.length === 0) return
  await sql`
    UPDATE token_hold_lot AS part SET amount_micro = part.amount_micro + more.amount
    FROM unnest(${parts.map((part) => part.lotId)}::uuid[], ${parts.map((part) => part.amount.toString())}::bigint[])
      AS more (lot_id, amount)
    WHERE part.company_id = ${companyId} AND part.hold_id = ${holdId} AND part.lot_id = more.lot_id`.execute(trx)
}

async function setAmount(trx: Trx, { companyId, holdId }: Hold, amount: MicroTokens): Promise<void> {
  await trx
    .updateTable('token_hold')
    .set({ amount_micro: amount, changed_at: await instant(trx) })
    .where('company_id', '=', companyId)
    .where('hold_id', '=', holdId)
    .execute()
}
