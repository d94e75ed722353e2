/** Tells that tokens will expire, once for each lot, day of expiry and threshold: stored, shown, and sent as mail. */
import { sql } from 'kysely'
import { tellCompany } from '../messages/index.ts'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  formatTokens,
  globalId,
  instant,
  inTransaction,
  type MicroTokens,
  NOBODY,
  newId,
  type Reader,
  type Trx,
  today,
  type Uuid,
} from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { balances } from './balance.views.ts'
import { applyLotChanges } from './change-lot.ts'
import { expireHolds } from './expire-holds.ts'
import { NOTICE_DAYS, type NoticeDays, noticeDue } from './expiry-threshold.ts'
import { lockTokens } from './ledger.store.ts'
import { tokenClassesById } from './token-class.views.ts'

/** Companies whose lots are looked up at once. */
const TOGETHER = 500

type Given = {
  readonly noticeId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  readonly days: NoticeDays
  readonly expiresOn: string
  readonly left: MicroTokens
  readonly held: MicroTokens
}

/** The job of the day, over all companies. Harmless when repeated, also on the same day. */
export async function giveExpiryNotices(deps: Deps): Promise<void> {
  const on = await today(deps.db)
  let after: Uuid | undefined
  do {
    const companies = await companiesToTell(deps.db, on, after)
    for (const companyId of companies) await inTransaction(deps.db, (trx) => noticesOf(trx, companyId))
    after = companies.length === TOGETHER ? companies.at(-1) : undefined
  } while (after !== undefined)
}

/** Companies with a lot near its end of which the notice that stands on the day was not given. */
async function companiesToTell(reader: Reader, on: string, after: Uuid | undefined): Promise<Uuid[]> {
  const { rows } = await sql<{ companyId: Uuid }>`
    SELECT DISTINCT lot.company_id AS "companyId" FROM lot
    WHERE lot.expires_on > ${on}::date AND lot.expires_on <= ${on}::date + ${NOTICE_DAYS[0]}::integer
      AND (${after ?? null}::uuid IS NULL OR lot.company_id > ${after ?? null}::uuid)
      AND NOT EXISTS (SELECT FROM expiry_notice AS given
        WHERE given.company_id = lot.company_id AND given.lot_id = lot.lot_id AND given.expires_on = lot.expires_on
          AND given.days = (SELECT min(days) FROM unnest(${[...NOTICE_DAYS]}::integer[]) AS days
            WHERE lot.expires_on - ${on}::date <= days))
    ORDER BY lot.company_id LIMIT ${TOGETHER}`.execute(reader)
  return rows.map((row) => row.companyId)
}

/** Gives the notices of one company that stand today: of lots in which something is left that would expire. */
async function noticesOf(trx: Trx, companyId: Uuid): Promise<void> {
  await lockCompany(trx, companyId)
  await lockTokens(trx, companyId)
  await applyLotChanges(trx, companyId)
  await expireHolds(trx, companyId)
  const on = await today(trx)
  const known = await trx
    .selectFrom('expiry_notice')
    .select(['lot_id', 'expires_on', 'days'])
    .where('company_id', '=', companyId)
    .where('expires_on', '>', on)
    .execute()
  const told = new Set(known.map((row) => `${row.lot_id} ${row.expires_on} ${row.days}`))
  const held = await heldByLot(trx, companyId)
  const given = (await lotAccounts(trx, companyId)).flatMap((lot): Given[] => {
    const days = noticeDue(lot.expiresOn, on)
    const left = accountOf(lot, 'locked').left + accountOf(lot, 'available').left
    if (days === undefined || left <= 0n || told.has(`${lot.lotId} ${lot.expiresOn} ${days}`)) return []
    const { lotId, tokenClassId, expiresOn } = lot
    return [{ noticeId: newId(), lotId, tokenClassId, days, expiresOn, left, held: held.get(lotId) ?? 0n }]
  })
  if (given.length === 0) return
  const at = await instant(trx)
  await trx
    .insertInto('expiry_notice')
    .values(
      given.map((notice) => ({
        company_id: companyId,
        lot_id: notice.lotId,
        days: notice.days,
        notice_id: notice.noticeId,
        expires_on: notice.expiresOn,
        left_micro: notice.left,
        held_micro: notice.held,
        given_at: at,
      })),
    )
    .execute()
  await tell(trx, companyId, given)
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: companyId },
    kind: 'tokens.expiry_noticed',
    subject: globalId('Company', companyId),
    payload: given.map(({ lotId, days, expiresOn, left, held }) => ({
      lotId,
      days,
      expiresOn,
      leftMicro: left.toString(),
      heldMicro: held.toString(),
    })),
  })
}

async function tell(trx: Trx, companyId: Uuid, given: readonly Given[]): Promise<void> {
  const classes = await tokenClassesById(trx, [...new Set(given.map(({ tokenClassId }) => tokenClassId))])
  const names = new Map(classes.map(({ tokenClassId, name }) => [tokenClassId, name]))
  const subject = globalId('Company', companyId)
  const lots = given.map(({ tokenClassId, days, expiresOn, left, held }) => ({
    ...{ days, expiresOn, left: formatTokens(left), held: formatTokens(held) },
    token: names.get(tokenClassId) ?? '',
  }))
  await tellCompany(trx, { companyId, kind: 'tokens.expiry', subject, content: { companyId: subject, lots } })
}

/** What is held of each lot for reservations, decided or not. */
async function heldByLot(trx: Trx, companyId: Uuid): Promise<Map<Uuid, MicroTokens>> {
  const { lots } = await balances(trx, companyId)
  return new Map(lots.map((lot) => [lot.lotId, lot.accounts.find(({ kind }) => kind === 'held')?.amount ?? 0n]))
}
