/** The cap table of a company on a page: who owns how much, in the first line; the charts and tables as the proof. */
import { dilutionChart, foundersIn, holdingsChart, type Moment, ownersOf } from '../charts/ownership.ts'
import { column, counted, date, grouped, listed, percent, sum } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

export type CapTablePage = {
  readonly person: Person
  readonly companyName: string
  readonly asOf: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  /** The whole history. */
  readonly ocfPath: string
  readonly totals: {
    readonly outstanding: string
    readonly granted: string
    readonly reserved: string
    readonly warrants: string
    readonly fullyDiluted: string
    /** Under what has expired and nobody has cancelled; under rights to cash: not in the numbers above. */
    readonly expired: string
    readonly cashSettled: string
  }
  /** What has expired and was not cancelled; empty also where the history is too long to list it. */
  readonly expired: readonly {
    readonly name: string
    readonly holder: string
    readonly shares: string
    readonly lastDay: string
  }[]
  readonly classes: readonly {
    readonly name: string
    readonly authorized: string
    readonly outstanding: string
    readonly vested: string
    readonly granted: string
    readonly percent: string | undefined
  }[]
  readonly holders: readonly {
    readonly name: string
    readonly founder: boolean
    readonly outstanding: string
    readonly granted: string
    readonly warrants: string
    readonly vested: string
    readonly fullyDiluted: string
    /** Amounts of convertibles, in words. */
    readonly convertibles: string
  }[]
  /** False where there are more holders than are listed. */
  readonly whole: boolean
  readonly plans: readonly {
    readonly name: string
    readonly reserved: string
    readonly granted: string
    readonly available: string
  }[]
  /** The table after each round, and today. */
  readonly moments: readonly Moment[]
  readonly waterfallPath: string
  readonly rounds: readonly { readonly name: string; readonly path: string }[]
  /** The fund's plans of later rounds; left out for others than its staff. */
  readonly plansPath?: string | undefined
}

/** The page of a company whose cap table nobody has imported yet. */
export const noCapTablePage = (
  it: Pick<CapTablePage, 'person' | 'companyName'> & { readonly staff: boolean },
): string =>
  layout({
    title: `Cap table of ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>There is no cap table yet</h1>
      ${emptyState({
        heading: 'Nothing is imported',
        text: it.staff
          ? 'Import an Open Cap Format package: with tab 1 of the console, or with the command equihour import.'
          : 'When the fund has imported the company’s Open Cap Format package, its holders, classes and plans stand here.',
      })}
      <p class="quiet">${it.staff && html`<a href="/console">Open the console</a> · `}<a href="/">Start page</a></p>`,
  })

