import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  audit,
  canonicalJson,
  type Deps,
  globalId,
  type JsonValue,
  once,
  parse,
  type Ref,
  Refused,
  sha256,
  today,
  zGlobalId,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zText,
} from '../platform/index.ts'
import { FACT_KINDS, FACT_NAMES, type FactName, isFactName } from './fact-catalogue.ts'
import { insertRecordedFact } from './recorded-fact.store.ts'
import { belongsTo } from './subject.ts'

/** `value` is parsed a second time, by the shape of the named fact. */
export const RecordFactInput = z.strictObject({
  companyId: zKey('Company'),
  name: z.string().transform((text, context): FactName => {
    if (isFactName(text)) return text
    context.addIssue({ code: 'custom', message: `must be one of ${FACT_NAMES.join(', ')}` })
    return z.NEVER
  }),
  /** Global id of the deal, where the fact is about one deal only. */
  subject: zGlobalId.nullish(),
  value: z.unknown(),
  source: zText(500),
  asOf: zIsoDate,
  idempotencyKey: zIdempotencyKey,
})
export type RecordFactInput = z.input<typeof RecordFactInput>

/**
 * Records a fact that no capability knows, with its source and date. It supersedes earlier records of the same fact; flags
 * change when the rules run next.
 *
 * @throws {BadInput} when the value has not the shape of the fact
 * @throws {Refused} when the date is to come, or the subject is missing, needless, or another company's
 */
export async function recordFact(deps: Deps, actor: Actor, input: RecordFactInput): Promise<{ fact: Ref }> {
  const { companyId, name, source, asOf, idempotencyKey, ...rest } = parse(RecordFactInput, input)
  const kind = FACT_KINDS[name]
  parse(z.object({ value: kind.schema }), { value: rest.value })
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'analyst', 'partner', 'compliance')
  const subject = rest.subject ?? null
  if (kind.about === 'deal' && (subject === null || !belongsTo(companyId, subject))) {
    throw new Refused('subject', 'must be the id of the deal of this company that the fact is about')
  }
  if (kind.about === 'company' && subject !== null) {
    throw new Refused('subject', 'must be left out: this fact is about the company, whatever the deal')
  }
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'recordFact', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const now = await today(trx)
    if (asOf > now) throw new Refused('asOf', `must not be after today, ${now}`)
    // The shape was parsed above; what is kept is what was sent, so that a reader sees the recorder's own digits.
    const value = rest.value as JsonValue
    const { factId, version } = await insertRecordedFact(trx, {
      companyId,
      name,
      subject,
      value,
      source,
      asOf,
      recordedBy: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'fact.recorded',
      subject: globalId('Company', companyId),
      payload: {
        fact: factId,
        name,
        version,
        about: subject,
        source,
        asOf,
        value: sha256(canonicalJson(value)).toString('hex'),
      },
    })
    return { fact: { companyId, id: factId } }
  })
}
