import type { MicroTokens, Uuid } from '../platform/index.ts'

/** Something that tokens can be drawn from: a lot, or a hold's part of one. */
export type Source = { readonly lotId: Uuid; readonly left: MicroTokens }
/** So much from one lot. */
export type Draw = { readonly lotId: Uuid; readonly amount: MicroTokens }

/**
 * Draws `amount` micro-tokens from the sources in their order, each emptied before the next is touched.
 *
 * @returns the draws, none of them zero; or `undefined` when the sources do not hold enough: nothing is drawn in part
 * @throws {RangeError} when `amount` is negative
 */
export function draw(sources: readonly Source[], amount: MicroTokens): readonly Draw[] | undefined {
  if (amount < 0n) throw new RangeError(`cannot draw ${amount}`)
  const draws: Draw[] = []
  let missing = amount
  for (const { lotId, left } of sources) {
    if (missing === 0n) break
    const taken = left < missing ? left : missing
    if (taken > 0n) draws.push({ lotId, amount: taken })
    missing -= taken
  }
  return missing === 0n ? draws : undefined
}

/**
 * Orders in which a company's lots of a class are drawn, as terms name them. `EARLIEST_EXPIRY` where none is agreed: what
 * would be lost first is used first. `OLDEST_FIRST`: as the lots were opened. `GRANTS_FIRST`: what earns shares before what
 * does not, `GRANTS_LAST` the reverse. `UNPAID_FIRST`: what was given, then grants, then what was paid for. Within each,
 * the earliest expiry first.
 */
export const DRAW_ORDERS = ['EARLIEST_EXPIRY', 'OLDEST_FIRST', 'GRANTS_FIRST', 'GRANTS_LAST', 'UNPAID_FIRST'] as const
export type DrawOrder = (typeof DRAW_ORDERS)[number]

/** What decides when a lot is drawn. */
export type DrawPlace = {
  readonly lotId: Uuid
  readonly drawRank: number
  readonly expiresOn: string
  readonly openedAt: string
  readonly origin: string
  /** Whether money was paid for it. */
  readonly paid: boolean
}

/** Compares two lots by the lot's own rank, then by the order, then earliest expiry first, then the older lot. */
export const byDrawOrder =
  (order: DrawOrder = 'EARLIEST_EXPIRY') =>
  (a: DrawPlace, b: DrawPlace): number =>
    a.drawRank - b.drawRank ||
    COMPARE[order](a, b) ||
    compare(a.expiresOn, b.expiresOn) ||
    compare(a.openedAt, b.openedAt) ||
    compare(a.lotId, b.lotId)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const place = ({ origin, paid }: DrawPlace): number => (origin === 'grant' ? 1 : paid ? 2 : 0)
const COMPARE: Readonly<Record<DrawOrder, (a: DrawPlace, b: DrawPlace) => number>> = {
  EARLIEST_EXPIRY: () => 0,
  OLDEST_FIRST: (a, b) => compare(a.openedAt, b.openedAt),
  GRANTS_FIRST: (a, b) => Number(a.origin !== 'grant') - Number(b.origin !== 'grant'),
  GRANTS_LAST: (a, b) => Number(a.origin === 'grant') - Number(b.origin === 'grant'),
  UNPAID_FIRST: (a, b) => place(a) - place(b),
}
