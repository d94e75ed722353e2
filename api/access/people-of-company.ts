import type { Reader, Uuid } from '../platform/index.ts'

/** The people who act for a company now: its founders and signatories, each once, in no order. */
export async function peopleOfCompany(reader: Reader, companyId: Uuid): Promise<Uuid[]> {
  const rows = await reader
    .selectFrom('membership')
    .select('person_id')
    .distinct()
    .where('company_id', '=', companyId)
    .where('role', 'in', ['founder', 'signatory'])
    .where('ended_at', 'is', null)
    .execute()
  return rows.map((row) => row.person_id)
}

/** How a person is called and written to; undefined once their personal data is erased. */
export async function addressOf(
  reader: Reader,
  personId: Uuid,
): Promise<{ readonly name: string; readonly email: string } | undefined> {
  return reader
    .selectFrom('person_details')
    .select(['display_name as name', 'email'])
    .where('person_id', '=', personId)
    .executeTakeFirst()
}
