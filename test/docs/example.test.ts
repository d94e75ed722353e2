/** What the README tells people to try works, and documents link to files that are there. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { modelCommand } from '../../api/cli/model.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('the example of the README is modelled offline', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-example-'))
  t.after(() => rm(folder, { recursive: true }))
  const printed: string[] = []
  t.mock.method(console, 'log', (text: string) => void printed.push(text))
  const example = join(ROOT, 'docs', 'example')
  const code = await modelCommand([join(example, 'tidewater-sensors'), join(example, 'terms.json'), '--out', folder])
  assert.equal(code, 0)
  // 12,000,000 over 10,000,000 fully diluted is 1.20; 235,000 of compute buys 195,833 shares, 0.40 left over.
  assert.match(
    printed.join('\n'),
    /^Series Seed-2 of Tidewater Sensors, Inc\.: 195,833 unearned .* at USD 1\.20 per share\./,
  )
  // The package refers to nothing that it does not hold.
  assert.doesNotMatch(printed.join('\n'), /gaps/)
  const files = ['legs.csv', 'legs.json', 'pro-forma.csv', 'pro-forma.json', 'term-sheet.pdf']
  assert.deepEqual((await readdir(folder)).sort(), files)
})

/** The commands of the README that model, as arguments, and its offers. */
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const commands = [...README.matchAll(/^npm run -s equihour -- model ((?:[^\\\n]|\\\n)*)$/gm)].map(([, line = '']) =>
  [...line.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain),
)

for (const args of commands) {
  test(`the README's "model ${args.join(' ')}" does what it says`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'equihour-example-'))
    t.after(() => rm(folder, { recursive: true }))
    const told: string[] = []
    t.mock.method(console, 'log', (text: string) => void told.push(text))
    t.mock.method(console, 'error', (text: string) => void told.push(text))
    const here = args.map((arg) => (arg.startsWith('docs/') ? join(ROOT, arg) : arg))
    assert.equal(await modelCommand([...here, '--out', folder]), 0, told.join('\n'))
    assert.ok((await readdir(folder)).length > 0)
  })
}

test('the offers of the README stand beside the tokens', async (t) => {
  assert.ok(commands.length >= 8)
  const [, offers = ''] = /a list like `(\[\{[^`]*\}\])`/.exec(README) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'equihour-example-'))
  t.after(() => rm(folder, { recursive: true }))
  const told: string[] = []
  t.mock.method(console, 'log', (text: string) => void told.push(text))
  t.mock.method(console, 'error', (text: string) => void told.push(text))
  await writeFile(join(folder, 'offers.json'), offers.replaceAll('\n', ' '))
  const [table, terms] = [join(ROOT, 'docs/example/tidewater-sensors'), join(ROOT, 'docs/example/terms.json')]
  const args = [table, terms, '--offers', join(folder, 'offers.json'), '--out', folder]
  assert.equal(await modelCommand(args), 0, told.join('\n'))
  assert.match(readFileSync(join(folder, 'legs.csv'), 'utf8'), /^Cloud,CREDITS,/m)
})

const documents = globSync('{*.md,docs/**/*.md}', { cwd: ROOT }).sort()

for (const document of documents) {
  test(`${document} links to files that are there`, () => {
    const text = readFileSync(join(ROOT, document), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(join(ROOT, dirname(document), target)), `${document} links to ${target}`)
    }
  })
}
