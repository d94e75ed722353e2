/** Reads an Open Cap Format package: the manifest first, then the files it names, item by item. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { MAX_ARCHIVE_BYTES, MAX_DEPTH, MAX_ITEMS } from './bounds.ts'
import { BrokenPackage, Faults, type PackageFault } from './fault.ts'
import { faultsOf, readItem } from './items.ts'
import { type JsonObject, type JsonValue, readJson } from './json.ts'
import type { ObjectOf, OcfObject } from './objects.ts'
import type { OcfPackage, Placed, UnknownItem } from './package.ts'
import { normalPath, type PackageFiles, packageFault, pathFault } from './package-files.ts'
import { date, dateTime, file, text } from './primitives.ts'
import { filesOfArchive, filesOfFolder, filesOfList, type NamedFile } from './source.ts'
import type { OcfTransaction } from './transactions.ts'

/** A package as it comes: a list of files, an archive, or a path to either a folder or an archive. */
export type PackageSource =
  | { readonly files: readonly NamedFile[] }
  | { readonly archive: Uint8Array }
  | { readonly path: string }

/** What was read, and what is wrong with it. Items with faults are in neither list; `unreadable` holds the ids they bear. */
export type PackageReading = {
  readonly package: OcfPackage
  readonly faults: Faults
  readonly unreadable: ReadonlySet<string>
}

/** The lists of a manifest, in the order their files are read, each with the file type it must name. */
const LISTS = {
  stakeholders_files: 'OCF_STAKEHOLDERS_FILE',
  stock_classes_files: 'OCF_STOCK_CLASSES_FILE',
  stock_legend_templates_files: 'OCF_STOCK_LEGEND_TEMPLATES_FILE',
  stock_plans_files: 'OCF_STOCK_PLANS_FILE',
  vesting_terms_files: 'OCF_VESTING_TERMS_FILE',
  valuations_files: 'OCF_VALUATIONS_FILE',
  financings_files: 'OCF_FINANCINGS_FILE',
  documents_files: 'OCF_DOCUMENTS_FILE',
  transactions_files: 'OCF_TRANSACTIONS_FILE',
} as const
type List = keyof typeof LISTS

const files = z.array(file)
const manifestShape = z.strictObject({
  ocf_version: text,
  file_type: z.literal('OCF_MANIFEST_FILE'),
  issuer: z.looseObject({}),
  as_of: date,
  generated_at: dateTime,
  comments: z.array(text).optional(),
  stakeholders_files: files,
  stock_classes_files: files,
  stock_legend_templates_files: files,
  stock_plans_files: files,
  vesting_terms_files: files,
  valuations_files: files,
  transactions_files: files,
  financings_files: files.optional(),
  documents_files: files.optional(),
})
type Manifest = z.output<typeof manifestShape>

/**
 * Versions that are read: any 1.2, since its patches add and do not change, and the word that the format's own examples
 * write in place of a version.
 */
const VERSION = /^1\.2\.[0-9]+(?:[-+].*)?$/
const SAMPLE_VERSION = '~~~ SAMPLE ~~~'
/** A file of Open Cap Format by its name. */
const OCF_FILE = /\.ocf\.json$/i
const MANIFEST = /(?:^|\/)manifest\.ocf\.json$/i

/** The types of object that a file may hold, by its `file_type`. Transactions files hold all others. */
const OBJECT_OF_FILE: Readonly<Record<string, string>> = {
  OCF_STAKEHOLDERS_FILE: 'STAKEHOLDER',
  OCF_STOCK_CLASSES_FILE: 'STOCK_CLASS',
  OCF_STOCK_LEGEND_TEMPLATES_FILE: 'STOCK_LEGEND_TEMPLATE',
  OCF_STOCK_PLANS_FILE: 'STOCK_PLAN',
  OCF_VESTING_TERMS_FILE: 'VESTING_TERMS',
  OCF_VALUATIONS_FILE: 'VALUATION',
  OCF_FINANCINGS_FILE: 'FINANCING',
  OCF_DOCUMENTS_FILE: 'DOCUMENT',
}

/**
 * Reads a package and validates every item of it.
 *
 * @throws {BrokenPackage} with every fault found
 */
export async function readPackage(source: PackageSource): Promise<OcfPackage> {
  const reading = await readPackageWithFaults(source)
  reading.faults.throwIfAny()
  return reading.package
}

/**
 * Like {@link readPackage}, but hands back faults of items, so that faults of the replay can be reported together with them.
 *
 * @throws {BrokenPackage} when there is no manifest to go by
 */
export async function readPackageWithFaults(source: PackageSource): Promise<PackageReading> {
  const opened = await open(source)
  const manifestName = findManifest(opened)
  const reading = new Reading(opened, manifestName)
  const manifest = await reading.manifest()
  for (const list of Object.keys(LISTS) as List[]) {
    for (const [index, entry] of (manifest[list] ?? []).entries()) await reading.file(list, index, entry)
  }
  return reading.result(manifest)
}

