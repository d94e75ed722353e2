/** Writes token classes and guards their supply. The supply row is the last lock of a transaction. */
import type { Actor } from '../access/index.ts'
import { instant, type MicroTokens, newId, type Trx, today, type Uuid } from '../platform/index.ts'
import { SupplyExceeded } from './errors.ts'
import type { TransferRule } from './lot.store.ts'

export async function insertTokenClass(
  trx: Trx,
  tokenClass: { tokenClassId: Uuid; providerId: Uuid; name: string; transferRule: TransferRule; createdBy: Uuid },
): Promise<void> {
  await trx
    .insertInto('token_class')
    .values({
      token_class_id: tokenClass.tokenClassId,
      provider_id: tokenClass.providerId,
      name: tokenClass.name,
      unit: 'H100-hour',
      transfer_rule: tokenClass.transferRule,
      created_by: tokenClass.createdBy,
      created_at: await instant(trx),
    })
    .execute()
  await trx
    .insertInto('token_supply')
    .values({ token_class_id: tokenClass.tokenClassId, authorised_micro: 0n, granted_micro: 0n })
    .execute()
}

export type Supply = { readonly authorised: MicroTokens; readonly granted: MicroTokens }

/**
 * Locks the supply row of a class and lets lapse what authorisations left unspent when their period ended: each lowers the
 * authority by its amount, but never below what is granted.
 */
export async function lockSupply(trx: Trx, tokenClassId: Uuid): Promise<Supply | undefined> {
  const supply = await trx
    .selectFrom('token_supply')
    .select(['authorised_micro as authorised', 'granted_micro as granted'])
    .where('token_class_id', '=', tokenClassId)
    .forUpdate()
    .executeTakeFirst()
  if (supply === undefined) return undefined
  const ended = await trx
    .selectFrom('supply_authorisation as ended')
    .leftJoin('supply_authorisation as lapse', (on) =>
      on
        .onRef('lapse.token_class_id', '=', 'ended.token_class_id')
        .onRef('lapse.lapses_id', '=', 'ended.authorisation_id'),
    )
    .where('ended.token_class_id', '=', tokenClassId)
    .where('ended.kind', '=', 'authorise')
    .where('ended.valid_until', '<=', await today(trx))
    .where('lapse.authorisation_id', 'is', null)
    .select(['ended.authorisation_id as id', 'ended.amount_micro as amount', 'ended.valid_from', 'ended.valid_until'])
    .orderBy('ended.valid_until')
    .orderBy('ended.authorisation_id')
    .execute()
  let { authorised } = supply
  for (const authorisation of ended) {
    const unspent = authorised - supply.granted
    const lapsed = unspent < authorisation.amount ? unspent : authorisation.amount
    authorised -= lapsed
    await trx
      .insertInto('supply_authorisation')
      .values({
        token_class_id: tokenClassId,
        authorisation_id: newId(),
        kind: 'lapse',
        amount_micro: -lapsed,
        valid_from: authorisation.valid_from,
        valid_until: authorisation.valid_until,
        lapses_id: authorisation.id,
        reason: 'The period of the authorisation ended.',
        created_at: await instant(trx),
      })
      .execute()
  }
  if (authorised !== supply.authorised) await setAuthorised(trx, tokenClassId, authorised)
  return { authorised, granted: supply.granted }
}

/** Raises the authority of a class whose supply row is locked. */
export async function insertAuthorisation(
  trx: Trx,
  actor: Actor,
  authorisation: {
    tokenClassId: Uuid
    amount: MicroTokens
    validUntil: string
    reason: string
    authorised: MicroTokens
  },
): Promise<void> {
  await trx
    .insertInto('supply_authorisation')
    .values({
      token_class_id: authorisation.tokenClassId,
      authorisation_id: newId(),
      kind: 'authorise',
      amount_micro: authorisation.amount,
      valid_from: await today(trx),
      valid_until: authorisation.validUntil,
      approved_by: actor.id,
      reason: authorisation.reason,
      created_at: await instant(trx),
    })
    .execute()
  await setAuthorised(trx, authorisation.tokenClassId, authorisation.authorised)
}

/**
 * Takes a grant out of the supply of its class.
 *
 * @throws {SupplyExceeded}
 */
export async function takeSupply(trx: Trx, tokenClassId: Uuid, asked: MicroTokens): Promise<void> {
  const supply = await lockSupply(trx, tokenClassId)
  if (supply === undefined) throw new Error(`there is no token class ${tokenClassId}`)
  if (supply.granted + asked > supply.authorised) throw new SupplyExceeded({ ...supply, asked })
  await trx
    .updateTable('token_supply')
    .set((on) => ({ granted_micro: on('granted_micro', '+', asked) }))
    .where('token_class_id', '=', tokenClassId)
    .execute()
}

async function setAuthorised(trx: Trx, tokenClassId: Uuid, authorised: MicroTokens): Promise<void> {
  await trx
    .updateTable('token_supply')
    .set({ authorised_micro: authorised })
    .where('token_class_id', '=', tokenClassId)
    .execute()
}
