import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { boundaryFaults } from '../../scripts/checks/boundaries.ts'
import { importsOf } from '../../scripts/checks/imports.ts'
import { ROOT } from '../support/process.ts'

/** A house of a few files. */
function house(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'equihour-house-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

test('this house keeps its boundaries', () => {
  assert.deepEqual(boundaryFaults(ROOT), [])
})

const CASES: [why: string, from: string, to: string, fault: string | undefined][] = [
  ['down the list', 'api/rounds/close.ts', '../captable/index.ts', undefined],
  ['within a capability', 'api/rounds/close.ts', './terms.ts', undefined],
  ['a door to a capability', 'api/http/x.ts', '../rounds/index.ts', undefined],
  ['a renderer', 'api/closing/x.ts', '../../templates/pdf/term-sheet.ts', undefined],
  ['up the list', 'api/platform/x.ts', '../rounds/index.ts', 'platform may not import rounds'],
  ['between the four', 'api/tokens/x.ts', '../captable/index.ts', 'tokens may not import captable'],
  [
    'past the index',
    'api/rounds/x.ts',
    '../tokens/lot.store.ts',
    'other capabilities are imported through api/tokens/index.ts',
  ],
  [
    'past the index, by a door',
    'schema/x.ts',
    '../api/tokens/lot.store.ts',
    'other capabilities are imported through api/tokens/index.ts',
  ],
  [
    'past the index, by the root',
    'api/app.ts',
    './tokens/lot.store.ts',
    'other capabilities are imported through api/tokens/index.ts',
  ],
  ['a door', 'api/rounds/x.ts', '../http/health.ts', 'rounds may not import http'],
  ['the composition root', 'api/rounds/x.ts', '../app.ts', 'only the command line starts the composition root'],
  [
    'from a template',
    'templates/pdf/x.ts',
    '../../api/platform/index.ts',
    'templates import nothing but their own files',
  ],
  [
    'from nowhere in the list',
    'api/extra/x.ts',
    '../rounds/index.ts',
    'extra is not in the list of who may import whom',
  ],
  ['tests', 'api/rounds/x.ts', '../../test/support/world.ts', 'it is outside api, schema and templates'],
]

for (const [why, from, to, fault] of CASES) {
  test(`an import ${why} is ${fault === undefined ? 'allowed' : 'refused'}`, (t) => {
    const faults = boundaryFaults(house(t, { [from]: `import type { X } from '${to}'` }))
    assert.deepEqual(
      faults.map((text) => text.slice(text.indexOf(': ') + 2)),
      fault === undefined ? [] : [fault],
    )
  })
}

test('a circle of imports is refused with its path', (t) => {
  const root = house(t, {
    'api/rounds/a.ts': `import { b } from './b.ts'`,
    'api/rounds/b.ts': `export * from './c.ts'`,
    'api/rounds/c.ts': `const a = await import('./a.ts')`,
    'api/rounds/d.ts': `import './a.ts'`,
  })
  assert.deepEqual(boundaryFaults(root), [
    'circular import: api/rounds/a.ts -> api/rounds/b.ts -> api/rounds/c.ts -> api/rounds/a.ts',
  ])
})

test('imports are read in every form, and not from comments', () => {
  const text = `
    import a, { type B,
      c } from './one.ts'
    import './two.ts'
    export { d } from "./three.ts"
    const e = await import('./four.ts')
    import pg from 'pg'
    // import './no.ts'
    /* import './no.ts' */`
  assert.deepEqual(importsOf(text), ['./one.ts', './two.ts', './three.ts', './four.ts'])
})
