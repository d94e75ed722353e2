import { z } from 'zod'
import { assignmentPdf, type RightText, sideLetterPdf } from '../../../templates/pdf/deal-document.ts'
import { type Actor, must } from '../../access/index.ts'
import { storeDocument } from '../../documents/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../../flags/index.ts'
import {
  audit,
  canonicalJson,
  globalId,
  instant,
  type JsonValue,
  once,
  parse,
  type Ref,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../../platform/index.ts'
import { type LockedRound, lockRound } from '../../rounds/index.ts'
import { AssignmentContent } from './assignment.ts'
import { type LockedDealDocument, lockDealDocument, markDealDocument } from './deal-document.store.ts'
import { mustSeeDealDocument } from './deal-document.views.ts'
import { mfnNodes, StoredSideLetter } from './draft-deal-document.ts'
import { printed, signingParties } from './signing-parties.ts'

export const ProposeDealDocumentInput = z.strictObject({
  dealDocumentId: zRef('DealDocument'),
  idempotencyKey: zIdempotencyKey,
})
export type ProposeDealDocumentInput = z.input<typeof ProposeDealDocumentInput>

/**
 * Proposes an assignment or a side letter: the rules of the gate `amend` run on the round, and the document is rendered and
 * stored; from here on the company sees it.
 *
 * @throws {OpenFlags} naming each rule that stops it
 */
export async function proposeDealDocument(
  deps: FlagsDeps,
  actor: Actor,
  input: ProposeDealDocumentInput,
): Promise<{ ref: Ref; documentId: string; sha256: string }> {
  const { dealDocumentId: ref, idempotencyKey } = parse(ProposeDealDocumentInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const gate = await gateOf(deps, seen)
  if (seen.state === 'draft') await checkGate(deps, actor, gate)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'proposeDealDocument', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const document = await lockDealDocument(trx, ref)
    if (document.state !== 'draft') throw new WrongState('deal document', document.state, ['draft'])
    await refuseWhileOpen(trx, gate)
    const stored = await storeDocument(trx, {
      companyId: ref.companyId,
      subject: document.id,
      kind: document.kind,
      bytes: await render(trx, actor, round, document),
      mediaType: 'application/pdf',
      fileName: `${document.kind.replaceAll('_', '-')}-${ref.id.slice(-12)}.pdf`,
      madeBy: actor.id,
    })
    await markDealDocument(trx, document, 'draft', 'proposed', {
      proposed_by: actor.id,
      proposed_at: await instant(trx),
      document_id: stored.documentId,
    })
    await audit(trx, actor, {
      scope,
      kind: `${document.kind}.proposed`,
      subject: document.id,
      payload: {
        document: globalId('Document', ref.companyId, stored.documentId),
        round: round.id,
        sha256: stored.sha256,
      },
    })
    return { ref, documentId: stored.documentId, sha256: stored.sha256 }
  })
}

/** What stands before the gate is the round: a deal document changes who stands in it, or what goes with it. */
export const gateOf = async (deps: FlagsDeps, of: { readonly companyId: string; readonly roundId: string }) =>
  ({
    gate: 'amend',
    companyId: of.companyId,
    subject: globalId('Round', of.companyId, of.roundId),
    onDate: await today(deps.db),
  }) as const

async function render(trx: Trx, actor: Actor, round: LockedRound, document: LockedDealDocument): Promise<Uint8Array> {
  const { effectiveOn, title } = document
  const common = {
    ...(await signingParties(trx, actor, round.companyId)),
    title,
    roundName: round.terms.name,
    ...(effectiveOn === undefined ? {} : { effectiveOn }),
    json: canonicalJson({
      content: document.content as JsonValue,
      dealDocument: document.id,
      effectiveOn: effectiveOn ?? null,
      kind: document.kind,
      round: round.id,
      title,
    }),
  }
  if (document.kind === 'assignment') {
    return printed('successor', () => assignmentPdf({ ...common, ...AssignmentContent.parse(document.content) }))
  }
  const { holder, rights, mfn } = StoredSideLetter.parse(document.content)
  const titles = new Map((await mfnNodes(trx, document.round)).map((node) => [node.id, node.title]))
  return printed('rights', () =>
    sideLetterPdf({
      ...common,
      holder,
      // Stored by `sideLetterJson`, whose rights have this form.
      rights: rights as unknown as readonly RightText[],
      mfn:
        mfn === undefined
          ? undefined
          : { windowDays: mfn.windowDays, over: mfn.over?.map((id) => titles.get(id) ?? id) },
    }),
  )
}
