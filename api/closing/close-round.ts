import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { type Capitalization, increasePool, issueShares } from '../captable/index.ts'
import { type FrozenBooking, freezeBookingTerms, freezeFactors } from '../clusters/index.ts'
import { latestDocument } from '../documents/index.ts'
import { openVesting } from '../drawdown/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  once,
  parse,
  parseNumeric,
  type Ref,
  Refused,
  SamePerson,
  type Trx,
  today,
  type Uuid,
  type WholeShares,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import {
  capitalizationBefore,
  type LockedRound,
  laterBasis,
  lockRound,
  markClosingDone,
  markRound,
  mustSeeRound,
  type ProForma,
  proForma,
  releaseSchedule,
  roundsByRef,
  TermsRefused,
} from '../rounds/index.ts'
import { openGrant } from '../tokens/index.ts'
import { bringIntoForce, schedulePending } from './bring-into-force.ts'
import { insertClosedGrant } from './closed-grant.store.ts'
import { conditionsOf } from './condition.store.ts'
import { CapTableMoved, ConditionsOpen } from './errors.ts'
import { issueCompute } from './issue-compute.ts'
import { classOf, issueConversions, sharesOfClass } from './issue-conversions.ts'
import { issueRights } from './issue-rights.ts'
import { TERM_SHEET } from './issue-term-sheet.ts'

export const CloseRoundInput = z.strictObject({ roundId: zRef('Round'), idempotencyKey: zIdempotencyKey })
export type CloseRoundInput = z.input<typeof CloseRoundInput>

export type ClosedRound = {
  readonly ref: Ref
  readonly grantId: Uuid
  readonly lotId: Uuid
  readonly securityId: string
  readonly shares: WholeShares
}

/**
 * Closes a round: issues the unearned equity and the co-investors' shares, opens the grant and its lot within the supply
 * of its class, in one transaction. By a partner other than the one who proposed it, when every condition is met, from the
 * closing date on and before the long-stop date.
 *
 * Lock order: the company, then the supply of the token class.
 */
