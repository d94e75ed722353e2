/** A founder's protections in one deal: what may go otherwise than planned, and what the terms make of it today. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  answered,
  type CapTable,
  loadCapitalizedTables,
  NoCapTable,
  WaterfallAssumptions,
  type WaterfallView,
  waterfallOf,
} from '../../captable/index.ts'
import { readProgress } from '../../drawdown/index.ts'
import {
  DomainError,
  formatNumeric,
  globalId,
  type MicroTokens,
  NotFound,
  type Numeric,
  numericOfWhole,
  parse,
  type Reader,
  today,
  type Uuid,
  type WholeShares,
  zNumeric,
  zRef,
} from '../../platform/index.ts'
import {
  afterRound,
  type ChangeOfControl,
  dayOfTable,
  type ProForma,
  partOf,
  type RiskRow,
  type RoundView,
  roundOverTable,
  roundsByRef,
} from '../../rounds/index.ts'
import { standingsOf } from '../settlement/load-standing.ts'
import type { LongStop } from '../settlement/long-stop.ts'
import { type GrantStanding, unearnedOf } from '../settlement/plan.ts'
import { type LongStopOutlook, longStopOutlook } from './long-stop-outlook.ts'
import { type PriceProtectionNow, priceProtectionNow } from './price-protection-now.ts'
import { saleOfRound, type UnearnedHolding } from './sale-of-round.ts'

/** Exit values of one question. */
const MOST_EXITS = 20

export const ProtectionsInput = z.strictObject({
  roundId: zRef('Round'),
  /** In the currency of the terms; left out, half of the valuation after the money, it, and three times it. */
  exits: z
    .array(zNumeric)
    .min(1, { error: 'must name at least one' })
    .max(MOST_EXITS, { error: `must name at most ${MOST_EXITS}` })
    .optional(),
})
export type ProtectionsInput = z.input<typeof ProtectionsInput>

/** One grant of the deal as it stands today. */
export type GrantProtections = {
  readonly grantId: Uuid
  readonly granted: MicroTokens
  /** Not drawn yet: locked, available or held. */
  readonly unused: MicroTokens
  /** What `earned`, `vested`, `unearned` and the outlook count: whole shares, or cents of a SAFE's purchase amount. */
  readonly unit: 'SHARE' | 'CENT'
  readonly earned: WholeShares
  readonly vested: WholeShares
  /** Issued, and neither vested nor forfeited. */
  readonly unearned: WholeShares
  readonly longStop: LongStop
  readonly outlook: LongStopOutlook
  readonly priceProtection: PriceProtectionNow
}

/** Parts of 1 by which the part of the present holders becomes smaller, from before the round on. */
export type DilutionStates = {
  readonly ifNothingUsed: Numeric
  /** At the shares that are earned today: none before the closing. */
  readonly atEarned: Numeric
  readonly atMaximum: Numeric
  readonly computeShares: WholeShares
  readonly earnedShares: WholeShares
}

export type RoundProtections = {
  readonly round: RoundView
  /** The day on which all of it is so. */
  readonly asOf: string
  /** A refusal in its place where the cap table cannot tell. */
  readonly dilution: DilutionStates | DomainError
  /** None before the closing. */
  readonly grants: readonly GrantProtections[]
  readonly changeOfControl: ChangeOfControl
  readonly sale: WaterfallView | DomainError
  readonly riskTable: readonly RiskRow[]
}

/**
 * The protections of the round's company, as the terms that hold and the books of today make them. Nothing is changed, and
 * nothing is locked.
 *
 * @throws {NotFound} also for whoever may not see the round
 * @throws {BadInput}
 */
export async function roundProtections(
  reader: Reader,
  actor: Actor,
  input: ProtectionsInput,
): Promise<RoundProtections> {
  const { roundId: ref, exits } = parse(ProtectionsInput, input)
  const [round] = await roundsByRef(reader, actor, [ref])
  if (round === undefined) throw new NotFound('round', globalId('Round', ref.companyId, ref.id))
  const asOf = await today(reader)
  const { found, table } = await tablesFor(reader, round, asOf)
  const progress = (await readProgress(reader, [ref.companyId])).filter(({ grant }) => grant.roundId === ref.id)
  const standings = await standingsOf(reader, progress, round.terms, asOf)
  const securities = progress.map(({ grant }) => grant.securityId)
  return {
    ...{ round, asOf },
    dilution: found instanceof DomainError ? found : dilutionStates(found, progress),
    grants: standings.map((of, at) => ({
      ...{ grantId: of.grantId, granted: of.granted, unused: of.locked + of.available + of.held },
      unit: progress[at]?.grant.unit ?? 'SHARE',
      ...{ earned: progress[at]?.earned ?? 0n, vested: of.vested, unearned: unearnedOf(of) },
      longStop: of.longStop,
      outlook: longStopOutlook(of, progress[at]?.peak ?? 0n),
      priceProtection: priceProtectionNow(of),
    })),
    changeOfControl: round.terms.settlement.changeOfControl,
    sale: saleOf({ round, asOf, found, table, standings, securities, exits }),
    riskTable: round.terms.riskTable,
  }
}

