/**
 * Cap tables of companies on a day, for screens: long ones looked up in their checkpoints, others replayed. Both give the same.
 */
import type { Page, Reader, Uuid } from '../platform/index.ts'
import {
  BeforeFirstTransaction,
  type CapTableView,
  type ClassRow,
  capTableView,
  type Names,
  type PlanRow,
  rowOf,
  type SecurityRow,
  type StakeholderRow,
  type Totals,
} from './cap-table-view.ts'
import { holderPages, type Spine, securityPages, spinesOn } from './checkpoint/checkpoint.views.ts'
import { loadReplayed, type Replayed } from './history.views.ts'
import { type NamesOf, namesOf } from './names.views.ts'
import { nodeKey } from './node-key.ts'
import type { Security } from './replay/state.ts'

/** A table of a company on a day: what stands above its lists. The lists are read page by page. */
export type CompanyCapTable = {
  readonly companyId: Uuid
  readonly asOf: string
  readonly totals: Totals
  readonly classes: readonly ClassRow[]
  readonly plans: readonly PlanRow[]
  readonly source:
    | ({ readonly kind: 'replayed'; readonly view: CapTableView } & Replayed)
    | { readonly kind: 'checkpoint'; readonly spine: Spine }
}
/** A page by company; `undefined` where a cursor is not one of the list. */
type Pages<Row> = ReadonlyMap<Uuid, readonly Row[] | undefined>

/** A security as it stands on a day, with what names it. */
export type NamedSecurity = { readonly companyId: Uuid; readonly security: Security; readonly names: Names }

/**
 * Tables of several companies on one day, for a list of companies in one go. A company that has none has no entry; one of
 * which nothing is known on the day has the error in its place. The caller has decided who may see the companies.
 */
export async function capTablesAsOf(
  reader: Reader,
  companyIds: readonly Uuid[],
  asOf: string,
): Promise<ReadonlyMap<Uuid, CompanyCapTable | BeforeFirstTransaction>> {
  const answers = new Map<Uuid, CompanyCapTable | BeforeFirstTransaction>()
  for (const [companyId, spine] of await spinesOn(reader, companyIds, asOf)) {
    const known = asOf >= spine.firstDate
    answers.set(companyId, known ? tableOf(spine) : new BeforeFirstTransaction(asOf, spine.firstDate))
  }
  const others = companyIds.filter((companyId) => !answers.has(companyId))
  if (others.length === 0) return answers
  for (const [companyId, replayed] of await loadReplayed(reader, others, asOf)) {
    try {
      const view = capTableView(replayed.table, asOf)
      const { totals, classes, plans } = view
      answers.set(companyId, {
        companyId,
        asOf,
        totals,
        classes,
        plans,
        source: { kind: 'replayed', view, ...replayed },
      })
    } catch (error) {
      if (!(error instanceof BeforeFirstTransaction)) throw error
      answers.set(companyId, error)
    }
  }
  return answers
}

const tableOf = (spine: Spine): CompanyCapTable => ({
  companyId: spine.companyId,
  asOf: spine.asOf,
  totals: spine.totals,
  classes: spine.classes,
  plans: spine.plans,
  source: { kind: 'checkpoint', spine },
})

/** A page of the holders of anything that is open, of several tables. */
export async function stakeholderPages(
  reader: Reader,
  tables: readonly CompanyCapTable[],
  page: Page,
): Promise<Pages<StakeholderRow>> {
  const pages = new Map<Uuid, readonly StakeholderRow[] | undefined>(
    tables.flatMap(({ companyId, source }) =>
      source.kind === 'replayed' ? [[companyId, pageOfRows(source.view.stakeholders, page)]] : [],
    ),
  )
  const spines = spinesOf(tables)
  if (spines.length === 0) return pages
  const found = await holderPages(reader, spines, page)
  const names = await namesOf(
    reader,
    wantedNames(found, (row) => [row.id]),
  )
  for (const [companyId, rows] of found) {
    const known = names.get(companyId)?.stakeholders
    pages.set(
      companyId,
      rows?.map((row) => ({
        ...row,
        name: known?.get(row.id)?.name ?? row.id,
        founder: known?.get(row.id)?.founder ?? false,
      })),
    )
  }
  return pages
}