export function capTablePage(it: CapTablePage): string {
  const { totals } = it
  const holdings = [
    ...it.holders.map(({ name, founder, fullyDiluted }) => ({ holder: name, founder, shares: fullyDiluted })),
    ...(totals.reserved === '0' ? [] : [{ holder: 'Reserved, not granted', shares: totals.reserved }]),
  ]
  const [first] = ownersOf(
    holdings.map(({ holder, shares }) => ({ holder, before: '0', after: shares, unearned: '0' })),
  )
  return layout({
    title: `Cap table of ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>${counted(totals.fullyDiluted, 'share')} fully diluted on ${date(it.asOf)}</h1>
      <p class="lead">${grouped(totals.outstanding)} outstanding, ${grouped(totals.granted)} under options and awards,
        ${grouped(totals.warrants)} under warrants, ${grouped(totals.reserved)} reserved and not granted.${
          first !== undefined &&
          html` ${first.holder} ${first.holder === 'Reserved, not granted' ? 'is' : 'has'} most: ${percent(first.after, totals.fullyDiluted)} %.`
        }</p>
      <form method="get" action="${it.path}" class="asked">
        <label><span>Another day</span> <input type="date" name="asOf" value="${it.asOf}" required></label>
        <button class="plain">Show that day</button>
      </form>
      <section class="card">
        <h2>Who owns how much</h2>
        ${figure({ id: 'holdings', draw: (canvas) => holdingsChart(holdings, totals.fullyDiluted, canvas), note: it.whole ? 'Preferred counts as its own shares; SAFEs and notes do not count until they convert.' : 'Only the holders listed below are drawn.' })}
        ${holdersTable(it)}
      </section>
      ${(totals.expired !== '0' || it.expired.length > 0) && expiredCard(it)}
      ${totals.cashSettled !== '0' && html`<p class="quiet">Not counted: rights to the appreciation of ${counted(totals.cashSettled, 'share')} that are settled in cash.</p>`}
      ${it.moments.length > 1 && momentsCard(it.moments)}
      <section class="card">
        <h2>Stock classes and plans</h2>
        ${classesTable(it)}
        ${it.plans.length > 0 && plansTable(it)}
      </section>
      <section class="card">
        <h2>Take it away</h2>
        <p class="actions"><a class="button plain" href="${it.path}.csv?asOf=${it.asOf}">CSV</a>
          <a class="button plain" href="${it.path}.json?asOf=${it.asOf}">JSON</a>
          <a class="button plain" href="${it.ocfPath}">Open Cap Format, whole history</a></p>
        <p>Next: <a href="${it.waterfallPath}">who gets what if the company is sold</a>${it.rounds.map(
          (round) => html`; <a href="${round.path}">before and after ${round.name}</a>`,
        )}${it.plansPath !== undefined && html`; <a href="${it.plansPath}">the fund’s plans of later rounds</a>`}.</p>
      </section>`,
  })
}

function expiredCard({ expired, totals }: CapTablePage): Html {
  const shares = column(expired.map((row) => row.shares))
  return html`<section class="card">
    <h2>Expired, and not cancelled</h2>
    <p>${counted(totals.expired, 'share')} under options and warrants whose last day is over. They count nowhere; what a plan gets
      back, a cancellation says.${expired.length === 0 && ' The downloads name them.'}</p>
    ${
      expired.length > 0 &&
      dataTable({
        caption: 'What has expired and nobody has cancelled',
        columns: [{ head: 'Number' }, { head: 'Holder' }, { head: 'Last day' }, { head: 'Shares', number: true }],
        rows: expired.map((row, at) => ({ cells: [row.name, row.holder, date(row.lastDay), shares[at] ?? ''] })),
      })
    }
  </section>`
}

function holdersTable({ holders, totals, whole, asOf }: CapTablePage): Html {
  const cells = (of: (row: CapTablePage['holders'][number]) => string): string[] => column(holders.map(of))
  const [outstanding, granted, warrants, vested, diluted] = [
    cells((row) => row.outstanding),
    cells((row) => row.granted),
    cells((row) => row.warrants),
    cells((row) => row.vested),
    cells((row) => row.fullyDiluted),
  ]
  const anyConvertibles = holders.some(({ convertibles }) => convertibles !== '')
  const some = <Cell>(cell: Cell): Cell[] => (anyConvertibles ? [cell] : [])
  return dataTable({
    caption: whole
      ? `Holders on ${date(asOf)}`
      : `The first ${holders.length} holders on ${date(asOf)}; all are in the downloads`,
    columns: [
      { head: 'Holder' },
      { head: 'Stock', number: true },
      { head: 'Options', number: true },
      { head: 'Warrants', number: true },
      { head: 'Vested', number: true },
      { head: 'Fully diluted', number: true },
      { head: '%', number: true },
      ...some({ head: 'SAFEs and notes', number: true }),
    ],
    rows: [
      ...holders.map((row, at) => ({
        cells: [
          row.name,
          ...[outstanding, granted, warrants, vested, diluted].map((texts) => texts[at] ?? ''),
          percent(row.fullyDiluted, totals.fullyDiluted),
          ...some(row.convertibles),
        ],
      })),
      ...(totals.reserved === '0'
        ? []
        : [
            {
              cells: [
                'Reserved, not granted',
                '',
                '',
                '',
                '',
                grouped(totals.reserved),
                percent(totals.reserved, totals.fullyDiluted),
                ...some(''),
              ],
            },
          ]),
      ...(whole
        ? [
            ...foundersRow(holders, totals, some('')),
            {
              cells: [
                'Total',
                grouped(totals.outstanding),
                grouped(totals.granted),
                grouped(totals.warrants),
                grouped(sum(holders.map((row) => row.vested))),
                grouped(totals.fullyDiluted),
                '100.00',
                ...some(''),
              ],
              total: true,
            },
          ]
        : []),
    ],
  })
}

