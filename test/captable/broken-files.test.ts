/** Bad input: packages whose files are broken, each in one way. They are refused whether gaps are accepted or not. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkPackage, readPackage } from '../../api/captable/index.ts'
import { MAX_FAULTS } from '../../api/captable/ocf/bounds.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { assertFaults, at, change, type Expected, faultsOf, TX, transaction } from './given-broken.ts'

/** The package with the text of one file replaced. */
const withText = (file: string, content: string | Uint8Array) =>
  ownPackage().map((it): { name: string; content: string | Uint8Array } =>
    it.name === file ? { name: file, content } : it,
  )

const deep = (levels: number) =>
  `{"file_type":"OCF_TRANSACTIONS_FILE","items":${'['.repeat(levels)}${']'.repeat(levels)}}`
const FILES: readonly [
  what: string,
  files: () => readonly { name: string; content: string | Uint8Array }[],
  expected: readonly Expected[],
][] = [
  ['no manifest', () => ownPackage().slice(1), [['', null, '', /no Manifest/]]],
  [
    'two manifests',
    () => [...ownPackage(), { name: 'manifest.ocf.json', content: '{}' }],
    [
      ['Manifest.ocf.json', null, '', /one of several/],
      ['manifest.ocf.json', null, '', /one of several/],
    ],
  ],
  [
    'another version',
    () =>
      change('Manifest', ([manifest]) => {
        manifest.ocf_version = '2.0.0'
      }),
    [['Manifest.ocf.json', null, '/ocf_version', /OCF package of another version: "2.0.0"/]],
  ],
  [
    'an older version',
    () =>
      change('Manifest', ([manifest]) => {
        manifest.ocf_version = '1.1.0'
      }),
    [['Manifest.ocf.json', null, '/ocf_version', /another version: "1.1.0"/]],
  ],
  [
    'a file that is not there',
    () =>
      ownPackage()
        .filter((file) => file.name !== 'StockPlans.ocf.json')
        .map((file) => file),
    [
      ['Manifest.ocf.json', null, '/stock_plans_files/0/filepath', /not in the package/],
      [TX, 'grant-op-1', at(3, '/stock_plan_id'), /stock plan that is not in the package/],
    ],
  ],
  [
    'a file named twice',
    () =>
      change('Manifest', ([manifest]) => {
        manifest.valuations_files.push(...manifest.stakeholders_files)
      }),
    [['Manifest.ocf.json', null, '/valuations_files/1/filepath', /named before/]],
  ],
  [
    'a path that escapes',
    () =>
      change('Manifest', ([manifest]) => {
        manifest.valuations_files[0].filepath = '../../etc/passwd'
      }),
    [['Manifest.ocf.json', null, '/valuations_files/0/filepath', /leaves the package/]],
  ],
  [
    'an absolute path',
    () =>
      change('Manifest', ([manifest]) => {
        manifest.valuations_files[0].filepath = '/etc/passwd'
      }),
    [['Manifest.ocf.json', null, '/valuations_files/0/filepath', /absolute/]],
  ],
  [
    'a manifest with a wrong list',
    () =>
      change('Manifest', ([manifest]) => {
        delete manifest.stakeholders_files
        manifest.as_of = '2026-02-30'
      }),
    [
      ['Manifest.ocf.json', null, '/as_of', /date that exists/],
      ['Manifest.ocf.json', null, '/stakeholders_files', /missing/],
    ],
  ],
  [
    'an issuer without a name',
    () =>
      change('Manifest', ([manifest]) => {
        delete manifest.issuer.legal_name
      }),
    [['Manifest.ocf.json', OWN.issuer, '/issuer/legal_name', /missing/]],
  ],
  [
    'invalid UTF-8',
    () => withText('Valuations.ocf.json', new Uint8Array([0x7b, 0xff, 0x7d])),
    [['Valuations.ocf.json', null, '', /not UTF-8/]],
  ],
  [
    'invalid JSON',
    () => withText('Valuations.ocf.json', '{\n  "items": [1,]\n}'),
    [['Valuations.ocf.json', null, '', /not JSON.*line 2, column 15/]],
  ],
  [
    'JSON that ends early',
    () => withText('Valuations.ocf.json', '{"items": ['),
    [['Valuations.ocf.json', null, '', /ends early/]],
  ],
  [
    'two values',
    () => withText('Valuations.ocf.json', '{} {}'),
    [['Valuations.ocf.json', null, '', /something follows/]],
  ],
  [
    'deep nesting',
    () => withText('Valuations.ocf.json', deep(100_000)),
    [['Valuations.ocf.json', null, '', /nested deeper than 64/]],
  ],
  [
    'a prototype key',
    () => withText('Valuations.ocf.json', '{"file_type":"OCF_VALUATIONS_FILE","items":[],"__proto__":{"x":1}}'),
    [['Valuations.ocf.json', null, '/__proto__', /reserve/]],
  ],
  [
    'a key that stands twice',
    () => withText('Valuations.ocf.json', '{"file_type":"OCF_VALUATIONS_FILE","items":[],"items":[]}'),
    [['Valuations.ocf.json', null, '/items', /twice/]],
  ],
  [
    'half of a surrogate pair, and NUL',
    () => withText('Valuations.ocf.json', '{"file_type":"OCF_VALUATIONS_FILE","items":["\\ud800","a\\u0000"]}'),
    [
      ['Valuations.ocf.json', null, '/items/0', /surrogate/],
      ['Valuations.ocf.json', null, '/items/1', /NUL/],
      ['Valuations.ocf.json', null, '/items/0', /not an object/],
      ['Valuations.ocf.json', null, '/items/1', /not an object/],
    ],
  ],
  [
    'a number that a double cannot hold',
    () => withText('Valuations.ocf.json', '{"file_type":"OCF_VALUATIONS_FILE","items":[9007199254740993]}'),
    [
      ['Valuations.ocf.json', null, '/items/0', /cannot be kept exactly/],
      ['Valuations.ocf.json', null, '/items/0', /not an object/],
    ],
  ],
  [
    'a file of another type',
    () => withText('Valuations.ocf.json', '{"file_type":"OCF_STAKEHOLDERS_FILE","items":[]}'),
    [['Valuations.ocf.json', null, '/file_type', /not OCF_VALUATIONS_FILE/]],
  ],
  [
    'a file without items',
    () => withText('Valuations.ocf.json', '{"file_type":"OCF_VALUATIONS_FILE"}'),
    [['Valuations.ocf.json', null, '/items', /missing/]],
  ],
  [
    'an item in the wrong file',
    () =>
      change('Valuations', () => [
        { object_type: 'STAKEHOLDER', id: 'x', name: { legal_name: 'X' }, stakeholder_type: 'INDIVIDUAL' },
      ]),
    [['Valuations.ocf.json', 'x', '/items/0/object_type', /does not belong/]],
  ],
  [
    'a duplicate name',
    () => [...ownPackage(), { name: './Valuations.ocf.json', content: '{}' }],
    [['./Valuations.ocf.json', null, '', /twice/]],
  ],
  [
    'names that escape',
    () => [
      ...ownPackage(),
      { name: '../x', content: '' },
      { name: 'a\\b', content: '' },
      { name: 'C:/x', content: '' },
      { name: 'a\u0000b', content: '' },
    ],
    [
      ['../x', null, '', /leaves the package/],
      ['a\\b', null, '', /backslash/],
      ['C:/x', null, '', /absolute/],
      ['a\u0000b', null, '', /control character/],
    ],
  ],
]

