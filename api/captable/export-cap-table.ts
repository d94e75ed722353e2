import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { mustSeeCompany } from '../parties/index.ts'
import { instant, parse, type Reader, today, zIsoDate, zKey } from '../platform/index.ts'
import { capTableCsv } from './cap-table-csv.ts'
import { NoCapTable } from './cap-table-view.ts'
import { type ItemAside, type StoredPackage, storedPackage } from './export.views.ts'
import { capTableAsOf } from './load-capitalization.ts'
import { type LeftOut, type WrittenFile, writePackage } from './ocf/write-package.ts'
import { writeZip } from './ocf/write-zip.ts'

export const ExportCapTableInput = z.strictObject({ companyId: zKey('Company') })
export type ExportCapTableInput = z.input<typeof ExportCapTableInput>

/** A cap table written out as an Open Cap Format 1.2.0 package. */
export type ExportedCapTable = {
  /** The manifest first. Names are those inside the package. */
  readonly files: readonly WrittenFile[]
  readonly transactionCount: number
  /** Items that are in the package as they came, and do not count here: another reader may count them or refuse them. */
  readonly setAside: readonly ItemAside[]
  /** Items of types that 1.2.0 does not have, in a file of their own. */
  readonly unknownCount: number
  /** Fields of later versions, which stand in the manifest's comments instead. */
  readonly leftOut: readonly LeftOut[]
}

/**
 * The whole history of a company's cap table as an Open Cap Format package: for staff who see the company, and for its founders
 * and signatories. What vested with compute stands in it as conditions and their events, so that a replay gives the same shares.
 *
 * @throws {NotFound} also where the company exists and the actor may not see it
 * @throws {NoCapTable}
 */
export async function exportCapTable(
  reader: Reader,
  actor: Actor,
  input: ExportCapTableInput,
): Promise<ExportedCapTable> {
  const { companyId } = parse(ExportCapTableInput, input)
  await mustSeeCompany(reader, actor, companyId)
  const stored = await storedPackage(reader, companyId)
  if (stored === undefined) throw new NoCapTable()
  const generatedAt = await instant(reader)
  const today = generatedAt.slice(0, 10)
  const { files, leftOut } = writePackage(stored, {
    // A history may hold what was agreed for a later day; the package speaks of that too.
    asOf: stored.lastDate !== undefined && stored.lastDate > today ? stored.lastDate : today,
    generatedAt,
    comments: commentsOn(stored),
  })
  return {
    files,
    transactionCount: stored.transactions.length,
    setAside: stored.setAside,
    unknownCount: stored.unknown.length,
    leftOut,
  }
}

/** The package as an `.ocf.zip`. The same files give the same bytes. */
export const archiveOf = ({ files }: Pick<ExportedCapTable, 'files'>): Promise<Uint8Array> => writeZip(files)

/** Ids that a comment names; how many there are stands beside them. */
const NAMED = 100

function commentsOn({ objects, setAside, unknown }: StoredPackage): string[] {
  const comments: string[] = []
  if (setAside.length > 0) {
    const named = setAside.slice(0, NAMED).map(({ type, id }) => `${type} ${id}`)
    const more = setAside.length > NAMED ? ', ...' : ''
    comments.push(
      `${setAside.length} items could not be applied when they were imported. They are written as they came and do not count: ${named.join(', ')}${more}`,
    )
  }
  if (unknown.length > 0) {
    comments.push(
      `${unknown.length} items are of types that Open Cap Format 1.2.0 does not have. They stand in OtherVersions.ocf.json as they came, and do not count.`,
    )
  }
  const elsewhere = objects.filter(({ object_type: type, path }) => type === 'DOCUMENT' && path !== undefined).length
  if (elsewhere > 0) {
    comments.push(
      `${elsewhere} documents are named by a path. Their files are not kept here, and are not in this package.`,
    )
  }
  return comments
}

export const CapTableCsvInput = z.strictObject({ companyId: zKey('Company'), asOf: zIsoDate.nullish() })
export type CapTableCsvInput = z.input<typeof CapTableCsvInput>

/** A cap table as CSV, and the day it speaks of. */
export type CapTableCsv = { readonly asOf: string; readonly csv: string }

/**
 * The cap table of a company on a day (today by default) for spreadsheets. Who may: as {@link exportCapTable}.
 *
 * @throws {NotFound} also where the company exists and the actor may not see it
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export async function exportCapTableCsv(reader: Reader, actor: Actor, input: CapTableCsvInput): Promise<CapTableCsv> {
  const { companyId, asOf } = parse(CapTableCsvInput, input)
  await mustSeeCompany(reader, actor, companyId)
  const day = asOf ?? (await today(reader))
  return { asOf: day, csv: capTableCsv(await capTableAsOf(reader, companyId, day)) }
}
