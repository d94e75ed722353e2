import { z } from 'zod'
import { amendmentPdf } from '../../../templates/pdf/amendment.ts'
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
import { type LockedRound, lockRound, writeTerms } from '../../rounds/index.ts'
import { printed, signingParties } from '../deal-document/signing-parties.ts'
import { changesJson, type LockedAmendment, lockAmendment, markAmendment } from './amendment.store.ts'
import { mustSeeAmendment } from './amendment.views.ts'
import { mustBeAmendable } from './draft-amendment.ts'
import { laterGrantsJson } from './later-grants.ts'

/** The kind under which the document of an amendment is stored. */
export const AMENDMENT_DOCUMENT = 'amendment'

export const ProposeAmendmentInput = z.strictObject({ amendmentId: zRef('Amendment'), idempotencyKey: zIdempotencyKey })
export type ProposeAmendmentInput = z.input<typeof ProposeAmendmentInput>

/**
 * Proposes a draft: the rules of the gate `amend` run on the terms as amended, and its document is rendered and stored;
 * from here on the company sees it. The same amendment on the same day gives the same bytes.
 *
 * @throws {OpenFlags} naming each rule that stops it
 * @throws {StaleTerms} when another amendment was signed meanwhile
 */
export async function proposeAmendment(
  deps: FlagsDeps,
  actor: Actor,
  input: ProposeAmendmentInput,
): Promise<{ ref: Ref; documentId: string; sha256: string }> {
  const { amendmentId: ref, idempotencyKey } = parse(ProposeAmendmentInput, input)
  const seen = await mustSeeAmendment(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const subject = globalId('Amendment', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  // The act is the signing, which binds: a date to come may lie in a year for which no rule table is published yet.
  const onDate = await today(deps.db)
  const gate = { gate: 'amend', companyId: ref.companyId, subject, onDate } as const
  if (seen.state === 'draft') await checkGate(deps, actor, gate)
  return once(deps, actor, { operation: 'proposeAmendment', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const amendment = await lockAmendment(trx, ref)
    if (amendment.state !== 'draft') throw new WrongState('amendment', amendment.state, ['draft'])
    await mustBeAmendable(trx, round, { ...amendment, expectedVersion: amendment.baseVersion })
    await refuseWhileOpen(trx, gate)
    const stored = await storeDocument(trx, {
      companyId: ref.companyId,
      subject,
      kind: AMENDMENT_DOCUMENT,
      bytes: await render(trx, actor, round, amendment),
      mediaType: 'application/pdf',
      fileName: `amendment-${ref.id.slice(-12)}.pdf`,
      madeBy: actor.id,
    })
    await markAmendment(trx, amendment, 'draft', 'proposed', {
      proposed_by: actor.id,
      proposed_at: await instant(trx),
      document_id: stored.documentId,
    })
    await audit(trx, actor, {
      scope,
      kind: 'amendment.proposed',
      subject,
      payload: {
        document: globalId('Document', ref.companyId, stored.documentId),
        round: round.id,
        sha256: stored.sha256,
      },
    })
    return { ref, documentId: stored.documentId, sha256: stored.sha256 }
  })
}

async function render(trx: Trx, actor: Actor, round: LockedRound, amendment: LockedAmendment): Promise<Uint8Array> {
  const { company, fund, issuedAt } = await signingParties(trx, actor, round.companyId)
  const { changes, terms, laterGrants, effectiveOn, baseVersion, reason } = amendment
  return printed('changes', () =>
    amendmentPdf({
      roundName: round.terms.name,
      company,
      fund,
      issuedAt,
      baseVersion,
      ...(effectiveOn === undefined ? {} : { effectiveOn }),
      reason,
      closed: round.state === 'closed',
      changes,
      json: canonicalJson({
        amendment: amendment.id,
        baseVersion,
        changes: changesJson(changes),
        effectiveOn: effectiveOn ?? null,
        // Left out where there is none: what was proposed before this could be amended keeps its bytes.
        ...(laterGrants.length === 0 ? {} : { laterGrants: laterGrantsJson(laterGrants) }),
        round: round.id,
        terms: writeTerms(terms) as JsonValue,
      }),
    }),
  )
}
