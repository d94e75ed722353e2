/** Looks cap tables up in checkpoints, for as many companies as are asked for in one query each. */
import { sql } from 'kysely'
import type { Money, Page as PageQuery, Reader, Uuid } from '../../platform/index.ts'
import { amountsByCurrency, percentOf, type StakeholderRow } from '../cap-table-view.ts'
import { nodeKey } from '../node-key.ts'
import type { Security } from '../replay/state.ts'
import { NOTHING, valueOn } from './line.ts'
import { FORMAT, monthOf, PART_SIZE, readHolder, readLife, readMonth, rowsOf } from './pack.ts'
import { type Spine, spineOf } from './spine.ts'
import { addedBy, type Change, sumOf } from './tail.ts'
import { type Grown, securitiesByKey, tailsOf } from './tail.views.ts'
import type { HolderLine, Life } from './timeline.ts'

export type { Spine } from './spine.ts'

type SpineRow = {
  company_id: Uuid
  position: string
  object_position: number
  first_date: string
  last_date: string
  content: string | null
  grown: boolean
}

/**
 * The spines of companies on a day: of their checkpoints, with what was recorded since replayed on them. A company has none
 * that has no checkpoint, or one that what was recorded does not simply go on from (tail.ts): its history is to be replayed.
 */
export async function spinesOn(
  reader: Reader,
  companyIds: readonly Uuid[],
  asOf: string,
): Promise<ReadonlyMap<Uuid, Spine>> {
  const { rows } = await sql<SpineRow>`
    SELECT made.company_id, made.position::text AS position, made.object_position, made.first_date::text AS first_date,
      made.last_date::text AS last_date, part.content,
      EXISTS (SELECT 1 FROM securities_transaction AS added
        WHERE added.company_id = made.company_id AND added.position > made.position AND added.status = 'APPLIED'
          AND added.date <= ${asOf}::date)
      OR EXISTS (SELECT 1 FROM ocf_object AS changed
        WHERE changed.company_id = made.company_id AND changed.position > made.object_position
          AND changed.status = 'APPLIED' AND changed.object_type <> 'STAKEHOLDER') AS grown
    FROM cap_table_checkpoint AS made
    LEFT JOIN LATERAL (
      SELECT content FROM cap_table_checkpoint_part AS month
      WHERE month.company_id = made.company_id AND month.position = made.position AND month.format = made.format
        AND month.kind = 'month' AND month.ordinal <= ${monthOf(asOf)}::integer
      ORDER BY month.ordinal DESC LIMIT 1
    ) AS part ON true
    WHERE made.company_id = ANY(${companyIds}::uuid[]) AND made.format = ${FORMAT}
      -- Otherwise a warrant lasts longer than the checkpoint knows.
      AND made.moved_count = (SELECT count(*) FROM warrant_extension AS moved WHERE moved.company_id = made.company_id)
      AND NOT EXISTS (SELECT 1 FROM cap_table_checkpoint AS later
        WHERE later.company_id = made.company_id AND later.format = made.format AND later.position > made.position)`.execute(
    reader,
  )
  const found = rows.map((row) => ({ grown: row.grown, checkpoint: foundIn(row, asOf) }))
  const tails = await tailsOf(
    reader,
    found.flatMap(({ grown, checkpoint }) => (grown ? [checkpoint] : [])),
  )
  return new Map(
    found.flatMap(({ grown, checkpoint }): [Uuid, Spine][] => {
      const tail = tails.get(checkpoint.companyId)
      return grown && tail === undefined ? [] : [[checkpoint.companyId, spineOf(checkpoint, tail)]]
    }),
  )
}

const foundIn = (row: SpineRow, asOf: string): Grown => ({
  companyId: row.company_id,
  asOf,
  position: row.position,
  objectPosition: row.object_position,
  firstDate: row.first_date,
  lastDate: row.last_date,
  // Of a day before the first transaction nothing is known, which is said before the month is looked at.
  month: row.content === null ? { totals: [], standIns: false, classes: [], plans: [] } : readMonth(row.content),
})

/** Parts that are read at once for a company: where half of a part has ended, they still fill a page. */
const partsFor = (kind: Kind, { limit }: PageQuery): number => Math.ceil((limit * 2) / PART_SIZE[kind])

type Kind = 'holder' | 'security'
type Keyed<Row> = { readonly key: Uuid; readonly row: Row | undefined }
/** How a list is read: its parts, and what its tail has after them. */
type List<Row> = {
  readonly kind: Kind
  /** Leaves out parts in which everything has ended. */
  readonly openOnly: boolean
  readonly read: (row: unknown, spine: Spine) => Keyed<Row>
  /** What the tail adds to the end of the list. */
  readonly added: (spine: Spine) => readonly Keyed<Row>[]
  /** Keys whose parts are read although everything in them may have ended: the tail may have opened something again. */
  readonly touched: (spine: Spine) => readonly Uuid[]
}
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
 * begins, and goes on where they were not enough. What a tail adds stands after the parts.
 */
