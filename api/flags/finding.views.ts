/** Findings as screens read them. */
import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import type { JsonValue, Reader, Ref, Uuid } from '../platform/index.ts'
import type { Finding } from './finding.ts'
import { member } from './flag.store.ts'
import { seesFlags } from './flag-visibility.ts'
import { DATED_BY, GATES, type Gate, OUTCOMES, RULE_KINDS } from './rule.ts'
import { SURENESSES } from './rule-table.ts'
import { RULES } from './rules.ts'
import type { GateRequest } from './run-gate.ts'

/** What a finding keeps in `evidence`. Names of facts are kept as text: a later catalogue may not have them. */
const StoredEvidence = z.object({
  title: z.string(),
  citation: z.string(),
  datedBy: z.enum(DATED_BY),
  inputs: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      value: z.custom<JsonValue>((value) => value !== undefined),
      source: z.string(),
      asOf: z.string(),
    }),
  ),
  missing: z.array(z.string()),
  threshold: z.string(),
  arithmetic: z.array(z.string()),
  table: z
    .object({ from: z.string(), until: z.string().nullable(), citation: z.string(), source: z.string() })
    .nullable(),
  sureness: z.enum(SURENESSES),
  clearedBy: z.array(z.string()),
})
export type StoredEvidence = z.output<typeof StoredEvidence>

/** Reads `finding.evidence`. */
export const storedEvidence = (evidence: unknown): StoredEvidence => StoredEvidence.parse(evidence)

/** A finding as it was stored, with who asked and why. */
export type FindingView = StoredEvidence &
  Pick<Finding, 'ruleId' | 'kind' | 'outcome' | 'onDate' | 'print'> & {
    readonly companyId: Uuid
    readonly findingId: Uuid
    readonly runId: Uuid
    readonly gate: Gate
    readonly cause: 'gate' | 'recheck'
    readonly subject: string
    readonly askedBy: Uuid
    readonly foundAt: string
  }

/** Columns of {@link findingOf}, qualified. */
export const FINDING_COLUMNS = [
  'finding.company_id',
  'finding.finding_id',
  'finding.run_id',
  'finding.gate',
  'finding.cause',
  'finding.subject',
  'finding.rule_id',
  'finding.kind',
  'finding.outcome',
  'finding.on_date',
  'finding.print',
  'finding.evidence',
  'finding.asked_by',
  'finding.found_at',
] as const

export type FindingRow = {
  readonly company_id: string
  readonly finding_id: string
  readonly run_id: string
  readonly gate: string
  readonly cause: string
  readonly subject: string
  readonly rule_id: string
  readonly kind: string
  readonly outcome: string
  readonly on_date: string
  readonly print: string
  readonly evidence: unknown
  readonly asked_by: string
  readonly found_at: string
}

export const findingOf = (row: FindingRow): FindingView => ({
  ...storedEvidence(row.evidence),
  companyId: row.company_id,
  findingId: row.finding_id,
  runId: row.run_id,
  gate: member(GATES, row.gate),
  cause: member(['gate', 'recheck'], row.cause),
  subject: row.subject,
  ruleId: row.rule_id,
  kind: member(RULE_KINDS, row.kind),
  outcome: member(OUTCOMES, row.outcome),
  onDate: row.on_date,
  print: row.print,
  askedBy: row.asked_by,
  foundAt: row.found_at,
})

/** What one run found, in the order of the list of rules; nothing for people who do not see flags. `id` is the run's. */
export async function findingsOfRun(reader: Reader, actor: Actor, run: Ref): Promise<FindingView[]> {
  if (!seesFlags(actor, run.companyId)) return []
  const rows = await reader
    .selectFrom('finding')
    .select(FINDING_COLUMNS)
    .where('company_id', '=', run.companyId)
    .where('run_id', '=', run.id)
    .orderBy('finding_id')
    .execute()
  const place = new Map(RULES.map((rule, index) => [rule.id, index]))
  return rows.map(findingOf).sort((a, b) => (place.get(a.ruleId) ?? 0) - (place.get(b.ruleId) ?? 0))
}

/**
 * Whether every rule of the gate was run on the subject for this date, since anybody last recorded a fact about the company:
 * running them again would find the same.
 */
export async function gateRunSince(
  reader: Reader,
  { gate, companyId, subject, onDate }: GateRequest,
): Promise<boolean> {
  const rules = RULES.filter((rule) => rule.gates.includes(gate)).map(({ id }) => id)
  if (rules.length === 0) return true
  const { found } = await reader
    .selectFrom('finding')
    .select((on) => on.fn.count<bigint>('rule_id').distinct().as('found'))
    .where('company_id', '=', companyId)
    .where('subject', '=', subject)
    .where('gate', '=', gate)
    .where('on_date', '=', onDate)
    .where('rule_id', 'in', rules)
    .where((on) =>
      on.not(
        on.exists(
          on
            .selectFrom('recorded_fact')
            .select('fact_id')
            .where('recorded_fact.company_id', '=', companyId)
            .whereRef('recorded_fact.recorded_at', '>=', 'finding.found_at'),
        ),
      ),
    )
    .executeTakeFirstOrThrow()
  return Number(found) === rules.length
}
