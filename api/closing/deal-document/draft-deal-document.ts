import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { isStakeholder, stakeholdersCalled } from '../../captable/index.ts'
import { companiesById, mustSeeInstallation, providersById } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  type JsonValue,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zIsoDate,
  zRef,
  zText,
} from '../../platform/index.ts'
import { type LockedRound, lockRound, mustSeeRound } from '../../rounds/index.ts'
import { findTokenClass } from '../../tokens/index.ts'
import { type AssignedSide, AssignmentContent } from './assignment.ts'
import { type DealDocumentKind, insertDealDocument } from './deal-document.store.ts'
import { CyclicMfn, type MfnNode, mfnCycle, SideLetterContent } from './side-letter.ts'

const common = {
  roundId: zRef('Round'),
  /** The first day on which it holds, today at the earliest; left out: the day on which the second side signs. */
  effectiveOn: zIsoDate.nullish(),
  idempotencyKey: zIdempotencyKey,
}
const { predecessor: _, ...assigned } = AssignmentContent.shape
export const DraftAssignmentInput = z.strictObject({ ...common, ...assigned })
export type DraftAssignmentInput = z.input<typeof DraftAssignmentInput>
export const DraftSideLetterInput = z.strictObject({
  ...common,
  title: zText(120),
  /** Its holder's id in the company's OCF data; left out, the stakeholder whose legal name is that of the holder, if any. */
  stakeholderId: zText(100).optional(),
  ...SideLetterContent.shape,
})
export type DraftSideLetterInput = z.input<typeof DraftSideLetterInput>

/**
 * Drafts that another entity takes the place of a party of a signed round. Nothing changes its id: the rounds, grants, tokens
 * and shares of the company stay where they are, under the name of whoever stands for it.
 *
 * @throws {Refused} when the successor is called as its predecessor is
 */
export async function draftAssignment(deps: Deps, actor: Actor, input: DraftAssignmentInput): Promise<{ ref: Ref }> {
  const { roundId, effectiveOn, idempotencyKey, ...content } = parse(DraftAssignmentInput, input)
  await mustSeeRound(deps.db, actor, roundId)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: roundId.companyId } as const
  return once(deps, actor, { operation: 'draftAssignment', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockSigned(trx, roundId, effectiveOn ?? undefined)
    const predecessor = await partyNow(trx, actor, round, content.side)
    if (predecessor === content.successor.name && content.kind !== 'conversion') {
      throw new Refused('successor.name', 'is what the party is called already')
    }
    if (content.evidenceDate > (await today(trx))) throw new Refused('evidenceDate', 'lies in the future')
    const title = `${content.successor.name} for ${predecessor}`
    return insertDraft(trx, actor, round, {
      kind: 'assignment',
      title,
      content: { ...content, predecessor },
      effectiveOn: effectiveOn ?? undefined,
    })
  })
}

/**
 * Drafts a side letter of a signed round.
 *
 * @throws {CyclicMfn} when it and others would each take over the next one's terms
 */
export async function draftSideLetter(deps: Deps, actor: Actor, input: DraftSideLetterInput): Promise<{ ref: Ref }> {
  const { roundId, effectiveOn, idempotencyKey, title, stakeholderId, ...content } = parse(DraftSideLetterInput, input)
  await mustSeeRound(deps.db, actor, roundId)
  must(actor, 'analyst', 'partner')
  if (content.rights.length === 0 && content.mfn === undefined) {
    throw new Refused('rights', 'must name at least one right, or mfn must be given')
  }
  const scope = { kind: 'company', id: roundId.companyId } as const
  return once(deps, actor, { operation: 'draftSideLetter', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockSigned(trx, roundId, effectiveOn ?? undefined)
    const ref = { companyId: roundId.companyId, id: newId() }
    await mustNotCircle(trx, roundId, { id: ref.id, title, over: content.mfn?.over ?? [] })
    const holder = await holderOf(trx, roundId.companyId, content.holder, stakeholderId)
    const named = await waivedNames(trx, roundId, content, holder)
    const json = sideLetterJson(content, named)
    const draft = { kind: 'side_letter', title, content: json, stakeholderId: holder } as const
    return insertDraft(trx, actor, round, { ...draft, effectiveOn: effectiveOn ?? undefined }, ref)
  })
}

