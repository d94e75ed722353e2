import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import {
  CONTINUOUS_ALLOCATIONS,
  capitalizationBefore,
  firstConsideration,
  type LockedRound,
  lockRound,
  mustSeeRound,
  releaseFaults,
} from '../../rounds/index.ts'
import { findTokenClass } from '../../tokens/index.ts'
import { closingsOf, firstClosing, insertClosing, lockClosing, markClosing } from './later-closing.store.ts'
import { earningOf, LaterClosing, type LaterForma, laterClosingJson, laterForma, releasesOf } from './later-closing.ts'
import { mustSeeClosing } from './later-closing.views.ts'

export const PlanClosingInput = z.strictObject({
  roundId: zRef('Round'),
  ...LaterClosing.shape,
  idempotencyKey: zIdempotencyKey,
})
export type PlanClosingInput = z.input<typeof PlanClosingInput>
export const WithdrawClosingInput = z.strictObject({
  closingId: zRef('Closing'),
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawClosingInput = z.input<typeof WithdrawClosingInput>

/**
 * Plans a further closing of a closed round: cash, grants of tokens of one class or of several, each vesting a security of
 * its own, at the price of the first closing.
 *
 * @throws {Refused} when the terms know no further closing, it is after the outside date, or all would bring too much
 */
export async function planClosing(deps: Deps, actor: Actor, input: PlanClosingInput): Promise<{ ref: Ref }> {
  const { roundId, idempotencyKey, ...content } = parse(PlanClosingInput, input)
  await mustSeeRound(deps.db, actor, roundId)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: roundId.companyId } as const
  return once(deps, actor, { operation: 'planClosing', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, roundId)
    if (round.state !== 'closed') throw new WrongState('round', round.state, ['closed'])
    await mustFit(trx, round, content)
    const ref = { companyId: roundId.companyId, id: newId() }
    const ordinal = await insertClosing(trx, { ref, roundId: roundId.id, content, plannedBy: actor.id })
    await audit(trx, actor, {
      scope,
      kind: 'closing.planned',
      subject: globalId('Closing', ref.companyId, ref.id),
      payload: { round: round.id, ordinal, content: laterClosingJson(content) },
    })
    return { ref }
  })
}

/** Gives a further closing up before it is held. It stays on record. */
export async function withdrawClosing(deps: Deps, actor: Actor, input: WithdrawClosingInput): Promise<{ ref: Ref }> {
  const { closingId: ref, reason, idempotencyKey } = parse(WithdrawClosingInput, input)
  const { roundId } = await mustSeeClosing(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawClosing', scope, idempotencyKey, input }, async (trx) => {
    await lockRound(trx, { companyId: ref.companyId, id: roundId })
    const closing = await lockClosing(trx, ref)
    const { state } = closing
    if (state !== 'planned' && state !== 'offered' && state !== 'accepted') {
      throw new WrongState('closing', state, ['planned', 'offered', 'accepted'])
    }
    await markClosing(trx, closing, state, 'withdrawn')
    await audit(trx, actor, { scope, kind: 'closing.withdrawn', subject: closing.id, payload: { from: state, reason } })
    return { ref }
  })
}

/**
 * Refuses a further closing that the terms or the cap table do not allow: asked when it is planned, offered and held. The
 * cap table is the one of the day; what it issues has the price of the first closing.
 *
 * @throws {Refused}
 */
