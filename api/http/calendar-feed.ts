/** A company's reservations as an iCalendar feed (RFC 5545). */
import type { ReservationView } from '../clusters/index.ts'

export type FeedEntry = Pick<ReservationView, 'reservationId' | 'gpus' | 'startsAt' | 'endsAt' | 'state'> & {
  readonly pool: string
  /** When it was revised last, and how often it has been. */
  readonly changedAt: string
  readonly sequence: number
}

/** States of a reservation that a calendar shows, and how. What never came about is not in it. */
const STATUS: Readonly<Record<string, 'TENTATIVE' | 'CONFIRMED' | 'CANCELLED'>> = {
  waitlisted: 'TENTATIVE',
  held: 'TENTATIVE',
  confirmed: 'CONFIRMED',
  provisioned: 'CONFIRMED',
  active: 'CONFIRMED',
  completed: 'CONFIRMED',
  cancelled: 'CANCELLED',
  declined: 'CANCELLED',
  expired: 'CANCELLED',
  no_show: 'CANCELLED',
  failed: 'CANCELLED',
}

/**
 * The feed as text, lines ended and folded as section 3.1 says. The same reservations are the same text: the stamp of an event is
 * that of its last revision (section 3.8.7.2), and its sequence rises with each (section 3.8.7.4).
 */
export function calendarFeed(name: string, entries: readonly FeedEntry[]): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Equihour//Reservations//EN',
    'CALSCALE:GREGORIAN',
    `X-WR-CALNAME:${escaped(`Compute of ${name}`)}`,
    ...entries.flatMap((entry) => [
      'BEGIN:VEVENT',
      `UID:${entry.reservationId}@equihour`,
      `DTSTAMP:${stamp(entry.changedAt)}`,
      `SEQUENCE:${entry.sequence}`,
      `LAST-MODIFIED:${stamp(entry.changedAt)}`,
      `DTSTART:${stamp(entry.startsAt)}`,
      `DTEND:${stamp(entry.endsAt)}`,
      `SUMMARY:${escaped(`${entry.gpus} GPUs, ${entry.pool}`)}`,
      `DESCRIPTION:${escaped(`State: ${entry.state}`)}`,
      `STATUS:${STATUS[entry.state] ?? 'TENTATIVE'}`,
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

/** `20261201T000000Z` */
const stamp = (iso: string): string => `${iso.slice(0, 19).replaceAll(/[-:]/g, '')}Z`

/** Section 3.3.11: backslash, semicolon, comma and line breaks. */
const escaped = (text: string): string => text.replaceAll(/[\\;,]/g, '\\$&').replaceAll(/\r?\n/g, '\\n')

/** Section 3.1: no line of more than 75 octets, and none broken within a character. */
function folded(line: string): string {
  const parts: string[] = []
  let part = ''
  for (const character of line) {
    const most = parts.length === 0 ? 75 : 74
    if (Buffer.byteLength(part + character) > most) {
      parts.push(part)
      part = ''
    }
    part += character
  }
  return [...parts, part].join('\r\n ')
}