/**
 * Who of the cap table has the rights: whoever is named by id, under whatever name, or the one stakeholder of that name. Who
 * is none yet has no id.
 *
 * @throws {Refused}
 */
async function holderOf(
  trx: Trx,
  companyId: Uuid,
  name: string,
  stakeholderId: string | undefined,
): Promise<string | undefined> {
  if (stakeholderId !== undefined) {
    if (await isStakeholder(trx, companyId, stakeholderId)) return stakeholderId
    throw new Refused('stakeholderId', 'is no stakeholder of this company')
  }
  const [found, ...others] = await stakeholdersCalled(trx, companyId, name)
  if (others.length === 0) return found
  throw new Refused('stakeholderId', `is missing: ${others.length + 1} stakeholders are called ${name}`)
}

/** What a waiver names, as it is called when it is drafted. */
type WaivedNames = { readonly sideLetter: string; readonly laterRound: string }

/** By its place, what each waiver names. Only the holder of a right may waive it. @throws {Refused} */
async function waivedNames(
  trx: Trx,
  { companyId, id }: Ref,
  { holder, rights }: SideLetterContent,
  stakeholderId: string | undefined,
): Promise<ReadonlyMap<number, WaivedNames>> {
  const names = new Map<number, WaivedNames>()
  for (const [index, right] of rights.entries()) {
    if (right.kind !== 'PRO_RATA_WAIVER') continue
    const letter = await trx
      .selectFrom('deal_document')
      .select(['title', 'content', 'stakeholder_id as waives'])
      .where('company_id', '=', companyId)
      .where('deal_document_id', '=', right.sideLetterId)
      .where('kind', '=', 'side_letter')
      .where('state', '<>', 'withdrawn')
      .executeTakeFirst()
    // By id where the cap table knows the holder, by name where it does not.
    const own =
      letter !== undefined &&
      ((letter.waives !== null && letter.waives === stakeholderId) ||
        (letter.waives === null && StoredSideLetter.parse(letter.content).holder === holder))
    if (!own) {
      throw new Refused(`rights.${index}.sideLetterId`, 'is no side letter of this holder')
    }
    if (right.laterRoundId === id) throw new Refused(`rights.${index}.laterRoundId`, 'is this round, not a later one')
    const { terms } = await lockRound(trx, { companyId, id: right.laterRoundId })
    names.set(index, { sideLetter: letter.title, laterRound: terms.name })
  }
  return names
}

/** What a side letter says, on the wire. */
export const sideLetterJson = (
  { holder, rights, mfn }: SideLetterContent,
  named: ReadonlyMap<number, WaivedNames> = new Map(),
): JsonValue => ({
  holder,
  rights: rights.map((right, index) => {
    const { until, ...plain } = right
    const end = until === undefined ? {} : { until }
    if (plain.kind === 'PRO_RATA') return { ...plain, multiple: formatNumeric(plain.multiple), ...end }
    if (plain.kind === 'PRICE_PROTECTION') return { ...plain, threshold: formatNumeric(plain.threshold), ...end }
    if (plain.kind === 'INFORMATION') {
      const { days, fiscalYearEndMonth, reminderDays, ...rest } = plain
      return {
        ...rest,
        ...(days === undefined ? {} : { days }),
        ...(fiscalYearEndMonth === undefined ? {} : { fiscalYearEndMonth }),
        ...(reminderDays === undefined ? {} : { reminderDays }),
        ...end,
      }
    }
    return { ...plain, ...named.get(index), ...end }
  }),
  ...(mfn === undefined
    ? {}
    : { mfn: { windowDays: mfn.windowDays, ...(mfn.over === undefined ? {} : { over: mfn.over }) } }),
})

