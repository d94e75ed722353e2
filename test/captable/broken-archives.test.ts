/** Bad input: archives, written byte by byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import { readPackage } from '../../api/captable/index.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { assertFaults, type Expected, faultsOf } from './given-broken.ts'

/** An archive written byte by byte: a proper writer refuses to write what is tested here. */
type Entry = {
  name: string | Buffer
  content?: Buffer
  raw?: Buffer
  size?: number
  flags?: number
  attributes?: number
  crc?: number
}
function archive(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const content = entry.content ?? Buffer.alloc(0)
    const packed = entry.raw ?? deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(entry.flags ?? 0x800, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(entry.crc ?? crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(entry.size ?? content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, name, packed])
    const central = Buffer.alloc(14)
    central.writeUInt32LE(entry.attributes ?? 0, 6)
    central.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('504b01021403', 'hex'), common, central, name]))
    parts.push(local)
    offset += local.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32BE(0x504b0506, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}
const own = (): Entry[] => ownPackage().map(({ name, content }) => ({ name, content: Buffer.from(content) }))

test('an archive is read, also below one folder', async () => {
  const plain = await readPackage({ archive: archive(own()) })
  const below = await readPackage({
    archive: archive([{ name: 'lumen/' }, ...own().map((it) => ({ ...it, name: `lumen/${it.name}` }))]),
  })
  assert.equal(plain.sha256, below.sha256)
  assert.equal(plain.transactions.length, 5)
})

const ZIPS: readonly [what: string, entries: () => Entry[], expected: readonly Expected[]][] = [
  [
    'paths that escape',
    () => [...own(), { name: '../../x' }, { name: '/x' }, { name: 'a\\..\\b' }, { name: 'ok/../../x' }],
    [
      ['../../x', null, '', /leaves the package/],
      ['/x', null, '', /absolute/],
      ['a\\..\\b', null, '', /backslash/],
      ['ok/../../x', null, '', /leaves the package/],
    ],
  ],
  [
    'a link',
    () => [...own(), { name: 'link', content: Buffer.from('/etc/passwd'), attributes: (0o120777 << 16) >>> 0 }],
    [['link', null, '', /a link/]],
  ],
  ['an encrypted file', () => [...own(), { name: 'secret', flags: 0x801 }], [['secret', null, '', /encrypted/]]],
  [
    'a name twice',
    () => [...own(), { name: './Transactions.ocf.json' }],
    [['./Transactions.ocf.json', null, '', /twice/]],
  ],
  [
    'a name that is not UTF-8',
    () => [...own(), { name: Buffer.from([0xff, 0xfe]) }],
    [['(a name that is not UTF-8)', null, '', /not UTF-8/]],
  ],
  [
    'a bomb',
    () =>
      own().map((it) =>
        it.name === 'Valuations.ocf.json' ? { name: it.name, content: Buffer.alloc(64 * 1024 * 1024, 0x20) } : it,
      ),
    [['Valuations.ocf.json', null, '', /inflates more than 200 times/]],
  ],
  [
    'a bomb that lies about its size',
    () =>
      own().map((it) =>
        it.name === 'Valuations.ocf.json'
          ? { name: it.name, content: Buffer.alloc(64 * 1024 * 1024, 0x20), size: 10 }
          : it,
      ),
    [['Valuations.ocf.json', null, '', /cannot be inflated|inflates more/]],
  ],
  [
    'damaged content',
    () => own().map((it) => (it.name === 'Valuations.ocf.json' ? { ...it, crc: 1 } : it)),
    [['Valuations.ocf.json', null, '', /checksum/]],
  ],
  [
    'content that is not deflated',
    () => own().map((it) => (it.name === 'Valuations.ocf.json' ? { ...it, raw: Buffer.from('no deflate') } : it)),
    [['Valuations.ocf.json', null, '', /cannot be inflated/]],
  ],
]
for (const [what, entries, expected] of ZIPS) {
  test(`an archive is refused: ${what}`, async () => {
    assertFaults((await faultsOf({ archive: archive(entries()) })).faults, expected)
  })
}

test('an archive is refused: too many files, no archive at all, and one that is cut off', async () => {
  const many = Array.from({ length: 1001 }, (_, index) => ({ name: `${index}` }))
  assertFaults((await faultsOf({ archive: archive(many) })).faults, [['', null, '', /more than 1000 files/]])
  assertFaults((await faultsOf({ archive: Buffer.from('no archive') })).faults, [['', null, '', /not a zip archive/]])
  const whole = archive(own())
  for (const length of [0, 4, 100, whole.length - 30, whole.length - 1]) {
    assertFaults((await faultsOf({ archive: whole.subarray(0, length) })).faults, [['', null, '', /not a zip archive/]])
  }
})
