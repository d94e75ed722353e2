/** What giving up unearned equity takes and gives. */
import type { Uuid, WholeShares } from '../../platform/index.ts'

export type RetireUnearned = {
  readonly companyId: Uuid
  readonly securityId: string
  readonly date: string
  /** The clause and the record that retire them, in words. */
  readonly reason: string
}

export type Retired = {
  /** Shares that are gone. */
  readonly retired: WholeShares
  /** The security that the vested shares live on in, or `null` where none had vested. */
  readonly balanceSecurityId: Uuid | null
  readonly transactionIds: readonly Uuid[]
}
