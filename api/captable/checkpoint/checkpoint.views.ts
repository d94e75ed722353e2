/** Looks cap tables up in checkpoints, for as many companies as are asked for in one query each. */
import { sql } from 'kysely'
import type { Page as PageQuery, Reader, Uuid } from '../../platform/index.ts'
import {
  amountsByCurrency,
  availableOf,
  type ClassRow,
  type PlanRow,
  percentOf,
  type StakeholderRow,
  type Totals,
} from '../cap-table-view.ts'
import { nodeKey } from '../node-key.ts'
import type { Security } from '../state.ts'
import { NOTHING, valueOn } from './line.ts'
import { FORMAT, type Month, monthOf, PART_SIZE, readHolder, readLife, readMonth, rowsOf } from './pack.ts'
import type { HolderLine, Life } from './timeline.ts'

/** What a table shows above its lists, and where the lists are. */
export type Spine = {
  readonly companyId: Uuid
  readonly asOf: string
  /** Of the checkpoint. */
  readonly position: string
  readonly firstDate: string
  readonly totals: Totals
  readonly classes: readonly ClassRow[]
  readonly plans: readonly PlanRow[]
}

type SpineRow = { company_id: Uuid; position: string; first_date: string; content: string | null }

/**
 * The spines of companies on a day. Only of those that have a checkpoint which says all there is to know of the day: no
 * transaction up to it was recorded since, and no object but new stakeholders.
 */
export async function spinesOn(
  reader: Reader,
  companyIds: readonly Uuid[],
  asOf: string,
): Promise<ReadonlyMap<Uuid, Spine>> {
  const { rows } = await sql<SpineRow>`
    SELECT made.company_id, made.position::text AS position, made.first_date::text AS first_date, part.content
    FROM cap_table_checkpoint AS made
    LEFT JOIN LATERAL (
      SELECT content FROM cap_table_checkpoint_part AS month
      WHERE month.company_id = made.company_id AND month.position = made.position AND month.format = made.format
        AND month.kind = 'month' AND month.ordinal <= ${monthOf(asOf)}::integer
      ORDER BY month.ordinal DESC LIMIT 1
    ) AS part ON true
    WHERE made.company_id = ANY(${companyIds}::uuid[]) AND made.format = ${FORMAT}
      AND NOT EXISTS (SELECT 1 FROM cap_table_checkpoint AS later
        WHERE later.company_id = made.company_id AND later.format = made.format AND later.position > made.position)
      AND NOT EXISTS (SELECT 1 FROM securities_transaction AS added
        WHERE added.company_id = made.company_id AND added.position > made.position AND added.status = 'APPLIED'
          AND added.date <= ${asOf}::date)
      AND NOT EXISTS (SELECT 1 FROM ocf_object AS changed
        WHERE changed.company_id = made.company_id AND changed.position > made.object_position
          AND changed.status = 'APPLIED' AND changed.object_type <> 'STAKEHOLDER')`.execute(reader)
  return new Map(rows.map((row) => [row.company_id, spineOf(row, asOf)]))
}

function spineOf({ company_id: companyId, position, first_date: firstDate, content }: SpineRow, asOf: string): Spine {
  const month: Month = content === null ? { totals: [], classes: [], plans: [] } : readMonth(content)
  const sums = valueOn(month.totals, asOf) ?? NOTHING
  const plans = month.plans
    .filter(({ since }) => since <= asOf)
    .map((line): PlanRow => {
      const state = valueOn(line.states, asOf) ?? { reserved: 0n, consumed: 0n }
      return {
        id: line.id,
        name: line.name,
        placeholder: line.placeholder,
        classIds: line.classIds,
        reserved: state.reserved,
        granted: (valueOn(line.sums, asOf) ?? NOTHING).granted,
        available: availableOf(state),
      }
    })
  const reserved = plans.reduce((sum, plan) => sum + plan.available, 0n)
  const { stock, granted, warrants } = sums
  const classes = month.classes
    .filter(({ since }) => since <= asOf)
    .map((line): ClassRow => {
      const state = valueOn(line.states, asOf) ?? { authorized: 'NOT APPLICABLE' as const, outstanding: 0n }
      const own = valueOn(line.sums, asOf) ?? NOTHING
      const vested = valueOn(line.vested, asOf) ?? 0n
      return {
        id: line.id,
        name: line.name,
        kind: line.kind,
        placeholder: line.placeholder,
        authorized: state.authorized,
        outstanding: state.outstanding,
        vested,
        unvested: own.stock - vested,
        granted: own.granted,
        warrants: own.warrants,
        percentOfOutstanding: percentOf(state.outstanding, stock),
      }
    })
  return {
    ...{ companyId, asOf, position, firstDate, classes, plans },
    totals: { outstanding: stock, granted, reserved, warrants, fullyDiluted: stock + granted + reserved + warrants },
  }
}

