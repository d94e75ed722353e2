import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { issueShares, issueUnearned } from '../captable/index.ts'
import { freezeFactors } from '../clusters/index.ts'
import { openVesting } from '../drawdown/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  canonicalJson,
  formatNumeric,
  formatTokens,
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
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import { capitalizationBefore, type LockedRound, laterBasis, lockRound } from '../rounds/index.ts'
import { openGrant } from '../tokens/index.ts'
import { bringIntoForce } from './bring-into-force.ts'
import { insertClosedGrant } from './closed-grant.store.ts'
import { conditionsOf } from './condition.store.ts'
import { ConditionsOpen } from './errors.ts'
import { firstClosing, type LockedClosing, lockClosing, markClosing } from './later-closing.store.ts'
import { earningOf, type LaterForma, releasesOf } from './later-closing.ts'
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
    const fund = await fundOf(trx, round)
    await issueCash(trx, round, closing, forma, on)
    // In the order of their classes, so that two closings at once lock supplies alike.
    const legs = forma.grants
      .map((grant, index) => ({ grant, leg: index + 1 }))
      .sort((a, b) => (a.grant.leg.tokenClassId < b.grant.leg.tokenClassId ? -1 : 1))
    const issued = []
    for (const { grant, leg } of legs) issued.push(await openLeg(trx, actor, { round, closing, grant, leg, on, fund }))
    await markClosing(trx, closing, 'accepted', 'closed', { closed_by: actor.id, closed_at: await instant(trx) })
    await audit(trx, actor, {
      scope,
      kind: 'closing.closed',
      subject,
      payload: {
        document: globalId('Document', ref.companyId, closing.documentId ?? ''),
        grants: issued,
        shares: forma.shares.toString(),
      },
    })
    return { ref }
  })
}

/** The fund's id among the stakeholders, and the class of its shares: as the first closing issued them. */
async function fundOf(trx: Trx, round: LockedRound): Promise<{ stakeholderId: string; stockClassId: string }> {
  const ref = { companyId: round.companyId, id: round.roundId }
  const { securityId, stockClassId } = await firstClosing(trx, ref, round.terms)
  const { stakeholder_id: stakeholderId } = await trx
    .selectFrom('securities_transaction')
    .select('stakeholder_id')
    .where('company_id', '=', round.companyId)
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

type LegToOpen = {
  readonly round: LockedRound
  readonly closing: LockedClosing
  readonly grant: LaterForma['grants'][number]
  readonly leg: number
  readonly on: string
  readonly fund: { readonly stakeholderId: string; readonly stockClassId: string }
}

/** One grant: its shares, its lot, how it earns, and its factors. */
async function openLeg(trx: Trx, actor: Actor, { round, closing, grant, leg, on, fund }: LegToOpen) {
  const { companyId, terms } = round
  const earning = earningOf(terms, grant.leg)
  const grantId: Uuid = newId()
  const { price } = await firstClosing(trx, closing.round, terms)
  const equity = await issueUnearned(trx, {
    companyId,
    stakeholder: { id: fund.stakeholderId },
    stockClass: { id: fund.stockClassId },
    quantity: grant.shares,
    sharePrice: price,
    date: on,
    vesting: {
      allocation: earning.allocation,
      description: `Shares are earned as H100-hours count towards the basis "${earning.basis}".`,
    },
    considerationText: canonicalJson({
      agreedRate: { amount: formatNumeric(grant.referencePrice.amount), currency: grant.referencePrice.currency },
      agreedValue: { amount: formatNumeric(grant.amount.amount), currency: grant.amount.currency },
      quantity: formatTokens(grant.leg.tokens),
      type: 'COMPUTE',
      unit: 'H100_HOUR',
    }),
  })
  const { lotId } = await openGrant(trx, {
    companyId,
    grantId,
    roundId: round.roundId,
    tokenClassId: grant.leg.tokenClassId,
    amount: grant.leg.tokens,
    expiresOn: earning.tokenExpiry,
    vests: equity.securityId,
    releases: releasesOf(grant, closing.content.closingDate),
  })
  const documentId = closing.documentId ?? ''
  await openVesting(trx, {
    companyId,
    grantId,
    lotId,
    roundId: round.roundId,
    termsDocumentId: documentId,
    securityId: equity.securityId,
    terms: {
      total: grant.shares,
      granted: grant.leg.tokens,
      allocation: earning.allocation,
      tranches: earning.tranches,
      cliff: 0n,
    },
    basis: earning.basis,
    charging: earning.charging,
    disputeWindowDays: terms.disputeWindowDays,
    longStop: earning.longStop,
  })
  await freezeFactors(trx, {
    companyId,
    grantId,
    tokenClassId: grant.leg.tokenClassId,
    documentId,
    laterBasis: laterBasis(terms.factors),
  })
  await insertClosedGrant(trx, {
    companyId,
    grantId,
    roundId: round.roundId,
    closingId: closing.ref.id,
    leg,
    lotId,
    securityId: equity.securityId,
    stockClassId: equity.stockClassId,
    documentId,
    tokens: grant.leg.tokens,
    shares: grant.shares,
    closedBy: actor.id,
  })
  return { grant: grantId, lot: lotId, security: equity.securityId, shares: grant.shares.toString() }
}
