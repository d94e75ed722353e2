/** What ran, on a company's compute page: by job, and outside any reservation by month. */
import { grouped, instantWords } from '../format.ts'
import { monthName } from '../statement-words.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'

export type JobRow = {
  readonly job: string
  readonly pool: string
  /** Whether it ran outside any reservation. */
  readonly onDemand: boolean
  readonly gpuHours: string
  readonly tokens: string
  readonly lastEnded: string
}
/** Use of a pool outside any reservation in a month, as it counts now. */
export type OnDemandRow = {
  /** First day of the month. */
  readonly month: string
  readonly pool: string
  readonly gpuHours: string
  readonly tokens: string
  /** What there were no tokens for. */
  readonly owed: string
}

export function jobsCard(jobs: readonly JobRow[]): Html | false {
  if (jobs.length === 0) return false
  return html`<section class="card">
        <h2>Usage by job</h2>
        ${dataTable({
          caption: 'As metered, the latest first; corrections stand in the statements.',
          columns: [
            { head: 'Job' },
            { head: 'Pool' },
            { head: 'Booked' },
            { head: 'GPU-hours', number: true },
            { head: 'Tokens', number: true },
            { head: 'Last ended' },
          ],
          rows: jobs.map((row) => ({
            cells: [
              row.job,
              row.pool,
              row.onDemand ? 'On demand' : 'Reserved',
              grouped(row.gpuHours),
              grouped(row.tokens),
              instantWords(row.lastEnded),
            ],
          })),
        })}
      </section>`
}

/** Nothing where no use was on demand: most companies' terms do not let it. */
export function onDemandCard(rows: readonly OnDemandRow[]): Html | false {
  if (rows.length === 0) return false
  return html`<section class="card">
        <h2>Outside reservations</h2>
        ${dataTable({
          caption:
            'Use on demand by month, UTC, the latest first, with corrections. Tokens owed are charged when the company has some that its terms let such use draw.',
          columns: [
            { head: 'Month' },
            { head: 'Pool' },
            { head: 'GPU-hours', number: true },
            { head: 'Tokens charged', number: true },
            { head: 'Tokens owed', number: true },
          ],
          rows: rows.map((row) => ({
            cells: [monthName(row.month), row.pool, grouped(row.gpuHours), grouped(row.tokens), grouped(row.owed)],
          })),
        })}
      </section>`
}