/** Parts that are read at once for a company: where half of a part has ended, they still fill a page. */
const partsFor = (kind: Kind, { limit }: PageQuery): number => Math.ceil((limit * 2) / PART_SIZE[kind])

type Kind = 'holder' | 'security'
type Keyed<Row> = { readonly key: Uuid; readonly row: Row | undefined }
type Page<Row> = {
  readonly spine: Spine
  rows: Row[]
  from: number | undefined
  begun: boolean
  done: boolean
  lost: boolean
}

/**
 * A page of a list of several companies; `undefined` where a cursor is not of the list. Reads parts from where the page
 * begins, and goes on where they were not enough.
 *
 * @param openOnly leaves out parts in which everything has ended
 */
async function pagesOf<Row>(
  reader: Reader,
  kind: Kind,
  spines: readonly Spine[],
  query: PageQuery,
  openOnly: boolean,
  read: (row: unknown, spine: Spine) => Keyed<Row>,
): Promise<ReadonlyMap<Uuid, readonly Row[] | undefined>> {
  const cursor = query.backwards ? query.before : query.after
  const pages = spines.map(
    (spine): Page<Row> => ({ spine, rows: [], from: undefined, begun: cursor === undefined, done: false, lost: false }),
  )
  for (let open: readonly Page<Row>[] = pages; open.length > 0; open = pages.filter((page) => !page.done)) {
    const found = await partRows(reader, kind, open, query, openOnly)
    for (const page of open) {
      const parts = found.filter((part) => part.company_id === page.spine.companyId)
      for (const part of parts) take(page, part, query, (row) => read(row, page.spine))
      if (parts.length < partsFor(kind, query)) page.done = true
      if (page.done && !page.begun) page.lost = true
    }
  }
  return new Map(pages.map((page) => [page.spine.companyId, page.lost ? undefined : page.rows]))
}

function take<Row>(page: Page<Row>, part: PartRow, query: PageQuery, read: (row: unknown) => Keyed<Row>): void {
  const [cursor, end] = query.backwards ? [query.before, query.after] : [query.after, query.before]
  const rows = rowsOf(part.content)
  for (const raw of query.backwards ? rows.toReversed() : rows) {
    if (page.done) break
    const { key, row } = read(raw)
    if (!page.begun) page.begun = key === cursor
    else if (key === end) page.done = true
    else if (row !== undefined) page.rows.push(row)
    if (page.rows.length >= query.limit) page.done = true
  }
  page.from = part.ordinal
}

type PartRow = { readonly company_id: Uuid; readonly ordinal: number; readonly content: string }

async function partRows(
  reader: Reader,
  kind: Kind,
  pages: readonly Pick<Page<unknown>, 'spine' | 'from'>[],
  query: PageQuery,
  openOnly: boolean,
): Promise<readonly PartRow[]> {
  const cursor = (query.backwards ? query.before : query.after) ?? null
  const [beyond, order] = query.backwards ? [sql`<`, sql`DESC`] : [sql`>`, sql`ASC`]
  const { rows } = await sql<PartRow>`
    SELECT part.company_id, part.ordinal, part.content
    FROM unnest(${pages.map(({ spine }) => spine.companyId)}::uuid[], ${pages.map(({ spine }) => spine.position)}::bigint[],
      ${pages.map(({ spine }) => spine.asOf)}::date[], ${pages.map(({ from }) => from ?? null)}::integer[])
      AS wanted (company_id, position, as_of, read)
    LEFT JOIN LATERAL (
      SELECT ordinal FROM cap_table_checkpoint_part AS begin
      WHERE begin.company_id = wanted.company_id AND begin.position = wanted.position AND begin.format = ${FORMAT}
        AND begin.kind = ${kind} AND ${cursor}::uuid = ANY(begin.keys)
    ) AS begun ON wanted.read IS NULL
    CROSS JOIN LATERAL (
      SELECT listed.company_id, listed.ordinal, listed.content FROM cap_table_checkpoint_part AS listed
      WHERE listed.company_id = wanted.company_id AND listed.position = wanted.position AND listed.format = ${FORMAT}
        AND listed.kind = ${kind} AND listed.opened_on <= wanted.as_of
        AND (NOT ${openOnly}::boolean OR listed.closed_on IS NULL OR listed.closed_on > wanted.as_of)
        AND (wanted.read IS NULL OR listed.ordinal ${beyond} wanted.read)
        AND (wanted.read IS NOT NULL OR ${cursor}::uuid IS NULL OR listed.ordinal ${beyond}= begun.ordinal)
      ORDER BY listed.ordinal ${order} LIMIT ${partsFor(kind, query)}
    ) AS part`.execute(reader)
  return rows
}

