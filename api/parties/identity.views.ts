/** What a company was, is and will be called, as dated rows. */
import type { Reader, Uuid } from '../platform/index.ts'

export type IdentityView = {
  readonly legalName: string
  readonly legalForm: string
  readonly jurisdiction: string
  /** The first day on which it holds. */
  readonly validFrom: string
  /** `registered`, or why it changed. */
  readonly cause: string
  /** What shows it; null for the one that it was registered with. */
  readonly source: string | null
  readonly recordedAt: string
  /** True where a row that was recorded later, for the same day, holds in its place. */
  readonly superseded: boolean
}

/** Every row of these companies, the latest first; of two for one day the one recorded later holds. One query. */
export async function identitiesOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, IdentityView[]>> {
  if (companyIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('company_identity')
    .select([
      'company_id as companyId',
      'legal_name as legalName',
      'legal_form as legalForm',
      'jurisdiction',
      'valid_from as validFrom',
      'cause',
      'source',
      'recorded_at as recordedAt',
    ])
    .where('company_id', 'in', [...companyIds])
    .orderBy('valid_from', 'desc')
    .orderBy('recorded_at', 'desc')
    .execute()
  const found = new Map<Uuid, IdentityView[]>()
  for (const { companyId, ...row } of rows) {
    const before = found.get(companyId) ?? []
    before.push({ ...row, superseded: before.at(-1)?.validFrom === row.validFrom })
    found.set(companyId, before)
  }
  return found
}

/** What a company was called on a day: the row that holds then, or the first where the day is before all of them. */
export const identityOn = (rows: readonly IdentityView[], on: string): IdentityView | undefined =>
  rows.find(({ validFrom, superseded }) => !superseded && validFrom <= on) ?? rows.findLast((row) => !row.superseded)
