import {
  addJob,
  globalId,
  type MicroTokens,
  NotFound,
  newId,
  Refused,
  type Trx,
  today,
  type Uuid,
} from '../platform/index.ts'
import { derivedId } from './derived-id.ts'
import { EXPIRE_LOTS_JOB, RELEASE_DUE_JOB } from './job-names.ts'
import { postAll } from './ledger.store.ts'
import { insertLot, insertReleasePlan } from './lot.store.ts'
import { releaseDue } from './release-due.ts'
import { takeSupply } from './supply.store.ts'
import { findTokenClass } from './token-class.views.ts'

/** Tokens that become available on a date. */
export type Release = { readonly on: string; readonly amount: MicroTokens }

export type OpenGrant = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly roundId: Uuid
  readonly tokenClassId: Uuid
  readonly amount: MicroTokens
  /** The first day on which the tokens can no longer be drawn. */
  readonly expiresOn: string
  /** The security that the grant vests. */
  readonly vests: Uuid
  /** At most the grant in sum; the rest stays locked until something else releases it. */
  readonly releases: readonly Release[]
  /** Lower is drawn first; grants of equal rank are drawn earliest expiry first. */
  readonly drawRank?: number
}

/**
 * Opens the lot of a grant: takes it out of the supply of its class, credits it as locked, and releases what is due today.
 * Later releases and the expiry are jobs.
 *
 * Lock order: the caller holds the company; the supply row is the last lock that this takes.
 *
 * @throws {SupplyExceeded} when the authority of the class is less than what is granted with this
 * @throws {Refused} when the releases or the expiry make no sense
 */
export async function openGrant(trx: Trx, grant: OpenGrant): Promise<{ lotId: Uuid }> {
  const { companyId, amount } = grant
  const on = await today(trx)
  const releases = planned(grant, on)
  const tokenClass = await findTokenClass(trx, grant.tokenClassId)
  if (tokenClass === undefined) throw new NotFound('token class', globalId('TokenClass', grant.tokenClassId))
  const lotId = newId()
  const accounts = await insertLot(trx, {
    companyId,
    lotId,
    tokenClassId: grant.tokenClassId,
    amount,
    transferRule: tokenClass.transferRule,
    expiresOn: grant.expiresOn,
    drawRank: grant.drawRank ?? 0,
    origin: 'grant',
    grantId: grant.grantId,
    roundId: grant.roundId,
    vests: grant.vests,
  })
  await postAll(trx, companyId, [
    {
      id: derivedId('grant', lotId),
      kind: 'posted',
      debit: accounts.obligation,
      credit: accounts.locked,
      amount,
      reason: 'grant',
      subject: globalId('Grant', companyId, grant.grantId),
    },
  ])
  await insertReleasePlan(trx, { companyId, lotId }, releases)
  await releaseDue(trx, companyId, on)
  for (const release of releases) {
    if (release.on > on)
      await addJob(trx, { name: RELEASE_DUE_JOB, payload: { companyId }, ...runOn(companyId, 'release', release.on) })
  }
  await addJob(trx, { name: EXPIRE_LOTS_JOB, payload: { companyId }, ...runOn(companyId, 'expire', grant.expiresOn) })
  await takeSupply(trx, grant.tokenClassId, amount)
  return { lotId }
}

/** One job for a company and a day, however many lots have something on it. */
const runOn = (companyId: Uuid, what: string, date: string) => ({
  runAt: `${date}T00:00:00Z`,
  key: `tokens.${what}:${companyId}:${date}`,
})

/** The releases, one a day, ascending. What was due before the grant was opened is released at once. */
function planned(grant: OpenGrant, on: string): readonly Release[] {
  if (grant.amount <= 0n) throw new Refused('tokens', 'must be more than zero')
  if (grant.expiresOn <= on) throw new Refused('expiresOn', `must be after ${on}: the tokens could never be used`)
  const byDay = new Map<string, MicroTokens>()
  let sum = 0n
  for (const release of grant.releases) {
    if (release.amount <= 0n) throw new Refused('releases', `has a release on ${release.on} of no tokens`)
    if (release.on >= grant.expiresOn)
      throw new Refused('releases', `has a release on ${release.on}, when the tokens have expired`)
    byDay.set(release.on, (byDay.get(release.on) ?? 0n) + release.amount)
    sum += release.amount
  }
  if (sum > grant.amount) throw new Refused('releases', 'release more than is granted')
  return [...byDay].map(([day, amount]) => ({ on: day, amount })).sort((a, b) => (a.on < b.on ? -1 : 1))
}