for (const [what, files, expected] of FILES) {
  test(`refused in both modes: ${what}`, async () => {
    const refused = await faultsOf({ files: files() })
    assertFaults(refused.faults, expected)
    if (what === 'a file that is not there') return
    assertFaults((await faultsOf({ files: files() }, 'ACCEPT')).faults, expected)
  })
}

test('our own package has neither fault, gap nor warning', async () => {
  const { package: read, replayed } = await checkPackage({ files: ownPackage() })
  assert.deepEqual([read.warnings, replayed.warnings, replayed.gapCount], [[], [], 0])
})

test('faults beyond the first thousand are counted', async () => {
  const many = change('Transactions', (items) =>
    Array.from({ length: 2500 }, (_, index) => ({
      ...items[0],
      id: `t${index}`,
      security_id: `s${index}`,
      quantity: 'x',
    })),
  )
  const refused = await faultsOf({ files: many })
  assert.equal(refused.faultCount, 2500)
  assert.equal(refused.faults.length, MAX_FAULTS)
  assert.match(refused.message, /2500 faults/)
})

test('what refers to a broken item is not reported on top of it', async () => {
  const broken = change('Transactions', (items) => {
    items[3].quantity = 'x'
  })
  assertFaults((await faultsOf({ files: broken })).faults, [[TX, 'grant-op-1', at(3, '/quantity'), /not a number/]])
})

test('a wrong MD5 sum is a warning', async () => {
  const files = change('Manifest', ([manifest]) => {
    manifest.stakeholders_files[0].md5 = '0'.repeat(32)
  })
  const { warnings } = await readPackage({ files })
  assert.deepEqual(warnings, [
    {
      file: 'Stakeholders.ocf.json',
      itemId: null,
      pointer: '',
      reason: 'does not have the MD5 sum that the manifest gives for it',
    },
  ])
})

test('an item of an unknown type is kept as it is and reported', async () => {
  const item = { object_type: 'CE_STAKEHOLDER_STATUS', id: 'ce', date: '2025-01-01', anything: [1, { deep: null }] }
  const { unknown, warnings } = await readPackage({ files: transaction(item) })
  assert.deepEqual(
    unknown.map((it) => it.raw),
    [item],
  )
  assert.deepEqual(
    warnings.map(({ itemId, pointer }) => [itemId, pointer]),
    [['ce', at(5, '/object_type')]],
  )
})

test('a folder is read by its manifest, and a link in it is refused', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ocf-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const { name, content } of ownPackage()) await writeFile(join(folder, name), content)
  const inFolder = await readPackage({ path: folder })
  assert.equal(inFolder.sha256, (await readPackage({ files: ownPackage() })).sha256)
  await rm(join(folder, 'Valuations.ocf.json'))
  await symlink('/etc/hostname', join(folder, 'Valuations.ocf.json'))
  assertFaults((await faultsOf({ path: folder })).faults, [['Valuations.ocf.json', null, '', /a link/]])
  assertFaults((await faultsOf({ path: join(folder, 'nowhere') })).faults, [
    [join(folder, 'nowhere'), null, '', /does not exist/],
  ])
})
