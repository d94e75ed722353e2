/** The kinds of messages: what each holds, and how it is written as mail. */
import { z } from 'zod'
import { expiryMail } from '../../templates/mail/expiry.ts'
import type { Mail, MailContext } from '../../templates/mail/mail.ts'
import { obligationsMail } from '../../templates/mail/side-letter-obligations.ts'
import { statementMail } from '../../templates/mail/statement-stated.ts'
import { zIsoDate } from '../platform/index.ts'

const kind = <S extends z.ZodType>(content: S, write: (context: MailContext, content: z.output<S>) => Mail) => ({
  content,
  /** Of what was stored. */
  mail: (context: MailContext, stored: unknown): Mail => write(context, content.parse(stored)),
})

const zAmount = z.string().regex(/^\d+(\.\d+)?$/)

const zOwed = z.strictObject({
  dealDocumentId: z.string(),
  letter: z.string(),
  what: z.string(),
  about: z.string(),
  dueOn: zIsoDate,
  notice: z.enum(['AHEAD', 'OVERDUE']),
})

export const KINDS = {
  'side_letter.obligations': kind(z.strictObject({ obligations: z.array(zOwed).min(1) }), obligationsMail),
  'tokens.expiry': kind(
    z.strictObject({
      companyId: z.string(),
      lots: z
        .array(
          z.strictObject({
            days: z.int(),
            expiresOn: zIsoDate,
            left: zAmount,
            held: zAmount,
            token: z.string(),
          }),
        )
        .min(1),
    }),
    expiryMail,
  ),
  'statement.stated': kind(
    z.strictObject({ month: zIsoDate, version: z.int().min(1), disputeUntil: zIsoDate, statementId: z.string() }),
    statementMail,
  ),
} as const

export type MessageKind = keyof typeof KINDS
export type MessageContent<K extends MessageKind> = z.input<(typeof KINDS)[K]['content']>

export const isKind = (kind: string): kind is MessageKind => Object.hasOwn(KINDS, kind)
