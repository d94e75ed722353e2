import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NotPrintable } from '../../templates/format.ts'
import { type TermSheet, termSheetPdf } from '../../templates/pdf/term-sheet.ts'
import { CharactersNotInTypeface } from '../../templates/pdf/typeface.ts'
import { sampleTermSheet as sheet } from './sample-term-sheet.ts'
import { needs, run } from './tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'term-sheet-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
async function fileOf(input: TermSheet, name = 'sheet.pdf'): Promise<string> {
  const path = join(folder, name)
  writeFileSync(path, await termSheetPdf(input))
  return path
}
/** The words in the order in which they stand in the file, which is the order they are read in, each run of white space one space. */
const textOf = (path: string, ...args: readonly string[]): string =>
  run('pdftotext', [...args, '-raw', '-enc', 'UTF-8', path, '-'])
    .replaceAll('\u00a0', ' ')
    .replace(/\s+/g, ' ')

/** Sixty holders with long names, and risks and conditions of many lines. */
const manyHolders: TermSheet = {
  ...sheet,
  capTable: {
    asOf: '2026-11-20',
    rows: Array.from({ length: 60 }, (_, i) => ({
      holder: `Holder number ${i + 1} of the Extraordinarily Long Named Family Investment Partnership`,
      className: i % 3 === 0 ? 'Common Stock' : 'Series A-1 Preferred Stock',
      before: String(1_000_000 + i),
      after: String(1_000_000 + i),
      unearned: '0',
    })),
  },
  riskTable: sheet.riskTable.map((risk) => ({ ...risk, tokens: 'A long consequence for the tokens. '.repeat(17) })),
  conditions: Array.from({ length: 50 }, (_, i) => ({
    text: `Condition ${i + 1}: ${'the company has shown evidence of what it says. '.repeat(20)}`,
    waivableBy: 'both' as const,
  })),
}

test('the same terms give the same bytes, here and in another process', async () => {
  const module = fileURLToPath(new URL('../../templates/pdf/term-sheet.ts', import.meta.url))
  const sample = fileURLToPath(new URL('./sample-term-sheet.ts', import.meta.url))
  const path = join(folder, 'elsewhere.mjs')
  writeFileSync(
    path,
    `import { createHash } from 'node:crypto'
     const { termSheetPdf } = await import(${JSON.stringify(module)})
     const { sampleTermSheet } = await import(${JSON.stringify(sample)})
     console.log(createHash('sha256').update(await termSheetPdf(sampleTermSheet)).digest('hex'))`,
  )
  const [first, second] = [await termSheetPdf(sheet), await termSheetPdf(structuredClone(sheet))]
  assert.equal(sha256(first), sha256(second))
  // Another time zone, another folder, a later second: none of them may show.
  const other = run('env', ['TZ=Pacific/Auckland', 'LANG=de_DE.UTF-8', process.execPath, path]).trim()
  assert.equal(other, sha256(first))
})

test('other terms give other bytes and another file id', async () => {
  const changed = await termSheetPdf({ ...sheet, termsJson: '{"name":"Series Seed","compute":{"tokens":"100001"}}' })
  const same = await termSheetPdf(sheet)
  assert.notEqual(sha256(changed), sha256(same))
  const id = (bytes: Uint8Array): string => /\/ID \[(.*?)\]/.exec(Buffer.from(bytes).toString('latin1'))?.[1] ?? ''
  assert.notEqual(id(changed), id(same))
  assert.notEqual(id(same), '')
})

test('the file holds no date but the one of issue', async () => {
  const text = Buffer.from(await termSheetPdf(sheet)).toString('latin1')
  const dates = new Set(text.match(/D:\d{14}Z?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g))
  assert.deepEqual([...dates].sort(), ['2026-11-20T09:30:00Z', 'D:20261120093000Z'])
})

