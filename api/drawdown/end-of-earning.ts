/** Whether use still earns once the end of a grant has come. Pure. */
import { Temporal } from 'temporal-polyfill'
import type { Progress } from './grant.store.ts'

type End = Pick<Progress, 'endedOn' | 'settledAt'>

/**
 * Whether use that ended at `usedUntil` lies before the end of the grant's earning: the day of the end stops earning. What was
 * used over midnight belongs to the instant at which it ended, as it does for months.
 */
export const isBeforeEnd = ({ endedOn }: Pick<End, 'endedOn'>, usedUntil: string): boolean =>
  endedOn === null || Temporal.Instant.compare(usedUntil, `${endedOn}T00:00:00Z`) <= 0

/** Whether use that ended at `usedUntil` earns when it is charged now: once a grant is settled nothing does. */
export const stillEarns = (end: End, usedUntil: string): boolean =>
  end.settledAt === null && isBeforeEnd(end, usedUntil)
