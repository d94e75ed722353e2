/** The lock on a gate. */
import { lockCompany } from '../parties/index.ts'
import { globalId, type Trx, type Uuid } from '../platform/index.ts'
import { storedEvidence } from './finding.views.ts'
import { member } from './flag.store.ts'
import { OpenFlags, type StandingRule } from './flag-errors.ts'
import { type Gate, OUTCOMES, type Rule, stops } from './rule.ts'
import { RULES } from './rules.ts'

export type GateQuestion = {
  readonly gate: Gate
  readonly companyId: Uuid
  readonly subject: string
  /** When given, what was found for another date counts as not run. */
  readonly onDate?: string
}

/**
 * Passes when every rule of the gate was run on the subject and no bar or policy flag of them is open. Locks the company,
 * so that no flag opens between this look and the commit.
 *
 * @throws {OpenFlags} naming each rule that stops it, and what would clear it
 */
export async function refuseWhileOpen(trx: Trx, question: GateQuestion): Promise<void> {
  await lockCompany(trx, question.companyId)
  const standing = await standingRules(trx, question, RULES)
  if (standing.length > 0) throw new OpenFlags(question.gate, question.subject, standing)
}

/** The rules that stop the gate, in the order of the list of rules. */
export async function standingRules(
  trx: Trx,
  { gate, companyId, subject, onDate }: GateQuestion,
  all: readonly Rule[],
): Promise<StandingRule[]> {
  const rules = all.filter((rule) => rule.gates.includes(gate) && stops(rule.kind))
  if (rules.length === 0) return []
  const rows = await trx
    .selectFrom('finding')
    .leftJoin('flag', (join) =>
      join
        .onRef('flag.company_id', '=', 'finding.company_id')
        .onRef('flag.subject', '=', 'finding.subject')
        .onRef('flag.rule_id', '=', 'finding.rule_id'),
    )
    .distinctOn('finding.rule_id')
    .select(['finding.rule_id', 'finding.outcome', 'finding.on_date', 'finding.evidence', 'flag.flag_id', 'flag.state'])
    .where('finding.company_id', '=', companyId)
    .where('finding.subject', '=', subject)
    .orderBy('finding.rule_id')
    .orderBy('finding.run_number', 'desc')
    .execute()
  const latest = new Map(rows.map((row) => [row.rule_id, row]))
  return rules.flatMap((rule): StandingRule[] => {
    const row = latest.get(rule.id)
    const about = { ruleId: rule.id, kind: rule.kind, title: rule.title }
    if (row === undefined || (onDate !== undefined && row.on_date !== onDate)) {
      return [{ ...about, flagId: null, outcome: null, clearedBy: [`Run the rules for ${onDate ?? 'this step'}.`] }]
    }
    if (row.flag_id === null || row.state !== 'open') return []
    const { clearedBy } = storedEvidence(row.evidence)
    const outcome = member(OUTCOMES, row.outcome)
    return [{ ...about, flagId: globalId('Flag', companyId, row.flag_id), outcome, clearedBy }]
  })
}