test('the key terms can be read out of the file', needs('pdftotext'), async () => {
  const text = textOf(await fileOf(sheet))
  const first =
    'Issues 1,140,000 unearned Series Seed Preferred shares to Meridian Compute Fund LP and grants 100,000 tokens to Northwind Robotics, Inc.'
  for (const words of [
    first,
    'USD 2,500,000.00',
    'USD 0.2500',
    '285,000.00',
    'USD 2.85 implied by the equity; reference price USD 2.85',
    'Long-Stop Date 15 Dec 2028',
    // 100,000 tokens in five releases; 150,000.00 + 25,000.50.
    'Total 100,000.0',
    'Total 175,000.50 700,002',
    // 1,140,000 of 11,840,002 shares is 9.628 %, without it the founder has 5,000,000 of 10,700,002, 46.729 %.
    '1,140,000 9.63 0 0.00',
    '5,000,000 42.23 5,000,000 46.73',
    'Total 10,000,000 100.00 11,840,002 100.00 10,700,002 100.00',
    'No share is earned before 5,000 Tokens count',
    'This term sheet is not binding.',
    'These clauses bind from acceptance: 12.3',
    '12.5 Governing law. The binding clauses are governed by the law of the State of Delaware.',
    `Terms ${sha256(sheet.termsJson).slice(0, 16)}… · version 3 · 20 Nov 2026`,
    'Page 1 of ',
  ]) {
    assert.ok(text.includes(words), `"${words}" is not in the file`)
  }
  for (const risk of sheet.riskTable) assert.ok(text.includes(risk.event), `risk "${risk.event}" is missing`)
})

test('warrants that the round prices stand with their price and number', needs('pdftotext'), async () => {
  const amount = { amount: '100000', currency: 'USD' }
  const warrant = { name: 'W-2', holder: 'Eve', amount, at: 'DISCOUNT' as const, price: '1.27', className: 'Common' }
  const text = textOf(await fileOf({ ...sheet, warrants: [{ ...warrant, shares: '78740' }] })).replaceAll(/\s+/g, ' ')
  assert.match(text, /The round fixes the price of one warrant, which stays outstanding\./)
  assert.match(text, /W-2 Eve 100,000\.00 discount 1\.2700 Common 78,740/)
})

test('references point at the clauses that they name', needs('pdftotext'), async () => {
  const text = textOf(await fileOf(sheet))
  for (const heading of [
    '3 Price and economics',
    '5 Tokens and releases',
    '10 Who bears what',
    '11 Conditions to Closing',
  ]) {
    assert.ok(text.includes(heading), `no heading "${heading}"`)
  }
  assert.match(text, /12\.3 Confidentiality\./)
})

test('qpdf finds nothing wrong', needs('qpdf'), async () => {
  for (const [input, name] of [
    [sheet, 'small.pdf'],
    [manyHolders, 'large.pdf'],
  ] as const) {
    assert.match(run('qpdf', ['--check', await fileOf(input, name)]), /No syntax or stream encoding errors found/)
  }
})

test('the terms are attached as data and are the ones whose hash stands in the footer', needs('qpdf'), async () => {
  const path = await fileOf(sheet)
  assert.equal(run('qpdf', ['--show-attachment=terms.json', path]), sheet.termsJson)
  assert.match(run('qpdf', ['--qdf', '--object-streams=disable', path, '-']), /\/AFRelationship \/Data/)
})

test('the file says that it is PDF/A-3a in English and is tagged', needs('qpdf', 'pdfinfo'), async () => {
  const path = await fileOf(sheet)
  const inside = run('qpdf', ['--qdf', '--object-streams=disable', path, '-'])
  assert.match(inside, /<pdfaid:part>3<\/pdfaid:part>\s*<pdfaid:conformance>A<\/pdfaid:conformance>/)
  assert.match(inside, /\/Lang \(en\)/)
  const structure = run('pdfinfo', ['-struct', path])
  const count = (tag: string): number => structure.match(new RegExp(`^ *${tag}(?=[: ]|$)`, 'gm'))?.length ?? 0
  assert.equal(count('H1'), 1)
  assert.equal(count('H2'), 13)
  assert.ok(count('Table') >= 8 && count('TR') > 50 && count('TH') > 20 && count('TD') > 100 && count('P') > 20)
  assert.doesNotMatch(run('pdffonts', [path]), /\bno +(?:yes|no) +(?:yes|no)\b/, 'a font is not embedded')
})

