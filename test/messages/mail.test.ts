/** Mail over a real SMTP server: who is told what, once; what a server that is down, or that refuses, leaves behind. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Mailer, sendMessageJob, smtpMailer, sweepMessages, tellCompany } from '../../api/messages/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { giveExpiryNotices } from '../../api/tokens/index.ts'
import { startWorker } from '../../api/worker/index.ts'
import { givenDrawdown } from '../drawdown/given-drawdown.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { grant, tokenClass } from '../tokens/given.ts'
import { openMailbox } from './smtp.ts'

const world = await makeWorld()
const mailbox = await openMailbox()
after(() => mailbox.stop())
const site = 'https://equihour.example'
const mailer = smtpMailer({ smtp: mailbox.url, from: 'The Fund <equihour@fund.example>', site })

const addressOf = async (personId: string): Promise<string> =>
  (
    await world.deps.db
      .selectFrom('person_details')
      .select('email')
      .where('person_id', '=', personId)
      .executeTakeFirstOrThrow()
  ).email
const recipients = (companyId: string) =>
  world.deps.db
    .selectFrom('message_recipient')
    .select(['message_id', 'person_id', 'state', 'reason', 'tries'])
    .where('company_id', '=', companyId)
    .execute()
const jobs = async (): Promise<number> =>
  Number((await asOwner(world.ownerUrl, 'SELECT count(*) FROM graphile_worker.jobs')).rows[0]?.count)
const clearJobs = () => asOwner(world.ownerUrl, 'DELETE FROM graphile_worker._private_jobs')

/** Lets the worker run until the queue is empty. */
async function worked(): Promise<void> {
  const worker = await startWorker(world.deps, world.ownerUrl, { mailer })
  try {
    for (let wait = 0; (await jobs()) > 0 && wait < 100; wait += 1) await sleep(100)
    assert.equal(await jobs(), 0)
  } finally {
    await worker.stop()
  }
}
const stated = { month: '2027-01-01', version: 1, disputeUntil: '2027-02-18', statementId: 'Statement:x' }
const tell = (companyId: string) =>
  inTransaction(world.deps.db, (trx) =>
    tellCompany(trx, { companyId, kind: 'statement.stated', subject: 'Statement:x', content: stated }),
  )
/** Sends what waits for one person of a company, as the queue would. */
async function send(companyId: string, personId: string, through: Mailer | 'none' = mailer) {
  const rows = await recipients(companyId)
  const messageId = rows.find((row) => row.person_id === personId)?.message_id
  await sendMessageJob(through === 'none' ? undefined : through)(world.deps, { companyId, messageId, personId })
}

test('tokens that will expire are told to the people of their company, each in a mail of their own, and to nobody else', async () => {
  await world.setClock('2031-01-01T12:00:00Z')
  const tokenClassId = await tokenClass(world, '1000', world.providerId, 'Hour')
  const [mine, other] = [await world.company('Lumen Robotics, Inc.'), await world.company('Another, Inc.')]
  await grant(world, { companyId: mine.companyId, tokenClassId }, '300', { expiresOn: '2031-01-25' })
  await grant(world, { companyId: other.companyId, tokenClassId }, '300')
  await clearJobs()
  await giveExpiryNotices(world.deps)
  // The same day again tells nothing new.
  await giveExpiryNotices(world.deps)
  await worked()
  const to = mailbox.mails.map((mail) => [mail.to].flat()[0]?.text ?? '').sort()
  const expected = await Promise.all([mine.founder, mine.signatory].map(({ id }) => addressOf(id)))
  assert.equal(to.length, 2, JSON.stringify(to))
  for (const address of expected) assert.ok(to.some((text) => text.includes(address)))
  const [mail] = mailbox.mails
  assert.equal(mail?.subject, 'Lumen Robotics, Inc.: 300 tokens will expire on 25 Jan 2031')
  assert.match(mail?.text ?? '', /300 Hour tokens will expire at the end of 25 Jan 2031, UTC\./)
  assert.match(mail?.text ?? '', new RegExp(`${site}/companies/Company:${mine.companyId}/compute`))
  assert.equal(mail?.headers.get('auto-submitted'), 'auto-generated')
  assert.deepEqual(
    (await recipients(mine.companyId)).map(({ state, tries }) => [state, tries]),
    [
      ['sent', 1],
      ['sent', 1],
    ],
  )
  assert.deepEqual(await recipients(other.companyId), [])
})

test('a statement is told when it is stated, with its last day and its page', async () => {
  const it = await givenDrawdown(world)
  await clearJobs()
  mailbox.mails.length = 0
  const statement = await it.stated('2026-12-01', '2027-01-02T09:00:00Z')
  for (const { person_id: personId } of await recipients(it.companyId)) await send(it.companyId, personId)
  assert.ok(mailbox.mails.length > 0)
  const [mail] = mailbox.mails
  assert.match(mail?.subject ?? '', /: the statement of December 2026 waits for your answer$/)
  assert.match(mail?.text ?? '', new RegExp(`${site}/statements/${statement.id}`))
  // Fifteen days, as the terms of the test say.
  assert.match(mail?.text ?? '', /up to and including 17 Jan 2027/)
})

