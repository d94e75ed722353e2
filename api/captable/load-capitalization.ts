import type { Reader, Uuid } from '../platform/index.ts'
import { type CapTableView, capTableView } from './cap-table-view.ts'
import { type Capitalization, capitalizationOf } from './capitalization.ts'
import { loadTable } from './history.views.ts'

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
 * The cap table of a company on a day, by security, class and stakeholder. The caller has decided who may see it.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export async function capTableAsOf(reader: Reader, companyId: Uuid, asOf: string): Promise<CapTableView> {
  return capTableView(await loadTable(reader, companyId, asOf), asOf)
}
