import { Refused } from '../../platform/index.ts'
import { clauseOf, type GrantStanding, nothing, type SettlementPlan, unearnedOf } from './plan.ts'

/**
 * At the long-stop. Unused by the company, unearned shares go back at zero or vest anyway, as the clause says; what the
 * provider still denies is never paid for. Tokens stay redeemable until they expire, and earn nothing any more.
 *
 * @throws {Refused} before the day that holds
 */
export function planLongStop(of: GrantStanding): SettlementPlan {
  const { longStop, terms } = of
  if (of.on < longStop.effective)
    throw new Refused('event', `must wait for the long-stop, which is ${longStop.effective}`)
  const cause = longStop.stillDenied ? 'not_delivered' : 'not_used'
  const vests = terms.settlement.nonUse === 'VEST_ANYWAY' && cause === 'not_used'
  const unearned = unearnedOf(of)
  const clause = clauseOf(of, cause === 'not_used' ? 'non_use' : 'denied_capacity')
  const moved = [
    longStop.deniedDays.length > 0 ? `${longStop.deniedDays.length} days of denied capacity` : '',
    longStop.outageDays.length > 0 ? `${longStop.outageDays.length} days of outage` : '',
  ].filter((part) => part !== '')
  return {
    ...nothing(of, 'long_stop', clause),
    cause,
    shares: { vestedBefore: of.vested, vests: vests ? unearned : 0n, forfeits: vests ? 0n : unearned },
    endsEarning: true,
    notes: [
      moved.length === 0
        ? `The long-stop was ${longStop.agreed} as agreed.`
        : `The long-stop was ${longStop.effective}: ${longStop.agreed} as agreed, moved by ${moved.join(' and ')}.`,
      cause === 'not_used'
        ? `Capacity was not denied at the end: of ${longStop.requests} requests the last was given, or none was made.`
        : `Capacity was still denied at the end: the last of ${longStop.requests} requests was.`,
    ],
  }
}
