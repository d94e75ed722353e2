/** Conditions of closing: written when the term sheet is issued, met or waived with evidence. */
import {
  globalId,
  instant,
  NotFound,
  newId,
  type Reader,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
} from '../platform/index.ts'

export type Condition = {
  readonly code: string
  readonly wording: string
  readonly waivableBy: string
  readonly state: string
  readonly waivedByFund: boolean
  readonly waivedByCompany: boolean
}

const columns = [
  'code',
  'wording',
  'waivable_by as waivableBy',
  'state',
  'waived_by_fund as waivedByFund',
  'waived_by_company as waivedByCompany',
] as const

/** Writes the conditions of a round's terms, all open. */
export async function insertConditions(
  trx: Trx,
  round: Ref,
  conditions: readonly { code: string; text: string; waivableBy: string }[],
): Promise<void> {
  if (conditions.length === 0) return
  await trx
    .insertInto('closing_condition')
    .values(
      conditions.map((condition, index) => ({
        company_id: round.companyId,
        round_id: round.id,
        code: condition.code,
        ordinal: index + 1,
        wording: condition.text,
        waivable_by: condition.waivableBy,
        state: 'open',
      })),
    )
    .execute()
}

/** The conditions of a closing of a round, the first by default, in the order of its terms. */
export async function conditionsOf(reader: Reader, round: Ref, closingOrdinal = 1): Promise<Condition[]> {
  return reader
    .selectFrom('closing_condition')
    .select(columns)
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('closing_ordinal', '=', closingOrdinal)
    .orderBy('ordinal')
    .execute()
}

/** @throws {NotFound} */
export async function lockCondition(trx: Trx, round: Ref, code: string): Promise<Condition> {
  const condition = await trx
    .selectFrom('closing_condition')
    .select(columns)
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('code', '=', code)
    .forUpdate()
    .executeTakeFirst()
  if (condition === undefined)
    throw new NotFound('condition', `${globalId('Round', round.companyId, round.id)} ${code}`)
  return condition
}

/** Stores what a locked condition became, and why. */
export async function settleCondition(
  trx: Trx,
  round: Ref,
  condition: Condition,
  because: { kind: 'satisfied' | 'waived'; evidence: string; evidenceDate: string; actorId: Uuid },
): Promise<void> {
  await trx
    .updateTable('closing_condition')
    .set({
      state: condition.state,
      waived_by_fund: condition.waivedByFund,
      waived_by_company: condition.waivedByCompany,
    })
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('code', '=', condition.code)
    .where('state', '=', 'open')
    .execute()
  await trx
    .insertInto('closing_condition_event')
    .values({
      company_id: round.companyId,
      event_id: newId(),
      round_id: round.id,
      code: condition.code,
      kind: because.kind,
      evidence: because.evidence,
      evidence_date: because.evidenceDate,
      actor_id: because.actorId,
      at: await instant(trx),
    })
    .execute()
}

/** Adds conditions that an amendment brought, after the `known` ones, all open. */
export async function addConditions(
  trx: Trx,
  round: Ref,
  conditions: readonly { code: string; text: string; waivableBy: string }[],
  known: number,
): Promise<void> {
  for (const [index, condition] of conditions.entries()) {
    await trx
      .insertInto('closing_condition')
      .values({
        company_id: round.companyId,
        round_id: round.id,
        code: condition.code,
        ordinal: known + index + 1,
        wording: condition.text,
        waivable_by: condition.waivableBy,
        state: 'open',
      })
      .execute()
  }
}

/** Waives a condition for both sides: they have dropped it in a document that both have signed. */
export async function dropCondition(
  trx: Trx,
  round: Ref,
  code: string,
  because: { eventId: Uuid; evidence: string; date: string; actorId: Uuid },
): Promise<void> {
  await trx
    .updateTable('closing_condition')
    .set({ state: 'waived', waived_by_fund: true, waived_by_company: true })
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('code', '=', code)
    .where('state', '=', 'open')
    .execute()
  await trx
    .insertInto('closing_condition_event')
    .values({
      company_id: round.companyId,
      event_id: because.eventId,
      round_id: round.id,
      code,
      kind: 'waived',
      evidence: because.evidence,
      evidence_date: because.date,
      actor_id: because.actorId,
      at: await instant(trx),
    })
    .execute()
}

/** Writes the conditions of a further closing. @throws {Refused} for a code that the round knows already */
export async function insertClosingConditions(
  trx: Trx,
  round: Ref,
  closingOrdinal: number,
  conditions: readonly { code: string; text: string; waivableBy: string }[],
): Promise<void> {
  const known = await allConditions(trx, round)
  for (const [index, condition] of conditions.entries()) {
    if (known.some(({ code }) => code === condition.code)) {
      throw new Refused(`conditions.${index}.code`, 'is the code of another condition of the round')
    }
    await trx
      .insertInto('closing_condition')
      .values({
        company_id: round.companyId,
        round_id: round.id,
        code: condition.code,
        ordinal: known.length + index + 1,
        closing_ordinal: closingOrdinal,
        wording: condition.text,
        waivable_by: condition.waivableBy,
        state: 'open',
      })
      .execute()
  }
}

const allConditions = (reader: Reader, round: Ref) =>
  reader
    .selectFrom('closing_condition')
    .select(['code', 'closing_ordinal as closingOrdinal'])
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .execute()

/** Which closing of the round a condition is of. */
export async function closingOfCondition(reader: Reader, round: Ref, code: string): Promise<number> {
  return (await allConditions(reader, round)).find((condition) => condition.code === code)?.closingOrdinal ?? 1
}
