import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  newId,
  once,
  parse,
  parseTokens,
  type Ref,
  Refused,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zIsoDate,
  zRef,
  zText,
} from '../../platform/index.ts'
import {
  type AmendedStanding,
  amendmentFaults,
  canonicalTerms,
  type LockedRound,
  lockRound,
  mustSeeRound,
  NotAmendable,
  RoundTerms,
  type SignedTerms,
  StaleTerms,
  signedTerms,
  type TermChange,
  termChanges,
} from '../../rounds/index.ts'
import { appliedTo } from '../settlement/settlement.store.ts'
import { changesJson, insertAmendment } from './amendment.store.ts'
import { type LaterGrant, LaterGrants, laterGrantChanges } from './later-grants.ts'

/** The first day on which it holds, today at the earliest; left out: the day on which the second side signs. */
const zEffectiveOn = zIsoDate.nullish()

export const DraftAmendmentInput = z.strictObject({
  roundId: zRef('Round'),
  /** The version of the terms that was read and is to be changed: the last one that was signed. */
  expectedVersion: z.int().min(1),
  /** The terms whole as they are to read. */
  terms: RoundTerms,
  /** Grants of later closings of which the releases change; the terms may then be as they are. */
  laterGrants: z.unknown().pipe(LaterGrants).nullish(),
  effectiveOn: zEffectiveOn,
  /** Why, in words that stand in the document. */
  reason: zText(2000),
  idempotencyKey: zIdempotencyKey,
})
export type DraftAmendmentInput = z.input<typeof DraftAmendmentInput>

/**
 * Drafts an amendment of a signed or closed round: the terms whole as they are to read from a day on, and the releases of
 * grants of its later closings that change with them.
 *
 * @throws {NotAmendable} naming every term that may not be changed, or not so
 * @throws {StaleTerms} when another amendment was signed meanwhile
 */
export async function draftAmendment(deps: Deps, actor: Actor, input: DraftAmendmentInput): Promise<{ ref: Ref }> {
  const { roundId: round, idempotencyKey, ...draft } = parse(DraftAmendmentInput, input)
  await mustSeeRound(deps.db, actor, round)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: round.companyId } as const
  return once(deps, actor, { operation: 'draftAmendment', scope, idempotencyKey, input }, (trx) =>
    insertDraft(trx, actor, round, {
      ...draft,
      laterGrants: draft.laterGrants ?? [],
      effectiveOn: draft.effectiveOn ?? undefined,
    }),
  )
}

export const DraftExtensionInput = z.strictObject({
  roundId: zRef('Round'),
  /** The new long-stop date. */
  longStop: zIsoDate,
  /** The new expiry of the tokens. Left out: as it is, or the long-stop date where that is later. */
  tokenExpiry: zIsoDate.nullish(),
  effectiveOn: zEffectiveOn,
  reason: zText(2000),
  idempotencyKey: zIdempotencyKey,
})
export type DraftExtensionInput = z.input<typeof DraftExtensionInput>

/**
 * An extension signed by both, as an amendment: the terms as they were signed last, with a later long-stop date, and an
 * expiry that is not before it. It is proposed and signed like any other amendment.
 *
 * @throws {NotAmendable} when it would not extend anything
 */
export async function draftExtension(deps: Deps, actor: Actor, input: DraftExtensionInput): Promise<{ ref: Ref }> {
  const {
    roundId: round,
    longStop,
    tokenExpiry,
    effectiveOn,
    reason,
    idempotencyKey,
  } = parse(DraftExtensionInput, input)
  await mustSeeRound(deps.db, actor, round)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: round.companyId } as const
  return once(deps, actor, { operation: 'draftExtension', scope, idempotencyKey, input }, async (trx) => {
    await lockRound(trx, round)
    const { version, terms } = await signedTerms(trx, round)
    const expiry = tokenExpiry ?? (terms.tokenExpiry < longStop ? longStop : terms.tokenExpiry)
    return insertDraft(trx, actor, round, {
      expectedVersion: version,
      terms: { ...terms, longStop, tokenExpiry: expiry },
      laterGrants: [],
      effectiveOn: effectiveOn ?? undefined,
      reason,
    })
  })
}

type Draft = {
  readonly expectedVersion: number
  readonly terms: RoundTerms
  readonly laterGrants: readonly LaterGrant[]
  readonly effectiveOn: string | undefined
  readonly reason: string
}

