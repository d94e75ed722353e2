/** What the terms of each grant owe one another. Pure; every fault at the path of the term to change. */
import { formatTokens, type InputFault, type MicroTokens } from '../../platform/index.ts'
import { releaseFaults } from './release-faults.ts'
import { CONTINUOUS_ALLOCATIONS } from './terms-earning.ts'
import type { FurtherGrantTerms } from './terms-grants.ts'
import type { RoundTerms } from './terms-shape.ts'

type Path = InputFault['path']
const fault = (path: Path, reason: string): InputFault => ({ path, reason })

type InHand = { readonly [K in keyof RoundTerms]?: RoundTerms[K] }
/** One grant as far as it is well formed. */
type Grant = {
  readonly vesting?: RoundTerms['vesting'] | undefined
  readonly releases?: RoundTerms['releases'] | undefined
  readonly longStop?: string | undefined
  readonly tokenExpiry?: string | undefined
  readonly tokens?: MicroTokens | undefined
}

/** The grant of `compute`, then each further one, against the round's closing date. */
export function* grantFaults(terms: InHand): Iterable<InputFault> {
  const { vesting, releases, longStop, tokenExpiry, compute, closingDate } = terms
  const first: Grant = { vesting, releases, longStop, tokenExpiry, tokens: compute?.tokens }
  yield* vestingFaults([], first)
  yield* releaseFaults([], { ...first, closingDate })
  yield* dateFaults([], first, closingDate)
  for (const [index, own] of (terms.furtherGrants ?? []).entries()) {
    yield* furtherFaults(['furtherGrants', index], own, first, terms)
  }
}

const filledFrom = (first: Grant, own: Grant): Grant => ({
  vesting: own.vesting ?? first.vesting,
  releases: own.releases ?? first.releases,
  longStop: own.longStop ?? first.longStop,
  tokenExpiry: own.tokenExpiry ?? first.tokenExpiry,
  tokens: own.tokens,
})

/** What a further grant leaves to the round was checked with the round: only what it brings itself can be new. */
function* furtherFaults(path: Path, own: FurtherGrantTerms, first: Grant, terms: InHand): Iterable<InputFault> {
  const { closingDate, preMoney } = terms
  if (own.tokens === 0n) yield fault([...path, 'tokens'], 'must be more than zero')
  if (own.referencePrice?.amount === 0n) yield fault([...path, 'referencePrice', 'amount'], 'must be more than zero')
  if (own.referencePrice !== undefined && preMoney !== undefined && own.referencePrice.currency !== preMoney.currency) {
    const reason = `is ${own.referencePrice.currency}, but the pre-money valuation is in ${preMoney.currency}: a round has one currency`
    yield fault([...path, 'referencePrice', 'currency'], reason)
  }
  const grant = filledFrom(first, own)
  if (own.vesting !== undefined) yield* vestingFaults(path, grant)
  else if (first.vesting?.cliffTokens !== undefined && first.vesting.cliffTokens > own.tokens) {
    yield fault(
      [...path, 'vesting'],
      `is missing: the cliff of the round is more than the ${formatTokens(own.tokens)} tokens of this grant`,
    )
  }
  if (own.releases === undefined && first.releases !== undefined && 'releases' in first.releases) {
    return yield fault([...path, 'releases'], 'is missing: the releases of the round are of the tokens of compute')
  }
  if (own.releases !== undefined || own.longStop !== undefined) yield* releaseFaults(path, { ...grant, closingDate })
  if (own.longStop !== undefined || own.tokenExpiry !== undefined) yield* dateFaults(path, grant, closingDate)
}

function* vestingFaults(path: Path, { vesting, tokens }: Grant): Iterable<InputFault> {
  if (vesting === undefined) return
  if (vesting.tranches === undefined && !CONTINUOUS_ALLOCATIONS.includes(vesting.allocation)) {
    yield fault(
      [...path, 'vesting', 'allocation'],
      `${vesting.allocation} needs a number of tranches; continuous vesting allows ${CONTINUOUS_ALLOCATIONS.join(', ')}`,
    )
  }
  if (tokens !== undefined && vesting.cliffTokens !== undefined && vesting.cliffTokens > tokens) {
    yield fault([...path, 'vesting', 'cliffTokens'], `is more than the ${formatTokens(tokens)} tokens of the grant`)
  }
}

function* dateFaults(
  path: Path,
  { longStop, tokenExpiry }: Grant,
  closingDate: string | undefined,
): Iterable<InputFault> {
  if (closingDate !== undefined && longStop !== undefined && longStop <= closingDate) {
    yield fault([...path, 'longStop'], `must be after the closing date ${closingDate}`)
  }
  if (longStop !== undefined && tokenExpiry !== undefined && tokenExpiry < longStop) {
    yield fault([...path, 'tokenExpiry'], `must not be before the long-stop date ${longStop}`)
  }
}
