/** The sentence that says what a round does. It stands first in the term sheet and before every binding act. */
import { counted, grouped } from './format.ts'

export type Headline = {
  readonly shares: string
  readonly className: string
  readonly fund: string
  readonly tokens: string
  readonly company: string
}

/**
 * "Issues 1,140,000 unearned Series Seed shares to Meridian Compute Fund LP and grants 100,000 tokens to Northwind
 * Robotics, Inc." No number is abbreviated. @throws {NotPrintable}
 */
export const headline = (what: Headline): string =>
  `Issues ${grouped(what.shares)} unearned ${shareWords(what.className)} to ${what.fund}` +
  ` and grants ${counted(what.tokens, 'token')} to ${what.company}`

/** "Series Seed Preferred Stock" as people say it of shares: "Series Seed Preferred shares". */
export const shareWords = (className: string): string => `${className.replace(/\s+(?:stock|shares?)$/i, '')} shares`
