/** How the Tokens of a grant are released: on dates, by milestones, and as the company asks. */
import { column, date, sum } from '../format.ts'
import type { Table } from './table.ts'
import type { GrantOnPaper, MilestoneOnPaper } from './term-sheet-input.ts'
import { confirmerWords, onDemandWords, UNTIL_LONG_STOP } from './term-sheet-words.ts'

type Clause = { readonly text: string; readonly table?: Table }
export type ReleasesOnPaper = Pick<GrantOnPaper, 'releases' | 'milestones' | 'onDemand'>

/** What no date releases, a clause each. `grant` names the grant, "grant 2", where there are several; else it is left out. */
export function otherReleases({ milestones = [], onDemand }: ReleasesOnPaper, grant?: string): readonly Clause[] {
  const of = grant === undefined ? '' : ` of ${grant}`
  return [
    ...(milestones.length === 0 ? [] : [{ text: milestoneWords(of), table: milestoneTable(milestones, of) }]),
    ...(onDemand === undefined ? [] : [{ text: onDemandWords(onDemand, of) }]),
  ]
}

/** All releases of a named grant, but for what its row in a table of grants says: all of it on one day. */
export function releasesOfGrant(own: ReleasesOnPaper, grant: string): readonly Clause[] {
  const others = otherReleases(own, grant)
  if (own.releases.length <= (others.length === 0 ? 1 : 0)) return others
  const dated = {
    text: `The Tokens of ${grant} are released as follows.`,
    table: schedule(own.releases, ` of ${grant}`),
  }
  return [dated, ...others]
}

export function schedule(releases: ReleasesOnPaper['releases'], of = ''): Table {
  const amounts = releases.map((release) => release.tokens)
  const shown = column([...amounts, sum(amounts)])
  return {
    summary: `Release schedule${of}`,
    columns: [{ head: 'Release', share: 0.5 }, { head: 'Date' }, { head: 'Tokens', number: true }],
    rows: [
      ...releases.map((release, i) => ({ cells: [String(i + 1), date(release.on), shown[i] ?? ''] })),
      { cells: ['Total', '', shown.at(-1) ?? ''], total: true },
    ],
  }
}

const milestoneWords = (of: string): string =>
  `These Tokens${of} are released once it is confirmed in writing, with evidence and date, that the milestone is reached. A named person of the side that is named here confirms it, never one who acts for the Company. Each milestone is confirmed once. ${UNTIL_LONG_STOP}`

function milestoneTable(milestones: readonly MilestoneOnPaper[], of: string): Table {
  const amounts = milestones.map(({ tokens }) => tokens)
  const shown = column([...amounts, sum(amounts)])
  return {
    summary: `Milestones${of}`,
    columns: [
      { head: 'Milestone', share: 2.4 },
      { head: 'Confirmed by', share: 1.1 },
      { head: 'Tokens', number: true },
    ],
    rows: [
      ...milestones.map((milestone, i) => ({
        cells: [`${milestone.text} (${milestone.code})`, confirmerWords(milestone), shown[i] ?? ''],
      })),
      { cells: ['Total', '', shown.at(-1) ?? ''], total: true },
    ],
  }
}
