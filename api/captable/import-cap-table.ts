import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  DomainError,
  globalId,
  newId,
  once,
  parse,
  type Uuid,
  zIdempotencyKey,
  zKey,
} from '../platform/index.ts'
import { addCheckpointJob } from './checkpoint/write-checkpoint.ts'
import {
  insertImport,
  insertObjects,
  insertTransactions,
  type StoredItem,
  type StoredTransaction,
} from './history.store.ts'
import { hasHistory } from './history.views.ts'
import { MAX_ARCHIVE_BYTES, MAX_FAULTS, MAX_FILES } from './ocf/bounds.ts'
import type { PackageFault, PackageGap } from './ocf/fault.ts'
import type { Placed, UnknownItem } from './ocf/package.ts'
import type { PackageSource } from './ocf/read-package.ts'
import { type CheckedPackage, checkPackage } from './replay/check-package.ts'

/** The company has a cap table already: a second one would count every share twice. */
export class CapTableExists extends DomainError {
  readonly code = 'CAP_TABLE_EXISTS'
  /** Whether the very same package was imported before. */
  readonly samePackage: boolean
  constructor(samePackage: boolean) {
    super(
      samePackage
        ? 'This very package was imported for this company before. Nothing was changed, and nothing needs to be done.'
        : 'This company has a cap table already. Nothing was changed. Later events are recorded one by one, not imported over it.',
    )
    this.samePackage = samePackage
  }
}

const zFile = z.strictObject({
  name: z.string(),
  content: z.union([z.string(), z.instanceof(Uint8Array)], { error: 'must be text' }),
})
/** Base64 takes four characters for three bytes. */
const MAX_BASE64 = Math.ceil(MAX_ARCHIVE_BYTES / 3) * 4
const zArchive = z
  .string()
  .max(MAX_BASE64, `must have at most ${MAX_BASE64} characters`)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64')

export const ImportCapTableInput = z
  .strictObject({
    companyId: zKey('Company'),
    /** The package as a list of files; or {@link zipBase64}. */
    files: z.array(zFile).max(MAX_FILES, `must have at most ${MAX_FILES} files`).nullish(),
    /** The package as an `.ocf.zip` in base64; or `files`. */
    zipBase64: zArchive.nullish(),
    gaps: z.enum(['REFUSE', 'ACCEPT'], { error: 'must be REFUSE or ACCEPT' }).default('REFUSE'),
    idempotencyKey: zIdempotencyKey,
  })
  .refine((input) => (input.files == null) !== (input.zipBase64 == null), {
    path: ['files'],
    error: 'must be given, or zipBase64 must, and not both',
  })
export type ImportCapTableInput = z.input<typeof ImportCapTableInput>

/** What came of an import. Lists hold at most 1,000; the counts are whole. */
export type ImportedCapTable = {
  readonly companyId: Uuid
  readonly importId: Uuid
  readonly packageSha256: string
  readonly transactionCount: number
  readonly setAsideCount: number
  readonly unknownCount: number
  readonly warningCount: number
  readonly gapCount: number
  readonly warnings: readonly PackageFault[]
  readonly gaps: readonly PackageGap[]
}

/**
 * Imports a company's cap table from an Open Cap Format package, whole or not at all.
 *
 * @throws {BrokenPackage} with every fault
 * @throws {CapTableExists}
 */
