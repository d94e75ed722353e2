/** Corrections sent over HTTP, and what they leave behind. */
import assert from 'node:assert/strict'
import type { Person, World } from '../support/world.ts'
import type { Drawdown, Usage } from './given-drawdown.ts'

const CORRECT = `mutation ($input: CorrectUsageInput!) { correctUsage(input: $input) { __typename
  ... on CorrectedUsage { earnedChange arrears restatedIds
    records { usageId gpuSecondsBefore gpuSecondsAfter arrears moves { from to tokens } } }
  ... on DomainError { code message } ... on Refused { field reason } } }`
const SETTLE = `mutation ($input: SettleArrearsInput!) { settleArrears(input: $input) { __typename
  ... on SettledArrears { settled open earnedShares } ... on DomainError { code message } } }`

export const correct = async (by: Person, input: Record<string, unknown>) => {
  const answer = await by.graphql(CORRECT, {
    input: { reasonCode: 'WRONG_METER', reason: 'The meter ran on.', ...input },
  })
  return answer.data?.correctUsage ?? answer
}
export const settleArrears = async (by: Person, companyId: string) =>
  (await by.graphql(SETTLE, { input: { companyId } })).data?.settleArrears

/** Usage that is reported, with its id here. */
export async function recorded(
  world: World,
  it: Drawdown,
  reservationId: string,
  records: readonly Usage[],
  complete = false,
) {
  await it.told(reservationId, records, complete)
  const rows = await world.deps.db
    .selectFrom('usage_record')
    .select(['usage_id', 'external_id'])
    .where('company_id', '=', it.companyId)
    .where(
      'external_id',
      'in',
      records.map((record) => record.externalId),
    )
    .execute()
  return Object.fromEntries(rows.map((row) => [row.external_id, row.usage_id]))
}

/** What every account of the company holds, without the zeros, in tokens. */
export async function accounts(world: World, { companyId }: { companyId: string }): Promise<Record<string, number>> {
  const rows = await world.deps.db
    .selectFrom('ledger_account')
    .select(['kind', 'credits_posted', 'debits_posted'])
    .where('holder_id', '=', companyId)
    .where('kind', '!=', 'obligation')
    .execute()
  const sums = new Map<string, bigint>()
  for (const row of rows) sums.set(row.kind, (sums.get(row.kind) ?? 0n) + row.credits_posted - row.debits_posted)
  return Object.fromEntries([...sums].filter(([, sum]) => sum !== 0n).map(([kind, sum]) => [kind, Number(sum) / 1e6]))
}

/** Corrects, and fails on a refusal. */
export async function corrected(by: Person, input: Record<string, unknown>) {
  const answer = await correct(by, input)
  assert.equal(answer.__typename, 'CorrectedUsage', JSON.stringify(answer))
  return answer
}