/** The line of the founders over theirs, where there are several. */
function foundersRow(
  holders: CapTablePage['holders'],
  totals: CapTablePage['totals'],
  more: readonly string[],
): { readonly cells: readonly string[] }[] {
  const names = foundersIn(holders.map(({ name, founder }) => ({ holder: name, founder })))
  if (names.length === 0) return []
  const total = (of: (row: CapTablePage['holders'][number]) => string): string =>
    sum(holders.filter(({ founder }) => founder).map(of))
  const diluted = total((row) => row.fullyDiluted)
  return [
    {
      cells: [
        `Of these: ${listed(names)} together`,
        ...[total((row) => row.outstanding), total((row) => row.granted), total((row) => row.warrants)].map((shares) =>
          grouped(shares),
        ),
        ...[grouped(total((row) => row.vested)), grouped(diluted), percent(diluted, totals.fullyDiluted), ...more],
      ],
    },
  ]
}

function momentsCard(moments: readonly Moment[]): Html {
  const names = [...new Set(moments.flatMap(({ holdings }) => holdings.map(({ holder }) => holder)))]
  const totals = moments.map(({ holdings }) => sum(holdings.map(({ shares }) => shares)))
  const founders = foundersIn(moments.flatMap(({ holdings }) => holdings))
  const shares = (named: readonly string[], at: number) =>
    sum((moments[at]?.holdings ?? []).filter(({ holder }) => named.includes(holder)).map(({ shares: own }) => own))
  const partsOf = (named: readonly string[]) => moments.map((_, at) => percent(shares(named, at), totals[at] ?? '0'))
  return html`<section class="card">
        <h2>How ownership changed</h2>
        ${figure({ id: 'dilution', draw: (canvas) => dilutionChart(moments, canvas), note: 'After the first issue of each stock class, and on the day of the table.' })}
        ${dataTable({
          caption: 'Parts of the company, fully diluted, %',
          columns: [{ head: 'Holder' }, ...moments.map(({ name }) => ({ head: name, number: true }))],
          rows: [
            ...names.map((name) => ({ cells: [name, ...partsOf([name])] })),
            ...(founders.length === 0
              ? []
              : [{ cells: [`Of these: ${listed(founders)} together`, ...partsOf(founders)] }]),
          ],
        })}
      </section>`
}

const classesTable = ({ classes }: CapTablePage): Html =>
  dataTable({
    caption: 'Stock classes',
    columns: [
      { head: 'Class' },
      { head: 'Authorised', number: true },
      { head: 'Outstanding', number: true },
      { head: 'Vested', number: true },
      { head: 'Under options', number: true },
      { head: '% of outstanding', number: true },
    ],
    rows: classes.map((row) => ({
      cells: [
        row.name,
        /^[0-9]/.test(row.authorized) ? grouped(row.authorized) : row.authorized.toLowerCase(),
        grouped(row.outstanding),
        grouped(row.vested),
        grouped(row.granted),
        row.percent === undefined ? '' : percent(row.percent, '100'),
      ],
    })),
  })

const plansTable = ({ plans }: CapTablePage): Html =>
  dataTable({
    caption: 'Plans',
    columns: [
      { head: 'Plan' },
      { head: 'Reserved', number: true },
      { head: 'Granted', number: true },
      { head: 'Available', number: true },
    ],
    rows: plans.map((row) => ({
      cells: [row.name, grouped(row.reserved), grouped(row.granted), grouped(row.available)],
    })),
  })
