/** Milestones of a lot that nobody has confirmed: locked tokens are promised to them. Pure. */
import { type AskedRelease, stands } from './asked-release.store.ts'
import type { LotReleaseTerms, Milestone } from './release-terms.store.ts'

/** Of the terms of a lot those without a confirmation that stands, by the releases of this lot, or of its company. */
export function unconfirmed(
  { milestones }: LotReleaseTerms,
  lotId: string,
  asked: readonly Pick<AskedRelease, 'lotId' | 'code' | 'state'>[],
): readonly Milestone[] {
  const codes = new Set(asked.filter((each) => each.lotId === lotId && stands(each)).map(({ code }) => code))
  return milestones.filter(({ code }) => !codes.has(code))
}
