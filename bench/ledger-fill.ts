/** A ledger to measure: one holder with many lots, whose accounts have ids that a script can compute, and any number of rows. */
import type pg from 'pg'
import { newId } from '../api/platform/index.ts'

/** Lots of the holder; each has two accounts that transfers go between. */
export const LOTS = 1_000
const EACH = '1000000000000'

/** The id of the available (7) or escrow (8) account of a lot. */
export const accountId = (lot: number, digit: 7 | 8): string =>
  `00000000-0000-7000-800${digit}-${lot.toString(16).padStart(12, '0')}`
/** {@link accountId} in SQL, of the number that an expression gives. */
export const accountSql = (lot: string, digit: 7 | 8): string =>
  `('00000000-0000-7000-800${digit}-' || lpad(to_hex((${lot})::int), 12, '0'))::uuid`

/** A company with {@link LOTS} lots and so many transfers. Written as the owner, past triggers: it is only to be large. */
export async function fillLedger(owner: pg.Client, transfers: number): Promise<{ holderId: string; personId: string }> {
  const [holderId, personId, providerId, tokenClassId] = [newId(), newId(), newId(), newId()]
  await owner.query(`SET session_replication_role = replica`)
  await owner.query('INSERT INTO person VALUES ($1, now())', [personId])
  await owner.query('INSERT INTO company (company_id, created_by, created_at) VALUES ($1, $2, now())', [
    holderId,
    personId,
  ])
  await owner.query(
    `INSERT INTO token_class (token_class_id, provider_id, name, unit, transfer_rule, created_by, created_at)
     VALUES ($1, $2, 'Bench', 'H100-hour', 'NOT_TRANSFERABLE', $3, now())`,
    [tokenClassId, providerId, personId],
  )
  await owner.query(
    `INSERT INTO lot (company_id, lot_id, token_class_id, origin, amount_micro, transfer_rule, expires_on, opened_at)
     SELECT $1, ${accountSql('n', 7)}, $2, 'top_up', ${EACH}, 'NOT_TRANSFERABLE', '2099-01-01', now()
     FROM generate_series(0, ${LOTS - 1}) n`,
    [holderId, tokenClassId],
  )
  for (const [digit, kind] of [
    [7, 'available'],
    [8, 'escrow'],
  ] as const) {
    await owner.query(
      `INSERT INTO ledger_account (holder_id, account_id, lot_id, kind, credits_posted, opened_at, changed_at)
       SELECT $1, ${accountSql('n', digit)}, ${accountSql('n', 7)}, $2, ${kind === 'available' ? EACH : '0'}, now(), now()
       FROM generate_series(0, ${LOTS - 1}) n`,
      [holderId, kind],
    )
  }
  const chunk = 100_000
  for (let from = 0; from < transfers; from += chunk) {
    await owner.query(
      `INSERT INTO transfer (holder_id, transfer_id, lot_id, debit_account_id, credit_account_id, amount_micro, asked_micro,
         kind, reason, created_at)
       SELECT $1, gen_random_uuid(), ${accountSql(`n % ${LOTS}`, 7)}, ${accountSql(`n % ${LOTS}`, 7)},
         ${accountSql(`n % ${LOTS}`, 8)}, 1, 1, 'posted', 'adjust', now() - interval '1 year' + n * interval '1 millisecond'
       FROM generate_series($2::int, $3::int) n`,
      [holderId, from, Math.min(from + chunk, transfers) - 1],
    )
  }
  await owner.query('RESET session_replication_role')
  await owner.query('ANALYZE transfer, ledger_account, lot, company')
  return { holderId, personId }
}
