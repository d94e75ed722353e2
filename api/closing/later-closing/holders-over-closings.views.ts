/** Reads what {@link holdersOverClosings} is worked out from: the cap tables of all its days in one query. */
import { Temporal } from 'temporal-polyfill'
import type { Actor } from '../../access/index.ts'
import {
  BeforeFirstTransaction,
  type Capitalization,
  loadCapitalizations,
  type NoCapTable,
} from '../../captable/index.ts'
import { type DomainError, type Reader, type Ref, Refused, today, type Uuid } from '../../platform/index.ts'
import type { RoundView } from '../../rounds/index.ts'
import {
  type HoldersOverClosings,
  holdersOverClosings,
  type PlannedIssue,
  type StepInput,
} from './holders-over-closings.ts'
import { type ClosingView, closingsOfRounds } from './later-closing.views.ts'

/**
 * Who holds what over the closings of each of these rounds that the actor sees. As many queries as for one. In the place of an
 * answer its refusal: a round whose first closing is not held has a pro forma of its own.
 */
export async function holdersOfRounds(
  reader: Reader,
  actor: Actor,
  rounds: readonly RoundView[],
): Promise<Map<RoundView, HoldersOverClosings | DomainError>> {
  const refs = rounds.map(({ companyId, roundId }): Ref => ({ companyId, id: roundId }))
  const closings = await closingsOfRounds(reader, actor, refs)
  const on = await today(reader)
  const plans = rounds.map((round) => ({ round, days: daysOf(closings.get(round.roundId) ?? [], on) }))
  const wanted = plans.flatMap(({ round, days }) => days.map((day) => ({ companyId: round.companyId, asOf: day.on })))
  const found = await loadCapitalizations(reader, wanted)
  const securities = await computeSecurities(
    reader,
    rounds.map(({ companyId }) => companyId),
  )
  let next = 0
  return new Map(
    plans.map(({ round, days }) => {
      const tables = found.slice(next, next + days.length)
      next += days.length
      const planned = closings.get(round.roundId)?.filter(isPlanned) ?? []
      return [round, answerOf(round, days, tables, planned, securities.get(round.companyId) ?? new Set())]
    }),
  )
}

type Day = { readonly kind: 'BEFORE' | 'HELD' | 'TODAY'; readonly ordinal: number | null; readonly on: string }

const isPlanned = ({ ordinal, state }: ClosingView): boolean =>
  ordinal > 1 && (state === 'planned' || state === 'offered' || state === 'accepted')

/** The days of held closings, the day before the first, and today; none where nothing was held. */
function daysOf(closings: readonly ClosingView[], on: string): readonly Day[] {
  const held = closings.flatMap(({ ordinal, closedAt }): Day[] =>
    closedAt === null ? [] : [{ kind: 'HELD', ordinal, on: closedAt.slice(0, 10) }],
  )
  const [first] = held
  if (first === undefined) return []
  const before = Temporal.PlainDate.from(first.on).subtract({ days: 1 }).toString()
  return [{ kind: 'BEFORE', ordinal: null, on: before }, ...held, { kind: 'TODAY', ordinal: null, on }]
}

function answerOf(
  { terms }: RoundView,
  days: readonly Day[],
  tables: readonly (Capitalization | NoCapTable | BeforeFirstTransaction)[],
  planned: readonly ClosingView[],
  securities: ReadonlySet<string>,
): HoldersOverClosings | DomainError {
  if (days.length === 0) return new Refused('round', 'has no closing that was held: its pro forma says what it will do')
  const inputs: StepInput[] = []
  for (const [index, day] of days.entries()) {
    const table = tables[index]
    // A company whose history begins with the round had nobody before it.
    if (table instanceof BeforeFirstTransaction && day.kind === 'BEFORE') continue
    if (table === undefined || table instanceof Error)
      return new Refused('round', 'has no cap table on a day of its own')
    inputs.push({ ...day, table })
  }
  const holdings = inputs.flatMap((input) => (input.kind === 'PLANNED' ? [] : input.table.holdings))
  const fund =
    terms.compute.stakeholderId ??
    holdings.find(({ stakeholderName }) => stakeholderName === terms.compute.holderName)?.stakeholderId
  for (const closing of planned) {
    inputs.push({
      kind: 'PLANNED',
      ordinal: closing.ordinal,
      on: closing.closingDate,
      issues: issuesOf(closing, fund),
    })
  }
  return holdersOverClosings(inputs, securities)
}

const issuesOf = ({ forma }: ClosingView, fund: string | undefined): readonly PlannedIssue[] => [
  ...(forma?.grants ?? []).map(({ holder, shares }) => ({ holderId: fund, holder, shares, forCompute: true })),
  ...(forma?.cash ?? []).map(({ holder, shares, stakeholderId }) => ({
    holderId: stakeholderId,
    holder,
    shares,
    forCompute: false,
  })),
]

/** What vests with compute, by company: as closings issued it, and as settlements moved it. */
async function computeSecurities(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, ReadonlySet<string>>> {
  if (companyIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('closed_grant')
    .select(['company_id', 'security_id'])
    .where('company_id', 'in', [...companyIds])
    .unionAll(
      reader
        .selectFrom('grant_security')
        .select(['company_id', 'security_id'])
        .where('company_id', 'in', [...companyIds]),
    )
    .execute()
  const byCompany = Map.groupBy(rows, (row) => row.company_id)
  return new Map([...byCompany].map(([id, found]) => [id, new Set(found.map((row) => row.security_id))]))
}