export async function closeRound(deps: FlagsDeps, actor: Actor, input: CloseRoundInput): Promise<ClosedRound> {
  const { roundId: ref, idempotencyKey } = parse(CloseRoundInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'partner')
  const subject = globalId('Round', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  const [seen] = await roundsByRef(deps.db, actor, [ref])
  const gate = { gate: 'close', companyId: ref.companyId, subject, onDate: await today(deps.db) } as const
  // A round that cannot close is not asked about: what it would find after its closing are its own shares.
  if (seen?.state === 'accepted') await checkGate(deps, actor, gate)
  return once(deps, actor, { operation: 'closeRound', scope, idempotencyKey, input }, async (trx) => {
    await bringIntoForce(trx, ref.companyId)
    const round = await lockRound(trx, ref)
    if (round.proposedBy === actor.id) throw new SamePerson('close')
    if (round.state !== 'accepted') throw new WrongState('round', round.state, ['accepted'])
    const on = await today(trx)
    if (on < round.terms.closingDate)
      throw new Refused('closingDate', `is ${round.terms.closingDate}: it is not reached`)
    if (on >= round.terms.longStop)
      throw new Refused(
        'longStop',
        `was ${round.terms.longStop}: there is no time left in which the grant could be used`,
      )
    const open = (await conditionsOf(trx, ref)).filter((condition) => condition.state === 'open')
    if (open.length > 0) throw new ConditionsOpen(open)
    await refuseWhileOpen(trx, gate)
    const { forma, document } = await promised(trx, round, on)
    const equity = await issueEquity(trx, round, forma, on)
    const { lotId } = await openGrant(trx, {
      companyId: ref.companyId,
      grantId: round.grantId,
      roundId: ref.id,
      tokenClassId: round.terms.compute.tokenClassId,
      amount: round.terms.compute.tokens,
      expiresOn: round.terms.tokenExpiry,
      vests: equity.securityId,
      releases: releaseSchedule(round.terms),
    })
    await openVesting(trx, vestingOf(round, { lotId, securityId: equity.securityId, document, forma }))
    await schedulePending(trx, ref)
    await freezeFactors(trx, {
      companyId: ref.companyId,
      grantId: round.grantId,
      tokenClassId: round.terms.compute.tokenClassId,
      documentId: document,
      laterBasis: laterBasis(round.terms.factors),
    })
    await freezeBookingTerms(trx, bookingOf(round, lotId))
    await markClosingDone(trx, round, actor.id)
    await markRound(trx, round, 'accepted', 'closed')
    const closed = { ref, grantId: round.grantId, lotId, securityId: equity.securityId, shares: forma.compute.shares }
    await insertClosedGrant(trx, {
      ...closed,
      companyId: ref.companyId,
      roundId: ref.id,
      closingId: round.closingId,
      leg: 1,
      stockClassId: equity.stockClassId,
      documentId: document,
      tokens: round.terms.compute.tokens,
      closedBy: actor.id,
    })
    await insertClosed(trx, actor, closed, { stockClassId: equity.stockClassId, document })
    await audit(trx, actor, {
      scope,
      kind: 'round.closed',
      subject,
      payload: {
        document: globalId('Document', ref.companyId, document),
        grant: round.grantId,
        lot: lotId,
        security: equity.securityId,
        shares: forma.compute.shares.toString(),
        tokens: formatTokens(round.terms.compute.tokens),
      },
    })
    return closed
  })
}

/**
 * The accepted document, and the pro forma that it promises, if it is still what the terms give today: what was issued
 * since the closing date counts too, and the shares are issued today.
 *
 * @throws {CapTableMoved}
 */
async function promised(trx: Trx, round: LockedRound, on: string): Promise<{ forma: ProForma; document: Uuid }> {
  const latest = await latestDocument(trx, round.companyId, round.id, TERM_SHEET)
  const issued =
    latest === undefined
      ? undefined
      : await trx
          .selectFrom('issued_term_sheet')
          .select(['document_id', 'equity_shares', 'price', 'total_shares_after'])
          .where('company_id', '=', round.companyId)
          .where('document_id', '=', latest.documentId)
          .executeTakeFirst()
  if (issued === undefined) throw new Error('an accepted round has no term sheet')
  const words = (shares: bigint, price: bigint, after: bigint) =>
    `${shares} shares at ${formatNumeric(price)} of ${formatNumeric(after)} in all`
  const then = words(issued.equity_shares, parseNumeric(issued.price), parseNumeric(issued.total_shares_after))
  const before = await capitalizationBefore(trx, round.companyId, { closingDate: on })
  const forma = formaOf(before, round, then)
  const now = words(forma.compute.shares, forma.price.amount, forma.sharesAfter)
  if (then !== now) throw new CapTableMoved(then, now)
  return { forma, document: issued.document_id }
}

/** Terms that were signed fitted the cap table: that they no longer do means that it moved. */
function formaOf(before: Capitalization, round: LockedRound, then: string): ProForma {
  try {
    return proForma(before, round.terms, before.asOf)
  } catch (error) {
    if (!(error instanceof TermsRefused)) throw error
    const faults = error.faults.map(({ path, reason }) => `${path.join('.')} ${reason}`)
    throw new CapTableMoved(then, `no such round (${faults.join('; ')})`)
  }
}

/** Issues what the pro forma says: the fund's unearned shares, the co-investors' shares, and the pool's increase. */
async function issueEquity(
  trx: Trx,
  round: LockedRound,
  forma: ProForma,
  date: string,
): Promise<{ securityId: string; stockClassId: string }> {
  const { companyId, terms } = round
  const promised = terms.promisedOptions?.from === 'ON_TOP' ? terms.promisedOptions.shares : 0n
  const reserved = forma.poolIncrease + promised
  if (reserved > 0n) await increasePool(trx, { companyId, shares: reserved, date })
  const security = terms.security
  const equity = await issueCompute(trx, round, forma, date)
  const classes = new Map<string, string>([[security.className, equity.stockClassId]])
  for (const [index, investor] of terms.cashInvestors.entries()) {
    const purchase = forma.cash[index]
    if (purchase === undefined || purchase.shares === 0n) continue
    const known = classes.get(purchase.className)
    const bought = terms.cashSecurity ?? security
    const issued = await issueShares(trx, {
      companyId,
      stakeholder: holder(investor.stakeholderId, investor.name, 'INSTITUTION'),
      stockClass:
        known === undefined ? classOf(bought, forma, sharesOfClass(forma, purchase.className)) : { id: known },
      quantity: purchase.shares,
      sharePrice: forma.price,
      date,
      considerationText: `${formatNumeric(purchase.amount.amount)} ${purchase.amount.currency}`,
    })
    classes.set(purchase.className, issued.stockClassId)
  }
  await issueRights(trx, round, forma, { date, classes })
  await issueConversions(trx, round, forma, { date, classes })
  return equity
}

const holder = (id: string | undefined, legalName: string, type: 'INSTITUTION') =>
  id === undefined ? { legalName, type } : { id }

function vestingOf(
  round: LockedRound,
  made: { lotId: Uuid; securityId: string; document: Uuid; forma: ProForma },
): Parameters<typeof openVesting>[1] {
  const { terms } = round
  return {
    companyId: round.companyId,
    grantId: round.grantId,
    lotId: made.lotId,
    roundId: round.roundId,
    termsDocumentId: made.document,
    securityId: made.securityId,
    terms: {
      total: made.forma.compute.shares,
      granted: terms.compute.tokens,
      allocation: terms.vesting.allocation,
      tranches: terms.vesting.tranches ?? null,
      cliff: terms.vesting.cliffTokens ?? 0n,
    },
    basis: terms.vesting.basis,
    charging: terms.charging,
    disputeWindowDays: terms.disputeWindowDays,
    longStop: terms.longStop,
  }
}

const bookingOf = ({ companyId, roundId, terms }: LockedRound, lotId: Uuid): FrozenBooking => ({
  companyId,
  lotId,
  roundId,
  ...terms.booking,
  charging: terms.charging,
  longStop: terms.longStop,
})

async function insertClosed(
  trx: Trx,
  actor: Actor,
  closed: ClosedRound,
  made: { stockClassId: string; document: Uuid },
): Promise<void> {
  await trx
    .insertInto('closed_round')
    .values({
      company_id: closed.ref.companyId,
      round_id: closed.ref.id,
      grant_id: closed.grantId,
      lot_id: closed.lotId,
      security_id: closed.securityId,
      stock_class_id: made.stockClassId,
      document_id: made.document,
      equity_shares: closed.shares,
      closed_by: actor.id,
      closed_at: await instant(trx),
    })
    .execute()
}
