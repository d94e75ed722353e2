import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { NotDrawable, placed } from '../../templates/charts/axis.ts'
import { barChart } from '../../templates/charts/bar-chart.ts'
import { columnChart } from '../../templates/charts/column-chart.ts'
import { lineChart } from '../../templates/charts/line-chart.ts'
import { dilutionChart, ownershipChart } from '../../templates/charts/ownership.ts'
import { INKS } from '../../templates/charts/palette.ts'
import { drawScene } from '../../templates/charts/pdf.ts'
import type { Scene } from '../../templates/charts/scene.ts'
import { spread } from '../../templates/charts/spread.ts'
import { sceneSvg } from '../../templates/charts/svg.ts'
import { Paper } from '../../templates/pdf/paper.ts'
import { textWidth } from '../../templates/pdf/typeface.ts'
import { sampleCharts } from './sample-charts.ts'
import { needs, run } from './tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'charts-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const WIDTHS = [320, 483, 860]
const everyScene = (): [string, Scene][] =>
  [...sampleCharts].flatMap(([name, draw]) =>
    WIDTHS.map((width): [string, Scene] => [`${name} at ${width}`, draw({ width })]),
  )

test('every shape of a chart lies within its frame, at every width', () => {
  for (const [name, scene] of everyScene()) {
    for (const shape of scene.shapes) {
      if (shape.kind === 'text') {
        const width = textWidth(shape.text, shape.size, shape.weight)
        const left = shape.x - (shape.anchor === 'end' ? width : shape.anchor === 'middle' ? width / 2 : 0)
        assert.ok(left >= -0.5 && left + width <= scene.width + 0.5, `${name}: "${shape.text}" sticks out`)
        assert.ok(shape.y >= 0 && shape.y <= scene.height, `${name}: "${shape.text}" is above or below`)
        continue
      }
      assert.match(shape.d, /^M[-0-9.,MLHVZ]+$/, `${name}: ${shape.d} has more than absolute lines`)
    }
  }
})

test('words of one chart do not lie on each other', () => {
  for (const [name, scene] of everyScene()) {
    const boxes = scene.shapes.flatMap((shape) => {
      if (shape.kind !== 'text') return []
      const width = textWidth(shape.text, shape.size, shape.weight)
      const left = shape.x - (shape.anchor === 'end' ? width : shape.anchor === 'middle' ? width / 2 : 0)
      return [
        {
          text: shape.text,
          left,
          right: left + width,
          top: shape.y - shape.size * 0.75,
          bottom: shape.y + shape.size * 0.2,
        },
      ]
    })
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        const apart =
          a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5
        assert.ok(apart, `${name}: "${a.text}" and "${b.text}"`)
      }
    }
  }
})

test('labels that are spread keep their order, their distance and their bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 20 }), (wanted) => {
      const places = spread(wanted, 15, 0, 300)
      const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b)
      for (const [rank, i] of order.entries()) {
        const place = places[i] ?? Number.NaN
        assert.ok(place >= 7.5 - 1e-6 && place <= 292.5 + 1e-6)
        const before = order[rank - 1]
        if (before !== undefined) assert.ok(place - (places[before] ?? 0) >= 15 - 1e-6)
      }
    }),
    { numRuns: 200 },
  )
  // Two that have room stay where they are.
  assert.deepEqual(spread([50, 100], 15, 0, 300), [50, 100])
})

test('a chart on a page says in words what it shows, and lets nothing in it become markup', () => {
  const evil = '"><script>alert(1)</script>'
  const svg = sceneSvg(
    barChart(
      {
        title: evil,
        description: evil,
        rows: [{ name: evil, bars: [{ label: evil, parts: [{ value: '1', hint: evil }] }] }],
      },
      { width: 900 },
    ),
    'evil',
  ).text
  assert.doesNotMatch(svg, /<script/)
  for (const [name, scene] of everyScene()) {
    const text = sceneSvg(scene, 'c').text
    assert.match(text, /role="img" aria-labelledby="c-t c-d"/, name)
    assert.match(text, /<title id="c-t">[^<]+<\/title><desc id="c-d">[^<]+<\/desc>/, name)
    assert.doesNotMatch(text, /style=|NaN|undefined|Infinity/, name)
  }
})

