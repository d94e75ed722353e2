/** Why a round cannot be over this cap table, each reason at the path of the term to change. Pure. */
import type { Capitalization, RoundFault } from '../captable/index.ts'
import { formatNumeric, type InputFault, NUMERIC_PLACES, roundRational } from '../platform/index.ts'
import type { RoundConversions } from './round-conversions.ts'
import { rightsMisfits } from './round-rights.ts'
import type { RoundTerms, SecurityTerms } from './terms.ts'

type Path = InputFault['path']

/** Every name in the terms that contradicts the cap table. */
export function misfits(capitalization: Capitalization, terms: RoundTerms): readonly InputFault[] {
  return [
    ...classMisfits(capitalization, ['security'], terms.security),
    ...classMisfits(capitalization, ['cashSecurity'], terms.cashSecurity),
    ...holderMisfits(capitalization, ['compute', 'holderName'], terms.compute.holderName, terms.compute.stakeholderId),
    ...rightsMisfits(capitalization, terms),
    ...terms.cashInvestors.flatMap(({ name, stakeholderId }, index) => [
      ...holderMisfits(capitalization, ['cashInvestors', index, 'name'], name, stakeholderId),
    ]),
  ]
}

function* classMisfits({ classes }: Capitalization, path: Path, security?: SecurityTerms): Iterable<InputFault> {
  if (security === undefined) return
  const named = classes.find(({ name }) => name === security.className)
  if (security.newClass && named !== undefined) {
    yield { path: [...path, 'className'], reason: `is a class already (${named.id}): name it by stockClassId` }
  }
  const found = classes.find(({ id }) => id === security.stockClassId)
  if (security.stockClassId !== undefined && found === undefined) {
    yield { path: [...path, 'stockClassId'], reason: 'is not a stock class of this company' }
  }
  if (found !== undefined && found.name !== security.className) {
    yield { path: [...path, 'className'], reason: `is not the name of that class, which is "${found.name}"` }
  }
}

/** A name that is known already must come with its id: two holders of one name are not guessed to be one. */
function* holderMisfits(
  { holdings }: Capitalization,
  path: Path,
  name: string,
  stakeholderId: string | undefined,
): Iterable<InputFault> {
  const known = holdings.find((holding) => holding.stakeholderName === name)
  const idPath = [...path.slice(0, -1), 'stakeholderId']
  if (stakeholderId === undefined) {
    if (known !== undefined)
      yield { path: idPath, reason: `is missing: ${name} holds securities already (${known.stakeholderId})` }
    return
  }
  const found = holdings.find((holding) => holding.stakeholderId === stakeholderId)
  if (found === undefined) yield { path: idPath, reason: 'holds nothing of this company' }
  else if (found.stakeholderName !== name)
    yield { path, reason: `is not that holder's name, which is ${found.stakeholderName}` }
}

/** The term behind a round that has no solution. */
export function unsolvable(reason: RoundFault, { terms, converting }: RoundConversions): InputFault {
  const named = (ids: readonly string[]): string =>
    converting
      .filter(({ holding }) => ids.includes(holding.securityId))
      .map(({ holding }) => `${holding.customId ?? holding.securityId} of ${holding.stakeholderName}`)
      .join(', ')
  const instrument = (id: string | undefined): Path => {
    const index = terms.instruments.findIndex(({ securityId }) => securityId === id)
    return index < 0 ? ['conversions', 'instruments'] : ['conversions', 'instruments', index]
  }
  switch (reason.kind) {
    case 'cap_not_above_amount':
      return {
        path: [...instrument(reason.ids[0]), 'cap'],
        reason: `is not above what was paid under it (${named(reason.ids)}): its holder would own the whole company`,
      }
    case 'caps_sell_everything': {
      const sold = formatNumeric(roundRational(reason.sold, NUMERIC_PLACES, 'NEAREST'))
      return {
        path: ['conversions', 'instruments'],
        reason: `cannot all convert: their post-money caps sell ${sold} of the company (${named(reason.ids)})`,
      }
    }
    case 'rights_take_everything':
      return { path: ['proRataRights'], reason: 'bring their holders to the whole company: lower the parts' }
    case 'valuation_below_conversions':
      return { path: ['preMoney'], reason: 'does not exceed what converts at a price that follows from it' }
    case 'conversion_price_rounds_to_zero':
      return {
        path: ['conversions', 'priceRounding'],
        reason: `leaves a price of zero for ${named([reason.id])}: keep more places`,
      }
    case 'no_shares_before':
      return { path: ['preMoney'], reason: 'cannot be divided: the company has no shares before the round' }
    case 'target_cannot_be_met': {
      const most = formatNumeric(roundRational(reason.most, NUMERIC_PLACES, 'DOWN'))
      return { path: ['pool', 'postRoundUnallocated'], reason: `cannot be met: it must be below ${most}` }
    }
    case 'price_rounds_to_zero':
      return { path: ['priceRounding'], reason: 'leaves a price of zero: keep more places' }
    case 'buys_no_share': {
      if (converting.some(({ holding }) => holding.securityId === reason.id)) {
        return { path: instrument(reason.id), reason: `gives no whole share (${named([reason.id])})` }
      }
      if (reason.id.startsWith('right ')) {
        const path = ['proRataRights', Number(reason.id.slice('right '.length)), 'exercise']
        return { path, reason: `buys no whole share at a price of ${formatNumeric(reason.price)}` }
      }
      const path =
        reason.id === 'compute' ? ['compute', 'tokens'] : ['cashInvestors', Number(reason.id), 'amount', 'amount']
      return { path, reason: `buys no whole share at a price of ${formatNumeric(reason.price)}` }
    }
    case 'rounding_cannot_be_reconciled':
      return {
        path: ['pool'],
        reason: `cannot be reconciled with the rounding, which asks for ${reason.poolIncreases.join(', ')} and so on: fix the increase or round otherwise`,
      }
  }
}