export async function mustFit(
  trx: Trx,
  round: LockedRound,
  content: LaterClosing,
  itself?: string,
): Promise<LaterForma> {
  const { terms, companyId, roundId } = round
  const ref = { companyId, id: roundId }
  const { rolling } = terms
  if (rolling === undefined) throw new Refused('roundId', 'has one closing: its terms know no further one')
  if (terms.instrument !== undefined && content.grants.length > 0) {
    throw new Refused('grants', 'are of vesting stock only: this round issues another instrument for compute')
  }
  if (content.grants.length + content.cashInvestors.length === 0) {
    throw new Refused('grants', 'must name a grant, or cashInvestors an investor')
  }
  const on = await today(trx)
  if (itself === undefined && content.closingDate < on) throw new Refused('closingDate', 'is in the past')
  if (content.closingDate > rolling.outsideDate || on > rolling.outsideDate) {
    throw new Refused('closingDate', `is after the outside date, ${rolling.outsideDate}`)
  }
  const { price } = await firstClosing(trx, ref, terms)
  const forma = laterForma(terms, price, content)
  const others = (await closingsOf(trx, ref)).filter(({ id }) => id !== itself)
  const sum = others.reduce(
    (total, other) => total + laterForma(terms, price, other.content).consideration.amount,
    firstConsideration(terms).amount + forma.consideration.amount,
  )
  if (sum > rolling.maximum.amount) {
    throw new Refused(
      'maximum',
      `is ${formatNumeric(rolling.maximum.amount)} ${price.currency}, and all closings together would bring ${formatNumeric(sum)}`,
    )
  }
  for (const [index, { leg }] of forma.grants.entries()) {
    if ((await findTokenClass(trx, leg.tokenClassId)) === undefined) {
      throw new Refused(`grants.${index}.tokenClassId`, 'is not a token class here')
    }
    mustEarn(round, content, index)
  }
  await mustKnowHolders(trx, round, content, on)
  return forma
}

function mustEarn(round: LockedRound, content: LaterClosing, index: number): void {
  const leg = content.grants[index]
  if (leg === undefined) return
  const field = (name: string) => `grants.${index}.${name}`
  const { basis, allocation, tranches, longStop, tokenExpiry } = earningOf(round.terms, leg)
  if (tranches === null && !CONTINUOUS_ALLOCATIONS.includes(allocation)) {
    throw new Refused(field('tranches'), `is missing: ${allocation} needs a number of tranches`)
  }
  if (longStop <= content.closingDate) throw new Refused(field('longStop'), 'must be after the closing')
  if (tokenExpiry < longStop)
    throw new Refused(field('tokenExpiry'), `must not be before the long-stop date ${longStop}`)
  if (leg.releases !== undefined && leg.releaseOn !== undefined)
    throw new Refused(field('releases'), 'are given beside releaseOn: give one of the two')
  const grant = { ...leg, vesting: { basis }, longStop, closingDate: content.closingDate }
  for (const { path, reason } of releaseFaults(['grants', index], grant)) throw new Refused(path.join('.'), reason)
  if (leg.releases !== undefined) return
  const releases = releasesOf({ leg }, content.closingDate)
  const wrong = releases.find(
    ({ on }, at) => on < content.closingDate || on > longStop || on <= (releases[at - 1]?.on ?? ''),
  )
  if (wrong !== undefined)
    throw new Refused(field('releaseOn'), `has ${wrong.on}: days rise from the closing to the long-stop`)
  if (releases.some(({ amount }) => amount <= 0n)) throw new Refused(field('releaseOn'), 'has a release of no tokens')
}

/** A name that is known on the cap table must come with its id: two holders of one name are not guessed to be one. */
async function mustKnowHolders(trx: Trx, round: LockedRound, content: LaterClosing, on: string): Promise<void> {
  const { holdings } = await capitalizationBefore(trx, round.companyId, { closingDate: on })
  const names = new Set<string>()
  for (const [index, { name, stakeholderId }] of content.cashInvestors.entries()) {
    const field = `cashInvestors.${index}`
    if (names.has(name)) throw new Refused(`${field}.name`, 'is named twice')
    names.add(name)
    const known = holdings.find((holding) => holding.stakeholderName === name)
    const found = holdings.find((holding) => holding.stakeholderId === stakeholderId)
    if (stakeholderId === undefined && known !== undefined) {
      throw new Refused(
        `${field}.stakeholderId`,
        `is missing: ${name} holds securities already (${known.stakeholderId})`,
      )
    }
    if (stakeholderId !== undefined && found?.stakeholderName !== name) {
      throw new Refused(`${field}.stakeholderId`, `is not the id of ${name}`)
    }
  }
}
