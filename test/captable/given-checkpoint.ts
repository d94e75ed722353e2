/** A cap table looked up in its checkpoint, whole, in the form of a replayed one. */
import assert from 'node:assert/strict'
import type { CapTableView } from '../../api/captable/cap-table-view.ts'
import {
  type CompanyCapTable,
  capTablesAsOf,
  openSecurityPages,
  stakeholderPages,
} from '../../api/captable/cap-tables.views.ts'
import { nodeKey } from '../../api/captable/node-key.ts'
import type { Page, Reader, Uuid } from '../../api/platform/index.ts'

type Load<Row> = (
  reader: Reader,
  tables: readonly CompanyCapTable[],
  page: Page,
) => Promise<ReadonlyMap<Uuid, readonly Row[] | undefined>>

/** All rows of a list, page by page, forwards and backwards: both must tell the same. */
async function listed<Row extends { readonly id: string }>(
  reader: Reader,
  table: CompanyCapTable,
  limit: number,
  load: Load<Row>,
): Promise<Row[]> {
  const read = async (backwards: boolean): Promise<Row[]> => {
    const rows: Row[] = []
    for (;;) {
      const last = rows.at(-1)
      const cursor = last === undefined ? {} : { [backwards ? 'before' : 'after']: nodeKey(last.id) }
      const page = (await load(reader, [table], { limit, backwards, ...cursor })).get(table.companyId)
      assert.ok(page !== undefined, 'a cursor that the list gave is not of the list')
      rows.push(...page)
      if (page.length < limit) return backwards ? rows.reverse() : rows
    }
  }
  const forwards = await read(false)
  assert.deepEqual(await read(true), forwards, `${table.asOf}: backwards differs`)
  return forwards
}

/** The table of a company on a day out of its checkpoint, read in pages of `size`. */
export async function lookedUp(reader: Reader, companyId: Uuid, asOf: string, size: number) {
  const table = (await capTablesAsOf(reader, [companyId], asOf)).get(companyId)
  assert.ok(table !== undefined && !(table instanceof Error), `nothing on ${asOf}`)
  assert.equal(table.source.kind, 'checkpoint', `${asOf} is replayed`)
  return {
    table,
    view: {
      asOf,
      totals: table.totals,
      classes: table.classes,
      plans: table.plans,
      securities: await listed(reader, table, size, openSecurityPages),
      stakeholders: await listed(reader, table, size, stakeholderPages),
    },
  }
}

/** A replayed table without what a checkpoint leaves out: how instruments convert. */
export const withoutTriggers = (view: CapTableView): CapTableView => ({
  ...view,
  securities: view.securities.map((row) => ({ ...row, triggers: undefined })),
})