async function pagesOf<Row>(
  reader: Reader,
  list: List<Row>,
  spines: readonly Spine[],
  query: PageQuery,
): Promise<ReadonlyMap<Uuid, readonly Row[] | undefined>> {
  const cursor = query.backwards ? query.before : query.after
  const pages = spines.map(
    (spine): Page<Row> => ({ spine, rows: [], from: undefined, begun: cursor === undefined, done: false, lost: false }),
  )
  const takeAdded = (page: Page<Row>): void => take(page, list.added(page.spine), (row) => row, query)
  if (query.backwards) for (const page of pages) takeAdded(page)
  for (let open = pages.filter(isOpen); open.length > 0; open = open.filter(isOpen)) {
    const found = await partRows(reader, list, open, query)
    for (const page of open) {
      const parts = found.filter((part) => part.company_id === page.spine.companyId)
      for (const part of parts) {
        take(page, rowsOf(part.content), (row) => list.read(row, page.spine), query)
        page.from = part.ordinal
      }
      if (page.done || parts.length === partsFor(list.kind, query)) continue
      if (!query.backwards) takeAdded(page)
      page.done = true
      page.lost = !page.begun
    }
  }
  return new Map(pages.map((page) => [page.spine.companyId, page.lost ? undefined : page.rows]))
}

const isOpen = (page: Page<unknown>): boolean => !page.done

/** Rows are read one by one: a page needs few of a part's. */
function take<Raw, Row>(page: Page<Row>, rows: readonly Raw[], read: (raw: Raw) => Keyed<Row>, query: PageQuery): void {
  const [cursor, end] = query.backwards ? [query.before, query.after] : [query.after, query.before]
  for (const raw of query.backwards ? rows.toReversed() : rows) {
    if (page.done) break
    const { key, row } = read(raw)
    if (!page.begun) page.begun = key === cursor
    else if (key === end) page.done = true
    else if (row !== undefined) page.rows.push(row)
    if (page.rows.length >= query.limit) page.done = true
  }
}

type PartRow = { readonly company_id: Uuid; readonly ordinal: number; readonly content: string }

async function partRows<Row>(
  reader: Reader,
  { kind, openOnly, touched }: List<Row>,
  pages: readonly Page<Row>[],
  query: PageQuery,
): Promise<readonly PartRow[]> {
  const cursor = (query.backwards ? query.before : query.after) ?? null
  const [beyond, order] = query.backwards ? [sql`<`, sql`DESC`] : [sql`>`, sql`ASC`]
  const { rows } = await sql<PartRow>`
    SELECT part.company_id, part.ordinal, part.content
    FROM unnest(${pages.map(({ spine }) => spine.companyId)}::uuid[], ${pages.map(({ spine }) => spine.position)}::bigint[],
      ${pages.map(({ spine }) => spine.asOf)}::date[], ${pages.map(({ from }) => from ?? null)}::integer[],
      ${pages.map(({ begun }) => (begun ? null : cursor))}::uuid[],
      ${pages.map(({ spine }) => `{${touched(spine).join(',')}}`)}::text[])
      AS wanted (company_id, position, as_of, read, cursor, touched)
    LEFT JOIN LATERAL (
      SELECT ordinal FROM cap_table_checkpoint_part AS begin
      WHERE begin.company_id = wanted.company_id AND begin.position = wanted.position AND begin.format = ${FORMAT}
        AND begin.kind = ${kind} AND begin.keys @> ARRAY[wanted.cursor]
    ) AS begun ON wanted.read IS NULL
    CROSS JOIN LATERAL (
      SELECT listed.company_id, listed.ordinal, listed.content FROM cap_table_checkpoint_part AS listed
      WHERE listed.company_id = wanted.company_id AND listed.position = wanted.position AND listed.format = ${FORMAT}
        AND listed.kind = ${kind}
        AND (listed.opened_on <= wanted.as_of
            AND (NOT ${openOnly}::boolean OR listed.closed_on IS NULL OR listed.closed_on > wanted.as_of)
          OR listed.keys && wanted.touched::uuid[])
        AND (wanted.read IS NULL OR listed.ordinal ${beyond} wanted.read)
        AND (wanted.read IS NOT NULL OR wanted.cursor IS NULL OR listed.ordinal ${beyond}= begun.ordinal)
      ORDER BY listed.ordinal ${order} LIMIT ${partsFor(kind, query)}
    ) AS part`.execute(reader)
  return rows
}

const versionOn = ({ versions }: Life, day: string): Security | undefined =>
  versions.findLast(({ since }) => since <= day)?.security