async function open(source: PackageSource): Promise<PackageFiles> {
  if ('files' in source) return filesOfList(source.files)
  if ('archive' in source) return filesOfArchive(source.archive)
  const found = await stat(source.path).catch(() => undefined)
  if (found === undefined) throw new BrokenPackage([packageFault(source.path, 'does not exist or cannot be read')])
  if (found.isDirectory()) return filesOfFolder(source.path)
  if (found.size > MAX_ARCHIVE_BYTES) {
    throw new BrokenPackage([packageFault(source.path, `is an archive larger than ${MAX_ARCHIVE_BYTES} bytes`)])
  }
  return filesOfArchive(await readFile(source.path))
}

function findManifest({ names }: PackageFiles): string {
  const depth = (name: string) => name.split('/').length
  const found = names.filter((name) => MANIFEST.test(name)).sort((a, b) => depth(a) - depth(b))
  const [first, second] = found
  if (first === undefined) throw new BrokenPackage([packageFault('', 'has no Manifest.ocf.json')])
  if (second !== undefined && depth(second) === depth(first)) {
    throw new BrokenPackage(found.map((name) => packageFault(name, 'is one of several manifests: a package has one')))
  }
  return first
}

class Reading {
  readonly #files: PackageFiles
  readonly #known: ReadonlySet<string>
  readonly #manifestName: string
  readonly #folder: string
  readonly #faults = new Faults()
  readonly #warnings: PackageFault[] = []
  readonly #unreadable = new Set<string>()
  readonly #sums: [name: string, sha256: string][] = []
  readonly #objects: Placed<OcfObject>[] = []
  readonly #transactions: Placed<OcfTransaction>[] = []
  readonly #unknown: Placed<UnknownItem>[] = []
  readonly #read = new Set<string>()
  #issuer: Placed<ObjectOf<'ISSUER'>> | undefined
  #items = 0

  constructor(files: PackageFiles, manifestName: string) {
    this.#files = files
    this.#known = new Set(files.names)
    this.#manifestName = manifestName
    this.#folder = manifestName.includes('/') ? manifestName.slice(0, manifestName.lastIndexOf('/') + 1) : ''
  }