/** A page of the open securities of several tables, in the order in which they were issued. */
export async function openSecurityPages(
  reader: Reader,
  tables: readonly CompanyCapTable[],
  page: Page,
): Promise<Pages<SecurityRow>> {
  const pages = new Map<Uuid, readonly SecurityRow[] | undefined>(
    tables.flatMap(({ companyId, source }) =>
      source.kind === 'replayed' ? [[companyId, pageOfRows(source.view.securities, page)]] : [],
    ),
  )
  const asOf = new Map(tables.map((table) => [table.companyId, table.asOf]))
  for (const [companyId, found] of await namedPages(reader, spinesOf(tables), page, false)) {
    pages.set(
      companyId,
      found?.map(({ names, security }) => rowOf(names, security, asOf.get(companyId) ?? '')),
    )
  }
  return pages
}

/** A page of the securities issued up to the day, open and closed. */
export async function issuedSecurityPages(
  reader: Reader,
  tables: readonly CompanyCapTable[],
  page: Page,
): Promise<Pages<NamedSecurity>> {
  const pages = new Map<Uuid, readonly NamedSecurity[] | undefined>(
    tables.flatMap(({ companyId, source }) => {
      if (source.kind !== 'replayed') return []
      const securities = pageOfRows([...source.table.securities.values()], page)
      return [[companyId, securities?.map((security) => ({ companyId, security, names: source.table }))]]
    }),
  )
  for (const [companyId, found] of await namedPages(reader, spinesOf(tables), page, true)) pages.set(companyId, found)
  return pages
}

async function namedPages(
  reader: Reader,
  spines: readonly Spine[],
  page: Page,
  ended: boolean,
): Promise<Pages<NamedSecurity>> {
  if (spines.length === 0) return new Map()
  const found = await securityPages(reader, spines, page, ended)
  const names = await namesOf(reader, wantedNames(found, idsIn))
  return new Map(
    spines.map((spine) => {
      const known = namesOn(spine, names.get(spine.companyId))
      const { companyId } = spine
      return [companyId, found.get(companyId)?.map((security) => ({ companyId, security, names: known }))]
    }),
  )
}

/** What names a security of a checkpoint: its class and plan from the spine, the rest from the objects. */
export function namesOn({ classes, plans }: Spine, names: NamesOf | undefined): Names {
  return {
    stakeholders: new Map(names?.stakeholders),
    terms: new Map(names?.terms),
    classes: new Map(
      classes.map(({ id, name, kind, placeholder, authorized, outstanding }) => [
        id,
        {
          id,
          name,
          kind,
          placeholder,
          authorized,
          outstanding,
          item: undefined,
          ratio: undefined,
          splitNumerator: 1n,
          splitDenominator: 1n,
        },
      ]),
    ),
    plans: new Map(
      plans.map(({ id, name, placeholder, classIds, reserved, available }) => [
        id,
        { id, name, placeholder, classIds, reserved, consumed: reserved - available, cancellation: undefined },
      ]),
    ),
  }
}

/** Ids of the objects that name a security. */
export const idsIn = ({ stakeholderId, vesting }: Security): string[] =>
  vesting.kind === 'terms' ? [stakeholderId, vesting.termsId] : [stakeholderId]

const spinesOf = (tables: readonly CompanyCapTable[]): Spine[] =>
  tables.flatMap(({ source }) => (source.kind === 'checkpoint' ? [source.spine] : []))

const wantedNames = <Row>(pages: Pages<Row>, idsOf: (row: Row) => readonly string[]) =>
  [...pages].map(([companyId, rows]) => ({ companyId, ids: (rows ?? []).flatMap(idsOf) }))

/** A page of a list in memory, by the keys of its rows; `undefined` for a cursor that is not one of them. */
export function pageOfRows<Row extends { readonly id: string }>(
  rows: readonly Row[],
  { limit, after, before, backwards }: Page,
): readonly Row[] | undefined {
  const place = (cursor: Uuid | undefined): number | undefined =>
    cursor === undefined ? undefined : rows.findIndex((row) => nodeKey(row.id) === cursor)
  const [first, last] = [place(after), place(before)]
  if (first === -1 || last === -1) return undefined
  const from = (first ?? -1) + 1
  const to = last ?? rows.length
  return backwards === true
    ? rows.slice(Math.max(from, to - limit), to).reverse()
    : rows.slice(from, Math.min(to, from + limit))
}