/** Drafts in the caller's transaction; the caller has decided who may. */
export async function insertDraft(trx: Trx, actor: Actor, ref: Ref, draft: Draft): Promise<{ ref: Ref }> {
  const round = await lockRound(trx, ref)
  const { signed, laterChanges } = await mustBeAmendable(trx, round, draft)
  const amendment = { companyId: ref.companyId, id: newId() }
  const changes = [...termChanges(signed.terms, draft.terms), ...laterChanges]
  await insertAmendment(trx, {
    ref: amendment,
    roundId: ref.id,
    baseVersion: signed.version,
    terms: draft.terms,
    laterGrants: draft.laterGrants,
    changes,
    reason: draft.reason,
    effectiveOn: draft.effectiveOn,
    draftedBy: actor.id,
  })
  await audit(trx, actor, {
    scope: { kind: 'company', id: ref.companyId },
    kind: 'amendment.drafted',
    subject: globalId('Amendment', ref.companyId, amendment.id),
    payload: {
      round: round.id,
      baseVersion: signed.version,
      effectiveOn: draft.effectiveOn ?? null,
      changes: changesJson(changes),
    },
  })
  return { ref: amendment }
}

/**
 * Refuses what is no amendment of the terms as they were signed last: asked when it is drafted, proposed, and signed.
 *
 * @throws {WrongState} {@link StaleTerms} {@link NotAmendable} {@link Refused}
 */
export async function mustBeAmendable(
  trx: Trx,
  round: LockedRound,
  draft: Pick<Draft, 'expectedVersion' | 'terms' | 'laterGrants' | 'effectiveOn'>,
): Promise<{ readonly signed: SignedTerms; readonly laterChanges: readonly TermChange[] }> {
  if (round.state !== 'accepted' && round.state !== 'closed') {
    throw new WrongState('round', round.state, ['accepted', 'closed'])
  }
  const signed = await signedTerms(trx, { companyId: round.companyId, id: round.roundId })
  if (signed.version !== draft.expectedVersion) throw new StaleTerms(draft.expectedVersion, signed.version)
  const on = await today(trx)
  const effectiveOn = draft.effectiveOn ?? on
  if (effectiveOn < on) throw new Refused('effectiveOn', `is in the past: an amendment acts forwards, from ${on} on`)
  if (signed.effectiveOn !== undefined && effectiveOn < signed.effectiveOn) {
    throw new Refused(
      'effectiveOn',
      `is before ${signed.effectiveOn}, when the amendment that it builds on takes effect`,
    )
  }
  if (draft.laterGrants.length === 0 && canonicalTerms(signed.terms) === canonicalTerms(draft.terms)) {
    throw new Refused('terms', 'are the terms as they are: there is nothing to amend')
  }
  const closed = round.state === 'closed'
  const standing = closed ? await standingOf(trx, round) : undefined
  const faults = amendmentFaults({ before: signed.terms, after: draft.terms, effectiveOn, closed, standing })
  const period = { effectiveOn, before: signed.terms, after: draft.terms }
  const later = await laterGrantChanges(trx, round, draft.laterGrants, period)
  if (faults.length + later.faults.length > 0) throw new NotAmendable([...faults, ...later.faults])
  return { signed, laterChanges: later.changes }
}

/** How far the grants of a closed round have come. A company has a handful. */
async function standingOf(trx: Trx, { companyId, roundId }: LockedRound): Promise<AmendedStanding> {
  const grants = await trx
    .selectFrom('vesting_grant as grant')
    .innerJoin('grant_progress as progress', (on) =>
      on.onRef('progress.company_id', '=', 'grant.company_id').onRef('progress.grant_id', '=', 'grant.grant_id'),
    )
    .select(['grant.grant_id', 'grant.long_stop', 'progress.ended_on'])
    .where('grant.company_id', '=', companyId)
    .where('grant.round_id', '=', roundId)
    .execute()
  let toppedUp = 0n
  for (const grant of grants) {
    const sum = (await appliedTo(trx, companyId, grant.grant_id)).reduce(
      (total, { plan }) => total + parseTokens(plan.tokens.topUp),
      0n,
    )
    if (sum > toppedUp) toppedUp = sum
  }
  const running = grants.filter((grant) => grant.ended_on === null).map((grant) => grant.long_stop)
  return { lastLongStop: running.sort().at(-1) ?? null, toppedUp }
}
