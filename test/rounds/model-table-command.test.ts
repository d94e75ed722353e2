/** `equihour model` over a cap table: the table itself, a sale, an issue below a class's price. By hand arithmetic. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { modelCommand } from '../../api/cli/model.ts'

/**
 * Tidewater Sensors: 8,000,000 common; 1,000,000 Series Seed at 0.90, one to one; 120,000 options at 0.30, of which 37,500
 * have vested on the day; 880,000 in the pool.
 */
const PACKAGE = fileURLToPath(new URL('../../docs/example/tidewater-sensors', import.meta.url))
const [TERMS, SERIES_A, SALE, ISSUE] = ['terms', 'series-a', 'sale', 'down-round'].map((name) =>
  fileURLToPath(new URL(`../../docs/example/${name}.json`, import.meta.url)),
) as [string, string, string, string]
const DAY = ['--as-of', '2026-12-15']

async function model(t: TestContext, args: readonly string[], files: Record<string, unknown> = {}, of = PACKAGE) {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-model-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content))
  const lines: string[] = []
  const log = t.mock.method(console, 'log', (text: string) => void lines.push(text))
  const error = t.mock.method(console, 'error', (text: string) => void lines.push(text))
  const out = join(folder, 'out')
  try {
    const named = args.map((arg) => (arg in files ? join(folder, arg) : arg))
    const code = await modelCommand([of, ...named, '--out', out])
    const written = await readdir(out).catch(() => [])
    return { code, printed: lines.join('\n'), written, file: (name: string) => readFile(join(out, name), 'utf8') }
  } finally {
    log.mock.restore()
    error.mock.restore()
  }
}

test('without terms it is the cap table of a day, with what has vested and what "fully diluted" may mean', async (t) => {
  const { code, printed, written, file } = await model(t, DAY)
  assert.equal(code, 0, printed)
  assert.match(printed, /^Cap table of Tidewater Sensors, Inc\. as of 15 Dec 2026: 10,000,000 shares, fully diluted\./)
  assert.match(printed, /OPT-1 +equity +Ruth Adeyemi +2025-09-01 +120,000 +120,000 +37,500 +82,500/)
  // Stock and options, and what plans hold: 8,000,000 + 1,000,000 + 120,000 + 880,000.
  assert.match(printed, /Denominator of the price of a round +10,000,000/)
  assert.match(printed, /Base of a broad weighted average +9,120,000/)
  assert.match(printed, /Base of a narrow one: stock alone +9,000,000/)
  assert.deepEqual(written, ['cap-table.csv'])
  assert.match(await file('cap-table.csv'), /OPT-1,Ruth Adeyemi/)
})

test('a sale of it: the preference, then options at their strike, then conversion, to the cent', async (t) => {
  const { code, printed, file } = await model(t, [...DAY, '--exit', '1000000,8122500'])
  assert.equal(code, 0, printed)
  // 900,000 of 1,000,000; 100,000 over 8,000,000 common.
  assert.match(printed, /Fernwood Seed Fund, L\.P\. +Series Seed Preferred +900,000\.00 +900,000\.00/)
  assert.match(printed, /Hana Sorensen +Common Stock +56,250\.00 +4,050,000\.00/)
  // At 0.30 a share: 900,000 + 2,400,000. At 0.90: 900,000 + 0.9 x 8,037,500 - 0.3 x 37,500.
  assert.match(printed, /USD 3,300,000\.00 +exercises +Options of Ruth Adeyemi/)
  assert.match(printed, /USD 8,122,500\.00 +converts +Series Seed Preferred/)
  const { exits } = JSON.parse(await file('waterfall.json'))
  for (const { exit, payouts } of exits) {
    const cents = (amount: string) => BigInt(Math.round(Number(amount) * 100))
    const paid = payouts.reduce((sum: bigint, row: { amount: string }) => sum + cents(row.amount), 0n)
    assert.equal(paid, cents(exit))
  }
})

test('a round for cash alone needs no grant: price, shares and pool', async (t) => {
  const { code, printed, written } = await model(t, [SERIES_A])
  assert.equal(code, 0, printed)
  // A right to a tenth of what is sold: 11,111,111.11 in all. 40,000,000 before it and a tenth of the company in the pool:
  // (36,000,000 - 1,111,111.11) / 9,120,000 = 3.82554, down; 10,000,000 at 3.8255 are 2,614,037.
  assert.match(printed, /Series A +15 Mar 2028 +USD 40,000,000\.00 +USD 3\.8255/)
  assert.match(printed, /Meridian Growth Fund II, L\.P\. +0 +2,614,037/)
  assert.match(printed, /2025 Equity Incentive Plan \(not granted\) +8\.8000 +10\.0000/)
  assert.deepEqual(written.sort(), ['chain.csv', 'chain.json'])
})