/** A page of securities of several companies, in the order of issuance. `ended`: also those that were closed by the day. */
export function securityPages(
  reader: Reader,
  spines: readonly Spine[],
  query: PageQuery,
  ended: boolean,
): Promise<ReadonlyMap<Uuid, readonly Security[] | undefined>> {
  const keyed = (id: string, security: Security | undefined): Keyed<Security> => {
    const shown = security !== undefined && (ended || security.closedOn === undefined)
    return { key: nodeKey(id), row: shown ? security : undefined }
  }
  const list: List<Security> = {
    kind: 'security',
    openOnly: !ended,
    read: (row, { asOf, tail }) => {
      const life = readLife(row)
      const id = life.versions[0]?.security.id ?? ''
      return keyed(id, tail?.changes.get(id)?.now ?? versionOn(life, asOf))
    },
    added: ({ tail }) =>
      [...(tail?.changes ?? [])].flatMap(([id, { before, now }]) => (before === undefined ? [keyed(id, now)] : [])),
    // What has ended stays ended.
    touched: () => [],
  }
  return pagesOf(reader, list, spines, query)
}

/** Securities by key, as they stand in the end, of companies whose spines are those of the last day. */
export async function securitiesAtEnd(
  reader: Reader,
  wanted: readonly { readonly spine: Spine; readonly keys: readonly Uuid[] }[],
): Promise<ReadonlyMap<Uuid, readonly Security[]>> {
  const found = await securitiesByKey(
    reader,
    wanted.flatMap(({ spine, keys }) => keys.map((key) => ({ found: spine, key }))),
  )
  return new Map(
    wanted.map(({ spine: { companyId, tail }, keys }) => {
      const changed = [...(tail?.changes.values() ?? [])].map(({ now }) => now)
      const asked = new Set(keys)
      return [
        companyId,
        [
          ...(found.get(companyId) ?? []).filter(({ id }) => tail?.changes.has(id) !== true),
          ...changed.filter(({ id }) => asked.has(nodeKey(id))),
        ],
      ]
    }),
  )
}

/** A page of holders of several companies, without their names. */
export function holderPages(
  reader: Reader,
  spines: readonly Spine[],
  query: PageQuery,
): Promise<ReadonlyMap<Uuid, readonly StakeholderRow[] | undefined>> {
  const changed = new Map(spines.map((spine) => [spine, changesByHolder(spine)]))
  const changesOf = (spine: Spine, id: string) => changed.get(spine)?.get(id) ?? []
  const list: List<StakeholderRow> = {
    kind: 'holder',
    openOnly: true,
    read: (row, spine) => {
      const line = readHolder(row)
      return { key: nodeKey(line.id), row: holderOn(line, spine, changesOf(spine, line.id)) }
    },
    added: (spine) =>
      (spine.tail?.newcomers ?? []).map((id) => {
        const line = { id, placeholder: false, sums: [], vested: [], convertibles: [] }
        return { key: nodeKey(id), row: holderOn(line, spine, changesOf(spine, id)) }
      }),
    touched: (spine) => [...(changed.get(spine)?.keys() ?? [])].map(nodeKey),
  }
  return pagesOf(reader, list, spines, query)
}

function changesByHolder({ tail }: Spine): ReadonlyMap<string, readonly Change[]> {
  return Map.groupBy(tail?.changes.values() ?? [], ({ now }) => now.stakeholderId)
}

function holderOn(
  line: HolderLine,
  { asOf, totals, tail }: Spine,
  changes: readonly Change[],
): StakeholderRow | undefined {
  const added = addedBy(changes, tail?.terms ?? new Map(), asOf)
  const sums = sumOf(valueOn(line.sums, asOf) ?? NOTHING, added.sums)
  if (sums.open === 0n) return undefined
  const vested = (valueOn(line.vested, asOf) ?? 0n) + added.vested
  return {
    id: line.id,
    name: line.id,
    founder: false,
    placeholder: line.placeholder,
    outstanding: sums.stock,
    granted: sums.granted,
    warrants: sums.warrants,
    vested,
    unvested: sums.number - vested,
    fullyDiluted: sums.fullyDiluted,
    convertibles: amountsByCurrency(openConvertibles(line, asOf, changes)),
    percentOfOutstanding: percentOf(sums.stock, totals.outstanding),
    percentFullyDiluted: percentOf(sums.fullyDiluted, totals.fullyDiluted),
  }
}

/** What is left of a holder's convertibles, in the order of issuance. */
function openConvertibles({ convertibles }: HolderLine, asOf: string, changes: readonly Change[]): readonly Money[] {
  const changed = new Map(changes.map(({ now }) => [now.id, now]))
  const open = convertibles.filter(({ from, to }) => from <= asOf && (to === undefined || to > asOf))
  const kept = open
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .flatMap((it): readonly Money[] => {
      const now = changed.get(it.id)
      changed.delete(it.id)
      return now === undefined ? [it] : amountLeft(now)
    })
  return [...kept, ...[...changed.values()].flatMap(amountLeft)]
}

const amountLeft = ({ kind, closedOn, amount }: Security): readonly Money[] =>
  kind === 'convertible' && closedOn === undefined && amount !== undefined ? [amount] : []
