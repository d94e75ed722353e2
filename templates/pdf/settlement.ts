/** The notice of a settlement: what a clause did to tokens, shares and cash. The same input gives the same bytes. */
import { counted, date, grouped } from '../format.ts'
import { Clauses } from './clauses.ts'
import { INK, Paper } from './paper.ts'
import { bold, rich } from './rich-text.ts'

export type SettlementNotice = {
  /** Instant in UTC: the file's only date. */
  readonly issuedAt: string
  /** The event in words: "Change of control". */
  readonly title: string
  readonly company: string
  readonly fund: string
  readonly provider: string
  readonly tokenClass: string
  /** The OCF security that the grant vests. */
  readonly securityId: string
  readonly happenedOn: string
  readonly evidence: string
  readonly clause: string
  readonly notes: readonly string[]
  readonly planSha256: string
  readonly tokens: readonly { readonly what: string; readonly amount: string }[]
  /** Shares; of a SAFE amounts in `currency`. */
  readonly shares: readonly { readonly what: string; readonly amount: string }[]
  readonly currency: string | undefined
  readonly cash: { readonly amount: string; readonly currency: string }
  readonly endsEarning: boolean
  readonly windDownUntil: string | null
}

/** @throws {NotPrintable | CharactersNotInTypeface} for a number, date or text that cannot be shown */
export async function settlementPdf(notice: SettlementNotice): Promise<Uint8Array> {
  const madeAt = new Date(notice.issuedAt)
  const name = `Settlement notice: ${notice.title}, ${notice.company}`
  const paper = new Paper({
    title: name,
    author: notice.fund,
    subject: `${notice.title} of ${date(notice.happenedOn)}`,
    keywords: `plan sha256 ${notice.planSha256}`,
    madeAt,
    size: 'A4',
  })
  const wide = { x: paper.left, width: paper.width }
  paper.paragraph('Settlement notice', { ...wide, weight: 'semibold', color: INK.accent, after: 10 })
  paper.paragraph(`${notice.title}: ${notice.company} and ${notice.fund}`, {
    ...wide,
    tag: 'H1',
    size: 19,
    leading: 25,
    weight: 'semibold',
    after: 10,
  })
  const clauses = new Clauses(paper)
  clauses.section('What happened')
  clauses.clause(`${notice.title}, on ${date(notice.happenedOn)}. Shown by: ${notice.evidence}`)
  for (const note of notice.notes) clauses.clause(note)
  clauses.section('The clause')
  clauses.clause(rich`${bold('The signed terms say:')} ${notice.clause}`)
  clauses.section('What it does')
  const table = (summary: string, rows: SettlementNotice['tokens'], places = 0) => ({
    summary,
    columns: [
      { head: summary, share: 3 },
      { head: places === 0 ? 'Number' : 'Amount', number: true },
    ],
    rows: rows.map(({ what, amount }) => ({ cells: [what, grouped(amount, places)] })),
  })
  clauses.clause(`Tokens of class ${notice.tokenClass}, owed by ${notice.provider}:`, table('Tokens', notice.tokens))
  if (notice.currency === undefined) {
    clauses.clause(`Shares of the security ${notice.securityId}:`, table('Shares', notice.shares))
  } else {
    const summary = `Purchase amount, ${notice.currency}`
    clauses.clause(`Purchase amount of the SAFE ${notice.securityId}:`, table(summary, notice.shares, 2))
  }
  clauses.clause(
    notice.cash.amount === '0'
      ? 'No cash is due: a repurchase price is never more than the cash that was paid, and none was.'
      : `Cash due: ${grouped(notice.cash.amount)} ${notice.cash.currency}.`,
  )
  clauses.clause(ending(notice))
  return paper.finish(name, `Plan ${notice.planSha256.slice(0, 16)}… · ${date(notice.issuedAt)}`)
}

function ending({ endsEarning, windDownUntil, tokens, currency }: SettlementNotice): string {
  if (currency !== undefined && endsEarning) return 'From this day on nothing accrues. What has accrued stays.'
  if (endsEarning) return 'From this day on the grant earns no shares. What has vested stays vested.'
  if (windDownUntil !== null)
    return `Released Tokens can be used, and ${currency === undefined ? 'earn shares' : 'accrue'}, until ${date(windDownUntil)}. Then the rest is cancelled.`
  return `The grant goes on: ${counted(tokens[2]?.amount ?? '0', 'Token')} are held for reservations.`
}
