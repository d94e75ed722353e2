/** Whether a lot's grant has come to its end, of which tokens know nothing: whoever knows it is asked. */
import type { Reader, Trx, Uuid } from '../platform/index.ts'
import { type ReleasesEnd, ReleasesEnded } from './errors.ts'

type Lot = { readonly companyId: Uuid; readonly lotId: Uuid }

/** Says whether releases of a lot have ended by a day, and why; `undefined` while they go on, and for lots of no grant. */
export type ReleasesEndOf = (reader: Reader, lot: Lot, day: string) => Promise<ReleasesEnd | undefined>

/**
 * What is released on `day` must still be of use to the grant.
 *
 * @throws {ReleasesEnded}
 */
export async function mustStillRelease(trx: Trx, endOf: ReleasesEndOf, lot: Lot, day: string): Promise<void> {
  const end = await endOf(trx, lot, day)
  if (end !== undefined) throw new ReleasesEnded(end)
}