export async function importCapTable(deps: Deps, actor: Actor, input: ImportCapTableInput): Promise<ImportedCapTable> {
  const { companyId, files, zipBase64, gaps, idempotencyKey } = parse(ImportCapTableInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'analyst', 'partner')
  const source: PackageSource = files == null ? { archive: Buffer.from(zipBase64 ?? '', 'base64') } : { files }
  // Read before the transaction begins: a large package takes seconds, and the company's row must not be held so long.
  const checked = await checkPackage(source, gaps)
  const call = {
    operation: 'importCapTable',
    scope: { kind: 'company', id: companyId } as const,
    idempotencyKey,
    input,
  }
  return once(deps, actor, call, async (trx) => {
    await lockCompany(trx, companyId)
    if (await hasHistory(trx, companyId)) {
      const same = await trx
        .selectFrom('ocf_import')
        .select('import_id')
        .where('company_id', '=', companyId)
        .where('package_sha256', '=', Buffer.from(checked.package.sha256, 'hex'))
        .executeTakeFirst()
      throw new CapTableExists(same !== undefined)
    }
    const imported = summaryOf(companyId, checked)
    const { package: read, replayed } = checked
    await insertImport(
      trx,
      {
        ...imported,
        ocfVersion: read.ocfVersion,
        asOf: read.asOf,
        gapsMode: gaps,
        fileNames: read.fileNames,
        warnings: [...read.warnings, ...replayed.warnings],
        importedBy: actor.id,
      },
      MAX_FAULTS,
    )
    await insertObjects(trx, companyId, imported.importId, objectsOf(checked))
    await insertTransactions(trx, companyId, imported.importId, transactionsOf(checked))
    await addCheckpointJob(trx, companyId, imported.transactionCount)
    await audit(trx, actor, {
      scope: { kind: 'company', id: companyId },
      kind: 'captable.imported',
      subject: globalId('Company', companyId),
      payload: {
        importId: imported.importId,
        packageSha256: imported.packageSha256,
        gaps,
        transactionCount: imported.transactionCount,
        gapCount: imported.gapCount,
      },
    })
    return imported
  })
}

function summaryOf(companyId: Uuid, { package: read, replayed }: CheckedPackage): ImportedCapTable {
  const setAside = read.transactions.filter((placed) => replayed.setAside.has(placed)).length
  const warnings = [...read.warnings, ...replayed.warnings]
  return {
    companyId,
    importId: newId(),
    packageSha256: read.sha256,
    transactionCount: read.transactions.length - setAside,
    setAsideCount: setAside,
    unknownCount: read.unknown.length,
    warningCount: warnings.length,
    gapCount: replayed.gapCount,
    warnings: warnings.slice(0, MAX_FAULTS),
    gaps: replayed.gaps,
  }
}

/** Change events and transactions of later versions stand among the transactions, other unknown items among the objects. */
const isEvent = (item: Placed<UnknownItem>): boolean => /^(TX|CE)_/.test(item.item.type)

function objectsOf({ package: read, replayed }: CheckedPackage): StoredItem[] {
  const known = [read.issuer, ...read.objects].map(
    (placed): StoredItem => ({
      ...whereOf(placed),
      type: placed.item.object_type,
      id: placed.item.id,
      status: replayed.setAside.has(placed) ? 'SET_ASIDE' : 'APPLIED',
    }),
  )
  const unknown = read.unknown
    .filter((placed) => !isEvent(placed))
    .map(
      (placed): StoredItem => ({
        ...whereOf(placed),
        type: placed.item.type,
        id: placed.item.id,
        status: 'UNKNOWN_TYPE',
      }),
    )
  return [...known, ...unknown]
}

function transactionsOf({ package: read, replayed }: CheckedPackage): StoredTransaction[] {
  const known = read.transactions.map(
    (placed): StoredTransaction => ({
      ...whereOf(placed),
      type: placed.item.object_type,
      id: placed.item.id,
      date: placed.item.date,
      status: replayed.setAside.has(placed) ? 'SET_ASIDE' : 'APPLIED',
    }),
  )
  const unknown = read.unknown.filter(isEvent).map(
    (placed): StoredTransaction => ({
      ...whereOf(placed),
      type: placed.item.type,
      id: placed.item.id,
      date: placed.item.date ?? null,
      status: 'UNKNOWN_TYPE',
    }),
  )
  return [...known, ...unknown]
}

const whereOf = (placed: Placed<unknown>) => ({
  raw: placed.raw,
  file: placed.place.file,
  pointer: placed.place.pointer,
})
