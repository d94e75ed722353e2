/** Why a usage record cannot be used, as a typed error. */
import { USABLE_STATES, UsageBeyondReservation, UsageConflict } from '../../clusters/index.ts'
import { type DomainError, globalId, NotFound, type Uuid, WrongState } from '../../platform/index.ts'
import { ExceedsHold, HoldExpired } from '../../tokens/index.ts'
import { GrantSettled } from '../errors.ts'
import type { ReservedUsage, UsageRefusal } from './usage.store.ts'

/** The error for one record that `usage_post` refused; `about` is what it said. */
export function refusalOf(
  companyId: Uuid,
  record: ReservedUsage,
  refusal: UsageRefusal,
  about: string | null,
): DomainError {
  const { externalId, gpuSeconds } = record
  const beyond = (why: string, reserved = 0n, wouldBe = gpuSeconds) =>
    new UsageBeyondReservation(externalId, reserved, wouldBe, why)
  switch (refusal) {
    case 'unknown_reservation':
      return new NotFound('reservation', globalId('Reservation', companyId, record.reservationId))
    case 'wrong_state':
      return new WrongState('reservation', about ?? '', USABLE_STATES)
    case 'conflict':
      return new UsageConflict(externalId, about ?? '')
    case 'in_future':
      return beyond('ends in the future')
    case 'outside_time':
      return beyond('lies outside the reserved time')
    case 'too_many_gpus':
      return beyond(`is more than the reserved GPUs can do in its time (${about} GPU-seconds)`, BigInt(about ?? '0'))
    case 'beyond_reserved':
      return beyond(
        `would bring usage to ${about} GPU-seconds, which is more than was reserved`,
        0n,
        BigInt(about ?? '0'),
      )
    case 'hold_expired':
      return new HoldExpired(record.reservationId)
    case 'hold_not_posted':
      return new WrongState('hold', about ?? '', ['posted'])
    case 'grant_settled':
      return new GrantSettled(externalId, companyId, about ?? '')
    case 'exceeds_hold':
      return new ExceedsHold(BigInt(about ?? '0'), gpuSeconds)
  }
}
