import { Temporal } from 'temporal-polyfill'

/** Whether the instant `a` is after `b`. As texts they do not sort: fractions of a second may be left out. */
export const isAfter = (a: string, b: string): boolean =>
  Temporal.Instant.compare(Temporal.Instant.from(a), Temporal.Instant.from(b)) > 0
