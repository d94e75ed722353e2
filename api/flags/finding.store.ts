/** Writes findings. They are history: nothing here is changed later. */
import { instant, newId, type Trx, type Uuid } from '../platform/index.ts'
import type { Finding } from './finding.ts'
import type { Gate } from './rule.ts'

/** One run of a gate's rules over one subject. */
export type Run = {
  readonly companyId: Uuid
  readonly runId: Uuid
  readonly gate: Gate
  /** `gate`: somebody asked to pass it. `recheck`: somebody had the rules run again. */
  readonly cause: 'gate' | 'recheck'
  readonly subject: string
  readonly askedBy: Uuid
}

export type StoredFinding = Finding & { readonly findingId: Uuid }

/** Stores what the rules found, in one statement. The caller holds the company's lock, which makes runs follow one another. */
export async function insertFindings(trx: Trx, run: Run, findings: readonly Finding[]): Promise<StoredFinding[]> {
  if (findings.length === 0) return []
  const at = await instant(trx)
  const { last } = await trx
    .selectFrom('finding')
    .select((on) => on.fn.coalesce(on.fn.max('run_number'), on.lit(0)).as('last'))
    .where('company_id', '=', run.companyId)
    .where('subject', '=', run.subject)
    .executeTakeFirstOrThrow()
  const stored = findings.map((finding) => ({ ...finding, findingId: newId() }))
  await trx
    .insertInto('finding')
    .values(
      stored.map((finding) => ({
        company_id: run.companyId,
        finding_id: finding.findingId,
        run_id: run.runId,
        run_number: last + 1,
        gate: run.gate,
        cause: run.cause,
        subject: run.subject,
        rule_id: finding.ruleId,
        kind: finding.kind,
        outcome: finding.outcome,
        on_date: finding.onDate,
        print: finding.print,
        evidence: evidenceOf(finding),
        asked_by: run.askedBy,
        found_at: at,
      })),
    )
    .execute()
  return stored
}

/** What has no column of its own. `finding.views.ts` reads it back. */
const evidenceOf = (finding: Finding): string =>
  JSON.stringify({
    title: finding.title,
    citation: finding.citation,
    datedBy: finding.datedBy,
    inputs: finding.inputs,
    missing: finding.missing,
    threshold: finding.threshold,
    arithmetic: finding.arithmetic,
    table: finding.table,
    sureness: finding.sureness,
    clearedBy: finding.clearedBy,
  })
