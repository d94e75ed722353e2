import { peopleOfCompany } from '../access/index.ts'
import { canonicalJson, instant, newId, type Trx, type Uuid } from '../platform/index.ts'
import { KINDS, type MessageContent, type MessageKind } from './kinds.ts'
import { addSendJob } from './send-message.ts'

/**
 * Tells the people who act for a company, in the transaction of what they are told: if it does not commit, nobody is told.
 * Each gets a mail of their own.
 *
 * @param subject global id of what it is about
 */
export async function tellCompany<K extends MessageKind>(
  trx: Trx,
  {
    companyId,
    kind,
    subject,
    content,
  }: {
    readonly companyId: Uuid
    readonly kind: K
    readonly subject: string
    readonly content: MessageContent<K>
  },
): Promise<void> {
  const people = await peopleOfCompany(trx, companyId)
  if (people.length === 0) return
  const messageId = newId()
  const at = await instant(trx)
  const key = { company_id: companyId, message_id: messageId }
  await trx
    .insertInto('message')
    .values({ ...key, kind, subject, content: canonicalJson(KINDS[kind].content.parse(content)), told_at: at })
    .execute()
  await trx
    .insertInto('message_recipient')
    .values(people.map((person_id) => ({ ...key, person_id, state: 'waiting', at })))
    .execute()
  for (const personId of people) await addSendJob(trx, { companyId, messageId, personId })
}
