/** A pro forma to take away: as JSON for programs, as CSV for spreadsheets. Pure. */
import { formatNumeric, formatTokens, type JsonValue, type Money, type Numeric } from '../platform/index.ts'
import { partsOfWhole } from './parts.ts'
import type { ProForma, ProFormaPurchase } from './pro-forma.ts'
import type { ProFormaConversion } from './pro-forma-conversions.ts'

const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

const purchase = ({ holder, className, amount, shares, remainder }: ProFormaPurchase) => ({
  holder,
  className,
  amount: money(amount),
  shares: String(shares),
  remainder: money(remainder),
})

const conversion = (each: ProFormaConversion) => ({
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
    compute: {
      ...purchase(compute),
      tokens: formatTokens(compute.tokens),
      referencePrice: money(compute.referencePrice),
      impliedPrice: money(compute.impliedPrice),
    },
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
    conversions: proForma.conversions.map(conversion),
    holders: proForma.holders.map((row) => ({
      holder: row.holder,
      holderId: row.holderId,
      isPool: row.isPool,
      ...counted(row),
      dilution: row.dilution === null ? null : formatNumeric(row.dilution),
    })),
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
    line.holder,
    line.className,
    ...[line.before, line.after, line.unearned, before[index] ?? 0n, after[index] ?? 0n, without[index] ?? 0n].map(
      formatNumeric,
    ),
  ])
  return [COLUMNS, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

/** Quoted where needed. A text that a spreadsheet would run as a formula is kept from it by a leading apostrophe. */
function field(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) && !/^-?[0-9.]+$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
