/** A round that opens several grants: what each is of, costs, gives, and by which terms. Nothing is said where there is one. */
import { column, counted, date, grouped, listed, money, sum } from '../format.ts'
import type { Clauses } from './clauses.ts'
import { releasesOfGrant } from './release-clauses.ts'
import { bold, rich } from './rich-text.ts'
import type { GrantOnPaper, TermSheet } from './term-sheet-input.ts'
import { allocationWords, BASIS_WORDS, releaseWords } from './term-sheet-words.ts'

/** All grants, the first one first. */
export const grantsOnPaper = (sheet: TermSheet): readonly GrantOnPaper[] => [
  {
    tokens: sheet.grant.tokens,
    tokenClass: sheet.grant.tokenClass,
    shares: sheet.equity.shares,
    referencePerHour: sheet.price.referencePerHour,
    impliedPerHour: sheet.price.impliedPerHour,
    consideration: sheet.price.consideration,
    vesting: sheet.vesting,
    releases: sheet.releases,
    ...(sheet.milestones === undefined ? {} : { milestones: sheet.milestones }),
    ...(sheet.onDemand === undefined ? {} : { onDemand: sheet.onDemand }),
    charging: sheet.charging,
    longStop: sheet.longStop,
    expiresOn: sheet.grant.expiresOn,
  },
  ...(sheet.furtherGrants ?? []),
]

/** "100,000 tokens of class A and 50,000 tokens of class B": tokens of two classes are not one number. */
export const grantedWords = (grants: readonly Pick<GrantOnPaper, 'tokens' | 'tokenClass'>[]): string =>
  listed(grants.map(({ tokens, tokenClass }) => `${counted(tokens, 'token')} of class ${tokenClass}`))

/** Whole shares that all grants buy. */
export const grantedShares = (sheet: TermSheet): string => sum(grantsOnPaper(sheet).map(({ shares }) => shares))

/** What each grant costs and buys. */
export function grantPrices(clauses: Clauses, sheet: TermSheet): void {
  if (sheet.furtherGrants === undefined) return
  const grants = grantsOnPaper(sheet)
  const [currency] = grants.map(({ consideration }) => consideration.currency)
  const shares = column([...grants.map((grant) => grant.shares), grantedShares(sheet)])
  const paid = grants.map(({ consideration }) => consideration.amount)
  const [reference, implied] = [
    column(
      grants.map((grant) => grant.referencePerHour.amount),
      2,
    ),
    column(
      grants.map((grant) => grant.impliedPerHour.amount),
      2,
    ),
  ]
  const shown = column([...paid, sum(paid)], 2)
  clauses.clause(
    rich`${bold('Several grants.')} The Fund pays with Tokens of ${counted(String(grants.length), 'grant')}. Each buys shares of its own at the price per share, rounded by itself, and only its own Tokens earn them.`,
    {
      summary: 'What each grant costs and buys',
      columns: [
        { head: 'Grant', share: 0.6 },
        { head: 'Class', share: 1.3 },
        { head: 'Tokens', number: true },
        { head: `Reference price, ${currency}`, number: true },
        { head: `Consideration, ${currency}`, number: true },
        { head: 'Shares', number: true },
        { head: `Implied price, ${currency}`, number: true },
      ],
      rows: [
        ...grants.map((grant, index) => ({
          cells: [
            String(index + 1),
            grant.tokenClass,
            grouped(grant.tokens),
            reference[index] ?? '',
            shown[index] ?? '',
            shares[index] ?? '',
            implied[index] ?? '',
          ],
        })),
        { cells: ['Total', '', '', '', shown.at(-1) ?? '', shares.at(-1) ?? '', ''], total: true },
      ],
    },
  )
}

/** By which terms each grant is released, charged, and ends. */
export function grantTerms(clauses: Clauses, sheet: TermSheet): void {
  if (sheet.furtherGrants === undefined) return
  const grants = grantsOnPaper(sheet)
  clauses.clause(
    rich`${bold('Each grant by itself.')} What this document says of the Tokens, the Long-Stop Date and the shares that they earn is said of each grant by its own row; the schedule above is that of grant 1.`,
    {
      summary: 'Terms of each grant',
      columns: [
        { head: 'Grant', share: 0.5 },
        { head: 'Tokens', share: 1.3 },
        { head: 'Released', share: 1.6 },
        { head: 'Charged', share: 1.1 },
        { head: 'Long-stop', share: 0.9 },
        { head: 'Expiry', share: 0.9 },
      ],
      rows: grants.map((grant, index) => ({
        cells: [
          String(index + 1),
          `${grouped(grant.tokens)} of class ${grant.tokenClass}`,
          releaseWords(grant).replaceAll(' (clause 5)', ''),
          grant.charging === 'RESERVED' ? 'Reserved time' : 'Metered use',
          date(grant.longStop),
          date(grant.expiresOn),
        ],
      })),
    },
  )
  for (const [index, own] of (sheet.furtherGrants ?? []).entries()) {
    for (const { text, table } of releasesOfGrant(own, `grant ${index + 2}`)) clauses.clause(text, table)
  }
}

/** How each further grant earns its shares. */
export function grantVesting(clauses: Clauses, sheet: TermSheet): void {
  for (const [index, grant] of (sheet.furtherGrants ?? []).entries()) {
    const { vesting, tokens, shares } = grant
    const cliff =
      vesting.cliffTokens === undefined
        ? ''
        : ` No share is earned before ${counted(vesting.cliffTokens, 'Token')} count; then the shares for all of them are.`
    clauses.clause(
      rich`${bold(`Grant ${index + 2}.`)} Its ${grouped(shares)} shares are earned by the part of its ${grouped(tokens)} Tokens that counts, ${allocationWords(vesting)}. ${BASIS_WORDS[vesting.basis]}.${cliff}`,
    )
  }
}

/** The price of an H100-hour among the key terms: of one grant the figures, of several where they stand. */
export const hourPriceWords = (sheet: TermSheet): string =>
  sheet.furtherGrants === undefined
    ? `${money(sheet.price.impliedPerHour)} implied by the equity; reference price ${money(sheet.price.referencePerHour)}`
    : 'Of each grant in clause 3'
