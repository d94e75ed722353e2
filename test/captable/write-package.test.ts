/** Packages written and read back: nothing is lost, nothing is invented, and the archive depends on its files alone. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import yauzl from 'yauzl'
import { checkPackage, type OcfPackage, readPackage } from '../../api/captable/index.ts'
import { withoutLaterFields } from '../../api/captable/ocf/items.ts'
import { writePackage } from '../../api/captable/ocf/write-package.ts'
import { writeZip } from '../../api/captable/ocf/write-zip.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { assertValid } from '../support/ocf-schemas.ts'
import { sharedData } from '../support/shared.ts'
import { files, option, safe, stock, type Tx, tx, warrant } from './given-history.ts'
import { byOldName, ROWS } from './given-rows.ts'

const samples = sharedData('ocf-samples')
const schemas = sharedData('ocf-schema-v1.2.0/schema')
const HEAD = { asOf: '2026-11-20', generatedAt: '2026-11-20T09:00:00.123456Z', comments: [] }

const written = (read: OcfPackage) =>
  writePackage(
    {
      issuer: read.issuer.raw,
      objects: read.objects.map(({ raw }) => raw),
      transactions: read.transactions.map(({ raw }) => raw),
      unknown: read.unknown.map(({ raw }) => raw),
    },
    HEAD,
  )

/** The items of a package in canonical form: those of 1.2.0 with the fields of 1.2.0; objects by type, each in its order. */
const canonical = (read: OcfPackage) => ({
  issuer: withoutLaterFields(read.issuer.raw).understood,
  objects: Object.groupBy(
    read.objects.map(({ raw }) => withoutLaterFields(raw).understood),
    (raw) => String(raw.object_type),
  ),
  transactions: read.transactions.map(({ raw }) => raw),
  unknown: read.unknown.map(({ raw }) => raw),
})

async function assertRoundTrip(read: OcfPackage): Promise<void> {
  const { files } = written(read)
  const back = await readPackage({ archive: await writeZip(files) })
  assert.deepEqual(canonical(back), canonical(read))
  assert.equal(back.ocfVersion, '1.2.0')
  assert.deepEqual([back.asOf, back.generatedAt], [HEAD.asOf, HEAD.generatedAt])
  // Whoever reads what was written writes the same again, byte for byte.
  const again = written(back)
  const content = (of: typeof files) => of.filter(({ name }) => name !== 'Manifest.ocf.json')
  assert.deepEqual(content(again.files), content(files))
}

test('our own package, written and read back, is the same', async () =>
  assertRoundTrip(await readPackage({ files: ownPackage() })))

for (const name of samples === undefined ? ['samples'] : readdirSync(samples)) {
  test(`the sample ${name}, written and read back, is the same, and every item is valid by its schema`, {
    skip: samples === undefined || schemas === undefined,
  }, async () => {
    const read = await readPackage({ path: join(samples ?? '', name) })
    await assertRoundTrip(read)
    assertValid(schemas ?? '', written(read).files)
  })
}

for (const [what, more, , behaviour] of ROWS) {
  test(`written and read back, valid by its schema and with the same table: ${what}`, async () => {
    for (const own of [more, more.map(byOldName)]) {
      const { package: read, replayed } = await checkPackage({ files: files(own, behaviour) })
      await assertRoundTrip(read)
      const out = written(read).files
      if (schemas !== undefined) assertValid(schemas, out)
      assert.deepEqual((await checkPackage({ files: out })).replayed.table, replayed.table)
    }
  })
}

test('the manifest names every file with its real MD5 sum, and no file is empty', async () => {
  const { files } = written(await readPackage({ files: ownPackage() }))
  const [first, ...others] = files
  assert.equal(first?.name, 'Manifest.ocf.json')
  const manifest = JSON.parse(first.content)
  assert.equal(manifest.ocf_version, '1.2.0')
  const named = Object.entries(manifest)
    .filter(([key]) => key.endsWith('_files'))
    .flatMap(([, entries]) => entries as { filepath: string; md5: string }[])
  const sums = others.map(({ name, content }) => [`./${name}`, createHash('md5').update(content).digest('hex')])
  assert.deepEqual(Object.fromEntries(named.map(({ filepath, md5 }) => [filepath, md5])), Object.fromEntries(sums))
  assert.deepEqual(manifest.valuations_files, [], 'a list that must be there is there, though it names no file')
  assert.equal('documents_files' in manifest, false)
  for (const { name, content } of others) assert.ok(JSON.parse(content).items.length > 0, name)
})

test('a field of a later version is left out of the item, and told in the manifest', async () => {
  const files = ownPackage({
    Stakeholders: (items) => {
      items[0].current_status = 'ACTIVE'
    },
  })
  const { files: out, leftOut } = written(await readPackage({ files }))
  assert.deepEqual(leftOut, [{ type: 'STAKEHOLDER', id: OWN.founderAda, field: 'current_status', value: 'ACTIVE' }])
  const contents = new Map(out.map(({ name, content }) => [name, content]))
  assert.equal(contents.get('Stakeholders.ocf.json')?.includes('current_status'), false)
  assert.match(
    JSON.parse(contents.get('Manifest.ocf.json') ?? '').comments[0],
    /founder-ada.*current_status.*"ACTIVE"$/,
  )
})

