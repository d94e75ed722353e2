/** A month's statement waits for the company's answer. */
import { date } from '../format.ts'
import { monthName } from '../statement-words.ts'
import { letter, type Mail, type MailContext } from './mail.ts'

export type StatedMonth = {
  /** First day of the month. */
  readonly month: string
  readonly version: number
  /** Last day on which it may be disputed. */
  readonly disputeUntil: string
  /** Global. */
  readonly statementId: string
}

export const statementMail = (context: MailContext, stated: StatedMonth): Mail =>
  letter(context, {
    subject: `${context.company}: the statement of ${monthName(stated.month)} ${stated.version === 1 ? '' : 'was made again and '}waits for your answer`,
    says: [
      `The statement of ${monthName(stated.month)} ${stated.version === 1 ? 'is stated' : `was made again, as version ${stated.version}: what it replaces no longer counts`}.`,
      `Accept it, or dispute it up to and including ${date(stated.disputeUntil)}. After that day it counts as accepted, and what it says was earned vests when it is final.`,
    ],
    path: `/statements/${stated.statementId}`,
  })