type Progress = Awaited<ReturnType<typeof readProgress>>[number]

/** A SAFE earns money: of the shares that it would become, as large a part as has accrued of its amount, rounded down. */
const sharesEarned = ({ grant: { unit, terms }, earned }: Progress, computeShares: WholeShares): WholeShares =>
  unit === 'SHARE' ? earned : (computeShares * earned) / terms.total

function dilutionStates(
  { risk, computeShares, sharesBefore, sharesAfter }: ProForma,
  progress: readonly Progress[],
): DilutionStates {
  const one: Numeric = 10n ** 10n
  const earned = progress.reduce((sum, own) => sum + sharesEarned(own, computeShares), 0n)
  const waiting = numericOfWhole(computeShares - (earned < computeShares ? earned : computeShares))
  return {
    ifNothingUsed: risk.dilutionIfNothingUsed,
    atEarned: one - partOf(sharesBefore, sharesAfter - waiting),
    atMaximum: risk.dilution,
    computeShares,
    earnedShares: earned,
  }
}

/**
 * The pro forma of the round, over the cap table of its own day; and the table that a sale is on: that of today once the round is
 * closed, before that the same. Both from one reading of the history.
 */
async function tablesFor(reader: Reader, round: RoundView, asOf: string) {
  const { companyId } = round
  const days = round.state === 'closed' ? [dayOfTable(round), asOf] : [dayOfTable(round)]
  const [before = new NoCapTable(), now = before] = await loadCapitalizedTables(
    reader,
    days.map((day) => ({ companyId, asOf: day })),
  )
  const found = roundOverTable(round, before)
  return {
    found: found instanceof DomainError ? found : found.proForma,
    table: now instanceof DomainError ? now : now.table,
  }
}

type Sale = {
  readonly round: RoundView
  readonly asOf: string
  readonly found: ProForma | DomainError
  readonly table: CapTable | DomainError
  readonly standings: readonly GrantStanding[]
  readonly securities: readonly string[]
  readonly exits: readonly Numeric[] | undefined
}

/** On the cap table of today once the round is closed; before, on what the round would make. */
function saleOf({ round, asOf, found, table, standings, securities, exits }: Sale): WaterfallView | DomainError {
  if (found instanceof DomainError) return found
  const { terms } = round
  const day = round.state === 'closed' ? asOf : found.asOf
  return answered(() => {
    if (table instanceof DomainError) throw table
    const asked = parse(WaterfallAssumptions, {
      exits: (exits ?? usualExits(found.postMoney.amount)).map(formatNumeric),
      currency: terms.preMoney.currency,
      unearned: 'FULL',
    })
    const now = waterfallOf(table, day, asked)
    const outcome = terms.settlement.changeOfControl
    if (round.state !== 'closed') {
      const { compute, security } = terms
      const own: UnearnedHolding = {
        classId: security.stockClassId ?? `new ${security.className}`,
        holderId: compute.stakeholderId ?? `new ${compute.holderName}`,
        shares: numericOfWhole(found.computeShares),
      }
      return saleOfRound(afterRound(now, found, terms, 'FULL'), [own], outcome, day, asked.exits)
    }
    const unearned = standings.flatMap((of, at): UnearnedHolding[] => {
      const security = table.securities.get(securities[at] ?? '')
      if (security?.kind !== 'stock' || security.classId === undefined) return []
      const { classId, stakeholderId: holderId } = security
      return [{ classId, holderId, shares: numericOfWhole(unearnedOf(of)) }]
    })
    return saleOfRound(now, unearned, outcome, day, asked.exits)
  })
}

const CENT = 10n ** 8n
const toCents = (amount: Numeric): Numeric => (amount / CENT) * CENT

/** Half of the valuation after the money, it, and three times it, down to the cent. */
const usualExits = (postMoney: Numeric): readonly Numeric[] =>
  [postMoney / 2n, postMoney, postMoney * 3n].map(toCents).filter((amount) => amount > 0n)
