/** What is to be done about statements, over all companies that one sees. */
import { sql } from 'kysely'
import { Temporal } from 'temporal-polyfill'
import type { Actor } from '../../access/index.ts'
import { whereVisible } from '../../parties/index.ts'
import { type Reader, type Ref, today, type Uuid } from '../../platform/index.ts'
import type { StatementState } from './statement.store.ts'

/** A month that is over and that nobody has stated. */
export type MonthDue = {
  readonly companyId: Uuid
  /** First day of the month whose turn it is: months are stated in order. */
  readonly month: string
  /** Months that are over and not stated, this one among them; 1 or more. */
  readonly months: number
}
/** A statement that is not final yet. */
export type StatementAtHand = {
  readonly ref: Ref
  /** First day of the month. */
  readonly month: string
  readonly state: Extract<StatementState, 'stated' | 'disputed' | 'accepted' | 'deemed_accepted'>
  /** Last day on which it may be disputed. */
  readonly disputeUntil: string
  /** First day of the earliest month before it that is stated or disputed: until that is settled, this one is not final. */
  readonly waitsFor: string | null
}

/** Companies, and statements, that one answer names at most. */
const AT_HAND_MAX = 500

/**
 * Months to state, the longest due first. A company whose grants are all settled is not among them: nothing of it can vest any
 * more. Before its first statement a company's turn begins with the month in which its first grant was opened.
 */
export async function monthsDue(reader: Reader, actor: Actor): Promise<MonthDue[]> {
  const thisMonth = firstOfMonth(await today(reader))
  const turns = reader
    .selectFrom('company')
    .innerJoin('vesting_grant as grant', 'grant.company_id', 'company.company_id')
    .innerJoin('grant_progress as progress', (on) =>
      on.onRef('progress.company_id', '=', 'grant.company_id').onRef('progress.grant_id', '=', 'grant.grant_id'),
    )
    .select([
      'company.company_id as companyId',
      sql<string>`coalesce(
        (SELECT (max(month) + interval '1 month')::date FROM statement WHERE statement.company_id = company.company_id),
        date_trunc('month', min("grant".opened_at) AT TIME ZONE 'UTC')::date)`.as('month'),
    ])
    .where(whereVisible(actor))
    .groupBy('company.company_id')
    .having(sql<boolean>`bool_or(progress.settled_at IS NULL)`)
  const due = await reader
    .selectFrom(turns.as('turn'))
    .select(['companyId', 'month'])
    .where('month', '<', thisMonth)
    .orderBy('month')
    .orderBy('companyId')
    .limit(AT_HAND_MAX)
    .execute()
  return due.map((turn) => ({ ...turn, months: monthsBetween(turn.month, thisMonth) }))
}

const firstOfMonth = (date: string): string => `${date.slice(0, 7)}-01`
const monthsBetween = (from: string, until: string): number =>
  Temporal.PlainDate.from(from).until(until, { largestUnit: 'months' }).months

/** Statements that are neither final nor superseded, the earliest month first. */
export async function statementsAtHand(reader: Reader, actor: Actor): Promise<StatementAtHand[]> {
  const rows = await reader
    .selectFrom('company')
    .innerJoin('statement', 'statement.company_id', 'company.company_id')
    .innerJoin('statement_progress as progress', (on) =>
      on
        .onRef('progress.company_id', '=', 'statement.company_id')
        .onRef('progress.statement_id', '=', 'statement.statement_id'),
    )
    .select((on) => [
      'statement.company_id as companyId',
      'statement.statement_id as id',
      'statement.month',
      'statement.dispute_until as disputeUntil',
      'progress.state',
      on
        .selectFrom('statement as earlier')
        .innerJoin('statement_progress as before', (join) =>
          join
            .onRef('before.company_id', '=', 'earlier.company_id')
            .onRef('before.statement_id', '=', 'earlier.statement_id'),
        )
        .select(({ fn }) => fn.min('earlier.month').as('month'))
        .whereRef('earlier.company_id', '=', 'statement.company_id')
        .whereRef('earlier.month', '<', 'statement.month')
        .where('before.state', 'in', OPEN)
        .as('waitsFor'),
    ])
    .where(whereVisible(actor))
    .where('progress.state', 'in', AT_HAND)
    .orderBy('statement.month')
    .orderBy('statement.company_id')
    .limit(AT_HAND_MAX)
    .execute()
  return rows.map(({ companyId, id, state, ...row }) => ({ ...row, ref: { companyId, id }, state: atHand(state) }))
}

/** What the company, or both sides, must settle first. */
const OPEN = ['stated', 'disputed'] as const satisfies StatementState[]
const AT_HAND = [...OPEN, 'accepted', 'deemed_accepted'] as const satisfies StatementState[]

function atHand(text: string): StatementAtHand['state'] {
  const state = AT_HAND.find((known) => known === text)
  if (state === undefined) throw new RangeError(`"${text}" is not a state of a statement at hand`)
  return state
}
