/** Token classes as screens and other capabilities read them. */
import type { Reader, Uuid } from '../platform/index.ts'
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
