/** What deal documents do when their day comes: a successor stands for its party; side letters are noticed to whom they favour. */
import { Temporal } from 'temporal-polyfill'
import { insertIdentity, insertPartyIdentity, mustSeeInstallation } from '../../parties/index.ts'
import { audit, globalId, instant, NOBODY, type Trx, today, type Uuid } from '../../platform/index.ts'
import { lockRound } from '../../rounds/index.ts'
import { findTokenClass } from '../../tokens/index.ts'
import { AssignmentContent } from './assignment.ts'
import { type LockedDealDocument, lockDealDocument, markDealDocument } from './deal-document.store.ts'
import { StoredSideLetter } from './draft-deal-document.ts'

/** Brings every deal document of a company whose day has come into force, in order of their days. The company is locked. */
export async function bringDealDocuments(trx: Trx, companyId: Uuid): Promise<void> {
  const due = await trx
    .selectFrom('deal_document')
    .select('deal_document_id as id')
    .where('company_id', '=', companyId)
    .where('state', '=', 'accepted')
    .where('effective_on', '<=', await today(trx))
    .orderBy('effective_on')
    .orderBy('accepted_at')
    .orderBy('deal_document_id')
    .execute()
  for (const { id } of due) {
    const document = await lockDealDocument(trx, { companyId, id })
    if (document.kind === 'assignment') await succeed(trx, document)
    else await notice(trx, document)
    await markDealDocument(trx, document, 'accepted', 'in_force', { in_force_at: await instant(trx) })
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: `${document.kind}.in_force`,
      subject: document.id,
      payload: { effectiveOn: document.effectiveOn ?? null },
    })
  }
}

/** The successor stands for the party from the day on; every id stays, and with it rounds, grants, tokens and shares. */
async function succeed(trx: Trx, document: LockedDealDocument): Promise<void> {
  const { companyId } = document.ref
  const { side, kind, successor, evidence } = AssignmentContent.parse(document.content)
  const validFrom = document.effectiveOn ?? (await today(trx))
  const source = `${globalId('Document', companyId, document.documentId ?? '')}: ${evidence}`.slice(0, 500)
  if (side === 'company') {
    const { name: legalName, form: legalForm, jurisdiction } = successor
    const identity = { legalName, legalForm, jurisdiction, validFrom, cause: kind, source }
    return insertIdentity(trx, companyId, identity, document.draftedBy)
  }
  const partyId = side === 'fund' ? (await mustSeeInstallation(trx)).installationId : await providerOf(trx, document)
  await insertPartyIdentity(trx, {
    partyId,
    side,
    name: successor.name,
    validFrom,
    source,
    recordedBy: document.draftedBy,
  })
}

async function providerOf(trx: Trx, document: LockedDealDocument): Promise<Uuid> {
  const round = await lockRound(trx, document.round)
  const tokenClass = await findTokenClass(trx, round.terms.compute.tokenClassId)
  if (tokenClass === undefined) throw new Error('the round names a token class that is not there')
  return tokenClass.providerId
}

/** A side letter is brought to the notice of each earlier holder who may elect it, and has not elected another. */
async function notice(trx: Trx, offered: LockedDealDocument): Promise<void> {
  const { companyId } = offered.ref
  const on = await today(trx)
  const others = await trx
    .selectFrom('deal_document')
    .select(['deal_document_id as id', 'content', 'accepted_at as acceptedAt'])
    .where('company_id', '=', companyId)
    .where('round_id', '=', offered.round.id)
    .where('kind', '=', 'side_letter')
    .where('state', 'in', ['accepted', 'in_force'])
    .where('deal_document_id', '<>', offered.ref.id)
    .orderBy('deal_document_id')
    .execute()
  for (const holder of others) {
    const { mfn } = StoredSideLetter.parse(holder.content)
    if (mfn === undefined || (mfn.over !== undefined && !mfn.over.includes(offered.ref.id))) continue
    // Only what is later than the holder's own, in the order in which they were drafted.
    if (holder.id > offered.ref.id) continue
    const electUntil = Temporal.PlainDate.from(on).add({ days: mfn.windowDays }).toString()
    await trx
      .insertInto('mfn_notice')
      .values({
        company_id: companyId,
        holder_id: holder.id,
        offered_id: offered.ref.id,
        noticed_on: on,
        elect_until: electUntil,
        noticed_by: offered.draftedBy,
      })
      .onConflict((conflict) => conflict.constraint('mfn_notice_pkey').doNothing())
      .execute()
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: 'side_letter.noticed',
      subject: globalId('DealDocument', companyId, holder.id),
      payload: { offered: offered.id, electUntil },
    })
  }
}
