/** What needs whoever runs pools: requests that wait, schedulers that are away or tell something else, how full it is. */
import { counted, grouped } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'
import { ageWords, health, type PoolOnPage, poolCard } from './operations-pool.ts'
import {
  type CoverageOnPage,
  coverageCard,
  type ExpiringOnPage,
  expiringCard,
  type SupplyOnPage,
  supplyCard,
} from './operations-tokens.ts'

export type OperationsOnPage = {
  readonly person: Person
  readonly days: number
  readonly pools: readonly PoolOnPage[]
  /** Usage records that are kept aside, and how long the oldest has been. */
  readonly keptAside: { readonly count: number; readonly oldestMinutes: number }
  /** For who has the page of statements: companies with a month to state, and statements to make final. */
  readonly statements?: { readonly due: number; readonly accepted: number } | undefined
  readonly refused?: string | undefined
  readonly supplies: readonly SupplyOnPage[]
  readonly expiring: readonly ExpiringOnPage[]
  readonly coverage: readonly CoverageOnPage[]
}

export const operationsPage = ({
  person,
  days,
  pools,
  keptAside,
  statements,
  refused,
  supplies,
  expiring,
  coverage,
}: OperationsOnPage): string =>
  layout({
    title: 'Operations',
    person,
    main: html`
      <p class="over">Operations</p>
      <h1>${headline(pools, keptAside.count, statements)}</h1>
      ${refused !== undefined && html`<div class="note refused" role="alert"><p>${refused}</p></div>`}
      ${
        keptAside.count > 0 &&
        html`<div class="note"><p><strong>Usage is kept aside:</strong> ${keptAside.count} ${keptAside.count === 1 ? 'record that' : 'records that'} could not be used; the oldest waits for ${ageWords(keptAside.oldestMinutes)}. <a href="/operations/usage">Mend and replay it</a></p></div>`
      }
      ${
        statements !== undefined &&
        statements.due + statements.accepted > 0 &&
        html`<div class="note"><p><strong>Statements wait:</strong> ${statementParts(statements).join(', ')}. <a href="/statements">State them and make them final</a></p></div>`
      }
      ${
        pools.length === 0
          ? emptyState({
              heading: 'No pool yet',
              text: 'Pools that are set up stand here, with what waits for somebody.',
            })
          : overview(pools, days)
      }
      ${pools.map((pool) => poolCard(pool))}
      ${expiring.length > 0 && expiringCard(expiring)}
      ${coverage.map((each, index) => coverageCard(each, index))}
      ${supplies.length > 0 && supplyCard(supplies)}
      <p class="quiet"><a href="/releases">Releases</a> · ${statements !== undefined && html`<a href="/statements">Statements</a> · `}<a href="/operations/usage">Usage kept aside</a> · <a href="/">Start page</a></p>`,
  })

type Statements = NonNullable<OperationsOnPage['statements']>

/** What waits about statements, as the parts of a sentence. */
export const statementParts = ({ due, accepted }: Statements): string[] => [
  ...(due === 0 ? [] : [`${counted(String(due), 'company has', 'companies have')} a month to state`]),
  ...(accepted === 0 ? [] : [`${counted(String(accepted), 'statement waits', 'statements wait')} to be made final`]),
]

function headline(
  pools: readonly PoolOnPage[],
  keptAside: number,
  statements: Statements = { due: 0, accepted: 0 },
): string {
  const conflicts = pools.reduce((sum, pool) => sum + pool.conflicts.length, 0)
  const waiting = pools.reduce((sum, pool) => sum + pool.waiting.length, 0)
  const away = pools.filter(({ scheduler }) => scheduler?.up === false).length
  const differing = pools.reduce((sum, { scheduler }) => sum + (scheduler?.differences.length ?? 0), 0)
  const nodes = new Set(
    pools.flatMap(({ anchor, scheduler, underNodesDown }) => [
      ...(scheduler?.nodesDown ?? []).map(({ node }) => `${anchor} ${node}`),
      ...underNodesDown.filter(({ over }) => !over).map(({ node }) => `${anchor} ${node}`),
    ]),
  ).size
  const restarts = pools.reduce((sum, pool) => sum + pool.restarts.filter(({ answer }) => answer === null).length, 0)
  const parts = [
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'} for a decision`]),
    ...(conflicts === 0 ? [] : [`${conflicts} ${conflicts === 1 ? 'conflict stands' : 'conflicts stand'}`]),
    ...(away === 0 ? [] : [`${away} ${away === 1 ? 'scheduler does' : 'schedulers do'} not answer`]),
    ...(nodes === 0 ? [] : [`${nodes} ${nodes === 1 ? 'node is' : 'nodes are'} down`]),
    ...(restarts === 0 ? [] : [`${restarts} ${restarts === 1 ? 'restart waits' : 'restarts wait'} for the provider`]),
    ...(differing === 0 ? [] : [`${differing} ${differing === 1 ? 'reservation differs' : 'reservations differ'}`]),
    ...(keptAside === 0 ? [] : [`${keptAside} usage ${keptAside === 1 ? 'record is' : 'records are'} kept aside`]),
    ...statementParts(statements),
  ]
  return parts.length === 0 ? 'Nothing needs anybody now' : parts.join(', ')
}

const overview = (pools: readonly PoolOnPage[], days: number): Html =>
  html`<section class="card">
        <h2>Pools</h2>
        ${dataTable({
          caption: `Booked: part of the GPU-hours of the next ${days} days`,
          columns: [
            { head: 'Pool' },
            { head: 'GPUs', number: true },
            { head: 'Booked', number: true },
            { head: 'Waiting requests', number: true },
            { head: 'Conflicts', number: true },
            { head: 'Scheduler' },
          ],
          rows: pools.map((pool) => ({
            cells: [
              html`<a href="#${pool.anchor}">${pool.name}</a>`,
              grouped(String(pool.capacity)),
              pool.booked === null ? 'cannot tell' : `${pool.booked}%`,
              pool.waiting.length,
              pool.conflicts.length,
              health(pool.scheduler),
            ],
          })),
        })}
      </section>`