test('what is no decimal or no date is refused, not drawn somewhere', () => {
  for (const value of ['', '1e5', 'NaN', '1,000', ' 1', '0x10', '--1'])
    assert.throws(() => placed(value), NotDrawable, value)
  const line = (x: string, kind: 'date' | 'number') => () =>
    lineChart(
      {
        title: 't',
        description: 'd',
        x: { kind, title: '' },
        y: { title: '' },
        series: [{ name: 's', points: [{ x, y: '1' }] }],
      },
      { width: 400 },
    )
  assert.throws(line('yesterday', 'date'), NotDrawable)
  assert.throws(line('2026-13-01', 'date'), NotDrawable)
  assert.throws(line('2026-11-20', 'number'), NotDrawable)
})

test('several founders are drawn as one holder and named in words; one founder keeps the own name', () => {
  const row = (holder: string, founder: boolean, after: string) => ({
    ...{ holder, founder, after, before: '0', unearned: '0' },
  })
  const texts = ({ shapes }: Scene): string[] => shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
  const two = ownershipChart([row('Ada', true, '50'), row('Ben', true, '20'), row('Cem', false, '30')], { width: 860 })
  assert.ok(texts(two).includes('The founders together'))
  assert.ok(
    texts(two).some((text) => text.includes('after 70.00 %')),
    texts(two).join(),
  )
  assert.ok(!texts(two).includes('Ada'))
  assert.match(two.description, /The founders together 0\.00 to 70\.00 per cent.*The founders are Ada and Ben\.$/)
  const one = ownershipChart([row('Ada', true, '50'), row('Cem', false, '50')], { width: 860 })
  assert.ok(texts(one).includes('Ada'))
  const held = (founder: boolean) => [
    { holder: 'Ada', shares: '40', founder },
    { holder: 'Ben', shares: '40', founder },
    { holder: 'Cem', shares: '20' },
  ]
  const over = dilutionChart([{ name: 'A', holdings: held(true) }], { width: 860 })
  assert.match(
    over.description,
    /The founders together 80\.00+ per cent; Cem 20\.00+ per cent\. The founders are Ada and Ben\./,
  )
  assert.match(
    dilutionChart([{ name: 'A', holdings: held(false) }], { width: 860 }).description,
    /Ada 40\.00+ per cent/,
  )
})

test('nothing to show is drawn as an empty frame, not as an error', () => {
  const canvas = { width: 400 }
  for (const scene of [
    barChart({ title: 't', description: 'd', rows: [] }, canvas),
    barChart(
      { title: 't', description: 'd', rows: [{ name: 'a', bars: [{ label: '0', parts: [{ value: '0' }] }] }] },
      canvas,
    ),
    columnChart({ title: 't', description: 'd', y: { title: '' }, columns: [], series: [] }, canvas),
    lineChart({ title: 't', description: 'd', x: { kind: 'number', title: '' }, y: { title: '' }, series: [] }, canvas),
  ]) {
    assert.doesNotMatch(sceneSvg(scene, 'c').text, /NaN|Infinity/)
  }
})

test('series stand out from white paper, and white words from them', () => {
  const light = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  for (const [tone, ink] of Object.entries(INKS)) {
    if (tone.startsWith('hue')) assert.ok(1.05 / (light(ink) + 0.05) >= 4.5, tone)
  }
})

test(
  'on paper a chart is vectors and words, with its description, in valid PDF',
  needs('pdftotext', 'qpdf', 'pdfinfo'),
  async () => {
    const paper = new Paper({ title: 't', author: 'a', subject: 's', keywords: 'k', madeAt: new Date(0), size: 'A4' })
    for (const draw of sampleCharts.values()) drawScene(paper, draw({ width: paper.width, text: 7.5 }))
    const path = join(folder, 'charts.pdf')
    writeFileSync(path, await paper.finish('h', 'f'))
    assert.match(run('qpdf', ['--check', path]), /No syntax or stream encoding errors found/)
    const text = run('pdftotext', ['-raw', path, '-'])
    for (const words of ['Meridian Compute Fund LP', 'before 50.00 %', 'Series A', 'Granted 100,000', 'Capacity 128']) {
      assert.ok(text.includes(words), words)
    }
    assert.equal(run('pdfinfo', ['-struct', path]).match(/Figure/g)?.length, sampleCharts.size)
  },
)
