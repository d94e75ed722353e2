/** Which lots use outside any reservation is charged to. */
import { Temporal } from 'temporal-polyfill'
import { type LotOnDemand, lotsOnDemand } from '../../clusters/index.ts'
import type { MicroTokens, Trx, Uuid } from '../../platform/index.ts'
import { drawableLots } from '../../tokens/index.ts'

/**
 * Of lots that such use may draw, those whose signed terms allowed it when it began, with the cap of a month. Terms that were
 * signed later do not reach back.
 */
export const allowedFrom = (lots: readonly LotOnDemand[], startedAt: string): ReadonlyMap<Uuid, LotOnDemand['cap']> =>
  new Map(
    lots
      .filter(({ from }) => Temporal.Instant.compare(from, startedAt) <= 0)
      .map(({ lotId, cap }) => [lotId, cap] as const),
  )

/** The lots that use which began at `startedAt` may draw today, in the order of drawing, as `usage_draw` takes them. */
export async function onDemandLots(
  trx: Trx,
  companyId: Uuid,
  of: { readonly tokenClassId: Uuid; readonly startedAt: string },
): Promise<{ readonly lots: readonly { lotId: Uuid; left: MicroTokens }[]; readonly expired: ReadonlySet<Uuid> }> {
  const { lots, expired } = await drawableLots(trx, companyId, of.tokenClassId)
  const allowed = allowedFrom(await lotsOnDemand(trx, companyId), of.startedAt)
  return { lots: lots.filter(({ lotId }) => allowed.has(lotId)), expired }
}
