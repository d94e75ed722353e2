/** Who of the cap table the fund is, when another has taken its place or its name has changed. */
import type { Capitalization } from '../captable/index.ts'
import { fundNames } from '../parties/index.ts'
import type { Reader } from '../platform/index.ts'
import { TermsRefused } from './errors.ts'
import type { RoundTerms } from './terms/terms.ts'

/**
 * The cap table keeps the name under which the fund's shares were issued; documents call the fund as it is called on their
 * date. So the holder of the terms is matched by its id, and its name may be any that the fund has or had; a name that is
 * none of them must be the cap table's. Without an id, a fund that holds something under an earlier name is not made a second
 * holder.
 *
 * @throws {TermsRefused}
 */
export async function mustNameFund(
  reader: Reader,
  { holdings, compute: equity = [] }: Pick<Capitalization, 'holdings' | 'compute'>,
  { compute: { holderName, stakeholderId } }: Pick<RoundTerms, 'compute'>,
): Promise<void> {
  const holders = [...holdings, ...equity]
  const own = holders.find((holder) => holder.stakeholderId === stakeholderId)
  if (own?.stakeholderName === holderName || (own === undefined && stakeholderId !== undefined)) return
  const names = new Set(await fundNames(reader))
  const isFund = (name: string) => names.has(name)
  if (own !== undefined) {
    if (isFund(own.stakeholderName) && isFund(holderName)) return
    const reason = `is not that holder's name, which is ${own.stakeholderName}, nor another one of the fund's`
    throw new TermsRefused([{ path: ['compute', 'holderName'], reason }])
  }
  const before = isFund(holderName) ? holders.find(({ stakeholderName }) => isFund(stakeholderName)) : undefined
  if (before === undefined) return
  const reason = `is missing: the fund holds securities already, as ${before.stakeholderName} (${before.stakeholderId})`
  throw new TermsRefused([{ path: ['compute', 'stakeholderId'], reason }])
}
