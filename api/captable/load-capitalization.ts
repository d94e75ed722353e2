import type { Reader, Uuid } from '../platform/index.ts'
import { BeforeFirstTransaction, type CapTableView, capTableView, NoCapTable } from './cap-table-view.ts'
import type { Capitalization } from './capitalization.ts'
import { capitalizationOf } from './counted-capitalization.ts'
import { loadTable, loadTablesOn } from './history.views.ts'
import { instrumentHistory, statesOn } from './instruments/instrument.views.ts'
import type { CapTable } from './replay/state.ts'

/**
 * The capitalization of a company on a day. The caller has decided who may see it.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export async function loadCapitalization(reader: Reader, companyId: Uuid, asOf: string): Promise<Capitalization> {
  const table = await loadTable(reader, companyId, asOf)
  return capitalizationOf(table, asOf, statesOn(await instrumentHistory(reader, [companyId]), companyId, asOf))
}

/** A capitalization, and the table that says it. */
export type CapitalizedTable = { readonly table: CapTable; readonly capitalization: Capitalization }
type Wanted = { readonly companyId: Uuid; readonly asOf: string }

/**
 * {@link loadCapitalization} of several companies, each on a day of its own, in the order asked for: each its answer or its
 * refusal. As many queries as for one.
 */
export async function loadCapitalizations(
  reader: Reader,
  wanted: readonly Wanted[],
): Promise<readonly (Capitalization | NoCapTable | BeforeFirstTransaction)[]> {
  const found = await loadCapitalizedTables(reader, wanted)
  return found.map((one) => (one instanceof Error ? one : one.capitalization))
}

/** {@link loadCapitalizations} with their tables. */
export async function loadCapitalizedTables(
  reader: Reader,
  wanted: readonly Wanted[],
): Promise<readonly (CapitalizedTable | NoCapTable | BeforeFirstTransaction)[]> {
  const tables = await loadTablesOn(reader, wanted)
  const history = await instrumentHistory(reader, [...new Set(wanted.map(({ companyId }) => companyId))])
  return wanted.map(({ companyId, asOf }, index) => {
    const table = tables[index]
    if (table === undefined) return new NoCapTable()
    try {
      return { table, capitalization: capitalizationOf(table, asOf, statesOn(history, companyId, asOf)) }
    } catch (error) {
      if (error instanceof BeforeFirstTransaction) return error
      throw error
    }
  })
}

/**
 * The cap table of a company on a day, by security, class and stakeholder. The caller has decided who may see it.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export async function capTableAsOf(reader: Reader, companyId: Uuid, asOf: string): Promise<CapTableView> {
  return capTableView(await loadTable(reader, companyId, asOf), asOf)
}
