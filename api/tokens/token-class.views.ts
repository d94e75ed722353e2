/** Token classes and their supply as screens and other capabilities read them. */
import { listOfEach, type MicroTokens, type Reader, type Uuid } from '../platform/index.ts'
import type { TransferRule } from './lot.store.ts'

export type TokenClassView = {
  readonly tokenClassId: Uuid
  readonly providerId: Uuid
  readonly name: string
  readonly unit: string
  readonly transferRule: TransferRule
  readonly createdAt: string
}

const tokenClasses = (reader: Reader) =>
  reader
    .selectFrom('token_class')
    .select([
      'token_class_id as tokenClassId',
      'provider_id as providerId',
      'name',
      'unit',
      'transfer_rule as transferRule',
      'created_at as createdAt',
    ])
    .$narrowType<{ transferRule: TransferRule }>()

/** These token classes, in no order. Everyone who is signed in may see them: term sheets name them. */
export async function tokenClassesById(reader: Reader, ids: readonly Uuid[]): Promise<TokenClassView[]> {
  if (ids.length === 0) return []
  return tokenClasses(reader)
    .where('token_class_id', 'in', [...ids])
    .execute()
}

/** One token class, or `undefined`. */
export async function findTokenClass(reader: Reader, tokenClassId: Uuid): Promise<TokenClassView | undefined> {
  return tokenClasses(reader).where('token_class_id', '=', tokenClassId).executeTakeFirst()
}

/** All token classes, by name. An installation has a handful. */
export async function allTokenClasses(reader: Reader): Promise<TokenClassView[]> {
  return tokenClasses(reader).orderBy('name').orderBy('token_class_id').limit(100).execute()
}

/** What a class may still grant. `authorised` includes what was granted under authorisations that have ended. */
export type SupplyView = {
  readonly tokenClassId: Uuid
  readonly authorised: MicroTokens
  readonly granted: MicroTokens
}

/** The supply of these classes, in no order, as the last grant or authorisation left it. */
export async function suppliesByClass(reader: Reader, ids: readonly Uuid[]): Promise<SupplyView[]> {
  if (ids.length === 0) return []
  return reader
    .selectFrom('token_supply')
    .where('token_class_id', 'in', [...ids])
    .select(['token_class_id as tokenClassId', 'authorised_micro as authorised', 'granted_micro as granted'])
    .execute()
}

/** One act of authority over the supply of a class. A lapse has a negative amount. */
export type AuthorisationView = {
  readonly authorisationId: Uuid
  readonly kind: string
  readonly amount: MicroTokens
  readonly validFrom: string
  readonly validUntil: string
  readonly reason: string
  readonly createdAt: string
}

/** The authorisations of each of these classes, newest first, at most 100 of each. One query. */
export async function authorisationsOf(
  reader: Reader,
  tokenClassIds: readonly Uuid[],
): Promise<Map<Uuid, AuthorisationView[]>> {
  return listOfEach(reader, tokenClassIds, (tokenClass) =>
    reader
      .selectFrom('supply_authorisation')
      .where('token_class_id', '=', tokenClass.id)
      .select([
        'authorisation_id as authorisationId',
        'kind',
        'amount_micro as amount',
        'valid_from as validFrom',
        'valid_until as validUntil',
        'reason',
        'created_at as createdAt',
      ])
      .orderBy('authorisation_id', 'desc')
      .limit(100),
  )
}
