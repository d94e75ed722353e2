/** The document of a further closing: who buys what at the fixed price, which tokens are granted, and what it needs. */
import { column, date, grouped, type MoneyText, money } from '../format.ts'
import { bindingDocumentPdf } from './binding-document.ts'
import { type ReleasesOnPaper, releasesOfGrant } from './release-clauses.ts'
import { bold, rich } from './rich-text.ts'
import type { Party } from './term-sheet-input.ts'
import { releaseWords } from './term-sheet-words.ts'

export type ClosingNotice = {
  readonly roundName: string
  readonly ordinal: number
  readonly company: Party
  readonly fund: Party
  readonly issuedAt: string
  readonly closingDate: string
  readonly price: MoneyText
  readonly cash: readonly {
    readonly holder: string
    readonly className: string
    readonly amount: MoneyText
    readonly shares: string
  }[]
  readonly grants: readonly {
    readonly tokenClass: string
    readonly tokens: string
    readonly className: string
    readonly shares: string
    readonly referencePrice: MoneyText
    readonly basis: string
    readonly longStop: string
    readonly tokenExpiry: string
    readonly releases: ReleasesOnPaper
    /** `false`: equal parts on days that rise, of which the first and the last are enough. */
    readonly ownReleases: boolean
  }[]
  /** All shares before and after it, fully diluted. */
  readonly before: string
  readonly after: string
  readonly conditions: readonly string[]
  /** Canonical JSON of what it brings. */
  readonly json: string
}

const PROVIDER = 'The Provider of a grant is the one that owes its Tokens.'

/** How a grant is released, in its row. */
function released({ closingDate }: ClosingNotice, { releases, ownReleases }: ClosingNotice['grants'][number]): string {
  if (ownReleases) return `released: ${releaseWords(releases).replaceAll(' (clause 5)', '')}`
  const days = releases.releases.map(({ on }) => on)
  return `released from ${date(days[0] ?? closingDate)} to ${date(days.at(-1) ?? closingDate)}`
}

/** The document as PDF/A-3a. @throws {NotPrintable} @throws {CharactersNotInTypeface} */
export function closingNoticePdf(notice: ClosingNotice): Promise<Uint8Array> {
  const { cash, grants, conditions, roundName } = notice
  const shares = column([...cash, ...grants].map((row) => row.shares))
  const named = grants.some(({ ownReleases }) => ownReleases)
  return bindingDocumentPdf({
    kind: `Closing ${notice.ordinal}`,
    subject: roundName,
    headline: `Closing ${notice.ordinal} of ${roundName}, on ${date(notice.closingDate)}, at ${money(notice.price)} per share`,
    issuedAt: notice.issuedAt,
    parties: [
      { ...notice.company, role: 'Company' },
      { ...notice.fund, role: 'Fund' },
    ],
    sections: [
      {
        title: 'What is issued',
        clauses: [
          ...(grants.length === 0
            ? []
            : [
                {
                  text: rich`${bold('Against compute.')} The shares are unearned; each grant earns its own.`,
                  table: {
                    summary: 'Grants of tokens, and the shares of each',
                    columns: [
                      { head: 'Tokens', share: 2 },
                      { head: 'Shares', number: true },
                      { head: 'Terms', share: 3 },
                    ],
                    rows: grants.map((grant, index) => ({
                      cells: [
                        `${named ? `Grant ${index + 1}: ` : ''}${grouped(grant.tokens)} of class ${grant.tokenClass} at ${money(grant.referencePrice)}`,
                        shares[cash.length + index] ?? '',
                        `${grant.className}; basis ${grant.basis}; ${released(notice, grant)}; long-stop ${date(grant.longStop)}; expiry ${date(grant.tokenExpiry)}`,
                      ],
                    })),
                  },
                },
                ...(named ? [{ text: rich`${PROVIDER}` }] : []),
                ...grants.flatMap((grant, index) =>
                  grant.ownReleases ? releasesOfGrant(grant.releases, `grant ${index + 1}`) : [],
                ),
              ]),
          ...(cash.length === 0
            ? []
            : [
                {
                  text: rich`${bold('Against cash.')} The shares are vested at once.`,
                  table: {
                    summary: 'Cash investors, and the shares of each',
                    columns: [
                      { head: 'Investor', share: 2 },
                      { head: 'Shares', number: true },
                      { head: 'Class', share: 2 },
                      { head: 'Cash', number: true },
                    ],
                    rows: cash.map((one, index) => ({
                      cells: [one.holder, shares[index] ?? '', one.className, money(one.amount)],
                    })),
                  },
                },
              ]),
          {
            text: rich`${bold('The cap table.')} Fully diluted the Company has ${grouped(notice.before)} shares before this closing and ${grouped(notice.after)} after it. The price is that of the first closing.`,
          },
        ],
      },
      {
        title: 'Conditions',
        clauses:
          conditions.length === 0 ? [{ text: 'None beyond those of the law.' }] : conditions.map((text) => ({ text })),
      },
    ],
    attached: { name: 'closing.json', json: notice.json, description: 'The closing as canonical JSON (RFC 8785)' },
  })
}
