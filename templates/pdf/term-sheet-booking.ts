/** What reservations are charged by cause: the clauses of booking, within the section on charging. */
import { counted, grouped } from '../format.ts'
import type { Clauses } from './clauses.ts'
import { bold, rich } from './rich-text.ts'
import type { TermSheet } from './term-sheet-input.ts'

export function booking(clauses: Clauses, sheet: TermSheet): void {
  const { onDemand } = sheet.booking
  const { refunds, lockedRefundPercent, noShowGraceMinutes, noShowPercent, outageFactor, quoteMinutes } = sheet.booking
  const steps = refunds.map(
    ({ hoursBefore, percent }) => `${percent}% ${counted(String(hoursBefore), 'hour')} or more before the start`,
  )
  clauses.clause(
    rich`${bold('Cancellation.')} When the Company cancels before the lock time of the pool, ${steps.length === 0 ? 'all' : `${steps.join(', then ')}`} of the held Tokens return; from the lock time until the start, ${lockedRefundPercent}% return. The rest is charged as cancel_fee. When the Provider cancels, all Tokens return.`,
  )
  clauses.clause(
    rich`${bold('No-show.')} Where nobody has come ${counted(String(noShowGraceMinutes), 'minute')} after the start, ${sheet.charging === 'RESERVED' ? `${noShowPercent}% of the held Tokens are charged as no_show, and` : 'nothing is charged, and'} the rest of the time is free for others.`,
  )
  clauses.clause(
    rich`${bold('Outage.')} Reserved time in which GPUs were down is not charged as used or idle: ${counted(outageFactor, 'Token')} ${/^1(?:\.0+)?$/.test(outageFactor) ? 'returns' : 'return'} for each Token that it would have cost, as recorded with evidence.`,
  )
  clauses.clause(
    rich`${bold('Quotes.')} A quote for a reservation holds for ${counted(String(quoteMinutes), 'minute')}.`,
  )
  if (onDemand === undefined) return
  const cap =
    onDemand.monthlyCap === undefined
      ? ''
      : `, and no more than ${grouped(onDemand.monthlyCap)} Tokens in a calendar month (UTC)`
  clauses.clause(
    rich`${bold('Use on demand.')} Use outside any reservation draws available Tokens as it is metered, at the factor of the pool times ${onDemand.premium}, and is charged as delivered${cap}. Where no Tokens are available, what is missing is charged when Tokens become available.`,
  )
}
