import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { type Capitalization, increasePool, issueShares } from '../captable/index.ts'
import { latestDocument } from '../documents/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  DomainError,
  formatNumeric,
  globalId,
  instant,
  once,
  parse,
  parseNumeric,
  type Reader,
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
  grantsOf,
  type LockedRound,
  lockRound,
  lotReleaseTerms,
  markClosingDone,
  markRound,
  mustSeeRound,
  type ProForma,
  proForma,
  type RoundView,
  releasesOfGrant,
  roundProFormas,
  roundsByRef,
  standardClass,
  TermsRefused,
} from '../rounds/index.ts'
import { agreeDrawOrder } from '../tokens/index.ts'
import { bringIntoForce, schedulePending } from './amendment/bring-into-force.ts'
import { conditionsOf } from './condition.store.ts'
import { convertSafes } from './convert-safes.ts'
import { CapTableMoved, ConditionsOpen } from './errors.ts'
import { classOf, issueConversions, sharesOfClass } from './issue-conversions.ts'
import { issueRights } from './issue-rights.ts'
import { TERM_SHEET } from './issue-term-sheet.ts'
import { auditedGrants, type GrantToOpen, issueGrants, type OpenedGrant, openGrants } from './open-grants.ts'
import { reissuePricedWarrants } from './reissue-warrants.ts'

export const CloseRoundInput = z.strictObject({ roundId: zRef('Round'), idempotencyKey: zIdempotencyKey })
export type CloseRoundInput = z.input<typeof CloseRoundInput>

export type ClosedRound = {
  readonly ref: Ref
  /** Every grant that it opened, in the order of the terms. */
  readonly grants: readonly OpenedGrant[]
  /** The first of them. */
  readonly grantId: Uuid
  readonly lotId: Uuid
  readonly securityId: string
  /** Shares issued unearned against the compute of the first; the others are in `grants`. */
  readonly shares: WholeShares
}

