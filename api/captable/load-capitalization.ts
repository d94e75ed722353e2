import type { Reader, Uuid } from '../platform/index.ts'
import { BeforeFirstTransaction, type CapTableView, capTableView, NoCapTable } from './cap-table-view.ts'
import { type Capitalization, capitalizationOf } from './capitalization.ts'
import { loadTable, loadTablesOn } from './history.views.ts'

/**
 * The capitalization of a company on a day. The caller has decided who may see it.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export async function loadCapitalization(reader: Reader, companyId: Uuid, asOf: string): Promise<Capitalization> {
  return capitalizationOf(await loadTable(reader, companyId, asOf), asOf)
}

/**
 * {@link loadCapitalization} of several companies, each on a day of its own, in the order asked for: each its answer or its
 * refusal. As many queries as for one.
 */
export async function loadCapitalizations(
  reader: Reader,
  wanted: readonly { readonly companyId: Uuid; readonly asOf: string }[],
): Promise<readonly (Capitalization | NoCapTable | BeforeFirstTransaction)[]> {
  const tables = await loadTablesOn(reader, wanted)
  return wanted.map(({ asOf }, index) => {
    const table = tables[index]
    if (table === undefined) return new NoCapTable()
    try {
      return capitalizationOf(table, asOf)
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
