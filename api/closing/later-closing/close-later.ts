import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { findInstrument, issueShares } from '../../captable/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../../flags/index.ts'
import {
  audit,
  formatNumeric,
  globalId,
  instant,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  SamePerson,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../../platform/index.ts'
import { capitalizationBefore, type LockedRound, lockRound, lotReleaseTerms } from '../../rounds/index.ts'
import { bringIntoForce } from '../amendment/bring-into-force.ts'
import { conditionsOf } from '../condition.store.ts'
import { ConditionsOpen } from '../errors.ts'
import { auditedGrants, type GrantToOpen, issueGrants, openGrants } from '../open-grants.ts'
import { firstClosing, type LockedClosing, lockClosing, markClosing } from './later-closing.store.ts'
import { earningOf, type LaterForma, releasesOf, releaseTermsOf } from './later-closing.ts'
import { mustSeeClosing } from './later-closing.views.ts'
import { mustFit } from './plan-closing.ts'

export const HoldClosingInput = z.strictObject({ closingId: zRef('Closing'), idempotencyKey: zIdempotencyKey })
export type HoldClosingInput = z.input<typeof HoldClosingInput>

/**
 * Holds a further closing: issues its shares at the price of the first and opens each of its grants with a lot and a security
 * of its own, in one transaction. By a partner who neither planned nor offered it, when its conditions are met, from its day
 * on and until the outside date.
 *
 * Lock order: the company, then the supply of each token class in the order of their ids.
 *
 * @throws {ConditionsOpen} {@link OpenFlags} {@link SupplyExceeded} {@link TransactionRefused}
 */
export async function holdClosing(deps: FlagsDeps, actor: Actor, input: HoldClosingInput): Promise<{ ref: Ref }> {
  const { closingId: ref, idempotencyKey } = parse(HoldClosingInput, input)
  const seen = await mustSeeClosing(deps.db, actor, ref)
  must(actor, 'partner')
  const subject = globalId('Closing', ref.companyId, ref.id)
  const gate = { gate: 'close', companyId: ref.companyId, subject, onDate: await today(deps.db) } as const
  if (seen.state === 'accepted') await checkGate(deps, actor, gate)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'holdClosing', scope, idempotencyKey, input }, async (trx) => {
    await bringIntoForce(trx, ref.companyId)
    const round = await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const closing = await lockClosing(trx, ref)
    if (closing.plannedBy === actor.id || closing.offeredBy === actor.id) throw new SamePerson('close')
    if (closing.state !== 'accepted') throw new WrongState('closing', closing.state, ['accepted'])
    const on = await today(trx)
    const { closingDate } = closing.content
    if (on < closingDate) throw new Refused('closingDate', `is ${closingDate}: it is not reached`)
    const open = (await conditionsOf(trx, closing.round, closing.ordinal)).filter(({ state }) => state === 'open')
    if (open.length > 0) throw new ConditionsOpen(open)
    await refuseWhileOpen(trx, gate)
    const forma = await mustFit(trx, round, closing.content, ref.id)
    await issueCash(trx, round, closing, forma, on)
    const opened = await openLegs(trx, actor, { round, closing, forma, on })
    await markClosing(trx, closing, 'accepted', 'closed', { closed_by: actor.id, closed_at: await instant(trx) })
    await audit(trx, actor, {
      scope,
      kind: 'closing.closed',
      subject,
      payload: {
        document: globalId('Document', ref.companyId, closing.documentId ?? ''),
        grants: opened,
        shares: forma.shares.toString(),
      },
    })
    return { ref }
  })
}

/** The fund's id among the stakeholders, and the class of its shares: as the first closing issued or opened them. */
async function fundOf(trx: Trx, round: LockedRound): Promise<{ stakeholderId: string; stockClassId: string }> {
  const { companyId } = round
  const { securityId, stockClassId } = await firstClosing(trx, { companyId, id: round.roundId }, round.terms)
  if (stockClassId === null) throw new TypeError('the first closing issued no stock: terms allow no later one then')
  // Of tranches nothing was issued: the series names its holder.
  const opened = await findInstrument(trx, companyId, securityId)
  if (opened !== undefined) return { stakeholderId: opened.stakeholderId, stockClassId }
  const { stakeholder_id: stakeholderId } = await trx
    .selectFrom('securities_transaction')
    .select('stakeholder_id')
    .where('company_id', '=', companyId)
    .where('security_id', '=', securityId)
    .where('object_type', '=', 'TX_STOCK_ISSUANCE')
    .executeTakeFirstOrThrow()
  if (stakeholderId === null) throw new Error('the issuance of the first closing names no stakeholder')
  return { stakeholderId, stockClassId }
}

async function issueCash(
  trx: Trx,
  round: LockedRound,
  closing: LockedClosing,
  forma: LaterForma,
  date: string,
): Promise<void> {
  if (forma.cash.length === 0) return
  const { companyId, terms } = round
  const { classes } = await capitalizationBefore(trx, companyId, { closingDate: date })
  const bought = terms.cashSecurity ?? terms.security
  const stockClass = classes.find(({ name }) => name === bought.className)
  if (stockClass === undefined)
    throw new Refused('cashInvestors', `buy ${bought.className}, which the company does not have`)
  for (const [index, purchase] of forma.cash.entries()) {
    const investor = closing.content.cashInvestors[index]
    await issueShares(trx, {
      companyId,
      stakeholder:
        investor?.stakeholderId === undefined
          ? { legalName: purchase.holder, type: 'INSTITUTION' }
          : { id: investor.stakeholderId },
      stockClass: { id: stockClass.id },
      quantity: purchase.shares,
      sharePrice: forma.price,
      date,
      considerationText: `${formatNumeric(purchase.amount.amount)} ${purchase.amount.currency}`,
    })
  }
}

type Legs = {
  readonly round: LockedRound
  readonly closing: LockedClosing
  readonly forma: LaterForma
  readonly on: string
}

/** Each grant of the closing, with a security, a lot and terms of its own. */
async function openLegs(trx: Trx, actor: Actor, { round, closing, forma, on }: Legs) {
  if (forma.grants.length === 0) return []
  const grants = forma.grants.map((grant, index): GrantToOpen => {
    const { leg, referencePrice, shares, amount } = grant
    const { basis, allocation, tranches, charging, longStop, tokenExpiry } = earningOf(round.terms, leg)
    return {
      grantId: newId(),
      leg: index + 1,
      terms: {
        tokenClassId: leg.tokenClassId,
        tokens: leg.tokens,
        referencePrice,
        vesting: { basis, allocation, ...(tranches === null ? {} : { tranches }) },
        charging,
        longStop,
        tokenExpiry,
      },
      releases: releasesOf(grant, closing.content.closingDate),
      releaseTerms: lotReleaseTerms(releaseTermsOf(leg)),
      shares,
      amount,
    }
  })
  const fund = await fundOf(trx, round)
  const at = { round, closingId: closing.ref.id, documentId: closing.documentId ?? '' }
  const issued = await issueGrants(
    trx,
    {
      ...at,
      price: forma.price,
      date: on,
      stakeholder: { id: fund.stakeholderId },
      stockClass: { id: fund.stockClassId },
    },
    grants,
  )
  return auditedGrants(await openGrants(trx, actor, at, issued), grants)
}