/** What a stored side letter says. Its own ids are plain. */
export const StoredSideLetter = z.object({
  holder: z.string(),
  rights: z.array(z.record(z.string(), z.unknown())),
  mfn: z.object({ windowDays: z.int(), over: z.array(z.string()).optional() }).optional(),
})

async function lockSigned(trx: Trx, ref: Ref, effectiveOn: string | undefined): Promise<LockedRound> {
  const round = await lockRound(trx, ref)
  if (round.state !== 'accepted' && round.state !== 'closed') {
    throw new WrongState('round', round.state, ['accepted', 'closed'])
  }
  if (effectiveOn !== undefined && effectiveOn < (await today(trx))) {
    throw new Refused('effectiveOn', 'is in the past: it acts forwards')
  }
  return round
}

async function partyNow(trx: Trx, actor: Actor, round: LockedRound, side: AssignedSide): Promise<string> {
  if (side === 'fund') return (await mustSeeInstallation(trx)).fundName
  if (side === 'company') return (await companiesById(trx, actor, [round.companyId]))[0]?.legalName ?? ''
  const tokenClass = await findTokenClass(trx, round.terms.compute.tokenClassId)
  const [provider] = await providersById(trx, [tokenClass?.providerId ?? ''])
  return provider?.name ?? ''
}

/** Only side letters of the same round, and none of them in a circle. @throws {Refused} {@link CyclicMfn} */
async function mustNotCircle(trx: Trx, round: Ref, draft: MfnNode): Promise<void> {
  const known = await mfnNodes(trx, round, draft)
  const missing = draft.over.find((id) => !known.some((node) => node.id === id))
  if (missing !== undefined) throw new Refused('mfn.over', `names ${missing}, which is no side letter of this round`)
  const cycle = mfnCycle(known)
  if (cycle !== undefined) throw new CyclicMfn(cycle)
}

/**
 * The side letters of a round that are not withdrawn, oldest first, and which of them each has taken over or may take over:
 * those that it names, or every later one. `draft` stands at the end.
 */
export async function mfnNodes(trx: Trx, round: Ref, draft?: MfnNode): Promise<MfnNode[]> {
  const rows = await trx
    .selectFrom('deal_document')
    .leftJoin('mfn_election', (on) =>
      on
        .onRef('mfn_election.company_id', '=', 'deal_document.company_id')
        .onRef('mfn_election.holder_id', '=', 'deal_document.deal_document_id'),
    )
    .select(['deal_document_id as id', 'title', 'content', 'elected_id as elected'])
    .where('deal_document.company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('kind', '=', 'side_letter')
    .where('state', '<>', 'withdrawn')
    .orderBy('deal_document_id')
    .execute()
  const ids = [...rows.map(({ id }) => id), ...(draft === undefined ? [] : [draft.id])]
  const nodes = rows.map(({ id, title, content, elected }, index): MfnNode => {
    const { mfn } = StoredSideLetter.parse(content)
    // Who has elected has nothing left to elect.
    if (elected !== null) return { id, title, over: [elected] }
    return { id, title, over: mfn === undefined ? [] : (mfn.over ?? ids.slice(index + 1)) }
  })
  return draft === undefined ? nodes : [...nodes, draft]
}

async function insertDraft(
  trx: Trx,
  actor: Actor,
  round: LockedRound,
  draft: {
    readonly kind: DealDocumentKind
    readonly title: string
    readonly content: JsonValue
    readonly stakeholderId?: string | undefined
    readonly effectiveOn: string | undefined
  },
  ref: Ref = { companyId: round.companyId, id: newId() },
): Promise<{ ref: Ref }> {
  await insertDealDocument(trx, { ref, roundId: round.roundId, draftedBy: actor.id, ...draft })
  await audit(trx, actor, {
    scope: { kind: 'company', id: round.companyId },
    kind: `${draft.kind}.drafted`,
    subject: globalId('DealDocument', ref.companyId, ref.id),
    payload: { round: round.id, title: draft.title, content: draft.content, effectiveOn: draft.effectiveOn ?? null },
  })
  return { ref }
}
