/** Pro rata rights of side letters against the terms of a later round: what those must honour, and whether they do. Pure. */
import type { Capitalization } from '../../captable/index.ts'
import { DomainError, NUMERIC_PLACES, type Numeric, rational, roundRational, type Uuid } from '../../platform/index.ts'
import { allComputeConsideration, type RoundTerms } from '../../rounds/index.ts'

/** A right that a side letter gives, by the letter whose rights its holder has now. */
export type ProRataInForce = {
  readonly holder: string
  /** The holder among the stakeholders; `null` where the cap table did not know it when the letter was drafted. */
  readonly stakeholderId: string | null
  /** Times its part of the fully diluted company. */
  readonly multiple: Numeric
  /** Global id of the holder's own side letter. */
  readonly sideLetter: string
  readonly title: string
}
export type UnhonouredRight = ProRataInForce & {
  /** The part of all that the round sells that it is to, of 1, rounded down to ten places. */
  readonly part: Numeric
}

/** The terms neither name a pro rata right of a side letter, nor sell its holder as much, and no signed document waives it. */
export class RightsNotHonoured extends DomainError {
  readonly code = 'RIGHTS_NOT_HONOURED'
  readonly rights: readonly UnhonouredRight[]
  constructor(rights: readonly UnhonouredRight[]) {
    const named = rights.map(({ holder, title }) => `${holder} ("${title}")`).join(', ')
    super(
      `Side letters in force give pro rata rights that these terms do not honour: ${named}. Nothing was changed. Name them among proRataRights, exercised or not, or have a waiver signed.`,
    )
    this.rights = rights
  }
}

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/**
 * The rights that these terms leave out. A right is honoured where the terms name its holder with at least its part, exercised
 * or not, or where the holder buys that part of what the round sells anyway. Who holds nothing has a part of nothing.
 */
export function unhonouredRights(
  { holdings, fullyDiluted }: Pick<Capitalization, 'holdings' | 'fullyDiluted'>,
  terms: Pick<RoundTerms, 'compute' | 'furtherGrants' | 'cashInvestors' | 'proRataRights'>,
  rights: readonly ProRataInForce[],
): readonly UnhonouredRight[] {
  const compute = allComputeConsideration(terms).amount
  const sold = terms.cashInvestors.reduce((sum, { amount }) => sum + amount.amount, compute)
  return rights.flatMap((right): UnhonouredRight[] => {
    const isHolder = holderTest(holdings, right)
    const held = holdings.reduce(
      (sum, { stakeholderId: id, quantity }) => (isHolder({ id }) ? sum + quantity : sum),
      0n,
    )
    if (held === 0n) return []
    const exact = rational(right.multiple, ONE).mul(rational(held, fullyDiluted))
    const part = roundRational(exact, NUMERIC_PLACES, 'DOWN')
    const named = terms.proRataRights?.find(({ stakeholderId: id }) => isHolder({ id }))
    const enough = named !== undefined && (named.part === undefined ? right.multiple <= ONE : named.part >= part)
    const { stakeholderId: id, holderName: name } = terms.compute
    const bought = terms.cashInvestors.reduce(
      (sum, investor) =>
        isHolder({ id: investor.stakeholderId, name: investor.name }) ? sum + investor.amount.amount : sum,
      isHolder({ id, name }) ? compute : 0n,
    )
    return enough || bought * ONE >= part * sold ? [] : [{ ...right, part }]
  })
}

/** Somebody of the cap table or of terms: by id where there is one, by name for whoever comes in. */
type Named = { readonly id?: string | undefined; readonly name?: string | undefined }

/** Whether somebody is the holder of a right. One whom the cap table did not know when its letter was drafted goes by name. */
function holderTest(
  holdings: Capitalization['holdings'],
  { holder, stakeholderId }: ProRataInForce,
): (somebody: Named) => boolean {
  const ids =
    stakeholderId === null
      ? new Set(holdings.flatMap((held) => (held.stakeholderName === holder ? [held.stakeholderId] : [])))
      : new Set([stakeholderId])
  return ({ id, name }) => (id === undefined ? name === holder : ids.has(id))
}

/** What stands in a stored side letter about rights to take part. */
export type StoredRight = { readonly kind?: unknown; readonly [field: string]: unknown }
export type LetterInForce = {
  readonly id: Uuid
  readonly title: string
  readonly holder: string
  readonly roundId: Uuid
  readonly rights: readonly StoredRight[]
}