const versionOn = ({ versions }: Life, day: string): Security | undefined =>
  versions.findLast(({ since }) => since <= day)?.security

/** A page of securities of several companies, in the order of issuance. `ended`: also those that were closed by the day. */
export const securityPages = (
  reader: Reader,
  spines: readonly Spine[],
  query: PageQuery,
  ended: boolean,
): Promise<ReadonlyMap<Uuid, readonly Security[] | undefined>> =>
  pagesOf(reader, 'security', spines, query, !ended, (row, { asOf }) => {
    const life = readLife(row)
    const security = versionOn(life, asOf)
    const shown = security !== undefined && (ended || security.closedOn === undefined)
    return { key: nodeKey(life.versions[0]?.security.id ?? ''), row: shown ? security : undefined }
  })

/** Securities by key, as they stand in the end, of companies whose checkpoints hold all. */
export async function securitiesAtEnd(
  reader: Reader,
  wanted: readonly { readonly spine: Spine; readonly keys: readonly Uuid[] }[],
): Promise<ReadonlyMap<Uuid, readonly Security[]>> {
  const pairs = wanted.flatMap(({ spine, keys }) => keys.map((key) => ({ spine, key })))
  const { rows } = await sql<PartRow>`
    SELECT DISTINCT part.company_id, part.ordinal, part.content
    FROM unnest(${pairs.map(({ spine }) => spine.companyId)}::uuid[], ${pairs.map(({ spine }) => spine.position)}::bigint[],
      ${pairs.map(({ key }) => key)}::uuid[]) AS wanted (company_id, position, key)
    JOIN cap_table_checkpoint_part AS part ON part.company_id = wanted.company_id AND part.position = wanted.position
      AND part.format = ${FORMAT} AND part.kind = 'security' AND wanted.key = ANY(part.keys)`.execute(reader)
  const asked = new Set(pairs.map(({ spine, key }) => `${spine.companyId}:${key}`))
  const found = new Map<Uuid, Security[]>(wanted.map(({ spine }) => [spine.companyId, []]))
  for (const { company_id: companyId, content } of rows) {
    for (const row of rowsOf(content)) {
      const security = readLife(row).versions.at(-1)?.security
      if (security !== undefined && asked.has(`${companyId}:${nodeKey(security.id)}`))
        found.get(companyId)?.push(security)
    }
  }
  return found
}

/** A page of holders of several companies, without their names. */
export const holderPages = (
  reader: Reader,
  spines: readonly Spine[],
  query: PageQuery,
): Promise<ReadonlyMap<Uuid, readonly StakeholderRow[] | undefined>> =>
  pagesOf(reader, 'holder', spines, query, true, (row, spine) => {
    const line = readHolder(row)
    return { key: nodeKey(line.id), row: holderOn(line, spine) }
  })

function holderOn(line: HolderLine, { asOf, totals }: Spine): StakeholderRow | undefined {
  const sums = valueOn(line.sums, asOf) ?? NOTHING
  if (sums.open === 0n) return undefined
  const vested = valueOn(line.vested, asOf) ?? 0n
  const open = line.convertibles.filter(({ from, to }) => from <= asOf && (to === undefined || to > asOf))
  return {
    id: line.id,
    name: line.id,
    placeholder: line.placeholder,
    outstanding: sums.stock,
    granted: sums.granted,
    warrants: sums.warrants,
    vested,
    unvested: sums.number - vested,
    fullyDiluted: sums.fullyDiluted,
    convertibles: amountsByCurrency(open.toSorted((a, b) => a.ordinal - b.ordinal)),
    percentOfOutstanding: percentOf(sums.stock, totals.outstanding),
    percentFullyDiluted: percentOf(sums.fullyDiluted, totals.fullyDiluted),
  }
}
