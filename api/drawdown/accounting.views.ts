/** Journal lines and elections of a company, from its statements. Signals for accountants, not their judgement. */
import type { Actor } from '../access/index.ts'
import { stockIssuances } from '../captable/index.ts'
import { mustSeeCompany } from '../parties/index.ts'
import { csvOf, formatNumeric, parseTokens, type Reader, type Uuid, words } from '../platform/index.ts'
import { companyExpense, providerRevenue } from './accounting.ts'
import { electionDue } from './section-83b.ts'
import { StatementFigures } from './statement-figures-shape.ts'

export type JournalLine = {
  readonly month: string
  readonly grant: Uuid
  readonly books: 'provider' | 'company'
  readonly account: string
  readonly debit: string
  readonly credit: string
  readonly currency: string
  readonly source: string
}
export type ElectionView = {
  readonly securityId: string
  readonly issuedOn: string
  readonly dueOn: string
  readonly decision: string | null
  readonly filedOn: string | null
}
export type Accounting = { readonly journal: readonly JournalLine[]; readonly elections: readonly ElectionView[] }

const tokens = (text: string): bigint => (text.startsWith('-') ? -parseTokens(text.slice(1)) : parseTokens(text))
const signed = (amount: bigint): string => (amount < 0n ? `-${formatNumeric(-amount)}` : formatNumeric(amount))

/**
 * What each stated month, as it holds now, books for the provider and for the company: the consideration at contract
 * inception is the shares of the grant at the round's price, recognised by what was delivered. Shares that are forfeitable
 * make no prepaid; those on the basis `released` do.
 */
export async function accountingOf(reader: Reader, actor: Actor, companyId: Uuid): Promise<Accounting> {
  await mustSeeCompany(reader, actor, companyId)
  const grants = await reader
    .selectFrom('vesting_grant')
    .select(['grant_id', 'security_id', 'granted_micro', 'total_shares', 'basis'])
    .where('company_id', '=', companyId)
    .orderBy('grant_id')
    .execute()
  const issuances = await stockIssuances(
    reader,
    companyId,
    grants.map((grant) => grant.security_id),
  )
  const statements = await reader
    .selectFrom('statement')
    .innerJoin('statement_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'statement.company_id')
        .onRef('progress.statement_id', '=', 'statement.statement_id'),
    )
    .select(['statement.month', 'statement.figures'])
    .where('statement.company_id', '=', companyId)
    .where('progress.state', '!=', 'superseded')
    .orderBy('statement.month')
    .execute()
  const journal: JournalLine[] = []
  for (const grant of grants) {
    const issued = issuances.get(grant.security_id)
    if (issued === undefined) continue
    const { amount, currency } = issued.sharePrice
    const contract = { granted: grant.granted_micro, consideration: { amount: grant.total_shares * amount, currency } }
    const forfeitable = grant.basis !== 'released'
    let delivered = 0n
    let [revenue, expense] = [0n, 0n]
    for (const { month, figures } of statements) {
      const charged = StatementFigures.parse(figures).charged.filter((row) => row.grant === grant.grant_id)
      delivered += charged
        .filter(({ cause }) => cause === 'delivered')
        .reduce((sum, row) => sum + tokens(row.tokens), 0n)
      const now = providerRevenue(contract, delivered).revenue
      const cost = companyExpense(contract, delivered, forfeitable).expense
      const line = { month: month.slice(0, 7), grant: grant.grant_id, currency }
      const book = (books: 'provider' | 'company', debit: string, credit: string, by: bigint, source: string) => {
        if (by === 0n) return
        journal.push({ ...line, books, account: debit, debit: signed(by), credit: '0', source })
        journal.push({ ...line, books, account: credit, debit: '0', credit: signed(by), source })
      }
      const asset = forfeitable ? 'contract asset: shares to be retained' : 'contract liability: hours owed'
      book('provider', asset, 'revenue from compute', now - revenue, 'ASC 606-10-32-21')
      const other = forfeitable ? 'additional paid-in capital' : 'prepaid compute'
      book('company', 'cost of compute', other, cost - expense, 'ASC 718-10-25-2C')
      ;[revenue, expense] = [now, cost]
    }
  }
  const recorded = await reader
    .selectFrom('tax_election')
    .distinctOn('security_id')
    .select(['security_id', 'decision', 'filed_on'])
    .where('company_id', '=', companyId)
    .orderBy('security_id')
    .orderBy('event_id', 'desc')
    .execute()
  const decided = new Map(recorded.map((row) => [row.security_id, row]))
  return {
    journal,
    elections: grants.flatMap(({ security_id: securityId }) => {
      const issued = issuances.get(securityId)
      if (issued === undefined) return []
      const { decision = null, filed_on: filedOn = null } = decided.get(securityId) ?? {}
      return [{ securityId, issuedOn: issued.on, dueOn: electionDue(issued.on), decision, filedOn }]
    }),
  }
}

/** The journal as CSV, exact. */
export const journalCsv = ({ journal }: Accounting): string =>
  csvOf([
    ['month', 'grant', 'books', 'account', 'debit', 'credit', 'currency', 'source'],
    ...journal.map((line) => [
      line.month,
      line.grant,
      line.books,
      words(line.account),
      line.debit,
      line.credit,
      line.currency,
      line.source,
    ]),
  ])
