import { sql } from 'kysely'
import { z } from 'zod'
import { type Actor, is, must } from '../access/index.ts'
import { mustSeeCompany, seesCompany } from '../parties/index.ts'
import {
  type Deps,
  globalId,
  inTransaction,
  NotFound,
  parse,
  type Reader,
  retried,
  type Uuid,
  zKey,
} from '../platform/index.ts'
import { type Balances, balances } from './balance.views.ts'
import { postTogether } from './post-together.ts'
import { type TransferAnswer, throughDoor } from './transfer-door.ts'
import { ledgerEventOf, TransferEvent } from './transfer-event.ts'

/** Most events of one call. */
export const TRANSFERS_MAX = 1_000

export const PostTransfersInput = z.strictObject({
  companyId: zKey('Company'),
  transfers: z
    .array(z.unknown())
    .min(1, 'must hold at least one transfer')
    .max(TRANSFERS_MAX, `must hold at most ${TRANSFERS_MAX} transfers`)
    .pipe(z.array(TransferEvent)),
  dryRun: z.boolean().nullish(),
})
export type PostTransfersInput = z.input<typeof PostTransfersInput>

export type PostedTransfers = {
  readonly companyId: Uuid
  /** One for each event, in order. */
  readonly answers: TransferAnswer[]
  /** Of a dry run: the balances that would result. */
  readonly balances: Balances | undefined
}

/**
 * Posts a batch of a company's transfers: rights, ledger and audit event in one statement, which a single transfer shares with
 * others that arrive at the same time. Each event's id is its idempotency key. A refused event changes nothing and stops only
 * those that it is linked with.
 *
 * A dry run answers the same, and the balances that would result; nothing is changed.
 *
 * @throws {NotFound | Forbidden}
 */
export async function postTransfers(deps: Deps, actor: Actor, input: PostTransfersInput): Promise<PostedTransfers> {
  const { companyId, transfers, dryRun } = parse(PostTransfersInput, input)
  const events = transfers.map(ledgerEventOf)
  await mustPostFor(deps.db, actor, companyId)
  if (dryRun !== true) {
    const [only, ...others] = events
    const answers =
      only !== undefined && others.length === 0
        ? [await postTogether(deps.db, actor, companyId, only)]
        : await retried(() => throughDoor(deps.db, actor, companyId, events))
    return { companyId, answers, balances: undefined }
  }
  return inTransaction(deps.db, async (trx) => {
    await sql`SAVEPOINT dry_run`.execute(trx)
    const answers = await throughDoor(trx, actor, companyId, events)
    const resulting = await balances(trx, companyId)
    await sql`ROLLBACK TO SAVEPOINT dry_run`.execute(trx)
    return { companyId, answers, balances: resulting }
  })
}

/**
 * Whoever sees the company and has a role that posts transfers. Whether the company exists is left to `ledger_door`, unless
 * refusing the role would tell.
 *
 * @throws {NotFound | Forbidden}
 */
export async function mustPostFor(reader: Reader, actor: Actor, companyId: Uuid): Promise<void> {
  if (!seesCompany(actor, companyId)) throw new NotFound('company', globalId('Company', companyId))
  if (is(actor, 'operations', 'partner')) return
  await mustSeeCompany(reader, actor, companyId)
  must(actor, 'operations', 'partner')
}
