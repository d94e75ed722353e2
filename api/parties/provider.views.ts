/** Providers, which everyone who is signed in may see: their names stand in every term sheet. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../platform/index.ts'
import { nameToday } from './party-identity.ts'

export type ProviderView = { readonly providerId: Uuid; readonly name: string; readonly affiliation: string }

const columns = [
  'provider_id as providerId',
  // Who stands for it today, after a change of name or a succession.
  sql<string>`coalesce(${nameToday(sql.ref('provider_id'))}, provider.name)`.as('name'),
  'affiliation',
] as const

/** These providers, in no order. */
export async function providersById(reader: Reader, ids: readonly Uuid[]): Promise<ProviderView[]> {
  if (ids.length === 0) return []
  return reader
    .selectFrom('provider')
    .select(columns)
    .where('provider_id', 'in', [...ids])
    .execute()
}

/** All providers, by name. An installation has a handful. */
export async function allProviders(reader: Reader): Promise<ProviderView[]> {
  return reader.selectFrom('provider').select(columns).orderBy('name').limit(100).execute()
}
