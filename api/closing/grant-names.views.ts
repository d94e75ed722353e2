/** What people call a grant: by its round, and by closing and place where there are several. */
import { sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { Reader, Uuid } from '../platform/index.ts'

/** By lot, of the companies that the actor sees: "Series A", or "Series A, closing 2, grant 1". One query. */
export async function grantNames(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, string>> {
  const seen = companyIds.filter((companyId) => seesCompany(actor, companyId))
  if (seen.length === 0) return new Map()
  const rows = await reader
    .selectFrom('closed_grant as opened')
    .innerJoin('closing', (on) =>
      on.onRef('closing.company_id', '=', 'opened.company_id').onRef('closing.closing_id', '=', 'opened.closing_id'),
    )
    .innerJoin('round', (on) =>
      on.onRef('round.company_id', '=', 'opened.company_id').onRef('round.round_id', '=', 'opened.round_id'),
    )
    .innerJoin('round_terms as terms', (on) =>
      on
        .onRef('terms.company_id', '=', 'round.company_id')
        .onRef('terms.round_id', '=', 'round.round_id')
        .onRef('terms.version', '=', 'round.terms_version'),
    )
    .select(['opened.lot_id as lotId', 'opened.closing_id as closingId', 'opened.leg', 'closing.ordinal'])
    .select(sql<string>`terms.terms ->> 'name'`.as('round'))
    .where('opened.company_id', 'in', seen)
    .execute()
  const several = new Set(rows.filter(({ leg }) => leg > 1).map(({ closingId }) => closingId))
  return new Map(
    rows.map(({ lotId, closingId, leg, ordinal, round }) => {
      const closing = ordinal > 1 ? `, closing ${ordinal}` : ''
      return [lotId, `${round}${closing}${several.has(closingId) ? `, grant ${leg}` : ''}`]
    }),
  )
}
