/** When it is told that tokens will expire. Pure. */
import { Temporal } from 'temporal-polyfill'

/** Days before its expiry on which a lot's holder is told, the first first. */
export const NOTICE_DAYS = [90, 30, 7] as const
export type NoticeDays = (typeof NOTICE_DAYS)[number]

/**
 * The notice that stands on `on` for a lot that expires on `expiresOn`: the last one whose day has come, so that a lot
 * that is opened 20 days before its end, or a job that did not run for a month, gives one notice and not three.
 *
 * @returns `undefined` more than 90 days before, and from the expiry on
 * @example noticeDue('2027-03-31', '2027-03-11') // 20 days are left: 30
 */
export function noticeDue(expiresOn: string, on: string): NoticeDays | undefined {
  const left = Temporal.PlainDate.from(on).until(expiresOn, { largestUnit: 'days' }).days
  return left <= 0 ? undefined : NOTICE_DAYS.findLast((days) => left <= days)
}
