/** Who holds what over the closings of a round, as its page shows it. */
import type { ClosingsPage } from '../../../templates/pages/closings.ts'
import type { HoldersOverClosings } from '../../closing/index.ts'
import { formatNumeric } from '../../platform/index.ts'
import type { RoundView } from '../../rounds/index.ts'

export const closingsOnPage = (
  companyName: string,
  round: RoundView,
  { steps, holders }: HoldersOverClosings,
  person: ClosingsPage['person'],
): ClosingsPage => ({
  person,
  companyName,
  roundName: round.terms.name,
  path: `/rounds/${round.id}/closings`,
  proFormaPath: `/rounds/${round.id}/pro-forma`,
  steps: steps.map((step) => ({ ...step, total: formatNumeric(step.total), unearned: formatNumeric(step.unearned) })),
  holders: holders.map(({ holder, isPool, after }) => ({
    holder,
    isPool,
    after: after.map(({ shares, unearned }) => ({ shares: formatNumeric(shares), unearned: formatNumeric(unearned) })),
  })),
})