  /** @throws {BrokenPackage} when the manifest cannot be understood: without it nothing else can be read */
  async manifest(): Promise<Manifest> {
    const name = this.#manifestName.slice(this.#folder.length)
    const content = await this.#content(name, this.#manifestName)
    const raw = content === undefined ? undefined : this.#json(name, content)
    this.#faults.throwIfAny()
    if (raw === undefined) throw new BrokenPackage([packageFault(name, 'is not an object')])
    const version = raw.ocf_version
    if (typeof version === 'string' && !VERSION.test(version) && version !== SAMPLE_VERSION) {
      const reason = `is an OCF package of another version: ${JSON.stringify(version.slice(0, 40))} instead of 1.2.0`
      throw new BrokenPackage([{ file: name, itemId: null, pointer: '/ocf_version', reason }])
    }
    const shape = manifestShape.safeParse(raw)
    if (!shape.success) {
      for (const fault of faultsOf(shape.error, 'the manifest', raw).faults)
        this.#fault(name, null, fault.pointer, fault.reason)
      this.#faults.throwIfAny()
      throw new BrokenPackage([packageFault(name, 'is not a manifest')])
    }
    if (version !== '1.2.0') {
      this.#warn(name, null, '/ocf_version', `says ${JSON.stringify(version)}; it was read as 1.2.0`)
    }
    const before = this.#faults.count
    this.#item(name, '/issuer', raw.issuer ?? null, 'ISSUER')
    if (this.#faults.count === before && this.#issuer === undefined)
      this.#fault(name, null, '/issuer', 'is not an ISSUER')
    return shape.data
  }

  async file(list: List, index: number, entry: { readonly filepath: string; readonly md5: string }): Promise<void> {
    const at = `/${list}/${index}/filepath`
    const manifest = this.#manifestName.slice(this.#folder.length)
    const path = normalPath(entry.filepath)
    const wrong =
      pathFault(entry.filepath) ??
      (this.#known.has(this.#folder + path) ? undefined : 'names a file that is not in the package') ??
      (this.#read.has(path) ? 'names a file that is named before' : undefined)
    if (wrong !== undefined) return this.#fault(manifest, null, at, wrong)
    this.#read.add(path)
    const content = await this.#content(path, this.#folder + path, entry.md5)
    const raw = content === undefined ? undefined : this.#json(path, content)
    if (raw === undefined) return
    const type = LISTS[list]
    if (raw.file_type !== type) this.#fault(path, null, '/file_type', `is not ${type}, as the manifest says`)
    for (const key of Object.keys(raw)) {
      if (key !== 'file_type' && key !== 'items')
        this.#fault(path, null, `/${key}`, 'is not a field of a file in Open Cap Format 1.2.0')
    }
    const items = raw.items as JsonValue | undefined
    if (!Array.isArray(items))
      return this.#fault(path, null, '/items', items === undefined ? 'is missing' : 'is not a list')
    this.#items += items.length
    if (this.#items > MAX_ITEMS) throw new BrokenPackage([packageFault(path, `makes more than ${MAX_ITEMS} items`)])
    for (const [position, item] of items.entries()) this.#item(path, `/items/${position}`, item, OBJECT_OF_FILE[type])
  }

  result(manifest: Manifest): PackageReading {
    this.#warnOfUnnamed()
    const issuer = this.#issuer
    if (issuer === undefined) throw new BrokenPackage(this.#faults.list, this.#faults.count)
    this.#sums.sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      faults: this.#faults,
      unreadable: this.#unreadable,
      package: {
        ocfVersion: manifest.ocf_version,
        asOf: manifest.as_of,
        generatedAt: manifest.generated_at,
        sha256: createHash('sha256').update(JSON.stringify(this.#sums)).digest('hex'),
        fileNames: this.#sums.map(([name]) => name),
        issuer,
        objects: this.#objects,
        transactions: this.#transactions,
        unknown: this.#unknown,
        warnings: this.#warnings,
      },
    }
  }

  /** A file beside the manifest that it does not name was forgotten, or does not belong here. */
  #warnOfUnnamed(): void {
    const own = this.#files.names.filter((name) => name.startsWith(this.#folder) && name !== this.#manifestName)
    for (const path of own.map((name) => name.slice(this.#folder.length)).sort()) {
      if (!OCF_FILE.test(path) || this.#read.has(path)) continue
      this.#warn(path, null, '', 'is not named by the manifest: it was not read')
    }
  }

  /** The text of a file, or `undefined` after a fault. */
  async #content(name: string, path: string, md5?: string): Promise<string | undefined> {
    const bytes = await this.#files.read(path)
    this.#sums.push([name, createHash('sha256').update(bytes).digest('hex')])
    // The manifests of the published samples carry sums that were never recalculated, and say so. A wrong sum therefore tells
    // of a careless exporter, not of a forger (who would write the right one): it is reported and does not refuse the package.
    if (md5 !== undefined && createHash('md5').update(bytes).digest('hex') !== md5.toLowerCase()) {
      this.#warn(name, null, '', 'does not have the MD5 sum that the manifest gives for it')
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      this.#fault(name, null, '', 'is not UTF-8')
      return undefined
    }
  }

  #json(name: string, content: string): JsonObject | undefined {
    const { value, faults } = readJson(content, MAX_DEPTH)
    for (const fault of faults) this.#fault(name, null, fault.pointer, fault.reason)
    if (value === undefined) return undefined
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
    this.#fault(name, null, '', 'is not an object')
    return undefined
  }

  #item(name: string, at: string, raw: JsonValue, wanted: string | undefined): void {
    const reading = readItem(raw)
    const placed = { place: { file: name, pointer: at }, raw: raw as JsonObject }
    const itemId = idOf(raw)
    if (reading.kind === 'faulty') {
      for (const fault of reading.faults) this.#fault(name, itemId, at + fault.pointer, fault.reason)
      this.#markUnreadable(raw)
      return
    }
    if (reading.kind === 'unknown') {
      this.#warn(
        name,
        itemId,
        `${at}/object_type`,
        `is ${reading.type}, which 1.2.0 does not have: kept as it is, and does not count`,
      )
      this.#unknown.push({ ...placed, item: reading })
      return
    }
    const misplaced = wanted === undefined ? reading.kind !== 'transaction' : reading.item.object_type !== wanted
    if (misplaced) {
      const type = reading.item.object_type
      this.#fault(name, itemId, `${at}/object_type`, `is ${type}, which does not belong into this file`)
      return
    }
    for (const field of reading.later) {
      this.#warn(name, itemId, `${at}/${field}`, 'is not a field of 1.2.0: kept as it is, and does not count')
    }
    if (reading.kind === 'transaction') this.#transactions.push({ ...placed, item: reading.item })
    else if (reading.item.object_type === 'ISSUER') this.#issuer = { ...placed, item: reading.item }
    else this.#objects.push({ ...placed, item: reading.item })
  }

  /** What a broken item would have defined must not be reported as missing a hundred times over. */
  #markUnreadable(raw: JsonValue): void {
    if (typeof raw !== 'object' || raw === null) return
    const { id, security_id: securityId } = raw as JsonObject
    for (const value of [id, securityId]) if (typeof value === 'string') this.#unreadable.add(value)
  }

  #fault(name: string, itemId: string | null, at: string, reason: string): void {
    this.#faults.add({ file: name, itemId, pointer: at, reason })
  }

  #warn(name: string, itemId: string | null, at: string, reason: string): void {
    this.#warnings.push({ file: name, itemId, pointer: at, reason })
  }
}

function idOf(raw: JsonValue): string | null {
  if (typeof raw !== 'object' || raw === null) return null
  const { id } = raw as JsonObject
  return typeof id === 'string' ? id.slice(0, 255) : null
}
