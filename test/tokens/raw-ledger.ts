/** The ledger without its use cases: `ledger_post` itself, at a chosen instant. */
import { sql } from 'kysely'
import { newId, type Reader, type Trx, type Uuid } from '../../api/platform/index.ts'
import { ACCOUNT_KINDS } from '../../api/tokens/index.ts'
import type { World } from '../support/world.ts'
import { commit, FAR } from './given.ts'

export type RawAnswer = { readonly result: string; readonly about: string | null; readonly amount: bigint | null }

export async function postAt(trx: Reader, holderId: Uuid, batch: readonly object[], at: string): Promise<RawAnswer[]> {
  const { rows } = await sql<RawAnswer>`
    SELECT result, detail AS about, amount_micro AS amount
    FROM ledger_post(${holderId}, ${JSON.stringify(batch)}::jsonb, ${at}::timestamptz) ORDER BY ordinal`.execute(trx)
  return rows
}

export async function expireAt(trx: Trx, holderId: Uuid, at: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`SELECT ledger_expire(${holderId}, ${at}::timestamptz) AS n`.execute(trx)
  return rows[0]?.n ?? 0
}

/** Balances of a holder's accounts by id: posted, and what pending transfers take and bring. */
export async function accountsOf(reader: Reader, holderId: Uuid) {
  const rows = await reader.selectFrom('ledger_account').selectAll().where('holder_id', '=', holderId).execute()
  return new Map(
    rows.map((row) => {
      const contra = row.kind === 'obligation'
      const net = row.credits_posted - row.debits_posted
      return [
        row.account_id,
        {
          posted: contra ? -net : net,
          out: contra ? row.credits_pending : row.debits_pending,
          in: contra ? row.debits_pending : row.credits_pending,
        },
      ]
    }),
  )
}

const classes = new WeakMap<World, Uuid>()

/** A lot of this many micro-tokens, all available; its accounts by kind. */
export async function openLot(world: World, companyId: Uuid, amount: bigint, at: string): Promise<Map<string, Uuid>> {
  return commit(world, async (trx) => {
    const lotId = newId()
    const tokenClassId = classes.get(world) ?? newId()
    if (!classes.has(world)) {
      classes.set(world, tokenClassId)
      await trx
        .insertInto('token_class')
        .values({
          token_class_id: tokenClassId,
          provider_id: world.providerId,
          name: 'Raw',
          unit: 'H100-hour',
          transfer_rule: 'NOT_TRANSFERABLE',
          created_by: world.staff.partner.id,
          created_at: at,
        })
        .execute()
    }
    await trx
      .insertInto('lot')
      .values({
        company_id: companyId,
        lot_id: lotId,
        token_class_id: tokenClassId,
        origin: 'purchase',
        amount_micro: amount,
        transfer_rule: 'NOT_TRANSFERABLE',
        expires_on: FAR,
        opened_at: at,
      })
      .execute()
    const accounts = ACCOUNT_KINDS.map((kind) => ({
      holder_id: companyId,
      account_id: newId(),
      lot_id: lotId,
      kind,
      limit_micro: kind === 'obligation' ? amount : null,
      opened_at: at,
      changed_at: at,
    }))
    await trx.insertInto('ledger_account').values(accounts).execute()
    const byKind = new Map<string, Uuid>(accounts.map((account) => [account.kind, account.account_id]))
    const opening = { debit: byKind.get('obligation'), credit: byKind.get('available'), amount: amount.toString() }
    await postAt(trx, companyId, [{ id: newId(), kind: 'posted', reason: 'grant', ...opening }], at)
    return byKind
  })
}
