/** Reads `.ocf.zip` archives. What an archive says about itself is not believed: names are checked, inflated bytes are counted. */
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { MAX_FILES, MAX_RATIO, MAX_TOTAL_BYTES, RATIO_FREE_BYTES } from './bounds.ts'
import { BrokenPackage, type PackageFault } from './fault.ts'
import { normalPath, type PackageFiles, packageFault, pathFault } from './package-files.ts'

/** Unix file type bits in the upper half of `externalFileAttributes`; 0o12 is a symbolic link. */
const FILE_TYPE_SHIFT = 28
const SYMBOLIC_LINK = 0o12

/**
 * Lists an archive and reads its files on demand. Every entry is checked before any is inflated, so that one bad name refuses
 * the whole archive, and all bad names are reported together.
 *
 * @throws {BrokenPackage}
 */
export async function openArchive(bytes: Uint8Array): Promise<PackageFiles> {
  const zip = await open(bytes)
  const faults: PackageFault[] = []
  const entries = new Map<string, Entry>()
  try {
    for await (const entry of zip.eachEntry()) {
      if (zip.entriesRead > MAX_FILES) throw new BrokenPackage([packageFault('', `has more than ${MAX_FILES} files`)])
      const name = entryName(entry)
      const path = normalPath(name ?? '')
      const fault = entryFault(entry, name, entries.has(path))
      if (fault !== undefined) faults.push(packageFault(name ?? '(a name that is not UTF-8)', fault))
      else if (!name?.endsWith('/')) entries.set(path, entry)
    }
  } catch (error) {
    throw error instanceof BrokenPackage ? error : unreadable(error)
  }
  if (faults.length > 0) throw new BrokenPackage(faults)
  let total = 0
  return {
    names: [...entries.keys()],
    async read(name) {
      const entry = entries.get(name)
      if (entry === undefined) return new Uint8Array()
      const content = await inflate(zip, name, entry, MAX_TOTAL_BYTES - total)
      total += content.byteLength
      return content
    },
  }
}

async function open(bytes: Uint8Array): Promise<ZipFile> {
  try {
    // Names stay bytes: yauzl would stop at the first bad one, and would replace "\" silently.
    return await yauzl.fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
      decodeStrings: false,
      validateEntrySizes: true,
    })
  } catch (error) {
    throw unreadable(error)
  }
}

const unreadable = (error: unknown): BrokenPackage =>
  new BrokenPackage([
    packageFault('', `is not a zip archive that can be read: ${error instanceof Error ? error.message : 'unknown'}`),
  ])

function entryName(entry: Entry): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(entry.fileNameRaw)
  } catch {
    return undefined
  }
}

function entryFault(entry: Entry, name: string | undefined, known: boolean): string | undefined {
  if (name === undefined) return 'has a name that is not UTF-8'
  const path = pathFault(name)
  if (path !== undefined) return path
  if (entry.externalFileAttributes >>> FILE_TYPE_SHIFT === SYMBOLIC_LINK) return 'is a link, not a file'
  if (entry.isEncrypted()) return 'is encrypted'
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    return 'is compressed by a method other than deflate'
  return known ? 'stands twice in the package' : undefined
}

async function inflate(zip: ZipFile, name: string, entry: Entry, budget: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    const stream = await zip.openReadStreamPromise(entry)
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.byteLength
      // Counted while inflating, against the bytes really there: the sizes in the headers are the sender's word.
      const bomb = length > RATIO_FREE_BYTES && length > entry.compressedSize * MAX_RATIO
      if (bomb || length > budget) {
        stream.destroy()
        const reason = bomb
          ? `inflates more than ${MAX_RATIO} times`
          : `makes the package larger than ${MAX_TOTAL_BYTES} bytes`
        throw new BrokenPackage([packageFault(name, reason)])
      }
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof BrokenPackage) throw error
    throw new BrokenPackage([
      packageFault(name, `cannot be inflated: ${error instanceof Error ? error.message : 'unknown'}`),
    ])
  }
  const content = Buffer.concat(chunks)
  if (crc32(content) !== entry.crc32)
    throw new BrokenPackage([packageFault(name, 'does not match its checksum in the archive')])
  return content
}
