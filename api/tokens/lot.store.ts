/** Writes lots, their accounts and their release plans. */
import { formatNumeric, instant, type MicroTokens, type Money, newId, type Trx, type Uuid } from '../platform/index.ts'
import { ACCOUNT_KINDS, type AccountKind } from './account-kind.ts'

/** Whether and how tokens of a lot may go to another holder. */
export const TRANSFER_RULES = ['NOT_TRANSFERABLE', 'WITH_PROVIDER_CONSENT'] as const
export type TransferRule = (typeof TRANSFER_RULES)[number]

export type NewLot = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  readonly amount: MicroTokens
  readonly transferRule: string
  /** The first day on which the lot can no longer be drawn. */
  readonly expiresOn: string
  /** Lower is drawn first; equal ranks are drawn earliest expiry first. */
  readonly drawRank: number
} & (
  | { readonly origin: 'grant'; readonly grantId: Uuid; readonly roundId: Uuid; readonly vests: Uuid }
  | { readonly origin: 'top_up' | 'purchase'; readonly cost?: Money | undefined }
  /** From another holder: `receives` is what brought them. */
  | { readonly origin: 'transfer'; readonly receives: Uuid; readonly cost?: Money | undefined }
)

/** Opens a lot with its accounts, all empty. The accounts by kind. */
export async function insertLot(trx: Trx, lot: NewLot): Promise<Readonly<Record<AccountKind, Uuid>>> {
  const at = await instant(trx)
  const grant = lot.origin === 'grant' ? lot : undefined
  const cost = lot.origin === 'grant' ? undefined : lot.cost
  await trx
    .insertInto('lot')
    .values({
      company_id: lot.companyId,
      lot_id: lot.lotId,
      token_class_id: lot.tokenClassId,
      origin: lot.origin,
      grant_id: grant?.grantId ?? null,
      round_id: grant?.roundId ?? null,
      vests_security_id: grant?.vests ?? null,
      amount_micro: lot.amount,
      cost: cost === undefined ? null : formatNumeric(cost.amount),
      cost_currency: cost?.currency ?? null,
      transfer_rule: lot.transferRule,
      expires_on: lot.expiresOn,
      draw_rank: lot.drawRank,
      opened_at: at,
    })
    .execute()
  const accounts = ACCOUNT_KINDS.map((kind) => ({ kind, accountId: newId() }))
  await trx
    .insertInto('ledger_account')
    .values(
      accounts.map(({ kind, accountId }) => ({
        holder_id: lot.companyId,
        account_id: accountId,
        lot_id: lot.lotId,
        kind,
        limit_micro: kind === 'obligation' ? lot.amount : null,
        opened_at: at,
        changed_at: at,
      })),
    )
    .execute()
  return Object.fromEntries(accounts.map(({ kind, accountId }) => [kind, accountId])) as Record<AccountKind, Uuid>
}

/** Plans the releases of a lot: one a day. */
export async function insertReleasePlan(
  trx: Trx,
  lot: { companyId: Uuid; lotId: Uuid },
  releases: readonly { readonly on: string; readonly amount: MicroTokens }[],
): Promise<void> {
  if (releases.length === 0) return
  await trx
    .insertInto('release_plan')
    .values(
      releases.map(({ on, amount }) => ({
        company_id: lot.companyId,
        lot_id: lot.lotId,
        release_on: on,
        amount_micro: amount,
      })),
    )
    .execute()
}
