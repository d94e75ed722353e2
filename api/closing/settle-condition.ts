import { z } from 'zod'
import { type Actor, is, must } from '../access/index.ts'
import { mustSpeakFor } from '../drawdown/index.ts'
import {
  audit,
  type Deps,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zIsoDate,
  zRef,
  zText,
} from '../platform/index.ts'
import { lockRound, mustSeeRound } from '../rounds/index.ts'
import { bringIntoForce } from './amendment/bring-into-force.ts'
import { type Condition, closingOfCondition, lockCondition, settleCondition } from './condition.store.ts'
import { NotWaivable } from './errors.ts'

const ConditionInput = {
  roundId: zRef('Round'),
  code: z.string().regex(/^[A-Z][A-Z0-9_]{1,39}$/, 'must be the code of a condition, like "BOARD_CONSENT"'),
  idempotencyKey: zIdempotencyKey,
}
export const SatisfyConditionInput = z.strictObject({
  ...ConditionInput,
  /** What shows that it is met, and where it is kept. */
  evidence: zText(2000),
  /** The date of that evidence. */
  evidenceDate: zIsoDate,
})
export type SatisfyConditionInput = z.input<typeof SatisfyConditionInput>
export const WaiveConditionInput = z.strictObject({ ...ConditionInput, reason: zText(2000) })
export type WaiveConditionInput = z.input<typeof WaiveConditionInput>

/** Records that a condition of closing is met, with its evidence. */
export async function satisfyCondition(deps: Deps, actor: Actor, input: SatisfyConditionInput): Promise<{ ref: Ref }> {
  const { roundId: ref, code, evidence, evidenceDate, idempotencyKey } = parse(SatisfyConditionInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'operations', 'compliance')
  const call = { operation: 'satisfyCondition', scope: scopeOf(ref), idempotencyKey, input }
  return once(deps, actor, call, async (trx) => {
    const condition = await lockOpen(trx, ref, code)
    if (evidenceDate > (await today(trx))) throw new Refused('evidenceDate', 'lies in the future')
    const because = { kind: 'satisfied', evidence, evidenceDate, actorId: actor.id } as const
    await settleCondition(trx, ref, { ...condition, state: 'satisfied' }, because)
    return recorded(trx, actor, ref, 'condition.satisfied', { code, evidence, evidenceDate })
  })
}

/** One side waives a condition that its terms let it waive; where both must, the second waiver ends it. */
export async function waiveCondition(deps: Deps, actor: Actor, input: WaiveConditionInput): Promise<{ ref: Ref }> {
  const { roundId: ref, code, reason, idempotencyKey } = parse(WaiveConditionInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'partner', 'founder', 'signatory')
  const side = is(actor, 'partner') ? 'fund' : 'company'
  if (side === 'company') mustSpeakFor(actor, ref.companyId)
  const call = { operation: 'waiveCondition', scope: scopeOf(ref), idempotencyKey, input }
  return once(deps, actor, call, async (trx) => {
    const condition = await lockOpen(trx, ref, code)
    const because = { kind: 'waived', evidence: reason, evidenceDate: await today(trx), actorId: actor.id } as const
    await settleCondition(trx, ref, waivedBy(condition, side), because)
    return recorded(trx, actor, ref, 'condition.waived', { code, reason, side })
  })
}

/**
 * @throws {NotWaivable} when the terms do not let this side waive it
 * @throws {Refused} when this side has waived it before
 */
export function waivedBy(condition: Condition, side: 'fund' | 'company'): Condition {
  if (condition.waivableBy !== side && condition.waivableBy !== 'both') throw new NotWaivable(condition.waivableBy)
  if (side === 'fund' ? condition.waivedByFund : condition.waivedByCompany) {
    throw new Refused('code', 'is waived by your side already: the other side must waive it too')
  }
  const waived = {
    ...condition,
    waivedByFund: condition.waivedByFund || side === 'fund',
    waivedByCompany: condition.waivedByCompany || side === 'company',
  }
  const done = condition.waivableBy === side || (waived.waivedByFund && waived.waivedByCompany)
  return { ...waived, state: done ? 'waived' : 'open' }
}

const scopeOf = (ref: Ref) => ({ kind: 'company', id: ref.companyId }) as const

async function lockOpen(trx: Trx, ref: Ref, code: string): Promise<Condition> {
  await bringIntoForce(trx, ref.companyId)
  const round = await lockRound(trx, ref)
  const ordinal = await closingOfCondition(trx, ref, code)
  if (ordinal > 1) await mustBeOffered(trx, ref, ordinal)
  else if (round.state !== 'term_sheet_issued' && round.state !== 'accepted') {
    throw new WrongState('round', round.state, ['term_sheet_issued', 'accepted'])
  }
  const condition = await lockCondition(trx, ref, code)
  if (condition.state !== 'open') throw new WrongState('condition', condition.state, ['open'])
  return condition
}

/** Conditions of a further closing are settled from its offer until it is held. @throws {WrongState} */
async function mustBeOffered(trx: Trx, { companyId, id }: Ref, ordinal: number): Promise<void> {
  const { state } = await trx
    .selectFrom('closing')
    .select('state')
    .where('company_id', '=', companyId)
    .where('round_id', '=', id)
    .where('ordinal', '=', ordinal)
    .executeTakeFirstOrThrow()
  if (state !== 'offered' && state !== 'accepted') throw new WrongState('closing', state, ['offered', 'accepted'])
}

async function recorded(trx: Trx, actor: Actor, ref: Ref, kind: string, payload: Record<string, string>) {
  await audit(trx, actor, {
    scope: scopeOf(ref),
    kind,
    subject: `Round:${ref.companyId}:${ref.id}`,
    payload,
  })
  return { ref }
}
