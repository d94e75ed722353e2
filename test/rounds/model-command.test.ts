import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { modelCommand } from '../../api/cli/model.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { WIRE } from './given-terms.ts'

/** Lumen Robotics has 11,500,000 fully diluted: at 23,000,000 before the money the price is 2.00. */
const TERMS: RoundTermsWire = {
  ...WIRE,
  name: 'Series A',
  security: { className: 'Series A Preferred Stock', newClass: true },
  preMoney: { amount: '23000000', currency: 'USD' },
}

/** A folder with the package and the terms, gone after the test. */
async function given(t: TestContext, terms: string | object = TERMS) {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-model-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const { name, content } of ownPackage()) {
    await mkdir(dirname(join(folder, 'package', name)), { recursive: true })
    await writeFile(join(folder, 'package', name), content)
  }
  await writeFile(join(folder, 'terms.json'), typeof terms === 'string' ? terms : JSON.stringify(terms))
  return { folder, paths: [join(folder, 'package'), join(folder, 'terms.json')], out: join(folder, 'out') }
}

/** Runs the command with what it prints caught. */
async function model(t: TestContext, args: readonly string[]) {
  const printed: string[] = []
  const told: string[] = []
  const log = t.mock.method(console, 'log', (text: string) => void printed.push(text))
  const error = t.mock.method(console, 'error', (text: string) => void told.push(text))
  try {
    return { code: await modelCommand(args), printed: () => printed.join('\n'), told: () => told.join('\n') }
  } finally {
    log.mock.restore()
    error.mock.restore()
  }
}

test('prints pro forma and findings and writes term sheet, JSON and CSV, without a database', async (t) => {
  const { paths, out } = await given(t)
  const { code, printed, told } = await model(t, [...paths, '--out', out])
  assert.equal(code, 0, told())
  assert.match(
    printed(),
    /^Series A of Lumen Robotics, Inc\.: 117,500 unearned Series A Preferred Stock shares for 100,000 tokens, at USD 2\.00 per share\./,
  )
  assert.match(printed(), /CANNOT TELL \(bar\)/)
  assert.match(printed(), /Not known: holding\.value/)
  const { proForma } = JSON.parse(await readFile(join(out, 'pro-forma.json'), 'utf8'))
  assert.deepEqual(
    [
      proForma.pricePerShare.amount,
      proForma.sharesAfter,
      proForma.compute.shares,
      proForma.compute.impliedPrice.amount,
    ],
    ['2', '12117500', '117500', '2.35'],
  )
  const csv = await readFile(join(out, 'pro-forma.csv'), 'utf8')
  const rows = csv.trimEnd().split('\r\n')
  assert.equal(
    rows[0],
    'holder,class,shares before,shares after,of which unearned,part before,part after,part after without unearned',
  )
  assert.ok(
    rows.some((row) => row.startsWith('"Northgrid Ventures I, L.P.",Series A Preferred Stock,0,117500,117500,0,')),
  )
  const pdf = await readFile(join(out, 'term-sheet.pdf'))
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-')
})

test('the same package and terms give the same bytes', async (t) => {
  const { paths, folder } = await given(t)
  const files = ['term-sheet.pdf', 'pro-forma.json', 'pro-forma.csv']
  const made: Buffer[][] = []
  for (const out of ['first', 'second']) {
    assert.equal((await model(t, [...paths, '--out', join(folder, out)])).code, 0)
    made.push(await Promise.all(files.map((name) => readFile(join(folder, out, name)))))
  }
  for (const [index, file] of (made[0] ?? []).entries()) assert.ok(made[1]?.[index]?.equals(file), files[index])
})

const refused: readonly { name: string; terms: string | object; says: readonly RegExp[] }[] = [
  {
    name: 'terms with faults, all of them',
    terms: { ...TERMS, closingDate: '2026-02-30', charging: 'SOMETIMES', compute: { ...WIRE.compute, tokens: '1e3' } },
    says: [
      /3 faults\. Nothing was written/,
      /closingDate must be/,
      /compute\.tokens is not a decimal/,
      /charging must be one of/,
    ],
  },
  {
    name: 'terms that do not fit the cap table',
    terms: { ...TERMS, security: { className: 'Common Stock', newClass: true } },
    says: [/1 fault\. Nothing/, /security\.className is a class already/],
  },
  { name: 'a file that is not JSON', terms: '{"name": ', says: [/is not JSON/] },
  { name: 'a file that holds a list', terms: '[]', says: [/fault/] },
  {
    name: 'a closing before the first transaction',
    terms: { ...TERMS, closingDate: '2019-01-01' },
    says: [/2019-01-01/],
  },
]
for (const { name, terms, says } of refused) {
  test(`refuses ${name}, in words, and writes nothing`, async (t) => {
    const { paths, out } = await given(t, terms)
    const { code, told } = await model(t, [...paths, '--out', out])
    assert.equal(code, 1)
    for (const words of says) assert.match(told(), words)
    assert.doesNotMatch(told(), /\n\s+at /)
    assert.equal(existsSync(out), false)
  })
}

test('a package that is not there or broken is told with every fault', async (t) => {
  const { paths, folder, out } = await given(t)
  const missing = await model(t, [join(folder, 'nowhere'), paths[1] ?? '', '--out', out])
  assert.equal(missing.code, 1)
  assert.match(missing.told(), /does not exist/)
  const manifest = ownPackage().find(({ name }) => /manifest/i.test(name))?.name ?? ''
  await writeFile(join(folder, 'package', manifest), '{}')
  const broken = await model(t, [...paths, '--out', out])
  assert.equal(broken.code, 1)
  assert.match(broken.told(), /faults?\. Nothing was written/)
})

test('a wrong call says how it is called', async (t) => {
  for (const args of [[], ['one'], ['a', 'b', 'c'], ['a', 'b', '--bogus'], ['a', 'b', '--as-of', '2026-02-30']]) {
    const { code, told } = await model(t, args)
    assert.equal(code, 2)
    assert.match(told(), /Usage: equihour model/)
  }
})

const SAMPLE = new URL('../../../shared/data/ocf-samples/compute-for-equity', import.meta.url).pathname
test('models a round over a published sample', async (t) => {
  if (!existsSync(SAMPLE)) {
    console.warn(`SKIPPED: ${SAMPLE} is missing`)
    return t.skip('the sample is missing')
  }
  const { paths, out } = await given(t)
  const { code, printed, told } = await model(t, [SAMPLE, paths[1] ?? '', '--out', out])
  assert.equal(code, 0, told())
  // By hand: 9,500,000 fully diluted; 23,000,000 / 9,500,000 = 2.42105..., up to five places 2.42106.
  assert.match(printed(), /at USD 2\.42106 per share/)
})