test(
  'sixty holders and long texts flow over pages with their heads repeated',
  needs('pdftotext', 'pdfinfo'),
  async () => {
    const path = await fileOf(manyHolders, 'many.pdf')
    const pages = Number(/Pages:\s+(\d+)/.exec(run('pdfinfo', [path]))?.[1])
    const texts = Array.from({ length: pages }, (_, i) => textOf(path, '-f', String(i + 1), '-l', String(i + 1)))
    const whole = texts.join(' ')
    for (let i = 1; i <= 60; i++) assert.ok(whole.includes(`Holder number ${i} of`), `holder ${i} is missing`)
    for (let i = 1; i <= 50; i++) assert.ok(whole.includes(`Condition ${i}:`), `condition ${i} is missing`)
    for (const [i, text] of texts.entries()) {
      assert.ok(text.includes(`Page ${i + 1} of ${pages}`), `page ${i + 1} does not say so`)
      if (text.includes('Holder number')) assert.ok(text.includes('Holder Class Shares'), `no head on page ${i + 1}`)
      if (/Condition \d+:/.test(text)) assert.ok(text.includes('May be waived by'), `no head on page ${i + 1}`)
    }
  },
)

test('a name with markup in it is words, in the pages and in the metadata', needs('pdftotext', 'qpdf'), async () => {
  const name = 'Smith & Sons <b>Ltd</b> (50%) \\ Co'
  const path = await fileOf({ ...sheet, company: { name } }, 'markup.pdf')
  assert.ok(textOf(path).includes(`grants 100,000 tokens to ${name}`))
  assert.match(run('qpdf', ['--check', path]), /No syntax/)
  const metadata = /<x:xmpmeta[\s\S]*<\/x:xmpmeta>/.exec(run('qpdf', ['--qdf', '--object-streams=disable', path, '-']))
  assert.doesNotMatch(metadata?.[0] ?? '&', /&|<b>/)
})

test('characters that the typeface cannot show are refused, not drawn as boxes', async () => {
  for (const name of ['東京計算株式会社', 'Acme \u202Exedni', 'Rocket 🚀 Inc']) {
    await assert.rejects(termSheetPdf({ ...sheet, company: { name } }), CharactersNotInTypeface)
  }
  await termSheetPdf({ ...sheet, company: { name: 'Łódź Ωμέγα Вычисления – “Ğ” Inc' } })
})

test('recorded facts become sentences', needs('pdftotext'), async () => {
  const company = { name: 'Lumen Robotics, Inc.', form: 'Corporation', jurisdiction: 'US-DE' }
  const fund = { name: 'Ostsee Rechenfonds', form: 'GmbH', jurisdiction: 'DE' }
  const provider = (affiliation: string) => ({ name: 'Halden Compute Ltd', affiliation })
  const text = textOf(await fileOf({ ...sheet, company, fund, provider: provider('none') }, 'facts.pdf'))
  assert.ok(text.includes('Lumen Robotics, Inc., a Delaware corporation (the “Company”)'), text.slice(0, 900))
  assert.ok(text.includes('Ostsee Rechenfonds, a DE GmbH (the “Fund”)'))
  assert.ok(text.includes('The Provider is not affiliated with the Fund.'))
  const affiliated = textOf(await fileOf({ ...sheet, provider: provider('same ultimate parent') }, 'facts.pdf'))
  assert.ok(affiliated.includes('The Provider’s affiliation with the Fund: same ultimate parent.'))
})

test('a number or a date that is none is refused', async () => {
  await assert.rejects(termSheetPdf({ ...sheet, longStop: '2026-02-30' }), NotPrintable)
  await assert.rejects(termSheetPdf({ ...sheet, grant: { ...sheet.grant, tokens: '1e5' } }), NotPrintable)
  await assert.rejects(termSheetPdf({ ...sheet, issuedAt: 'yesterday' }), RangeError)
})
