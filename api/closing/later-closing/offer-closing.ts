import { z } from 'zod'
import { type ClosingNotice, closingNoticePdf } from '../../../templates/pdf/closing-notice.ts'
import { type Actor, must } from '../../access/index.ts'
import { acceptDocument, storeDocument } from '../../documents/index.ts'
import { mustSpeakFor } from '../../drawdown/index.ts'
import { checkGate, type FlagsDeps, OpenFlags, refuseWhileOpen } from '../../flags/index.ts'
import {
  audit,
  canonicalJson,
  formatNumeric,
  formatTokens,
  globalId,
  type Money,
  numericOfWhole,
  once,
  parse,
  type Ref,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zSha256,
  zText,
} from '../../platform/index.ts'
import { capitalizationBefore, type LockedRound, lockRound, otherReleasesOf } from '../../rounds/index.ts'
import { findTokenClass } from '../../tokens/index.ts'
import { insertClosingConditions } from '../condition.store.ts'
import { printed, signingParties } from '../deal-document/signing-parties.ts'
import { UnderReview } from '../errors.ts'
import { type LockedClosing, lockClosing, markClosing } from './later-closing.store.ts'
import { earningOf, type LaterForma, laterClosingJson, releasesOf, releaseTermsOf } from './later-closing.ts'
import { mustSeeClosing } from './later-closing.views.ts'
import { mustFit } from './plan-closing.ts'

/** The kind under which the document of a further closing is stored. */
export const CLOSING_NOTICE = 'closing_notice'

export const OfferClosingInput = z.strictObject({ closingId: zRef('Closing'), idempotencyKey: zIdempotencyKey })
export type OfferClosingInput = z.input<typeof OfferClosingInput>
export const AcceptClosingInput = z.strictObject({
  closingId: zRef('Closing'),
  /** SHA-256 of the document that was read, in hex. */
  sha256: zSha256,
  /** The signatory's name as they typed it. */
  typedName: zText(200).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type AcceptClosingInput = z.input<typeof AcceptClosingInput>

/**
 * Offers a planned closing to the company: the rules of the gate `sign` run on it, and its document is rendered and stored,
 * with its conditions. From here on the company sees it.
 */
export async function offerClosing(
  deps: FlagsDeps,
  actor: Actor,
  input: OfferClosingInput,
): Promise<{ ref: Ref; documentId: string; sha256: string }> {
  const { closingId: ref, idempotencyKey } = parse(OfferClosingInput, input)
  const seen = await mustSeeClosing(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const subject = globalId('Closing', ref.companyId, ref.id)
  const gate = { gate: 'sign', companyId: ref.companyId, subject, onDate: await today(deps.db) } as const
  if (seen.state === 'planned') await checkGate(deps, actor, gate)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'offerClosing', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const closing = await lockClosing(trx, ref)
    if (closing.state !== 'planned') throw new WrongState('closing', closing.state, ['planned'])
    await refuseWhileOpen(trx, gate)
    const forma = await mustFit(trx, round, closing.content, ref.id)
    const stored = await storeDocument(trx, {
      companyId: ref.companyId,
      subject,
      kind: CLOSING_NOTICE,
      bytes: await render(trx, actor, round, closing, forma),
      mediaType: 'application/pdf',
      fileName: `closing-${closing.ordinal}-${ref.id.slice(-12)}.pdf`,
      madeBy: actor.id,
    })
    await insertClosingConditions(trx, closing.round, closing.ordinal, closing.content.conditions)
    await markClosing(trx, closing, 'planned', 'offered', { document_id: stored.documentId, offered_by: actor.id })
    await audit(trx, actor, {
      scope,
      kind: 'closing.offered',
      subject,
      payload: { document: globalId('Document', ref.companyId, stored.documentId), sha256: stored.sha256 },
    })
    return { ref, documentId: stored.documentId, sha256: stored.sha256 }
  })
}

/** The company accepts exactly the document with this hash. Not for staff: nobody accepts for another. */
export async function acceptClosing(deps: FlagsDeps, actor: Actor, input: AcceptClosingInput): Promise<{ ref: Ref }> {
  const { closingId: ref, sha256, typedName, idempotencyKey } = parse(AcceptClosingInput, input)
  const seen = await mustSeeClosing(deps.db, actor, ref)
  must(actor, 'signatory')
  mustSpeakFor(actor, ref.companyId)
  const subject = globalId('Closing', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'acceptClosing', scope, idempotencyKey, input }, async (trx) => {
    await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const closing = await lockClosing(trx, ref)
    if (closing.state !== 'offered') throw new WrongState('closing', closing.state, ['offered'])
    await refuseWhileOpen(trx, { gate: 'sign', companyId: ref.companyId, subject }).catch((error: unknown) => {
      throw error instanceof OpenFlags ? new UnderReview() : error
    })
    const documentId = closing.documentId ?? ''
    await acceptDocument(trx, actor, {
      companyId: ref.companyId,
      documentId,
      sha256,
      typedName: typedName ?? undefined,
    })
    await markClosing(trx, closing, 'offered', 'accepted')
    await audit(trx, actor, { scope, kind: 'closing.accepted', subject, payload: { sha256 } })
    return { ref }
  })
}

const wire = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

async function render(
  trx: Trx,
  actor: Actor,
  round: LockedRound,
  closing: LockedClosing,
  forma: LaterForma,
): Promise<Uint8Array> {
  const parties = await signingParties(trx, actor, round.companyId)
  const before = (await capitalizationBefore(trx, round.companyId, { closingDate: await today(trx) })).fullyDiluted
  const grants: ClosingNotice['grants'][number][] = []
  for (const { leg, shares, className, referencePrice } of forma.grants) {
    const { basis, longStop, tokenExpiry } = earningOf(round.terms, leg)
    const releases = releasesOf({ leg }, closing.content.closingDate)
    grants.push({
      tokenClass: (await findTokenClass(trx, leg.tokenClassId))?.name ?? '',
      tokens: formatTokens(leg.tokens),
      className,
      shares: String(shares),
      referencePrice: wire(referencePrice),
      basis,
      longStop,
      tokenExpiry,
      releases: {
        releases: releases.map(({ on, amount }) => ({ on, tokens: formatTokens(amount) })),
        ...otherReleasesOf({ releases: releaseTermsOf(leg), tokens: leg.tokens }),
      },
      ownReleases: leg.releases !== undefined,
    })
  }
  return printed('cashInvestors', () =>
    closingNoticePdf({
      ...parties,
      roundName: round.terms.name,
      ordinal: closing.ordinal,
      closingDate: closing.content.closingDate,
      price: wire(forma.price),
      cash: forma.cash.map(({ holder, className, amount, shares }) => ({
        holder,
        className,
        amount: wire(amount),
        shares: String(shares),
      })),
      grants,
      before: formatNumeric(before),
      after: formatNumeric(before + numericOfWhole(forma.shares)),
      conditions: closing.content.conditions.map(({ text }) => text),
      json: canonicalJson({
        closing: closing.id,
        content: laterClosingJson(closing.content),
        ordinal: closing.ordinal,
        price: wire(forma.price),
        round: round.id,
      }),
    }),
  )
}
