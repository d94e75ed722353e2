/** Amendments come into force: on their day by a job, and whenever somebody acts on the deal before the job has come to it. */
import { z } from 'zod'
import { applyGrantChanges } from '../../drawdown/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  instant,
  inTransaction,
  NOBODY,
  newId,
  parse,
  type Ref,
  type Trx,
  today,
  type Uuid,
  zUuid,
} from '../../platform/index.ts'
import { moveToVersion } from '../../rounds/index.ts'
import { applyLotChanges } from '../../tokens/index.ts'
import { addConditions, conditionsOf, dropCondition } from '../condition.store.ts'
import { bringDealDocuments } from '../deal-document/bring-deal-documents.ts'
import { type LockedAmendment, lockAmendment, markAmendment } from './amendment.store.ts'
import { scheduleEffects } from './amendment-effects.ts'

/** Name of the job that is added for each day on which an amendment of a company takes effect. */
export const AMENDMENT_DUE_JOB = 'closing.amendment-due'

/** Brings what is due into force at once, and the paper that was just signed on its day. */
export async function bringIntoForceOn(trx: Trx, companyId: Uuid, effectiveOn: string): Promise<void> {
  await bringIntoForce(trx, companyId)
  await addJob(trx, {
    name: AMENDMENT_DUE_JOB,
    payload: { companyId },
    runAt: `${effectiveOn}T00:00:00Z`,
    key: `amendment:${companyId}:${effectiveOn}`,
  })
}

/** The job: harmless when repeated. */
export async function amendmentDue(deps: Deps, payload: unknown): Promise<void> {
  const { companyId } = parse(z.object({ companyId: zUuid }), payload)
  await inTransaction(deps.db, (trx) => bringIntoForce(trx, companyId))
}

/** The sweep: what has come due and a lost job has left standing. */
export async function bringDueIntoForce(deps: Deps): Promise<void> {
  const due = await deps.db
    .selectFrom('amendment')
    .select('company_id')
    .distinct()
    .where('state', '=', 'accepted')
    .where('effective_on', '<=', await today(deps.db))
    .limit(1_000)
    .execute()
  const documents = await deps.db
    .selectFrom('deal_document')
    .select('company_id')
    .distinct()
    .where('state', '=', 'accepted')
    .where('effective_on', '<=', await today(deps.db))
    .limit(1_000)
    .execute()
  const companies = new Set([...due, ...documents].map((row) => row.company_id))
  for (const companyId of companies) await amendmentDue(deps, { companyId })
}

/** Brings every amendment of a company whose day has come into force, in the order in which they build on one another. */
export async function bringIntoForce(trx: Trx, companyId: Uuid): Promise<void> {
  await lockCompany(trx, companyId)
  const due = await trx
    .selectFrom('amendment')
    .select('amendment_id as id')
    .where('company_id', '=', companyId)
    .where('state', '=', 'accepted')
    .where('effective_on', '<=', await today(trx))
    .orderBy('round_id')
    .orderBy('terms_version')
    .execute()
  for (const { id } of due) await bringOne(trx, await lockAmendment(trx, { companyId, id }))
  await bringDealDocuments(trx, companyId)
  await applyLotChanges(trx, companyId)
  await applyGrantChanges(trx, companyId)
}

async function bringOne(trx: Trx, amendment: LockedAmendment): Promise<void> {
  const { round, baseVersion, changes } = amendment
  if (changes.some(({ path }) => path[0] === 'conditions')) await settleConditions(trx, amendment)
  await moveToVersion(trx, round, baseVersion + 1)
  await markAmendment(trx, amendment, 'accepted', 'in_force', { in_force_at: await instant(trx) })
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: round.companyId },
    kind: 'amendment.in_force',
    subject: amendment.id,
    payload: { termsVersion: baseVersion + 1 },
  })
}

/** What both sides have dropped is waived by both; what they have added is open. */
async function settleConditions(trx: Trx, { round, terms, id, documentId, draftedBy }: LockedAmendment): Promise<void> {
  const known = await conditionsOf(trx, round)
  const wanted = new Map(terms.conditions.map((condition) => [condition.code, condition]))
  for (const condition of known) {
    if (condition.state !== 'open' || wanted.has(condition.code)) continue
    await dropCondition(trx, round, condition.code, {
      eventId: newId(),
      evidence: `Dropped by ${id}, document ${documentId ?? ''}, signed by both sides.`,
      date: await today(trx),
      actorId: draftedBy,
    })
  }
  const codes = new Set(known.map(({ code }) => code))
  await addConditions(
    trx,
    round,
    terms.conditions.filter(({ code }) => !codes.has(code)),
    known.length,
  )
}

/** Amendments that are signed and whose day has not come: a grant that is opened meanwhile is changed on that day, too. */
export async function schedulePending(trx: Trx, round: Ref): Promise<void> {
  const pending = await trx
    .selectFrom('amendment')
    .select(['amendment_id as id', 'effective_on as effectiveOn'])
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('state', '=', 'accepted')
    .orderBy('terms_version')
    .execute()
  for (const { id, effectiveOn } of pending) {
    if (effectiveOn === null) continue
    await scheduleEffects(trx, { ...(await lockAmendment(trx, { companyId: round.companyId, id })), effectiveOn })
  }
}
