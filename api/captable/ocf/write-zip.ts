/** Writes zip archives whose bytes depend on nothing but their files: no clock, no order of the system. */
import { promisify } from 'node:util'
import { crc32, deflateRaw } from 'node:zlib'
import { MAX_FILES } from './bounds.ts'
import type { NamedFile } from './source.ts'

/** 1 January 1980, 00:00: the first instant that the format can tell. */
const TIME = 0
const DATE = 0x0021
/** Deflate, and names in UTF-8 (bit 11). Version 2.0 is the first that has deflate. */
const DEFLATE = 8
const UTF8 = 0x0800
const VERSION = 20
/** Made on Unix: a plain file that its owner may write and everybody read. */
const MADE_BY_UNIX = (3 << 8) | VERSION
const PLAIN_FILE = 0o100644 * 0x10000
/** Beyond this the format needs its 64-bit extension, which packages of this size do not. */
const MAX_BYTES = 0xffff_ffff

/** Off the main thread: packing a large history takes a second. */
const deflate = promisify(deflateRaw)

/**
 * An archive of files, in the order given. Source: PKWARE APPNOTE 6.3.3, sections 4.3.7, 4.3.12 and 4.3.16.
 *
 * @throws {RangeError} when there are more files or bytes than an archive of ours holds
 */
export async function writeZip(files: readonly NamedFile[]): Promise<Uint8Array> {
  if (files.length > MAX_FILES) throw new RangeError(`an archive of ${files.length} files`)
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content } of files) {
    const path = Buffer.from(name, 'utf8')
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
    const packed = await deflate(bytes, { level: 9 })
    const common = commonHeader(bytes, packed.byteLength, path.byteLength)
    parts.push(signed(0x04034b50, common), path, packed)
    directory.push(directoryEntry(common, offset), path)
    offset += 4 + common.byteLength + path.byteLength + packed.byteLength
  }
  const central = Buffer.concat(directory)
  if (offset + central.byteLength > MAX_BYTES) throw new RangeError(`an archive of ${offset} bytes`)
  return Buffer.concat([...parts, central, endOfDirectory(files.length, central.byteLength, offset)])
}

function signed(signature: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(signature)
  return Buffer.concat([head, rest])
}

/** What the header of a file and its entry in the directory have in common. */
function commonHeader(bytes: Uint8Array, packed: number, nameLength: number): Buffer {
  const header = Buffer.alloc(26)
  header.writeUInt16LE(VERSION, 0)
  header.writeUInt16LE(UTF8, 2)
  header.writeUInt16LE(DEFLATE, 4)
  header.writeUInt16LE(TIME, 6)
  header.writeUInt16LE(DATE, 8)
  header.writeUInt32LE(crc32(bytes), 10)
  header.writeUInt32LE(packed, 14)
  header.writeUInt32LE(bytes.byteLength, 18)
  header.writeUInt16LE(nameLength, 22)
  return header
}

function directoryEntry(common: Buffer, offset: number): Buffer {
  const madeBy = Buffer.alloc(2)
  madeBy.writeUInt16LE(MADE_BY_UNIX)
  const tail = Buffer.alloc(14)
  tail.writeUInt32LE(PLAIN_FILE, 6)
  tail.writeUInt32LE(offset, 10)
  return signed(0x02014b50, Buffer.concat([madeBy, common, tail]))
}

function endOfDirectory(files: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files, 4)
  end.writeUInt16LE(files, 6)
  end.writeUInt32LE(size, 8)
  end.writeUInt32LE(offset, 12)
  return signed(0x06054b50, end)
}
