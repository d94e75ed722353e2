/** Names of holders and terms of vesting, of those that a page shows. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../platform/index.ts'
import type { Names } from './cap-table-view.ts'
import { readObject } from './history.views.ts'
import type { JsonObject } from './ocf/json.ts'
import type { VestingTerms } from './ocf/objects.ts'
import type { Stakeholder } from './replay/state.ts'

export type NamesOf = Pick<Names, 'stakeholders' | 'terms'>
type Row = { readonly company_id: Uuid; readonly item: JsonObject; readonly personal: JsonObject | null }

/**
 * The stakeholders and vesting terms with these ids, by company. Who is in no object keeps their id as their name, as a
 * placeholder does.
 */
export async function namesOf(
  reader: Reader,
  wanted: readonly { readonly companyId: Uuid; readonly ids: readonly string[] }[],
): Promise<ReadonlyMap<Uuid, NamesOf>> {
  const pairs = wanted.flatMap(({ companyId, ids }) => [...new Set(ids)].map((id) => ({ companyId, id })))
  const { rows } = await sql<Row>`
    SELECT DISTINCT ON (latest.company_id, latest.object_type, latest.object_id) latest.company_id, latest.item, person.personal
    FROM unnest(${pairs.map((pair) => pair.companyId)}::uuid[], ${pairs.map((pair) => pair.id)}::text[]) AS wanted (company_id, object_id)
    JOIN ocf_object AS latest ON latest.company_id = wanted.company_id AND latest.object_id = wanted.object_id
      AND latest.object_type IN ('STAKEHOLDER', 'VESTING_TERMS') AND latest.status = 'APPLIED'
    LEFT JOIN stakeholder_person AS person
      ON person.company_id = latest.company_id AND latest.object_type = 'STAKEHOLDER'
      AND person.object_id = latest.object_id AND person.version = latest.version
    ORDER BY latest.company_id, latest.object_type, latest.object_id, latest.version DESC`.execute(reader)
  const names = new Map(
    wanted.map(({ companyId }) => [
      companyId,
      { stakeholders: new Map<string, Stakeholder>(), terms: new Map<string, VestingTerms>() },
    ]),
  )
  for (const row of rows) {
    const { item } = readObject(row)
    const known = names.get(row.company_id)
    if (item.object_type === 'VESTING_TERMS') known?.terms.set(item.id, item)
    else if (item.object_type === 'STAKEHOLDER') {
      const { id, name, stakeholder_type: kind, current_relationship: is } = item
      known?.stakeholders.set(id, { id, name: name.legal_name, kind, founder: is === 'FOUNDER', placeholder: false })
    }
  }
  return names
}

/** Ids of the stakeholders of a company that have this legal name now, in order; a person who was erased has none. */
export async function stakeholdersCalled(reader: Reader, companyId: Uuid, name: string): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly id: string }>`
    SELECT called.id FROM (
      SELECT DISTINCT ON (latest.object_id) latest.object_id AS id,
        coalesce(person.personal, latest.item) #>> '{name,legal_name}' AS name
      FROM ocf_object AS latest
      LEFT JOIN stakeholder_person AS person ON person.company_id = latest.company_id
        AND person.object_id = latest.object_id AND person.version = latest.version
      WHERE latest.company_id = ${companyId} AND latest.object_type = 'STAKEHOLDER' AND latest.status = 'APPLIED'
      ORDER BY latest.object_id, latest.version DESC
    ) AS called WHERE called.name = ${name} ORDER BY called.id`.execute(reader)
  return rows.map(({ id }) => id)
}

/** Whether a company has a stakeholder with this id. */
export const isStakeholder = async (reader: Reader, companyId: Uuid, id: string): Promise<boolean> =>
  (await namesOf(reader, [{ companyId, ids: [id] }])).get(companyId)?.stakeholders.has(id) === true
