/** A pro forma to take away: as JSON for programs, as CSV for spreadsheets. Pure. */
import {
  csvOf,
  formatNumeric,
  formatTokens,
  globalId,
  type JsonValue,
  type Money,
  type Numeric,
  words,
} from '../../platform/index.ts'
import { partsOfWhole } from '../terms/parts.ts'
import type { ProFormaFounders } from './founders.ts'
import type { ProForma, ProFormaCompute, ProFormaPurchase } from './pro-forma.ts'
import type { ProFormaConversion } from './pro-forma-conversions.ts'
import type { ProFormaWarrant } from './round-warrants.ts'

const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

const purchase = ({ holder, className, amount, shares, remainder }: ProFormaPurchase) => ({
  holder,
  className,
  amount: money(amount),
  shares: String(shares),
  remainder: money(remainder),
})

const computePurchase = (grant: ProFormaCompute) => ({
  ...purchase(grant),
  tokenClassId: globalId('TokenClass', grant.tokenClassId),
  tokens: formatTokens(grant.tokens),
  referencePrice: money(grant.referencePrice),
  impliedPrice: money(grant.impliedPrice),
})

/** One conversion, every number as text. */
export const conversionJson = (each: ProFormaConversion) => ({
  securityId: each.securityId,
  customId: each.customId,
  holder: each.holder,
  instrument: each.instrument,
  principal: money(each.principal),
  interest: money(each.interest),
  interestInCash: money(each.interestInCash),
  cap: each.cap === null ? null : money(each.cap),
  discount: formatNumeric(each.discount),
  at: each.at,
  pricePerShare: money(each.price),
  exactPrice: each.exactPrice,
  className: each.className,
  shares: String(each.shares),
  remainder: money(each.remainder),
})

/** One warrant that the round prices, every number as text. */
const warrantJson = (each: ProFormaWarrant) => ({
  ...{ securityId: each.securityId, customId: each.customId, holder: each.holder, amount: money(each.amount) },
  ...{ at: each.at, pricePerShare: money(each.price), exactPrice: each.exactPrice },
  ...{ className: each.className, shares: String(each.shares) },
})

type Counted = {
  readonly before: Numeric
  readonly after: Numeric
  readonly unearned: Numeric
  readonly beforePart: Numeric
  readonly afterPart: Numeric
  readonly afterWithoutUnearnedPart: Numeric
}
const counted = (row: Counted) => ({
  before: formatNumeric(row.before),
  after: formatNumeric(row.after),
  unearned: formatNumeric(row.unearned),
  beforePart: formatNumeric(row.beforePart),
  afterPart: formatNumeric(row.afterPart),
  afterWithoutUnearnedPart: formatNumeric(row.afterWithoutUnearnedPart),
})

const foundersJson = (founders: ProFormaFounders) => ({
  members: founders.members.map(({ holderId, holder }) => ({ holderId, holder })),
  ...counted(founders),
  dilution: founders.dilution === null ? null : formatNumeric(founders.dilution),
})

/** Everything of a pro forma. Shares, money and parts of 1 are decimal strings. */
export function proFormaJson(proForma: ProForma): JsonValue {
  const { compute, risk } = proForma
  return {
    asOf: proForma.asOf,
    preMoney: money(proForma.preMoney),
    postMoney: money(proForma.postMoney),
    effectivePreMoney: money(proForma.effectivePreMoney),
    pricePerShare: money(proForma.price),
    exactPrice: proForma.exactPrice,
    priceDenominator: formatNumeric(proForma.priceDenominator),
    sharesBefore: formatNumeric(proForma.sharesBefore),
    sharesAfter: formatNumeric(proForma.sharesAfter),
    poolIncrease: String(proForma.poolIncrease),
    unallocatedAfter: formatNumeric(proForma.unallocatedAfter),
    unallocatedAfterPart: formatNumeric(proForma.unallocatedAfterPart),
    compute: computePurchase(compute),
    grants: proForma.grants.map(computePurchase),
    computeShares: String(proForma.computeShares),
    cash: proForma.cash.map(purchase),
    rights: proForma.rights.map((right) => ({
      holder: right.holder,
      of: right.of,
      part: formatNumeric(right.part),
      superProRata: right.superProRata,
      exercise: right.exercise,
      className: right.className,
      shares: String(right.shares),
      amount: money(right.amount),
    })),
    conversionMethod: proForma.conversionMethod,
    conversions: proForma.conversions.map(conversionJson),
    warrants: proForma.warrants.map(warrantJson),
    holders: proForma.holders.map((row) => ({
      holder: row.holder,
      holderId: row.holderId,
      isPool: row.isPool,
      ...counted(row),
      dilution: row.dilution === null ? null : formatNumeric(row.dilution),
    })),
    founders: proForma.founders === null ? null : foundersJson(proForma.founders),
    classes: proForma.classes.map((row) => ({
      className: row.className,
      classId: row.classId,
      kind: row.kind,
      ...counted(row),
    })),
    risk: {
      unearnedShares: String(risk.unearnedShares),
      presentHoldersAfter: formatNumeric(risk.presentHoldersAfter),
      presentHoldersIfNothingUsed: formatNumeric(risk.presentHoldersIfNothingUsed),
      dilution: formatNumeric(risk.dilution),
      dilutionIfNothingUsed: formatNumeric(risk.dilutionIfNothingUsed),
    },
    computeEquity: proForma.computeEquity.map((row) => ({
      kind: row.kind,
      holder: row.holder,
      className: row.className,
      ofThisRound: row.ofThisRound,
      earned: formatNumeric(row.earned),
      maximum: formatNumeric(row.maximum),
      earnedPart: formatNumeric(row.earnedPart),
      maximumPart: formatNumeric(row.maximumPart),
      unearnedCounted: row.unearnedCounted,
    })),
    notes: proForma.notes.map(({ code, weight, text }) => ({ code, weight, text })),
  }
}

const COLUMNS = [
  'holder',
  'class',
  'shares before',
  'shares after',
  'of which unearned',
  'part before',
  'part after',
  'part after without unearned',
]

/** The finest table, one line per holder and class; over all lines each column of parts adds up to exactly 1. RFC 4180. */
export function proFormaCsv({ lines }: ProForma): string {
  const before = partsOfWhole(lines.map((line) => line.before))
  const after = partsOfWhole(lines.map((line) => line.after))
  const without = partsOfWhole(lines.map((line) => line.after - line.unearned))
  const rows = lines.map((line, index) => [
    words(line.holder),
    words(line.className),
    ...[line.before, line.after, line.unearned, before[index] ?? 0n, after[index] ?? 0n, without[index] ?? 0n].map(
      formatNumeric,
    ),
  ])
  return csvOf([COLUMNS, ...rows])
}
