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

/** What decides when a lot is drawn. */
export type DrawPlace = {
  readonly lotId: Uuid
  readonly drawRank: number
  readonly expiresOn: string
  readonly openedAt: string
}

/**
 * The order of drawing: by the rank that the terms give (lower first, equal by default), then earliest expiry first,
 * then the older lot.
 */
export function byDrawOrder(a: DrawPlace, b: DrawPlace): number {
  return (
    a.drawRank - b.drawRank ||
    compare(a.expiresOn, b.expiresOn) ||
    compare(a.openedAt, b.openedAt) ||
    compare(a.lotId, b.lotId)
  )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