/**
 * Closes a round: issues the unearned equity and the co-investors' shares, opens each grant with its lot within the
 * supply of its class, in one transaction. By a partner other than the one who proposed it, when every condition is met, from the
 * closing date on and before the long-stop date.
 *
 * Lock order: the company, then the supply of each token class in the order of their ids.
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
  const accepted = seen?.state === 'accepted' ? seen : undefined
  if (accepted !== undefined) await checkGate(deps, actor, gate)
  const converts = accepted !== undefined && (await convertsSomething(deps.db, accepted))
  const issueGate = { ...gate, gate: 'issue' } as const
  if (converts) await checkGate(deps, actor, issueGate)
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
    // What converts is an issuance of its own: somebody else acquires these shares.
    if (forma.conversions.length > 0) await refuseWhileOpen(trx, issueGate)
    const grants = grantsToOpen(round, forma)
    const issued = await issueEquity(trx, actor, round, { forma, date: on, document, grants })
    const opened = await openGrants(trx, actor, { round, closingId: round.closingId, documentId: document }, issued)
    await freezeDrawOrder(trx, round, document, on)
    await schedulePending(trx, ref)
    await markClosingDone(trx, round, actor.id)
    await markRound(trx, round, 'accepted', 'closed')
    const closed = closedOf(ref, opened)
    await insertClosed(trx, actor, closed, document)
    await audit(trx, actor, {
      scope,
      kind: 'round.closed',
      subject,
      payload: {
        document: globalId('Document', ref.companyId, document),
        ...auditedGrants(opened, grants)[0],
        ...(opened.length > 1 ? { furtherGrants: auditedGrants(opened, grants).slice(1) } : {}),
      },
    })
    return closed
  })
}

/** Whether a SAFE or a note converts in a round, by the terms that stand. */
async function convertsSomething(reader: Reader, round: RoundView): Promise<boolean> {
  const forma = (await roundProFormas(reader, [round])).get(round)
  return forma !== undefined && !(forma instanceof DomainError) && forma.conversions.length > 0
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
  const now = words(forma.computeShares, forma.price.amount, forma.sharesAfter)
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

/** The grants of the terms, with what the pro forma gives for each. */
const grantsToOpen = ({ terms, grantIds }: LockedRound, forma: ProForma): readonly GrantToOpen[] =>
  grantsOf(terms).map((grant, index) => {
    const [grantId, bought] = [grantIds[index], forma.grants[index]]
    if (grantId === undefined || bought === undefined) throw new Error(`grant ${grant.ordinal} is not planned`)
    const releases = releasesOfGrant(grant, terms.closingDate)
    const shares = terms.instrument?.kind === 'SAFE' ? 0n : bought.shares
    const releaseTerms = lotReleaseTerms(grant.releases)
    return { grantId, leg: grant.ordinal, terms: grant, releases, releaseTerms, shares, amount: bought.amount }
  })

type Equity = {
  readonly forma: ProForma
  readonly date: string
  readonly document: Uuid
  readonly grants: readonly GrantToOpen[]
}

/** Issues what the pro forma says: the fund's unearned shares, the co-investors' shares, and the pool's increase. */
async function issueEquity(trx: Trx, actor: Actor, round: LockedRound, { forma, date, document, grants }: Equity) {
  const { companyId, terms } = round
  const promised = terms.promisedOptions?.from === 'ON_TOP' ? terms.promisedOptions.shares : 0n
  const reserved = forma.poolIncrease + promised
  if (reserved > 0n) await increasePool(trx, { companyId, shares: reserved, date })
  const { security, compute } = terms
  const issued = await issueGrants(
    trx,
    {
      round,
      closingId: round.closingId,
      documentId: document,
      price: forma.price,
      date,
      stakeholder: holder(compute.stakeholderId, compute.holderName, 'INSTITUTION'),
      stockClass: classOf(security, forma, sharesOfClass(forma, security.className)),
    },
    grants,
  )
  // A SAFE is all that its round gives: its terms allow nothing beside it.
  const equityClassId = issued[0]?.stockClassId ?? null
  if (equityClassId === null) return issued
  const classes = new Map<string, string>([[security.className, equityClassId]])
  for (const [index, investor] of terms.cashInvestors.entries()) {
    const purchase = forma.cash[index]
    if (purchase === undefined || purchase.shares === 0n) continue
    const known = classes.get(purchase.className)
    const bought = terms.cashSecurity ?? security
    const sold = await issueShares(trx, {
      companyId,
      stakeholder: holder(investor.stakeholderId, investor.name, 'INSTITUTION'),
      stockClass:
        known === undefined ? classOf(bought, forma, sharesOfClass(forma, purchase.className)) : { id: known },
      quantity: purchase.shares,
      sharePrice: forma.price,
      date,
      considerationText: `${formatNumeric(purchase.amount.amount)} ${purchase.amount.currency}`,
    })
    classes.set(purchase.className, sold.stockClassId)
  }
  await issueRights(trx, round, forma, { date, classes })
  const converted = await issueConversions(trx, round, forma, { date, classes })
  await reissuePricedWarrants(trx, round, forma, { date, classes })
  const stockClassId = classes.get(standardClass(terms).className) ?? equityClassId
  await convertSafes(trx, actor, round, { forma, converted, date, stockClassId })
  return issued
}

const holder = (id: string | undefined, legalName: string, type: 'INSTITUTION') =>
  id === undefined ? { legalName, type } : { id }

function closedOf(ref: Ref, grants: readonly OpenedGrant[]): ClosedRound {
  const [first] = grants
  if (first === undefined) throw new Error('a closing opened no grant')
  const { grantId, lotId, securityId, shares } = first
  return { ref, grants, grantId, lotId, securityId, shares }
}

/** In which order lots of the class of `compute` are drawn, where the document says. */
async function freezeDrawOrder(
  trx: Trx,
  { companyId, terms: { drawOrder, compute } }: LockedRound,
  document: Uuid,
  on: string,
): Promise<void> {
  if (drawOrder === undefined) return
  const { tokenClassId } = compute
  const source = globalId('Document', companyId, document)
  await agreeDrawOrder(trx, { companyId, tokenClassId, order: drawOrder, effectiveOn: on, source })
}

async function insertClosed(trx: Trx, actor: Actor, closed: ClosedRound, document: Uuid): Promise<void> {
  await trx
    .insertInto('closed_round')
    .values({
      company_id: closed.ref.companyId,
      round_id: closed.ref.id,
      grant_id: closed.grantId,
      lot_id: closed.lotId,
      security_id: closed.securityId,
      stock_class_id: closed.grants[0]?.stockClassId ?? null,
      document_id: document,
      equity_shares: closed.shares,
      closed_by: actor.id,
      closed_at: await instant(trx),
    })
    .execute()
}
