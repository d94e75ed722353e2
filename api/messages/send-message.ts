import { sql } from 'kysely'
import { z } from 'zod'
import { addressOf, peopleOfCompany } from '../access/index.ts'
import { companyNames, findInstallation } from '../parties/index.ts'
import { addJob, type Deps, instant, inTransaction, type Trx } from '../platform/index.ts'
import { isKind, KINDS } from './kinds.ts'
import { type Mailer, MailRefused } from './mailer.ts'

export const SEND_MESSAGE_JOB = 'messages.send'

const Payload = z.strictObject({ companyId: z.uuid(), messageId: z.uuid(), personId: z.uuid() })
type Payload = z.output<typeof Payload>
type State = 'sent' | 'refused' | 'not_sent'

/**
 * Adds the job that sends one mail. Mails go one after another: a mail server that does not answer holds up no other job.
 */
export const addSendJob = (trx: Trx, to: Payload): Promise<void> =>
  addJob(trx, {
    name: SEND_MESSAGE_JOB,
    payload: to,
    key: `message:${to.messageId}:${to.personId}`,
    queue: 'messages',
  })

/** Longest reason that is kept: a mail server may say much. */
const MOST_WORDS = 500

/**
 * The job that sends one mail. Once it is out it is never sent again; a server that is killed between sending and writing
 * that down sends it once more, with the same Message-ID. What may go away is tried again by the queue, later and later.
 */
export const sendMessageJob =
  (mailer: Mailer | undefined) =>
  async (deps: Deps, payload: unknown): Promise<void> => {
    const to = Payload.parse(payload)
    const found = await waiting(deps, to)
    if (found === undefined) return
    if (mailer === undefined) return settle(deps, to, 'not_sent', 'no mail server is set up')
    const [address, people] = [await addressOf(deps.db, to.personId), await peopleOfCompany(deps.db, to.companyId)]
    if (!people.includes(to.personId)) return settle(deps, to, 'not_sent', 'no longer acts for the company')
    if (address === undefined) return settle(deps, to, 'not_sent', 'has no address')
    const mail = KINDS[found.kind].mail(
      {
        site: mailer.site,
        name: address.name,
        company: (await companyNames(deps.db, [to.companyId])).get(to.companyId) ?? '',
        fund: (await findInstallation(deps.db))?.fundName ?? 'Equihour',
      },
      found.content,
    )
    try {
      await mailer.send({
        ...mail,
        id: `${to.messageId}.${to.personId}`,
        to: { name: address.name, address: address.email },
      })
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      if (error instanceof MailRefused) return settle(deps, to, 'refused', words)
      await tried(deps, to, words)
      throw error
    }
    await settle(deps, to, 'sent', null)
  }

async function waiting({ db }: Deps, { companyId, messageId, personId }: Payload) {
  const row = await db
    .selectFrom('message_recipient as one')
    .innerJoin('message', (join) =>
      join.onRef('message.company_id', '=', 'one.company_id').onRef('message.message_id', '=', 'one.message_id'),
    )
    .select(['message.kind', 'message.content'])
    .where('one.company_id', '=', companyId)
    .where('one.message_id', '=', messageId)
    .where('one.person_id', '=', personId)
    .where('one.state', '=', 'waiting')
    .executeTakeFirst()
  if (row === undefined) return undefined
  if (!isKind(row.kind)) throw new Error(`there is no kind of message ${row.kind}`)
  return { kind: row.kind, content: row.content }
}

const settle = (deps: Deps, to: Payload, state: State, reason: string | null): Promise<void> =>
  write(deps, to, { state, reason })

const tried = (deps: Deps, to: Payload, reason: string): Promise<void> => write(deps, to, { reason })

const write = (
  { db }: Deps,
  { companyId, messageId, personId }: Payload,
  change: { readonly state?: State; readonly reason: string | null },
): Promise<void> =>
  inTransaction(db, async (trx) => {
    await trx
      .updateTable('message_recipient')
      .set((on) => ({
        ...(change.state === undefined ? {} : { state: change.state }),
        reason: change.reason?.slice(0, MOST_WORDS) ?? null,
        tries: on('tries', '+', 1),
      }))
      .set({ at: await instant(trx) })
      .where('company_id', '=', companyId)
      .where('message_id', '=', messageId)
      .where('person_id', '=', personId)
      .where('state', '=', 'waiting')
      .execute()
  })

/** Hours without a try after which the queue has given a mail up: its tries are up to six hours apart. */
const HOURS_SILENT = 12
/** Days for which a mail is tried: what it says is old then. */
const DAYS_TRIED = 7
const SWEEP_MAX = 500

/** Tries again what the queue has given up while no mail server answered, and gives up itself what has become old. */
export async function sweepMessages(deps: Deps): Promise<void> {
  const silent = await deps.db
    .selectFrom('message_recipient as one')
    .innerJoin('message', (join) =>
      join.onRef('message.company_id', '=', 'one.company_id').onRef('message.message_id', '=', 'one.message_id'),
    )
    .select(['one.company_id as companyId', 'one.message_id as messageId', 'one.person_id as personId'])
    .select(sql<boolean>`message.told_at < equihour_now() - make_interval(days => ${DAYS_TRIED})`.as('isOld'))
    .where('one.state', '=', 'waiting')
    .where(sql<boolean>`one.at < equihour_now() - make_interval(hours => ${HOURS_SILENT})`)
    .orderBy('one.at')
    .limit(SWEEP_MAX)
    .execute()
  for (const { isOld, ...to } of silent) {
    if (isOld) await settle(deps, to, 'refused', `no mail server took it within ${DAYS_TRIED} days`)
    else await inTransaction(deps.db, (trx) => addSendJob(trx, to))
  }
}

/** How many mails wait, and how many no mail server takes; over all companies. */
export async function messageTroubles({ db }: Pick<Deps, 'db'>): Promise<{ waiting: number; refused: number }> {
  const rows = await db
    .selectFrom('message_recipient')
    .select((on) => ['state', on.fn.countAll<bigint>().as('count')])
    .where('state', 'in', ['waiting', 'refused'])
    .groupBy('state')
    .execute()
  const of = (state: string): number => Number(rows.find((row) => row.state === state)?.count ?? 0n)
  return { waiting: of('waiting'), refused: of('refused') }
}
