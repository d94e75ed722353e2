/** Who owns how much of a company, before and after a round; and how that changed over its rounds. */
import { grouped, listed, percent, sum } from '../format.ts'
import { type BarRow, barChart } from './bar-chart.ts'
import { columnChart } from './column-chart.ts'
import type { Canvas, Scene } from './scene.ts'

/** Shares of one holder or pool, exact. `unearned` is a part of `after`. */
export type Ownership = {
  readonly holder: string
  readonly before: string
  readonly after: string
  readonly unearned: string
}
/** Bars that are drawn; the rest is one bar more. */
const HOLDERS = 12

/** Holders by what they have after, each once, the smallest together; nobody who has nothing. */
export function ownersOf(rows: readonly Ownership[], most = HOLDERS): Ownership[] {
  const byHolder = [...Map.groupBy(rows, ({ holder }) => holder)].map(([holder, own]) => merged(holder, own))
  const size = (row: Ownership): number => Math.max(Number(row.after), Number(row.before))
  const some = byHolder.filter(({ before, after }) => size({ holder: '', before, after, unearned: '0' }) > 0)
  some.sort((a, b) => Number(b.after) - Number(a.after) || size(b) - size(a))
  if (some.length <= most + 1) return some
  const rest = some.slice(most)
  return [...some.slice(0, most), merged(`${grouped(String(rest.length))} other holders`, rest)]
}

const merged = (holder: string, rows: readonly Ownership[]): Ownership => ({
  holder,
  before: sum(rows.map(({ before }) => before)),
  after: sum(rows.map(({ after }) => after)),
  unearned: sum(rows.map(({ unearned }) => unearned)),
})

/** Ownership before and after a round, in per cent of all shares; what is not earned yet is hatched. */
export function ownershipChart(rows: readonly Ownership[], canvas: Canvas): Scene {
  const [before, after] = [sum(rows.map((row) => row.before)), sum(rows.map((row) => row.after))]
  const owners = ownersOf(rows)
  const gaining = owners.filter((row) => Number(row.before) === 0).map(({ holder }) => holder)
  return barChart(
    {
      title: 'Ownership before and after the round',
      description: `Parts of all shares, fully diluted. ${gaining.length === 0 ? 'Nobody new comes in' : `${listed(gaining)} ${gaining.length === 1 ? 'comes' : 'come'} in`}. ${owners.map((row) => `${row.holder} ${percent(row.before, before)} to ${percent(row.after, after)} per cent`).join('; ')}.`,
      rows: owners.map((row): BarRow => {
        const earned = sum([row.after, row.unearned === '0' ? '0' : `-${row.unearned}`])
        const unearned = Number(row.unearned) > 0 ? `, of which unearned ${percent(row.unearned, after)} %` : ''
        return {
          name: row.holder,
          bars: [
            {
              label: `before ${percent(row.before, before)} %`,
              parts: [
                {
                  value: percent(row.before, before, 6),
                  style: 'outlined',
                  tone: 'hue-1',
                  hint: `${grouped(row.before)} shares before`,
                },
              ],
            },
            {
              label: `after ${percent(row.after, after)} %${unearned}`,
              parts: [
                { value: percent(earned, after, 6), tone: 'hue-1', hint: `${grouped(earned)} shares after, earned` },
                {
                  value: percent(row.unearned, after, 6),
                  tone: 'hue-1',
                  style: 'hatched',
                  hint: `${grouped(row.unearned)} shares after, unearned`,
                },
              ],
            },
          ],
        }
      }),
    },
    canvas,
  )
}

/** Ownership as it stands, one bar for each holder. */
export function holdingsChart(
  rows: readonly { readonly holder: string; readonly shares: string }[],
  total: string,
  canvas: Canvas,
): Scene {
  const owners = ownersOf(rows.map(({ holder, shares }) => ({ holder, before: '0', after: shares, unearned: '0' })))
  return barChart(
    {
      title: 'Ownership, fully diluted',
      description: `Parts of ${grouped(total)} shares: ${owners.map(({ holder, after }) => `${holder} ${percent(after, total)} per cent`).join('; ')}.`,
      rows: owners.map(({ holder, after }) => ({
        name: holder,
        bars: [
          {
            label: `${percent(after, total)} %`,
            parts: [{ value: percent(after, total, 6), hint: `${grouped(after)} shares` }],
          },
        ],
      })),
    },
    canvas,
  )
}

/** A day, and who holds how many shares on it. */
export type Moment = {
  readonly name: string
  readonly holdings: readonly { readonly holder: string; readonly shares: string }[]
}
/** Series that are told apart by colour; the rest is one more. */
const SERIES = 7

/** Parts of the company by holder, over its rounds: who was thinned out by whom. */
export function dilutionChart(moments: readonly Moment[], canvas: Canvas): Scene {
  const totals = moments.map(({ holdings }) => sum(holdings.map(({ shares }) => shares)))
  const names = [...new Set(moments.flatMap(({ holdings }) => holdings.map(({ holder }) => holder)))]
  const of = (holder: string, at: number): string =>
    sum((moments[at]?.holdings ?? []).filter((own) => own.holder === holder).map(({ shares }) => shares))
  const largest = (holder: string): number =>
    Math.max(...moments.map((_, at) => Number(percent(of(holder, at), totals[at] ?? '0', 6))))
  const kept = new Set(names.toSorted((a, b) => largest(b) - largest(a)).slice(0, SERIES))
  const rest = names.filter((name) => !kept.has(name))
  const series = names
    .filter((name) => kept.has(name))
    .map((name) => ({ name, values: moments.map((_, at) => percent(of(name, at), totals[at] ?? '0', 4)) }))
  if (rest.length > 0) {
    const values = moments.map((_, at) => percent(sum(rest.map((name) => of(name, at))), totals[at] ?? '0', 4))
    series.push({ name: rest.length === 1 ? (rest[0] ?? '') : `${rest.length} others`, values })
  }
  const last = moments.at(-1)?.name ?? ''
  return columnChart(
    {
      title: 'Ownership over time',
      description: `Parts of the company, fully diluted, in ${moments.length} steps. On ${last}: ${series.map(({ name, values }) => `${name} ${values.at(-1)} per cent`).join('; ')}.`,
      y: { title: 'Fully diluted, %' },
      columns: moments.map(({ name }) => name),
      series: series.map(({ name, values }) => ({
        name,
        values,
        labels: values.map((value) => `${rounded(value)} %`),
      })),
    },
    canvas,
  )
}

const rounded = (value: string): string => percent(value, '100', 1)
