/** Who owns how much of a company, before and after a round; and how that changed over its rounds. */
import { grouped, listed, percent, sum } from '../format.ts'
import { type BarRow, barChart } from './bar-chart.ts'
import { type ColumnSeries, columnChart } from './column-chart.ts'
import { hue } from './palette.ts'
import type { Canvas, Scene } from './scene.ts'

/** Shares of one holder or pool, exact. `unearned` is a part of `after`. */
export type Ownership = {
  readonly holder: string
  readonly before: string
  readonly after: string
  readonly unearned: string
  /** Left out, it is none. */
  readonly founder?: boolean
}

/** Several founders are drawn as one holder of this name; the table beside the chart lists each of them. */
export const FOUNDERS = 'The founders together'

/** Names of the founders among these rows; none where it is only one, whose own line says all. */
export function foundersIn(
  rows: readonly { readonly holder: string; readonly founder?: boolean }[],
): readonly string[] {
  const names = [...new Set(rows.flatMap(({ holder, founder }) => (founder === true ? [holder] : [])))]
  return names.length > 1 ? names : []
}

/** Rows as they are drawn, and who is drawn as one: in words, with a blank before them. */
function drawn<Row extends { readonly holder: string; readonly founder?: boolean }>(rows: readonly Row[]) {
  const names = foundersIn(rows)
  return {
    rows: names.length === 0 ? rows : rows.map((row) => (row.founder === true ? { ...row, holder: FOUNDERS } : row)),
    founders: names.length === 0 ? '' : ` The founders are ${listed(names)}.`,
  }
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
export function ownershipChart(given: readonly Ownership[], canvas: Canvas): Scene {
  const { rows, founders } = drawn(given)
  const [before, after] = [sum(rows.map((row) => row.before)), sum(rows.map((row) => row.after))]
  const owners = ownersOf(rows)
  const gaining = owners.filter((row) => Number(row.before) === 0).map(({ holder }) => holder)
  return barChart(
    {
      title: 'Ownership before and after the round',
      description: `Parts of all shares, fully diluted. ${gaining.length === 0 ? 'Nobody new comes in' : `${listed(gaining)} ${gaining.length === 1 ? 'comes' : 'come'} in`}. ${owners.map((row) => `${row.holder} ${percent(row.before, before)} to ${percent(row.after, after)} per cent`).join('; ')}.${founders}`,
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
  given: readonly { readonly holder: string; readonly shares: string; readonly founder?: boolean }[],
  total: string,
  canvas: Canvas,
): Scene {
  const { rows, founders } = drawn(given)
  const owners = ownersOf(rows.map(({ holder, shares }) => ({ holder, before: '0', after: shares, unearned: '0' })))
  return barChart(
    {
      title: 'Ownership, fully diluted',
      description: `Parts of ${grouped(total)} shares: ${owners.map(({ holder, after }) => `${holder} ${percent(after, total)} per cent`).join('; ')}.${founders}`,
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
  /** `unearned` is a part of `shares`; left out, nothing is. */
  readonly holdings: readonly {
    readonly holder: string
    readonly shares: string
    readonly unearned?: string
    readonly founder?: boolean
  }[]
}
/** Series that are told apart by colour; the rest is one more. */
const SERIES = 7

/** What the columns are, in the chart's title and where its description tells the last of them. */
const OVER_TIME = { title: 'Ownership over time', last: 'On' }

/** Parts of the company by holder, over its rounds: who was thinned out by whom. What is not earned is hatched. */
export function dilutionChart(given: readonly Moment[], canvas: Canvas, words = OVER_TIME): Scene {
  const { moments, founders } = drawnOver(given)
  const totals = moments.map(({ holdings }) => sum(holdings.map(({ shares }) => shares)))
  const names = [...new Set(moments.flatMap(({ holdings }) => holdings.map(({ holder }) => holder)))]
  const ownOf = (holder: string, at: number) => (moments[at]?.holdings ?? []).filter((own) => own.holder === holder)
  const of = (holder: string, at: number): string => sum(ownOf(holder, at).map(({ shares }) => shares))
  const unearnedOf = (holder: string, at: number): string =>
    sum(ownOf(holder, at).map(({ unearned = '0' }) => unearned))
  const largest = (holder: string): number =>
    Math.max(...moments.map((_, at) => Number(percent(of(holder, at), totals[at] ?? '0', 6))))
  const kept = new Set(names.toSorted((a, b) => largest(b) - largest(a)).slice(0, SERIES))
  const rest = names.filter((name) => !kept.has(name))
  const parts = (amount: (at: number) => string) => moments.map((_, at) => percent(amount(at), totals[at] ?? '0', 4))
  const series = names
    .filter((name) => kept.has(name))
    .flatMap((name, place): ColumnSeries[] => {
      const tone = hue(place)
      const unearned = moments.map((_, at) => unearnedOf(name, at))
      const earned = parts((at) => sum([of(name, at), ...(unearned[at] === '0' ? [] : [`-${unearned[at]}`])]))
      const solid = { name, tone, values: earned }
      if (unearned.every((shares) => shares === '0')) return [solid]
      const waiting = parts((at) => unearned[at] ?? '0')
      return [solid, { name: `${name}, unearned`, tone, style: 'hatched', values: waiting }]
    })
  if (rest.length > 0) {
    const values = moments.map((_, at) => percent(sum(rest.map((name) => of(name, at))), totals[at] ?? '0', 4))
    series.push({ name: rest.length === 1 ? (rest[0] ?? '') : `${rest.length} others`, tone: hue(SERIES), values })
  }
  const last = moments.at(-1)?.name ?? ''
  return columnChart(
    {
      title: words.title,
      description: `Parts of the company, fully diluted, in ${moments.length} steps. ${words.last} ${last}: ${series.map(({ name, values }) => `${name} ${values.at(-1)} per cent`).join('; ')}.${founders}`,
      y: { title: 'Fully diluted, %', upTo: 100 },
      columns: moments.map(({ name }) => name),
      series: series.map((one) => ({ ...one, labels: one.values.map((value) => `${rounded(value)} %`) })),
    },
    canvas,
  )
}

/** Who is a founder at one moment is so at all. */
function drawnOver(moments: readonly Moment[]) {
  const { rows, founders } = drawn(moments.flatMap(({ holdings }, at) => holdings.map((own) => ({ ...own, at }))))
  return { moments: moments.map(({ name }, at) => ({ name, holdings: rows.filter((own) => own.at === at) })), founders }
}

const rounded = (value: string): string => percent(value, '100', 1)
