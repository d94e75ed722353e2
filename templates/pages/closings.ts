/** Who holds what over the closings of a round, on a page: what the holders before it keep once all are held, in the first line. */
import { date, grouped, percent } from '../format.ts'
import { dataTable } from './figure.ts'
import { html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type ClosingsPage = {
  readonly person: Person
  readonly companyName: string
  readonly roundName: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  readonly proFormaPath: string
  readonly steps: readonly {
    readonly kind: 'BEFORE' | 'HELD' | 'TODAY' | 'PLANNED'
    readonly ordinal: number | null
    readonly on: string
    readonly total: string
    readonly unearned: string
  }[]
  readonly holders: readonly {
    readonly holder: string
    readonly isPool: boolean
    /** Shares after each step, and of these unearned. */
    readonly after: readonly { readonly shares: string; readonly unearned: string }[]
  }[]
}

type Step = ClosingsPage['steps'][number]

/** "Closing 2, planned" */
const nameOf = ({ kind, ordinal }: Step): string => {
  if (kind === 'BEFORE') return 'Before the round'
  if (kind === 'TODAY') return 'Today'
  return `After closing ${ordinal}${kind === 'PLANNED' ? ', planned' : ''}`
}

/** Whoever held something before the round: all their shares of then, as a part of the last step. */
function headline(it: ClosingsPage): string {
  const [first, last] = [it.steps[0], it.steps.at(-1)]
  if (first === undefined || last === undefined) return `${it.roundName}: its closings`
  const planned = it.steps.filter(({ kind }) => kind === 'PLANNED').length
  const when =
    planned === 0 ? 'Today' : `After ${planned === 1 ? 'the closing that is' : 'all closings that are'} planned`
  const had = first.kind === 'BEFORE' ? first.total : '0'
  return `${when}, the shares issued before ${it.roundName} are ${percent(had, last.total)} % of the company`
}

export function closingsPage(it: ClosingsPage): string {
  const last = it.steps.at(-1)
  return layout({
    title: `${it.roundName}: who holds what after each closing`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>${headline(it)}</h1>
      <p class="lead">${
        last === undefined
          ? ''
          : html`${grouped(last.total)} shares in all, fully diluted; ${grouped(last.unearned)} of them are issued for compute
        that is not delivered yet.`
      } A planned closing counts every planned one before it. Between closings, whatever else was issued counts too.</p>
      <section class="card">
        <h2>After each closing</h2>
        ${dataTable({
          caption: 'Shares and parts by holder, after each closing',
          columns: [
            { head: 'Holder' },
            ...it.steps.flatMap((step) => [
              { head: `${nameOf(step)}, ${date(step.on)}`, number: true },
              { head: '%', number: true },
            ]),
          ],
          rows: [
            ...it.holders.map(({ holder, isPool, after }) => ({
              cells: [
                isPool ? `${holder}, not granted` : holder,
                ...after.flatMap(({ shares }, index) => [
                  grouped(shares),
                  percent(shares, it.steps[index]?.total ?? shares),
                ]),
              ],
            })),
            { cells: ['Total', ...it.steps.flatMap(({ total }) => [grouped(total), '100.00'])], total: true },
            {
              cells: [
                'Of which unearned',
                ...it.steps.flatMap(({ unearned, total }) => [grouped(unearned), percent(unearned, total)]),
              ],
            },
          ],
        })}
        <p class="actions"><a class="button plain" href="${it.path}.csv">CSV</a> <a class="button plain" href="${it.path}.json">JSON</a></p>
        <p>See also <a href="${it.proFormaPath}">before and after the first closing</a>.</p>
      </section>`,
  })
}
