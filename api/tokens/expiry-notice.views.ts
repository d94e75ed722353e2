/** Notices of expiry as screens read them: what was told, and whether it still is so. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../access/index.ts'
import type { MicroTokens, Reader, Uuid } from '../platform/index.ts'

/**
 * `open` while it stands. It ends when another notice follows, when the lot is extended or drawn down, and with the expiry.
 */
export const NOTICE_STATES = ['open', 'followed', 'extended', 'drawn_down', 'expired'] as const
export type NoticeState = (typeof NOTICE_STATES)[number]

export type ExpiryNoticeView = {
  readonly companyId: Uuid
  readonly noticeId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  /** How long before the expiry it was due: 90, 30 or 7. */
  readonly days: number
  /** The first day on which the lot can no longer be drawn, as told. */
  readonly expiresOn: string
  /** Whole days from today until then; negative afterwards. */
  readonly daysLeft: number
  /** Locked and available when it was given. */
  readonly told: MicroTokens
  /** Held for reservations when it was given. */
  readonly held: MicroTokens
  /** Locked and available now: what would expire. */
  readonly left: MicroTokens
  readonly givenAt: string
  readonly state: NoticeState
}

/** Notices that are read of one company, and over all of them. */
const [OF_COMPANY, OF_ALL] = [100, 500]

const rows = (where: ReturnType<typeof sql<boolean>>, order: ReturnType<typeof sql>) => sql<ExpiryNoticeView>`
  SELECT notice.company_id AS "companyId", notice.notice_id AS "noticeId", notice.lot_id AS "lotId",
    lot.token_class_id AS "tokenClassId", notice.days, notice.expires_on AS "expiresOn",
    notice.expires_on - now.on AS "daysLeft", notice.left_micro AS told, notice.held_micro AS held, balance.left AS left,
    notice.given_at AS "givenAt",
    CASE WHEN lot.expires_on <> notice.expires_on THEN 'extended'
      WHEN lot.expires_on <= now.on THEN 'expired'
      WHEN balance.left = 0 THEN 'drawn_down'
      WHEN EXISTS (SELECT FROM expiry_notice AS next WHERE next.company_id = notice.company_id
        AND next.lot_id = notice.lot_id AND next.expires_on = notice.expires_on AND next.days < notice.days) THEN 'followed'
      ELSE 'open' END AS state
  FROM expiry_notice AS notice
  JOIN lot ON lot.company_id = notice.company_id AND lot.lot_id = notice.lot_id
  CROSS JOIN LATERAL (SELECT coalesce(sum(credits_posted - debits_posted - debits_pending), 0)::bigint AS left
    FROM ledger_account WHERE holder_id = notice.company_id AND lot_id = notice.lot_id
      AND kind IN ('locked', 'available')) AS balance
  CROSS JOIN (SELECT (equihour_now() AT TIME ZONE 'UTC')::date AS on) AS now
  WHERE ${where} ORDER BY ${order}`

/** The notices of each of these companies, the newest first, at most 100 of each. One query. */
export async function expiryNoticesOf(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, ExpiryNoticeView[]>> {
  const lists = new Map<Uuid, ExpiryNoticeView[]>(companyIds.map((id) => [id, []]))
  if (lists.size === 0) return lists
  const newest = sql<boolean>`(notice.company_id, notice.notice_id) IN (
    SELECT parent.id, mine.notice_id FROM unnest(${[...lists.keys()]}::uuid[]) AS parent (id) CROSS JOIN LATERAL (
      SELECT notice_id FROM expiry_notice WHERE company_id = parent.id ORDER BY notice_id DESC LIMIT ${OF_COMPANY}) AS mine)`
  const found = await rows(newest, sql`notice.company_id, notice.notice_id DESC`).execute(reader)
  for (const row of found.rows) lists.get(row.companyId)?.push(row)
  return lists
}

/** The open notices of all companies that the actor, of the fund's staff, sees: the nearest expiry first, at most 500. */
export async function openExpiryNotices(reader: Reader, actor: Actor): Promise<ExpiryNoticeView[]> {
  if (!isStaff(actor)) return []
  const walled = [...actor.walledCompanyIds]
  const near = sql<boolean>`notice.expires_on > (equihour_now() AT TIME ZONE 'UTC')::date
    AND lot.expires_on = notice.expires_on AND balance.left > 0 AND notice.company_id <> ALL(${walled}::uuid[])
    AND NOT EXISTS (SELECT FROM expiry_notice AS next WHERE next.company_id = notice.company_id
      AND next.lot_id = notice.lot_id AND next.expires_on = notice.expires_on AND next.days < notice.days)`
  const found = await rows(near, sql`notice.expires_on, notice.notice_id LIMIT ${OF_ALL}`).execute(reader)
  return found.rows
}
