/** A company with a deal before a gate, and what people do about its flags over HTTP. */
import { checkGate, type Gate, refuseWhileOpen } from '../../api/flags/index.ts'
import { inTransaction, newId, type Uuid } from '../../api/platform/index.ts'
import type { Person, World } from '../support/world.ts'
import { usd } from './given-facts.ts'

export const FLAG = `id state stops kind ruleId subject settledBy lapsesOn gates
  finding { id outcome missing threshold arithmetic clearedBy onDate inputs { name value source asOf } table { from } }
  events { number kind reason evidence findingId actor }`
const REFUSAL = '... on DomainError { code message } ... on FindingChanged { findingId }'

export const WAIVE = `mutation ($input: WaiveFlagInput!) { waiveFlag(input: $input) {
  __typename ... on Flag { ${FLAG} } ${REFUSAL} ... on BarCannotBeWaived { endedBy } } }`
export const EVIDENCE = `mutation ($input: SubmitEvidenceInput!) {
  submitEvidence(input: $input) { __typename ... on Flag { ${FLAG} } ${REFUSAL} } }`
export const RECORD = `mutation ($input: RecordFactInput!) { recordFact(input: $input) {
  __typename ... on RecordedFact { id name version subject value source asOf } ... on DomainError { code message }
  ... on Refused { field reason } } }`
export const RECHECK = `mutation ($input: RecheckFlagsInput!) { recheckFlags(input: $input) {
  __typename ... on FlagsRechecked { subject findings { ruleId outcome } flags { ruleId state } }
  ... on DomainError { code message } } }`
export const FLAGS = `query ($id: ID!, $subject: ID, $states: [FlagState!]) { node(id: $id) { ... on Company {
  flags(subject: $subject, states: $states) { totalCount edges { node { ${FLAG} } } } } } }`

export const REASON = 'The provider keeps the team behind a wall and undertook to treat requests alike.'
export const BAR = 'antitrust.hsr_size_of_transaction'
export const POLICY = 'conflict.provider_product_overlap'
export const WATCH = 'antitrust.hhi'
export const FACTOR = 'conflict.factor_set_alone'
export const ALLOCATION = 'conflict.allocation_disparity'

export type FlagAnswer = {
  readonly id: string
  readonly state: string
  readonly stops: boolean
  readonly ruleId: string
  readonly settledBy: string | null
  readonly lapsesOn: string | null
  readonly finding: { readonly id: string; readonly outcome: string; readonly missing: readonly string[] }
  readonly events: readonly { readonly kind: string; readonly reason: string | null; readonly evidence: unknown }[]
}

const product = (code: string, seller: string) => [{ scheme: 'fund', code, name: `Product ${code}`, seller }]

/** Values with which every rule is clear, by name. */
export const CLEAR_FACTS = {
  'transaction.value': usd('1250000'),
  'holding.value': usd('0'),
  'company.products': product('asr', 'Startup'),
  'provider.products': product('gpu', 'Provider'),
  'factors.set_alone': { pools: 1, alone: [] },
  'market.shares': {
    markets: [
      {
        name: 'Speech recognition',
        area: 'world',
        period: '2025',
        participants: [
          { name: 'Startup', side: 'company', share: '2' },
          { name: 'The rest', side: 'other', share: '98' },
        ],
      },
    ],
  },
} as const

export async function givenDeal(world: World) {
  const company = await world.company()
  const subject = `Round:${company.companyId}:${newId()}`
  const { analyst, partner, compliance } = world.staff

  const record = async (name: string, value: unknown, by: Person = analyst, input: Record<string, unknown> = {}) => {
    const about = name === 'transaction.value' ? { subject } : {}
    const answer = await by.graphql(RECORD, {
      input: {
        companyId: company.id,
        name,
        value: JSON.stringify(value),
        source: 'the test',
        asOf: '2026-11-01',
        ...about,
        ...input,
      },
    })
    return answer.data?.recordFact ?? answer
  }
  const check = (by: Person = partner, onDate = '2026-11-20', gate: Gate = 'propose') =>
    checkGate(world.deps, by.actor, { gate, companyId: company.companyId, subject, onDate })
  const flags = async (by: Person = compliance): Promise<FlagAnswer[]> => {
    const answer = await by.graphql(FLAGS, { id: company.id, subject })
    return (answer.data?.node?.flags?.edges ?? []).map((edge: { node: FlagAnswer }) => edge.node)
  }
  const flag = async (ruleId: string): Promise<FlagAnswer> => {
    const found = (await flags()).find((each) => each.ruleId === ruleId)
    if (found === undefined) throw new Error(`there is no flag of ${ruleId}`)
    return found
  }
  const waive = async (of: FlagAnswer, by: Person = compliance, input: Record<string, unknown> = {}) => {
    const answer = await by.graphql(WAIVE, {
      input: { flagId: of.id, findingId: of.finding.id, reason: REASON, ...input },
    })
    return answer.data?.waiveFlag ?? answer
  }
  const prove = async (of: FlagAnswer, by: Person = compliance, input: Record<string, unknown> = {}) => {
    const answer = await by.graphql(EVIDENCE, {
      input: {
        flagId: of.id,
        findingId: of.finding.id,
        kind: 'early_termination',
        reference: 'Grant of early termination, transaction 20261234',
        source: 'Premerger Notification Office',
        date: '2026-11-10',
        ...input,
      },
    })
    return answer.data?.submitEvidence ?? answer
  }
  const recheck = async (by: Person = analyst) => {
    const answer = await by.graphql(RECHECK, { input: { subject } })
    return answer.data?.recheckFlags ?? answer
  }
  const pass = (onDate?: string, gate: Gate = 'propose') =>
    inTransaction(world.deps.db, (trx) =>
      refuseWhileOpen(trx, {
        gate,
        companyId: company.companyId,
        subject,
        ...(onDate === undefined ? {} : { onDate }),
      }),
    )
  const recordAll = async (values: Record<string, unknown> = CLEAR_FACTS) => {
    for (const [name, value] of Object.entries(values)) await record(name, value)
  }
  return { company, subject, record, recordAll, check, flags, flag, waive, prove, recheck, pass }
}

export const outcomes = (run: { findings: readonly { ruleId: string; outcome: string }[] }): Record<string, string> =>
  Object.fromEntries(run.findings.map(({ ruleId, outcome }) => [ruleId, outcome]))

/** A company's id that nothing has. */
export const NOWHERE: Uuid = '0190aaaa-0000-7000-8000-000000000000'
