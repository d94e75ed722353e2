/** What the ledger refuses, as people and programs are told. */
import { DomainError, formatTokens, type MicroTokens, type Uuid } from '../platform/index.ts'

/** More is asked than there is, and no release will make it enough by itself. */
export class WouldOverdraw extends DomainError {
  readonly code = 'WOULD_OVERDRAW'
  override readonly transient = true
  readonly available: MicroTokens
  readonly asked: MicroTokens
  constructor(available: MicroTokens, asked: MicroTokens) {
    super(
      `${formatTokens(asked)} tokens were asked for and ${formatTokens(available)} are available. Nothing was changed.`,
    )
    this.available = available
    this.asked = asked
  }
}

/** There are enough tokens, but too many of them are not released yet. */
export class TokensNotReleased extends DomainError {
  readonly code = 'TOKENS_NOT_RELEASED'
  override readonly transient = true
  readonly available: MicroTokens
  readonly locked: MicroTokens
  readonly asked: MicroTokens
  /** The date of the next planned release, or `null` where none is planned. */
  readonly nextReleaseOn: string | null
  constructor(of: { available: MicroTokens; locked: MicroTokens; asked: MicroTokens; nextReleaseOn: string | null }) {
    const next = of.nextReleaseOn === null ? 'no release is planned' : `the next release is on ${of.nextReleaseOn}`
    super(
      `${formatTokens(of.asked)} tokens were asked for and ${formatTokens(of.available)} are available; ` +
        `${formatTokens(of.locked)} are not released yet (${next}). Nothing was changed.`,
    )
    this.available = of.available
    this.locked = of.locked
    this.asked = of.asked
    this.nextReleaseOn = of.nextReleaseOn
  }
}

/** The token class has no authority left for a grant of this size. */
export class SupplyExceeded extends DomainError {
  readonly code = 'SUPPLY_EXCEEDED'
  readonly authorised: MicroTokens
  readonly granted: MicroTokens
  readonly asked: MicroTokens
  constructor(of: { authorised: MicroTokens; granted: MicroTokens; asked: MicroTokens }) {
    super(
      `A grant of ${formatTokens(of.asked)} tokens exceeds the supply of its class: ${formatTokens(of.authorised)} are ` +
        `authorised and ${formatTokens(of.granted)} granted. Nothing was changed. A partner authorises more supply.`,
    )
    this.authorised = of.authorised
    this.granted = of.granted
    this.asked = of.asked
  }
}

/** The hold was not used in time: its tokens are available again. */
export class HoldExpired extends DomainError {
  readonly code = 'HOLD_EXPIRED'
  readonly holdId: Uuid
  constructor(holdId: Uuid) {
    super('This hold has expired and its tokens are available again. Nothing was changed. Hold them again.')
    this.holdId = holdId
  }
}

/** The hold was posted before. */
export class HoldAlreadyPosted extends DomainError {
  readonly code = 'HOLD_ALREADY_POSTED'
  readonly holdId: Uuid
  constructor(holdId: Uuid) {
    super(
      'This hold was posted before: tokens may have been charged to it. Nothing was changed. Return what is left instead.',
    )
    this.holdId = holdId
  }
}

/** The hold was voided before. */
export class HoldAlreadyVoided extends DomainError {
  readonly code = 'HOLD_ALREADY_VOIDED'
  readonly holdId: Uuid
  constructor(holdId: Uuid) {
    super('This hold was voided before and its tokens are available again. Nothing was changed.')
    this.holdId = holdId
  }
}

/** A charge is larger than what is left of its hold. */
export class ExceedsHold extends DomainError {
  readonly code = 'EXCEEDS_HOLD'
  readonly left: MicroTokens
  readonly asked: MicroTokens
  constructor(left: MicroTokens, asked: MicroTokens) {
    super(
      `A charge of ${formatTokens(asked)} tokens exceeds the ${formatTokens(left)} left of its hold. Nothing was changed.`,
    )
    this.left = left
    this.asked = asked
  }
}

/** The id was used before, for something else. An id stands for exactly one intention. */
export class TransferIdReused extends DomainError {
  readonly code = 'TRANSFER_ID_REUSED'
  readonly transferId: Uuid
  /** The field in which this call differs from the first. */
  readonly field: string
  constructor(transferId: Uuid, field: string) {
    super(`This id was used before with another ${field}. Nothing was changed. Use a new id.`)
    this.transferId = transferId
    this.field = field
  }
}

/** An account of the lot is closed to new transfers. */
export class AccountClosed extends DomainError {
  readonly code = 'ACCOUNT_CLOSED'
  override readonly transient = true
  readonly side: string
  constructor(side: string) {
    super(`The ${side} account is closed. Nothing was changed.`)
    this.side = side
  }
}

/** The transfer was undone before, by another reversal. */
export class AlreadyReversed extends DomainError {
  readonly code = 'ALREADY_REVERSED'
  readonly transferId: Uuid
  constructor(transferId: Uuid) {
    super('This transfer was reversed before. Nothing was changed.')
    this.transferId = transferId
  }
}

/** Why nothing more of a lot is released: its grant's long-stop has come, or the grant was settled. */
export const RELEASES_END_CAUSES = ['LONG_STOP', 'SETTLEMENT'] as const
export type ReleasesEnd = {
  readonly because: (typeof RELEASES_END_CAUSES)[number]
  /** The first day on which nothing more is released. */
  readonly on: string
}

/** Why, in sentences. */
export const releasesEndWords = ({ because, on }: ReleasesEnd): string =>
  because === 'LONG_STOP'
    ? `From its long-stop on, ${on}, nothing more of this grant is released, since it could earn no shares. An extension that both sides sign before the grant is settled opens it again.`
    : `This grant was settled and its unearned shares were forfeited: from ${on} on nothing more of it is released. What was released before stays redeemable until it expires.`

/** What would be released now could earn nothing any more, and nothing was given for it: the grant has come to its end. */
export class ReleasesEnded extends DomainError {
  readonly code = 'RELEASES_ENDED'
  readonly because: ReleasesEnd['because']
  readonly on: string
  constructor({ because, on }: ReleasesEnd) {
    super(`${releasesEndWords({ because, on })} Nothing was changed.`)
    this.because = because
    this.on = on
  }
}
