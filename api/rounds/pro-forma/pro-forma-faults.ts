/** Why a round cannot be over this cap table, each reason at the path of the term to change. Pure. */
import type { Capitalization, RoundFault } from '../../captable/index.ts'
import { formatNumeric, type InputFault, NUMERIC_PLACES, rational, roundRational } from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import type { SecurityTerms } from '../terms/terms.ts'
import { grantOfPurchase } from './named-purchases.ts'
import type { RoundConversions } from './round-conversions.ts'
import { rightsMisfits } from './round-rights.ts'
import { warrantId } from './round-warrants.ts'

type Path = InputFault['path']

/** Every name in the terms that contradicts the cap table. */
export function misfits(capitalization: Capitalization, terms: PricedTerms): readonly InputFault[] {
  return [
    ...classMisfits(capitalization, ['security'], terms.security),
    ...classMisfits(capitalization, ['cashSecurity'], terms.cashSecurity),
    ...(terms.compute === undefined
      ? []
      : holderMisfits(
          capitalization,
          ['compute', 'holderName'],
          terms.compute.holderName,
          terms.compute.stakeholderId,
          // The fund may be called otherwise by now: `mustNameFund` knows its names.
        ).filter(({ path }) => path.at(-1) !== 'holderName')),
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
  if (found?.ratio !== undefined && found.ratio.numerator !== found.ratio.denominator) {
    const ratio = rational(found.ratio.numerator, found.ratio.denominator).toFraction()
    yield {
      path: [...path, 'stockClassId'],
      reason: `converts at ${ratio}, and a round sells what converts one to one`,
    }
  }
  if (found !== undefined && found.name !== security.className) {
    yield { path: [...path, 'className'], reason: `is not the name of that class, which is "${found.name}"` }
  }
}

/** A name that is known already must come with its id: two holders of one name are not guessed to be one. */
function holderMisfits(...of: Parameters<typeof misfitsOfHolder>): readonly InputFault[] {
  return [...misfitsOfHolder(...of)]
}

function* misfitsOfHolder(
  { holdings, compute = [] }: Capitalization,
  path: Path,
  name: string,
  stakeholderId: string | undefined,
): Iterable<InputFault> {
  // Who has a SAFE of which nothing has accrued, or tranches to come, is a holder too.
  const holders = [...holdings, ...compute]
  const known = holders.find((holder) => holder.stakeholderName === name)
  const idPath = [...path.slice(0, -1), 'stakeholderId']
  if (stakeholderId === undefined) {
    if (known !== undefined)
      yield { path: idPath, reason: `is missing: ${name} holds securities already (${known.stakeholderId})` }
    return
  }
  const found = holders.find((holder) => holder.stakeholderId === stakeholderId)
  if (found === undefined) yield { path: idPath, reason: 'holds nothing of this company' }
  else if (found.stakeholderName !== name)
    yield { path, reason: `is not that holder's name, which is ${found.stakeholderName}` }
}

/** The term behind a round that has no solution. */
export function unsolvable(reason: RoundFault, { terms, converting }: RoundConversions): InputFault {
  const warrantAt = (id: string | undefined): number =>
    (terms.warrants ?? []).findIndex(({ securityId }) => warrantId(securityId) === id)
  const named = (ids: readonly string[]): string =>
    converting
      .filter(({ holding }) => ids.includes(holding.securityId))
      .map(({ holding }) => `${holding.customId ?? holding.securityId} of ${holding.stakeholderName}`)
      .join(', ')
  const instrument = (id: string | undefined): Path => {
    if (warrantAt(id) >= 0) return ['conversions', 'warrants', warrantAt(id)]
    const index = terms.instruments.findIndex(({ securityId }) => securityId === id)
    return index < 0 ? ['conversions', 'instruments'] : ['conversions', 'instruments', index]
  }
  switch (reason.kind) {
    case 'cap_not_above_amount':
      if (reason.ids[0] === 'compute') {
        return { path: ['instrument', 'cap', 'amount'], reason: 'is not above the purchase amount' }
      }
      if (warrantAt(reason.ids[0]) >= 0) {
        return { path: [...instrument(reason.ids[0]), 'amount'], reason: 'is not below the valuation of the warrant' }
      }
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
      if (warrantAt(reason.id) >= 0) {
        return { path: [...instrument(reason.id), 'amount'], reason: 'buys no whole share at the price of the warrant' }
      }
      if (reason.id.startsWith('right ')) {
        const path = ['proRataRights', Number(reason.id.slice('right '.length)), 'exercise']
        return { path, reason: `buys no whole share at a price of ${formatNumeric(reason.price)}` }
      }
      const path = pathOfPurchase(reason.id)
      return { path, reason: `buys no whole share at a price of ${formatNumeric(reason.price)}` }
    }
    case 'rounding_cannot_be_reconciled':
      if (new Set(reason.poolIncreases).size === 1) {
        return {
          path: ['conversions', 'shareRounding'],
          reason:
            'cannot be reconciled: what follows from the price is nearly the whole company, so that each step of rounding gives other numbers of shares. Raise the valuation or round otherwise',
        }
      }
      return {
        path: ['pool'],
        reason: `cannot be reconciled with the rounding, which asks for ${reason.poolIncreases.join(', ')} and so on: fix the increase or round otherwise`,
      }
  }
}

function pathOfPurchase(id: string): Path {
  const grant = grantOfPurchase(id)
  if (grant === undefined) return ['cashInvestors', Number(id), 'amount', 'amount']
  return grant === 0 ? ['compute', 'tokens'] : ['furtherGrants', grant - 1, 'tokens']
}
