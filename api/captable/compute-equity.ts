/** What a company has given for compute and is not finished with: what is earned of it, and what may still be. Pure. */
import type { Money, Numeric } from '../platform/index.ts'
import { numericOfWhole } from '../platform/index.ts'
import { sharesForCents } from './instruments/accrue-safe.ts'
import type { SafeConversion } from './instruments/instrument.store.ts'
import type { InstrumentState } from './instruments/instrument.views.ts'
import { COMPUTE_TERMS } from './instruments/issue-stock.ts'
import { CENT } from './instruments/safe.store.ts'
import { notCounted } from './replay/counted.ts'
import { type CapTable, type Security, termsOf, vestedOutstanding } from './replay/state.ts'

/**
 * One instrument for compute on a day. Quantities are shares times 10^10.
 *
 * Stock and warrants are issued: `earned` and `unearned` of them stand among the holdings. Tranches are not until they are
 * issued: what is earned and not issued is `toIssue`. How many shares a SAFE becomes is known once a round has a price.
 */
export type ComputeEquity = {
  /** The security, or the id of the series or the SAFE. */
  readonly instrumentId: string
  readonly kind: 'STOCK' | 'STAGED' | 'PENNY_WARRANT' | 'SAFE'
  readonly stakeholderId: string
  readonly stakeholderName: string
  readonly classId: string | undefined
  readonly earned: Numeric
  readonly unearned: Numeric
  readonly toIssue: Numeric
  /** Of a SAFE: the OCF security of what has accrued, where any has, and what may still accrue. */
  readonly safe?: { readonly securityId: string | null; readonly unaccrued: Money; readonly terms: SafeConversion }
}

/** The instruments for compute of a company on a day: its table of that day, and its instruments as they stood then. */
export function computeEquityOf(
  table: CapTable,
  asOf: string,
  instruments: readonly InstrumentState[],
): readonly ComputeEquity[] {
  const ofSafes = new Set(instruments.flatMap(({ safe }) => safe?.seriesId ?? []))
  const series = new Map(instruments.map((state) => [state.instrumentId, state]))
  return [
    ...[...table.securities.values()].flatMap((security) => stockOf(table, security, asOf)),
    ...instruments
      .filter(({ instrumentId }) => !ofSafes.has(instrumentId))
      .flatMap((state) => instrumentOf(table, asOf, state, series)),
  ]
}

const named = (table: CapTable, stakeholderId: string) => ({
  stakeholderId,
  stakeholderName: table.stakeholders.get(stakeholderId)?.name ?? stakeholderId,
})

/** Stock that vests with compute is told by the name of its terms, which only our own issuances write. */
function stockOf(table: CapTable, security: Security, asOf: string): readonly ComputeEquity[] {
  if (security.kind !== 'stock' || security.closedOn !== undefined) return []
  if (termsOf(table, security)?.name.startsWith(COMPUTE_TERMS) !== true) return []
  const earned = vestedOutstanding(table, security, asOf)
  return [
    {
      instrumentId: security.id,
      kind: 'STOCK',
      ...named(table, security.stakeholderId),
      classId: security.classId,
      earned,
      unearned: security.outstanding - earned,
      toIssue: 0n,
    },
  ]
}

function instrumentOf(
  table: CapTable,
  asOf: string,
  state: InstrumentState,
  series: ReadonlyMap<string, InstrumentState>,
): readonly ComputeEquity[] {
  const { terms, instrumentId, kind } = state
  const common = { instrumentId, ...named(table, terms.stakeholderId) }
  if (terms.kind === 'PENNY_WARRANT') {
    const security = table.securities.get(state.currentSecurityId ?? '')
    if (security === undefined || security.closedOn !== undefined) return []
    if (notCounted(security, asOf) !== undefined) return []
    const earned = vestedOutstanding(table, security, asOf)
    const unearned = security.outstanding - earned
    return [{ ...common, kind: 'PENNY_WARRANT', classId: terms.stockClassId, earned, unearned, toIssue: 0n }]
  }
  if (terms.kind === 'SAFE') return safeOf(common, state, series)
  const left = state.ended ? 0n : state.totalShares - state.retired - state.due
  return kind === 'STAGED' ? stagedOf({ ...common, classId: terms.stockClassId }, state, left) : []
}

type Common = Pick<ComputeEquity, 'instrumentId' | 'stakeholderId' | 'stakeholderName'>

/** Tranches of which nothing is left to issue or to earn are finished: they are stock like any other. */
function stagedOf(
  common: Common & Pick<ComputeEquity, 'classId'>,
  { due, tranches }: InstrumentState,
  left: bigint,
): readonly ComputeEquity[] {
  const issued = tranches.reduce((sum, { shares }) => sum + shares, 0n)
  if (left === 0n && issued === due) return []
  return [
    {
      ...common,
      kind: 'STAGED',
      earned: numericOfWhole(due),
      unearned: numericOfWhole(left),
      toIssue: numericOfWhole(due - issued),
    },
  ]
}

function safeOf(
  common: Common,
  { terms, safe, totalShares, retired, ended }: InstrumentState,
  series: ReadonlyMap<string, InstrumentState>,
): readonly ComputeEquity[] {
  if (terms.kind !== 'SAFE' || safe === null) return []
  const open = series.get(safe.seriesId ?? '')
  if (open !== undefined && open.terms.kind === 'STAGED') {
    const most = sharesForCents(
      (ended ? safe.accrued : totalShares - retired) - safe.converted,
      open.terms.sharePrice.amount,
    )
    return stagedOf({ ...common, classId: open.terms.stockClassId }, open, most - open.due)
  }
  const cents = ended || safe.rest === 'END' || safe.rest === 'ROUND_PRICE' ? 0n : totalShares - retired - safe.accrued
  if (cents === 0n && safe.securityId === null) return []
  const unaccrued = { amount: cents * CENT, currency: terms.sharePrice.currency }
  return [
    {
      ...common,
      kind: 'SAFE',
      classId: undefined,
      earned: 0n,
      unearned: 0n,
      toIssue: 0n,
      safe: { securityId: safe.securityId, unaccrued, terms: terms.safe },
    },
  ]
}
