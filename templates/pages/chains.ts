/** The plans of a company's later rounds, side by side: what today's holders keep by each, in the first line. */
import { type ChainSheet, keptInChain, PARTS_OF_CHAIN } from '../chain-sheet.ts'
import { dilutionChart, foundersIn } from '../charts/ownership.ts'
import { date, listed, money, percent, sum } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

/** Most plans that are drawn side by side: more charts are not compared. */
export const MOST_BESIDE = 4

export type ChainsPage = {
  readonly person: Person
  readonly companyName: string
  /** The page's own path: a new plan is drawn up below it. */
  readonly path: string
  /** Where single sets of terms stand side by side. */
  readonly scenariosPath: string
  /** Newest first. */
  readonly chains: readonly ListedChain[]
}
type ListedChain = {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly savedAt: string
  readonly path: string
  readonly isBeside: boolean
  /** What it comes to; or why it comes to nothing over the cap table of today. */
  readonly sheet?: ChainSheet
  readonly refused?: string
}
type Solved = ListedChain & { readonly sheet: ChainSheet }
const isSolved = (chain: ListedChain): chain is Solved => chain.sheet !== undefined

export function chainsPage(it: ChainsPage): string {
  const solved = it.chains.filter(isSolved)
  const beside = solved.filter(({ isBeside }) => isBeside)
  return layout({
    title: `Plans of rounds: ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>${headline(solved)}</h1>
      <p class="lead">Everything issued counted, after the last round of each plan. Plans are the fund’s own: nothing follows from them.</p>
      ${
        it.chains.length === 0
          ? emptyState({
              heading: 'No plan yet',
              text: 'A plan is one round after another over the cap table of a day. It is tried as often as you like before it is kept.',
              action: { label: 'Draw up rounds', path: `${it.path}/new` },
            })
          : listCard(it)
      }
      ${beside.length > 0 && besideCard(beside)}
      <p class="quiet"><a href="${it.scenariosPath}">Single sets of terms, side by side</a></p>`,
  })
}

function headline(solved: readonly Solved[]): string {
  const kept = solved.map(({ sheet }) => percent(keptInChain(sheet).part, '1'))
  const [least, most] = [kept.toSorted(byNumber)[0], kept.toSorted(byNumber).at(-1)]
  if (least === undefined || most === undefined) return 'There is no plan of later rounds to compare'
  return least === most
    ? `By the plans of later rounds today’s holders keep ${most} % of the company`
    : `By the plans of later rounds today’s holders keep between ${least} and ${most} % of the company`
}
const byNumber = (one: string, other: string): number => Number(one) - Number(other)

const listCard = (it: ChainsPage): Html => html`<section class="card">
        <h2>The plans</h2>
        <form method="get" action="${it.path}">
          ${dataTable({
            caption: 'What each plan leaves today’s holders after its last round',
            stacks: true,
            columns: [
              { head: 'Plan' },
              { head: 'Rounds' },
              { head: 'They keep, %', number: true },
              { head: 'At earned, %', number: true },
              { head: 'After the money', number: true },
              { head: 'Compare' },
            ],
            rows: it.chains.map((chain) => ({ cells: cellsOf(chain) })),
          })}
          <p class="actions"><button>Set side by side</button> <a class="button plain" href="${it.path}/new">Draw up another</a></p>
        </form>
        <p class="quiet">What they keep counts every unearned share of the plan; at earned, none of them. At most ${MOST_BESIDE} plans are
          drawn side by side.</p>
      </section>`

function cellsOf(chain: ListedChain): readonly (string | Html)[] {
  const name = html`<a href="${chain.path}">${chain.name}</a><br><span class="quiet">version ${chain.version}, ${date(chain.savedAt)}</span>`
  if (!isSolved(chain)) return [name, html`<strong>✕ Cannot be solved.</strong> ${chain.refused}`, '–', '–', '–', '']
  const { rounds } = chain.sheet
  const { part, earned } = keptInChain(chain.sheet)
  const last = rounds.at(-1)
  return [
    name,
    html`${rounds.map((round, at) => html`${at > 0 && html`<br>`}${round.name}, ${date(round.closingDate)}`)}`,
    ...[percent(part, '1'), percent(earned, '1'), last === undefined ? '–' : money(last.postMoney)],
    html`<label class="check"><input type="checkbox" name="beside" value="${chain.id}" aria-label="Compare ${chain.name}"${chain.isBeside && html` checked`}><span>Compare</span></label>`,
  ]
}

function besideCard(beside: readonly Solved[]): Html {
  return html`<section class="card">
        <h2>Side by side</h2>
        ${PARTS_OF_CHAIN.map(({ caption, of }) => besideTable(beside, caption, of))}
        ${beside.map(
          ({ name, sheet }, at) => html`<h3>${name}</h3>
        ${figure({ id: `plan-${at + 1}`, draw: (canvas) => dilutionChart(sheet.stages, canvas), note: `Parts of all shares, fully diluted, beginning with the cap table of ${date(sheet.asOf)}. Hatched: issued and not earned.` })}`,
        )}
      </section>`
}

/** By holder: its part before the first round, and after the last of each plan. */
function besideTable(beside: readonly Solved[], caption: string, of: (typeof PARTS_OF_CHAIN)[number]['of']): Html {
  const lasts = beside.map(({ sheet }) => sheet.stages.at(-1)?.holdings ?? [])
  const holders = [...new Set(lasts.flatMap((holdings) => holdings.map(({ holder }) => holder)))]
  const founders = foundersIn(lasts.flat())
  const parts = lasts.map((holdings) => {
    const total = sum(holdings.map(of))
    return (named: readonly string[]): string => {
      const own = holdings.filter(({ holder }) => named.includes(holder))
      return own.length === 0 ? '–' : percent(sum(own.map(of)), total)
    }
  })
  return dataTable({
    caption: `After the last round. ${caption}`,
    columns: [{ head: 'Holder' }, ...beside.map(({ name }) => ({ head: name, number: true }))],
    rows: [
      ...holders.map((holder) => ({ cells: [holder, ...parts.map((part) => part([holder]))] })),
      ...(founders.length === 0
        ? []
        : [{ cells: [`Of these: ${listed(founders)} together`, ...parts.map((part) => part(founders))] }]),
    ],
  })
}