test('an item of an unknown type is written as it is, into a file of its own', async () => {
  const later = { object_type: 'TX_STOCK_CONSOLIDATION', id: 'later', z: [1, { b: null, a: true }], date: '2026-01-01' }
  const files = ownPackage({ Transactions: (items) => [...items, later] })
  const out = written(await readPackage({ files })).files
  const file = out.find(({ name }) => name === 'OtherVersions.ocf.json')
  assert.deepEqual(JSON.parse(file?.content ?? ''), { file_type: 'OCF_TRANSACTIONS_FILE', items: [later] })
})

test('an object of a type that no file holds is a fault of the caller', () => {
  const items = { issuer: {}, objects: [{ object_type: 'STAKEHOLDERS', id: 'x' }], transactions: [], unknown: [] }
  assert.throws(() => writePackage(items, HEAD), /no file of a package holds STAKEHOLDERS/)
})

/** Text that JSON, UTF-8 and CSV find hard. NUL and halves of surrogate pairs are refused on the way in. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((it) => !it.includes('\u0000'))
const quantity = fc
  .tuple(fc.bigInt(1n, 1_000_000n), fc.bigInt(0n, 9_999_999_999n))
  .map(([whole, part]) => (part === 0n ? `${whole}` : `${whole}.${String(part).padStart(10, '0')}`))
const day = fc
  .tuple(fc.integer({ min: 2025, max: 2031 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, date]) => [year, String(month).padStart(2, '0'), String(date).padStart(2, '0')].join('-'))
const make = fc.constantFrom<((id: string, amount: string, on: string, words: string) => Tx)[]>(
  (id, amount, on, words) => stock(id, amount, { consideration_text: words }, on),
  (id, amount, on, words) => option(id, amount, { vesting_terms_id: OWN.terms, comments: [words] }, on),
  (id, amount, on) => ({ ...safe(id, amount, on) }),
  (id, amount, on) => ({ ...warrant(id, { quantity: amount }), date: on }),
)
const transactions = fc.array(fc.tuple(make, quantity, day, text, fc.boolean()), { maxLength: 12 }).map((list) =>
  list.flatMap(([of, amount, on, words, retracted], index) => {
    const issued = of(`s-${index}`, amount, on, words)
    const kind = issued.object_type.replace(/^TX_|_ISSUANCE$/g, '')
    const gone = tx(`${kind}_RETRACTION`, { security_id: `s-${index}`, reason_text: words }, `gone-${index}`, on)
    return retracted ? [issued, gone] : [issued]
  }),
)
const stakeholder = fc.record({ id: fc.uuid(), legal_name: text })

test('generated packages, written and read back, are the same, and replay alike', () =>
  fc.assert(
    fc.asyncProperty(transactions, fc.array(stakeholder, { maxLength: 4 }), async (more, people) => {
      const files = ownPackage({
        Transactions: (items) => [...items, ...more],
        Stakeholders: (items) => [
          ...items,
          ...people.map(({ id, legal_name }) => ({
            object_type: 'STAKEHOLDER',
            id,
            name: { legal_name },
            stakeholder_type: 'INDIVIDUAL',
          })),
        ],
      })
      const { package: read, replayed } = await checkPackage({ files }, 'ACCEPT')
      await assertRoundTrip(read)
      const again = await checkPackage({ files: written(read).files }, 'ACCEPT')
      assert.deepEqual(again.replayed.table, replayed.table)
      assert.deepEqual(
        again.replayed.gaps.map(({ reason }) => reason),
        replayed.gaps.map(({ reason }) => reason),
      )
    }),
    { numRuns: 150 },
  ))

test('an archive is read by another program, with names, sizes and sums in order', () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.uuid(), fc.uint8Array({ maxLength: 5_000 })), { selector: ([name]) => name }),
      async (list) => {
        const files = list.map(([name, content]) => ({ name: `é/${name}.json`, content }))
        const bytes = Buffer.from(await writeZip(files))
        const zip = await yauzl.fromBufferPromise(bytes, { lazyEntries: true, validateEntrySizes: true })
        const found: { name: string; content: Uint8Array; at: string }[] = []
        for await (const entry of zip.eachEntry()) {
          const chunks: Buffer[] = []
          for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>)
            chunks.push(chunk)
          const at = entry.getLastModDate({ timezone: 'UTC' }).toISOString()
          found.push({ name: entry.fileName, content: new Uint8Array(Buffer.concat(chunks)), at })
        }
        assert.deepEqual(
          found.map(({ name, content }) => ({ name, content })),
          files,
        )
        for (const { at } of found) assert.equal(at, '1980-01-01T00:00:00.000Z')
        assert.deepEqual(Buffer.from(await writeZip(files)), bytes, 'the same files give the same bytes')
      },
    ),
    { numRuns: 60 },
  ))