test('a sale after a round, with debts and a carve-out from a file', async (t) => {
  const { code, printed, written } = await model(t, [TERMS, '--sale', SALE])
  assert.equal(code, 0, printed)
  assert.match(printed, /Who gets what of a sale after Series Seed-2, in USD/)
  // A tenth of what debt leaves; 600,000 of the senior new class, and 120,000 left for Series Seed. What is unearned has no preference.
  assert.match(printed, /Venture debt +debt +200,000\.00/)
  assert.match(printed, /Management +carve-out +80,000\.00/)
  assert.match(printed, /Fernwood Seed Fund, L\.P\. +Series Seed Preferred +120,000\.00/)
  assert.match(printed, /Northgrid Ventures I, L\.P\. +Series Seed-2 Preferred +0\.00/)
  assert.match(printed, /Fernwood Seed Fund, L\.P\. +Series Seed-2 Preferred +600,000\.00/)
  assert.deepEqual(written.sort(), [
    'legs.csv',
    'legs.json',
    'pro-forma.csv',
    'pro-forma.json',
    'term-sheet.pdf',
    'waterfall.csv',
    'waterfall.json',
  ])
})

test('an issue at half the price: the NVCA form, to the nearest 0.0001; and who does not buy', async (t) => {
  const fernwood = JSON.parse(await readFile(join(PACKAGE, 'Stakeholders.ocf.json'), 'utf8')).items.find(
    (item: { name: { legal_name: string } }) => item.name.legal_name.startsWith('Fernwood'),
  ).id
  const play = { classId: 'seed', holders: [{ stakeholderId: fernwood, proRata: '100000', bought: '25000' }] }
  const files = { 'play.json': play }
  const { code, printed, written } = await model(t, [...DAY, '--issue', ISSUE, '--pay-to-play', 'play.json'], files)
  assert.equal(code, 0, printed)
  // 0.9 x (9,120,000 + 1,000,000 / 0.9) / (9,120,000 + 2,000,000) = 1151/1390 = 0.82806.
  assert.match(printed, /Conversion price +USD 0\.90 +USD 0\.8281/)
  assert.match(printed, /before rounding +1151\/1390/)
  // Three quarters of the part were not bought.
  assert.match(printed, /Fernwood Seed Fund, L\.P\. +no +250,000 +750,000 +750,000/)
  assert.deepEqual(written.sort(), ['anti-dilution.json', 'cap-table.csv', 'pay-to-play.json'])
})

test('a file that the manifest does not name is told, and a package without transactions is none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-package-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(PACKAGE, folder, { recursive: true })
  await writeFile(join(folder, 'Forgotten.ocf.json'), '{"file_type":"OCF_TRANSACTIONS_FILE","items":[]}')
  const told = await model(t, DAY, {}, folder)
  assert.equal(told.code, 0, told.printed)
  assert.match(
    told.printed,
    /1 warnings? about the package:\n {2}Forgotten\.ocf\.json is not named by the manifest: it was not read/,
  )
  const manifest = JSON.parse(await readFile(join(folder, 'Manifest.ocf.json'), 'utf8'))
  await writeFile(join(folder, 'Manifest.ocf.json'), JSON.stringify({ ...manifest, transactions_files: [] }))
  const empty = await model(t, DAY, {}, folder)
  assert.equal(empty.code, 1)
  assert.match(
    empty.printed,
    /holds no transaction\. Nothing was written\.[\s\S]*Transactions\.ocf\.json is not named by the manifest/,
  )
})

test('a file that is no package is named, and gaps are not blamed for it', async (t) => {
  const { code, printed } = await model(t, [], {}, TERMS)
  assert.equal(code, 1)
  assert.match(printed, /\n {2}terms\.json is not a zip archive that can be read/)
  assert.doesNotMatch(printed, /--accept-gaps/)
})

test('what is asked wrongly is refused in words, and nothing is written', async (t) => {
  for (const [args, files, words] of [
    [
      [...DAY, '--exit', 'x'],
      {},
      /^The sale was refused\. Nothing was written\.\n {2}--exit\.0 is not a decimal number/,
    ],
    [[...DAY, '--exit=-1'], {}, /--exit\.0/],
    [[...DAY, '--sale', 'sale.json'], { 'sale.json': { exits: [] } }, /exits must name at least one/],
    [[...DAY, '--sale', 'sale.json'], { 'sale.json': [] }, /sale\.json must be an object/],
    [[...DAY, '--issue', 'issue.json'], { 'issue.json': { classId: 'seed' } }, /issue\.json was refused/],
    [['--as-of', '2001-01-01'], {}, /the first transaction is of 2025-01-15/],
    [[TERMS, TERMS, '--exit', '1'], {}, /--exit and --sale belong to a cap table or to one round/],
    [['--goal', 'keep=60%', '--holder', 'Hana Sorensen'], {}, /A goal is sought in one round/],
    [[TERMS, SERIES_A, '--delivered', '1,,'], {}, /--delivered names more rounds than there are/],
    // What was asked for is not left out in silence.
    [[SERIES_A, '--exit', '1'], {}, /series-a\.json is a round for cash alone, without --exit\./],
    [[SERIES_A, '--sale', SALE, '--offers', SALE], {}, /without --offers and --sale\./],
    [[SERIES_A, '--goal', 'keep=60%', '--holder', 'Hana Sorensen'], {}, /without --goal\./],
  ] as const) {
    const { code, printed, written } = await model(t, args, files)
    assert.notEqual(code, 0, printed)
    assert.match(printed, words)
    assert.deepEqual(written, [])
  }
})
