/** By how much what has vested is more than what counts. */
import { sql } from 'kysely'
import type { MicroTokens, Trx, Uuid } from '../../platform/index.ts'
import { basisAt } from '../basis-at.ts'
import type { Progress } from '../grant.store.ts'
import { usedUntil } from '../used-until.ts'
import type { StatementLine } from './statement.store.ts'

/** Tokens of one grant that were booked on one day and can count, net of what was taken back or is kept aside. */
type CountedDay = {
  readonly grantId: Uuid
  readonly day: string
  readonly charged: MicroTokens
  readonly delivered: MicroTokens
}

/**
 * The deficit of each line's grant as of an instant (exclusive): later draws fill it first. Use of after the end of a grant,
 * and what was charged once it was settled, never count, so they fill nothing. See docs/adr/0055-late-use-of-ended-grants.md.
 */
export async function deficitsOf(
  trx: Trx,
  companyId: Uuid,
  until: string,
  { lines, grants }: { readonly lines: readonly StatementLine[]; readonly grants: ReadonlyMap<Uuid, Progress> },
): Promise<ReadonlyMap<Uuid, MicroTokens>> {
  const basisOn = await basisAt(trx, companyId)
  const days = Map.groupBy(await countedDays(trx, companyId, until), ({ grantId }) => grantId)
  const deficitOf = ({ grantId, basisTo }: StatementLine): MicroTokens => {
    const grant = grants.get(grantId)?.grant
    if (grant === undefined || grant.basis === 'released') return 0n
    const net = (days.get(grantId) ?? []).reduce(
      (total, { day, charged, delivered }) => total + (basisOn(grant, day) === 'delivered' ? delivered : charged),
      0n,
    )
    return basisTo > net ? basisTo - net : 0n
  }
  return new Map(lines.map((line) => [line.grantId, deficitOf(line)]))
}

/**
 * What a correction takes back counts on the day of the charge that it names, as that charge did. What a dispute kept aside
 * stays aside where the dispute was settled after the grant was.
 */
async function countedDays(trx: Trx, companyId: Uuid, until: string): Promise<readonly CountedDay[]> {
  const { rows } = await sql<CountedDay>`
    WITH back AS (
      SELECT corrects AS head, sum(amount_micro) AS amount FROM charge
      WHERE company_id = ${companyId} AND corrects IS NOT NULL AND at < ${until}::timestamptz GROUP BY corrects
    ), aside AS (
      SELECT aside.charge_id AS head, sum(aside.basis_micro) AS amount
      FROM dispute_suspension AS aside
      JOIN grant_progress AS progress ON progress.company_id = aside.company_id AND progress.grant_id = aside.grant_id
      JOIN dispute_progress AS dispute ON dispute.company_id = aside.company_id AND dispute.dispute_id = aside.dispute_id
      JOIN correction AS gone ON gone.company_id = dispute.company_id AND gone.correction_id = dispute.suspended_by
      LEFT JOIN correction AS again ON again.company_id = dispute.company_id AND again.correction_id = dispute.reinstated_by
      WHERE aside.company_id = ${companyId} AND gone.accounted_at < ${until}::timestamptz
        AND (again.accounted_at IS NULL OR again.accounted_at >= ${until}::timestamptz
          OR again.corrected_at > progress.settled_at)
      GROUP BY aside.charge_id
    ), counted AS (
      SELECT head.grant_id, head.cause, (head.at AT TIME ZONE 'UTC')::date::text AS day,
        greatest(0, head.amount_micro + coalesce(back.amount, 0) - coalesce(aside.amount, 0)) AS net
      FROM charge AS head
      JOIN grant_progress AS progress ON progress.company_id = head.company_id AND progress.grant_id = head.grant_id
      LEFT JOIN back ON back.head = head.charge_id
      LEFT JOIN aside ON aside.head = head.charge_id
      WHERE head.company_id = ${companyId} AND head.corrects IS NULL AND head.at < ${until}::timestamptz
        AND (progress.ended_on IS NULL OR head.at <= progress.ended_on::timestamp AT TIME ZONE 'UTC'
          OR coalesce(${usedUntil}, head.at) <= progress.ended_on::timestamp AT TIME ZONE 'UTC')
        AND (progress.settled_at IS NULL OR coalesce((SELECT corrected_at FROM correction
          WHERE correction.company_id = head.company_id AND correction.correction_id = head.correction_id), head.at)
          <= progress.settled_at)
    )
    SELECT grant_id AS "grantId", day, sum(net)::bigint AS charged,
      coalesce(sum(net) FILTER (WHERE cause = 'delivered'), 0)::bigint AS delivered
    FROM counted GROUP BY grant_id, day`.execute(trx)
  return rows
}
