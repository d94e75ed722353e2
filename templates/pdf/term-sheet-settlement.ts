/** How a grant that is not finished is settled: the clauses of the long-stop and what goes with it. */
import { counted, date, grouped } from '../format.ts'
import type { Clauses } from './clauses.ts'
import { bold, defined, rich } from './rich-text.ts'
import type { Settlement, TermSheet } from './term-sheet-input.ts'

export function longStop(clauses: Clauses, sheet: TermSheet): void {
  const { settlement } = sheet
  clauses.section('Long-stop and settlement')
  clauses.clause(
    rich`On ${date(sheet.longStop)} (the ${defined('Long-Stop Date')}) ${sheet.safe === undefined ? `shares that are still unearned ${unused(settlement)}` : `what has not accrued ${unaccrued(settlement)}`}, and Tokens that are not redeemed are settled as the table in clause 10 says.`,
  )
  clauses.clause(extensionWords(settlement))
  clauses.clause(
    rich`${bold('Termination.')} After a termination for convenience the Company may redeem released Tokens for ${counted(String(settlement.windDownDays), 'day')}. ${settlement.partialTermination ? `A part of the grant may be terminated: its Tokens are cancelled, ${sheet.safe === undefined ? 'and its part of the Unearned Shares is forfeited' : 'and its part of the Purchase Amount ends'}.` : 'The grant is terminated whole or not at all.'} If the Provider fails, the Fund may name a successor within ${counted(String(settlement.successorDays), 'day')}.`,
  )
  const protection = settlement.priceProtection
  if (protection === undefined) return
  const { baseLevel, compensates, cap } = protection
  const formula =
    compensates === 'WHOLE_FALL'
      ? 'unused Tokens × (base ÷ average − 1)'
      : 'unused Tokens × (base × (1 − threshold) ÷ average − 1)'
  clauses.clause(
    rich`${bold('Price protection.')} Where the index “${protection.metric}”, averaged over ${counted(String(protection.windowDays), 'day')}, is more than ${protection.thresholdPercent}% below ${grouped(baseLevel.amount)} ${baseLevel.currency} (the base), the Company receives top-up Tokens: ${formula}, rounded down${cap === undefined ? '' : `, up to ${counted(cap, 'Token')} in all`}. They expire with the grant and ${sheet.safe === undefined ? 'earn no shares' : 'accrue nothing'}. The average then becomes the base. Where the index ends, its successor named on record stands for it, compared with its own level at Closing; levels of different indices are never mixed.`,
  )
}

function unused({ nonUse, extendDays }: Settlement): string {
  if (nonUse === 'VEST_ANYWAY') return 'vest under this clause, as if the Tokens were used (take or pay)'
  if (nonUse === 'EXTEND')
    return `are forfeited to the Company at zero, unless both parties sign an extension before it, of at most ${counted(String(extendDays ?? 0), 'day')} in all`
  return 'are forfeited to the Company at zero'
}

/** The same of a SAFE. */
function unaccrued({ nonUse, extendDays }: Settlement): string {
  if (nonUse === 'VEST_ANYWAY') return 'accrues under this clause, as if the Tokens were used (take or pay)'
  if (nonUse === 'EXTEND')
    return `ends, unless both parties sign an extension before it, of at most ${counted(String(extendDays ?? 0), 'day')} in all`
  return 'ends'
}

function extensionWords({ deniedCapacityExtends, outageExtends }: Settlement): string {
  const evidence = 'Reservation decisions and outages, as recorded, are the evidence.'
  if (deniedCapacityExtends && outageExtends)
    return `Each day on which capacity that the Company was entitled to was denied or not provided moves the Long-Stop Date by one day. ${evidence}`
  if (!deniedCapacityExtends && !outageExtends) return 'Neither denied capacity nor an outage moves the Long-Stop Date.'
  const what = deniedCapacityExtends ? 'denied' : 'reserved and not provided'
  return `Each day on which capacity that the Company was entitled to was ${what} moves the Long-Stop Date by one day. ${evidence}`
}
