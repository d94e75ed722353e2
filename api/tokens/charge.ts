import { globalId, type MicroTokens, NotFound, type Trx, type Uuid, WrongState } from '../platform/index.ts'
import { accountOf, type LotAccounts, lotAccounts } from './account.views.ts'
import { type ChargeCause, chargedKind } from './account-kind.ts'
import { type PostedCharge, postedCharges } from './charge.views.ts'
import { derivedId } from './derived-id.ts'
import { draw } from './draw.ts'
import { ExceedsHold, HoldAlreadyVoided, HoldExpired, TransferIdReused } from './errors.ts'
import { addCharged, type Hold, lockHolds } from './hold.store.ts'
import { type LedgerEvent, lockTokens, postAll } from './ledger.store.ts'

export type NewCharge = {
  readonly holdId: Uuid
  readonly cause: ChargeCause
  /** Zero charges nothing: metering rounds down, and the next charge makes up for it. */
  readonly amount: MicroTokens
  /** New for each charge; the same charge again changes nothing and gets the same answer. */
  readonly chargeId: Uuid
  /** Charges only these lots of the hold (default: all of them). */
  readonly lots?: ReadonlySet<Uuid>
}
/** What a charge took from one lot. `grantId` is `null` for tokens that vest nothing. */
export type ChargedPart = { readonly lotId: Uuid; readonly grantId: Uuid | null; readonly amount: MicroTokens }

/**
 * Charges tokens of a posted hold by cause. The hold's lots are charged in the order in which they were drawn.
 *
 * @throws {ExceedsHold} when less is left of the hold
 * @throws {WrongState | HoldExpired | HoldAlreadyVoided} when the hold is not posted
 * @throws {TransferIdReused} when the id stands for another charge
 */
export async function charge(trx: Trx, asked: NewCharge & { companyId: Uuid }): Promise<readonly ChargedPart[]> {
  const [parts] = await chargeAll(trx, { companyId: asked.companyId, charges: [asked] })
  return parts ?? []
}

/** Charges many times in one batch: all or none, with the answer to each, in order. Takes the locks of `lockTokens`. */
export async function chargeAll(
  trx: Trx,
  asked: { readonly companyId: Uuid; readonly charges: readonly NewCharge[] },
): Promise<readonly (readonly ChargedPart[])[]> {
  const { companyId, charges } = asked
  await lockTokens(trx, companyId)
  const holds = await lockHolds(trx, companyId, [...new Set(charges.map((each) => each.holdId))])
  const before = await postedCharges(trx, companyId, charges)
  const lots = new Map((await lotAccounts(trx, companyId)).map((lot) => [lot.lotId, lot]))
  const left = new Map([...holds.values()].map((hold) => [hold.holdId, sourcesOf(hold)]))
  const answered = new Map<Uuid, { readonly charge: NewCharge; readonly parts: readonly ChargedPart[] }>()
  const events: LedgerEvent[] = []
  const charged: { holdId: Uuid; lotId: Uuid; amount: MicroTokens }[] = []

  const answers = charges.map((each) => {
    if (each.amount < 0n) throw new RangeError(`cannot charge ${each.amount}`)
    const again = answered.get(each.chargeId)
    if (again !== undefined) return refuseOther(each, { ...again.charge, parts: again.parts })
    const posted = before.get(each.chargeId)
    if (posted !== undefined) return refuseOther(each, posted)
    const hold = mustBePosted(holds.get(each.holdId), companyId, each.holdId)
    const sources = (left.get(hold.holdId) ?? []).filter((source) => each.lots?.has(source.lotId) ?? true)
    const draws = draw(sources, each.amount)
    if (draws === undefined)
      throw new ExceedsHold(
        sources.reduce((sum, source) => sum + source.left, 0n),
        each.amount,
      )
    for (const part of draws) {
      const source = sources.find(({ lotId }) => lotId === part.lotId)
      if (source !== undefined) source.left -= part.amount
      charged.push({ holdId: hold.holdId, ...part })
    }
    const parts = draws.map((part) => ({ ...part, grantId: lotOf(lots, part.lotId).grantId }))
    events.push(...eventsOf(companyId, each, parts, lots))
    answered.set(each.chargeId, { charge: each, parts })
    return parts
  })
  await postAll(trx, companyId, events)
  await addCharged(trx, companyId, charged)
  return answers
}

/** One transfer for each lot; of several the first has the charge's own id, and all happen together. */
function eventsOf(
  companyId: Uuid,
  { chargeId, holdId, cause }: NewCharge,
  parts: readonly ChargedPart[],
  lots: ReadonlyMap<Uuid, LotAccounts>,
): LedgerEvent[] {
  return parts.map((part, index) => {
    const lot = lotOf(lots, part.lotId)
    return {
      id: index === 0 ? chargeId : derivedId('charge', chargeId, part.lotId),
      kind: 'posted',
      debit: accountOf(lot, 'held').id,
      credit: accountOf(lot, chargedKind(cause)).id,
      amount: part.amount,
      reason: 'charge',
      subject: globalId('TokenHold', companyId, holdId),
      linked: index < parts.length - 1,
    }
  })
}

const sourcesOf = (hold: Hold) => hold.lots.map((part) => ({ lotId: part.lotId, left: part.amount - part.charged }))

function lotOf(lots: ReadonlyMap<Uuid, LotAccounts>, lotId: Uuid): LotAccounts {
  const lot = lots.get(lotId)
  if (lot === undefined) throw new Error(`there is no lot ${lotId}`)
  return lot
}

function mustBePosted(hold: Hold | undefined, companyId: Uuid, holdId: Uuid): Hold {
  if (hold === undefined) throw new NotFound('hold', globalId('TokenHold', companyId, holdId))
  if (hold.state === 'voided') throw new HoldAlreadyVoided(holdId)
  if (hold.state === 'expired') throw new HoldExpired(holdId)
  if (hold.state !== 'posted') throw new WrongState('hold', hold.state, ['posted'])
  return hold
}

function refuseOther(asked: NewCharge, posted: PostedCharge): readonly ChargedPart[] {
  const amount = posted.parts.reduce((sum, part) => sum + part.amount, 0n)
  const field =
    asked.holdId !== posted.holdId
      ? 'holdId'
      : asked.cause !== posted.cause
        ? 'cause'
        : asked.amount !== amount
          ? 'amount'
          : undefined
  if (field !== undefined) throw new TransferIdReused(asked.chargeId, field)
  return posted.parts
}
