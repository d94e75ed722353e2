/** The sentence that says what a round does. It stands first in the term sheet and before every binding act. */
import { counted, grouped, listed } from './format.ts'

export type Headline = {
  readonly shares: string
  readonly className: string
  readonly fund: string
  readonly tokens: string
  /** Where there are several grants: each one's tokens and their class, in the place of `tokens`. */
  readonly grants?: readonly { readonly tokens: string; readonly tokenClass: string }[]
  readonly company: string
}

/**
 * "Issues 1,140,000 unearned Series Seed shares to Meridian Compute Fund LP and grants 100,000 tokens to Northwind
 * Robotics, Inc." No number is abbreviated. @throws {NotPrintable}
 */
export const headline = (what: Headline): string =>
  `Issues ${grouped(what.shares)} unearned ${shareWords(what.className)} to ${what.fund}` +
  ` and grants ${tokensOf(what)} to ${what.company}`

function tokensOf({ tokens, grants = [] }: Headline): string {
  if (grants.length < 2) return counted(tokens, 'token')
  return listed(grants.map((each) => `${counted(each.tokens, 'token')} of class ${each.tokenClass}`))
}

/** "Series Seed Preferred Stock" as people say it of shares: "Series Seed Preferred shares". */
export const shareWords = (className: string): string => `${className.replace(/\s+(?:stock|shares?)$/i, '')} shares`