test('it goes out once, however often its job runs; the same mail has the same Message-ID', async () => {
  const { companyId, founder } = await world.company()
  await tell(companyId)
  mailbox.mails.length = 0
  await send(companyId, founder.id)
  await send(companyId, founder.id)
  assert.equal(mailbox.mails.length, 1)
  // Killed after sending, before that was written down.
  await asOwner(world.ownerUrl, `UPDATE message_recipient SET state = 'waiting' WHERE person_id = '${founder.id}'`)
  await send(companyId, founder.id)
  assert.equal(mailbox.mails.length, 2)
  assert.equal(mailbox.mails[0]?.messageId, mailbox.mails[1]?.messageId)
})

test('a server that is down, or too busy, is tried again; one that refuses for good is not, and why is kept', async () => {
  const { companyId, founder, signatory } = await world.company()
  await tell(companyId)
  mailbox.mails.length = 0
  const gone = smtpMailer({ smtp: 'smtp://127.0.0.1:9', from: 'a@b.example', site })
  await assert.rejects(send(companyId, founder.id, gone), /ECONNREFUSED/)
  mailbox.answer = { code: 451, words: 'try again later' }
  await assert.rejects(send(companyId, founder.id), /try again later/)
  const state = async (personId: string) => (await recipients(companyId)).find((row) => row.person_id === personId)
  assert.deepEqual([(await state(founder.id))?.state, (await state(founder.id))?.tries], ['waiting', 2])
  mailbox.answer = undefined
  await send(companyId, founder.id)
  assert.deepEqual([(await state(founder.id))?.state, (await state(founder.id))?.reason], ['sent', null])
  mailbox.answer = { code: 550, words: 'no such mailbox' }
  await send(companyId, signatory.id)
  mailbox.answer = undefined
  const refused = await state(signatory.id)
  assert.equal(refused?.state, 'refused')
  assert.match(refused?.reason ?? '', /no such mailbox/)
  await send(companyId, signatory.id)
  assert.equal(mailbox.mails.length, 1)
})

test('a password or a sender that a server refuses loses no mail: it goes out once that is set right', async () => {
  const { companyId, founder } = await world.company()
  await tell(companyId)
  mailbox.mails.length = 0
  const named = smtpMailer({ smtp: mailbox.url.replace('//', '//fund:wrong@'), from: 'a@b.example', site })
  mailbox.answer = { code: 535, words: 'authentication failed', to: 'password' }
  await assert.rejects(send(companyId, founder.id, named), /authentication failed/)
  mailbox.answer = { code: 550, words: 'sender not allowed', to: 'sender' }
  await assert.rejects(send(companyId, founder.id), /sender not allowed/)
  mailbox.answer = { code: 530, words: 'authentication required' }
  await assert.rejects(send(companyId, founder.id), /authentication required/)
  mailbox.answer = undefined
  const state = async () => (await recipients(companyId)).find((row) => row.person_id === founder.id)
  assert.deepEqual([(await state())?.state, (await state())?.tries], ['waiting', 3])
  await send(companyId, founder.id, named)
  assert.deepEqual([(await state())?.state, mailbox.mails.length], ['sent', 1])
})

test('who no longer acts for the company, whose address is erased, and whoever is told without a mail server get none', async () => {
  const { companyId, founder, signatory } = await world.company()
  await tell(companyId)
  mailbox.mails.length = 0
  await world.deps.db.transaction().execute(async (trx) => {
    await sql`UPDATE membership SET ended_at = equihour_now() WHERE person_id = ${founder.id}`.execute(trx)
    await sql`DELETE FROM person_details WHERE person_id = ${signatory.id}`.execute(trx)
  })
  await send(companyId, founder.id)
  await send(companyId, signatory.id)
  const without = await world.company()
  await tell(without.companyId)
  await send(without.companyId, without.founder.id, 'none')
  assert.deepEqual(mailbox.mails, [])
  const reasons = [...(await recipients(companyId)), ...(await recipients(without.companyId))]
    .filter(({ state }) => state === 'not_sent')
    .map(({ reason }) => reason)
  assert.deepEqual(reasons.sort(), ['has no address', 'no longer acts for the company', 'no mail server is set up'])
})

test('what does not commit tells nobody', async () => {
  const { companyId } = await world.company()
  await clearJobs()
  await inTransaction(world.deps.db, async (trx) => {
    await tellCompany(trx, { companyId, kind: 'statement.stated', subject: newId(), content: stated })
    throw new Error('on purpose')
  }).catch(() => undefined)
  assert.deepEqual([await recipients(companyId), await jobs()], [[], 0])
})

test('mails go one after another; what the queue gave up is tried again for a week, and then no more', async () => {
  await world.setClock('2032-03-01T12:00:00Z')
  const { companyId, founder } = await world.company()
  await clearJobs()
  await tell(companyId)
  const queues = await asOwner(world.ownerUrl, 'SELECT DISTINCT queue_name FROM graphile_worker.jobs')
  assert.deepEqual(queues.rows, [{ queue_name: 'messages' }])
  const gone = smtpMailer({ smtp: 'smtp://127.0.0.1:9', from: 'a@b.example', site })
  await assert.rejects(send(companyId, founder.id, gone))
  await clearJobs()
  const after = async (at: string) => {
    await world.setClock(at)
    await sweepMessages(world.deps)
    return jobs()
  }
  // Its own tries may be six hours apart.
  assert.equal(await after('2032-03-01T23:00:00Z'), 0)
  assert.equal(await after('2032-03-02T01:00:00Z'), 2)
  await clearJobs()
  assert.equal(await after('2032-03-09T12:00:00Z'), 0)
  assert.deepEqual(
    (await recipients(companyId)).map(({ state, reason }) => [state, reason]),
    Array.from({ length: 2 }, () => ['refused', 'no mail server took it within 7 days']),
  )
})
