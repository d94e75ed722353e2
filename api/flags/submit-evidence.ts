import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  type Ref,
  Refused,
  today,
  zIdempotencyKey,
  zIsoDate,
  zRef,
  zText,
} from '../platform/index.ts'
import { lockForDecision } from './decide-flag.ts'
import { changeFlag, recordFlagEvent } from './flag.store.ts'
import { mustSeeFlag } from './flag.views.ts'
import type { EvidenceKind } from './rule.ts'
import { ruleById } from './rules.ts'
import { belongsTo } from './subject.ts'

export const SubmitEvidenceInput = z.strictObject({
  flagId: zRef('Flag'),
  /** The finding that the caller read. */
  findingId: zRef('Finding'),
  /** Id of a kind of evidence that the rule accepts. */
  kind: zText(100),
  /** What it is and where it lies: a file number, a letter, its page. */
  reference: zText(500),
  /** Who issued it. */
  source: zText(200),
  /** Date of the event that it proves: the end of the waiting period, the opinion. */
  date: zIsoDate,
  /** Global id of a document of the same company. */
  documentId: zRef('Document')
    .transform(({ companyId, id }) => globalId('Document', companyId, id))
    .nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type SubmitEvidenceInput = z.input<typeof SubmitEvidenceInput>

/**
 * Compliance ends a bar by evidence. It holds for the grounds of the finding, and no longer than the law lets it.
 *
 * @throws {Refused} when the flag is no bar, the rule does not accept the kind, or the date is to come or too long ago
 * @throws {FindingChanged}
 */
export async function submitEvidence(deps: Deps, actor: Actor, input: SubmitEvidenceInput): Promise<{ flag: Ref }> {
  const { flagId: ref, findingId, idempotencyKey, ...given } = parse(SubmitEvidenceInput, input)
  const { ruleId } = await mustSeeFlag(deps.db, actor, ref)
  must(actor, 'compliance')
  const kind = acceptedKind(ruleId, given.kind)
  const documentId = given.documentId ?? null
  if (documentId !== null && !belongsTo(ref.companyId, documentId)) {
    throw new Refused('documentId', 'must be the id of a document of the same company')
  }
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'submitEvidence', scope, idempotencyKey, input }, async (trx) => {
    const { flag, print } = await lockForDecision(trx, actor, ref, findingId.id, 'submit evidence for')
    const now = await today(trx)
    if (given.date > now) throw new Refused('date', `must not be after today, ${now}`)
    const lapsesOn = lapseOf(kind, given.date)
    if (lapsesOn !== null && lapsesOn <= now)
      throw new Refused('date', `is too long ago: the evidence lapsed on ${lapsesOn}`)
    await changeFlag(trx, flag, { to: 'cleared', findingId: flag.findingId, by: 'evidence', print, lapsesOn })
    const { reference, source, date } = given
    const evidence = { kind: kind.id, title: kind.title, reference, source, date, documentId, lapsesOn }
    await recordFlagEvent(trx, flag, { kind: 'evidenced', findingId: flag.findingId, actorId: actor.id, evidence })
    await audit(trx, actor, {
      scope,
      kind: 'flag.evidenced',
      subject: globalId('Flag', ref.companyId, ref.id),
      payload: { subject: flag.subject, rule: ruleId, finding: flag.findingId, print, evidence },
    })
    return { flag: ref }
  })
}

/** A rule that is no longer in the list accepts nothing. */
function acceptedKind(ruleId: string, id: string): EvidenceKind {
  const accepted = ruleById(ruleId)?.evidence ?? []
  const kind = accepted.find((each) => each.id === id)
  if (kind !== undefined) return kind
  if (accepted.length === 0) throw new Refused('flagId', 'is no bar: evidence ends bars only, a policy flag is waived')
  throw new Refused('kind', `must be one of ${accepted.map((each) => each.id).join(', ')}`)
}

const lapseOf = ({ lapsesAfterYears }: EvidenceKind, date: string): string | null =>
  lapsesAfterYears === undefined ? null : Temporal.PlainDate.from(date).add({ years: lapsesAfterYears }).toString()
