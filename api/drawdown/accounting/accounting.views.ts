/** Journal lines and elections of a company, from its statements. Signals for accountants, not their judgement. */
import { type Actor, isStaff } from '../../access/index.ts'
import { type StockIssuance, stockIssuances } from '../../captable/index.ts'
import { mustSeeCompany } from '../../parties/index.ts'
import {
  csvOf,
  type MicroTokens,
  type Money,
  parseTokens,
  type Reader,
  type Uuid,
  type WholeShares,
  words,
} from '../../platform/index.ts'
import { type MarkView, shareValuesOn } from '../../tokens/index.ts'
import { CAUSES, type Cause, counts } from '../earned.ts'
import { StatementFigures } from '../statement/statement-figures-shape.ts'
import { grantBooks, type JournalLine, type MonthOfBooks, type MonthOfUse } from './grant-books.ts'
import { electionDue } from './section-83b.ts'

export type ElectionView = {
  readonly securityId: string
  readonly issuedOn: string
  readonly dueOn: string
  readonly decision: string | null
  readonly filedOn: string | null
}
/** The accounts of one grant. */
export type GrantAccounting = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly securityId: string
  readonly granted: MicroTokens
  readonly equity: 'FORFEITABLE' | 'NON_FORFEITABLE'
  /** Shares at the price of the round: what the company's expense is measured at. */
  readonly companyConsideration: Money
  /** Shares at the mark in force on the day of the issuance; null without one, and to who sees no marks. */
  readonly providerConsideration: Money | null
  readonly mark: MarkView | null
  /** Why there is no provider's consideration. */
  readonly cannotTell: string | null
  readonly months: readonly MonthOfBooks[]
  readonly journal: readonly JournalLine[]
}
export type Accounting = {
  readonly grants: readonly GrantAccounting[]
  readonly journal: readonly JournalLine[]
  readonly elections: readonly ElectionView[]
}

const tokens = (text: string): bigint => (text.startsWith('-') ? -parseTokens(text.slice(1)) : parseTokens(text))

/**
 * What each stated month, as it holds now, books for the provider and for the company. The provider's consideration is the
 * fair value of the shares on the day of the contract, by an approved mark (ASC 606-10-32-21): marks are for the fund's staff,
 * so nobody else is shown those books. The company's cost is measured at the price of the round.
 *
 * @throws {NotFound} where the actor sees no such company
 */
export async function accountingOf(reader: Reader, actor: Actor, companyId: Uuid): Promise<Accounting> {
  await mustSeeCompany(reader, actor, companyId)
  const rows = await reader
    .selectFrom('vesting_grant')
    .select(['grant_id', 'security_id', 'unit', 'granted_micro', 'total_shares', 'basis'])
    .where('company_id', '=', companyId)
    .orderBy('grant_id')
    .execute()
  const issuances = await stockIssuances(
    reader,
    companyId,
    rows.map((grant) => grant.security_id),
  )
  const grants = rows.flatMap((grant) => {
    const issued = issuances.get(grant.security_id)
    return issued === undefined ? [] : [{ grant, issued }]
  })
  const values = isStaff(actor) ? await valuesOf(reader, companyId, grants) : undefined
  const statements = await statementsOf(reader, companyId)
  const accounts = grants.map(({ grant, issued }): GrantAccounting => {
    const { grant_id: grantId, granted_micro: granted, total_shares: total } = grant
    const mark = values?.get(grantId) ?? null
    const forfeitable = grant.basis !== 'released'
    const consideration = {
      company: worth(total, issued.sharePrice),
      provider: mark === null ? null : worth(total, mark.value),
    }
    const terms = { grantId, granted, forfeitable }
    const { months, lines } = grantBooks(terms, monthsOf(statements, grantId, grant.basis), consideration)
    return {
      companyId,
      grantId,
      securityId: grant.security_id,
      granted,
      equity: forfeitable ? 'FORFEITABLE' : 'NON_FORFEITABLE',
      companyConsideration: consideration.company,
      providerConsideration: consideration.provider,
      mark,
      cannotTell: mark === null && values !== undefined ? whyNot(issued) : null,
      months,
      journal: lines,
    }
  })
  return {
    grants: accounts,
    journal: accounts.flatMap(({ journal }) => journal),
    elections: await electionsOf(
      reader,
      companyId,
      grants.map(({ issued }) => issued),
    ),
  }
}

type Grant = { readonly grant: { readonly grant_id: Uuid }; readonly issued: StockIssuance }

const worth = (shares: WholeShares, { amount, currency }: Money): Money => ({ amount: shares * amount, currency })

const whyNot = ({ stockClassId, on }: StockIssuance): string =>
  stockClassId === null
    ? 'A SAFE for compute has no share to mark: its fair value is not recorded here.'
    : `No approved fair value of a share of ${stockClassId} was in force on ${on}, the day of the contract. A price that was agreed is no fair value.`

/** The mark of the share of each grant on the day of its issuance, by grant. */
async function valuesOf(
  reader: Reader,
  companyId: Uuid,
  grants: readonly Grant[],
): Promise<Map<Uuid, MarkView | undefined>> {
  const marked = grants.flatMap(({ grant, issued: { stockClassId, on } }) =>
    stockClassId === null ? [] : [{ grantId: grant.grant_id, stockClassId, on }],
  )
  const found = await shareValuesOn(reader, companyId, marked)
  return new Map(marked.map(({ grantId }, index) => [grantId, found[index]]))
}

/** The statements that hold, oldest first, read. */
async function statementsOf(reader: Reader, companyId: Uuid) {
  const rows = await reader
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
  return rows.map(({ month, figures }) => ({ month: month.slice(0, 7), figures: StatementFigures.parse(figures) }))
}

/**
 * What was provided of a grant by month, cumulative: what was delivered, and where reserved time or releases earn also time
 * that stood ready and was charged.
 */
function monthsOf(statements: Awaited<ReturnType<typeof statementsOf>>, grantId: Uuid, basis: string): MonthOfUse[] {
  const causes = new Set<string>(CAUSES.filter((cause) => provides(basis, cause)))
  let charged = 0n
  return statements.map(({ month, figures }) => {
    for (const row of figures.charged) {
      if (row.grant === grantId && causes.has(row.cause)) charged += tokens(row.tokens)
    }
    const line = figures.grants.find(({ grant }) => grant === grantId)
    const reached = line === undefined ? 0n : tokens(line.basis.closing)
    // What is used after a grant has ended is charged, and brings no share.
    return { month, provided: basis !== 'released' && reached < charged ? reached : charged, basis: reached }
  })
}

const provides = (basis: string, cause: Cause): boolean =>
  counts(basis === 'delivered' ? 'delivered' : 'reserved', cause)

/** One election for each issuance, in the order of its grant. The last record of each holds. */
async function electionsOf(
  reader: Reader,
  companyId: Uuid,
  issuances: readonly StockIssuance[],
): Promise<ElectionView[]> {
  const recorded = await reader
    .selectFrom('tax_election')
    .distinctOn('security_id')
    .select(['security_id', 'decision', 'filed_on'])
    .where('company_id', '=', companyId)
    .orderBy('security_id')
    .orderBy('event_id', 'desc')
    .execute()
  const decided = new Map(recorded.map((row) => [row.security_id, row]))
  return issuances.map(({ securityId, on }) => {
    const { decision = null, filed_on: filedOn = null } = decided.get(securityId) ?? {}
    return { securityId, issuedOn: on, dueOn: electionDue(on), decision, filedOn }
  })
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
