/** Runs the rules of a gate over one subject, and settles its flags by what they found. */
import type { Actor } from '../access/index.ts'
import { lockCompany, seesCompany } from '../parties/index.ts'
import { audit, type Deps, globalId, NotFound, newId, type Trx, type Uuid } from '../platform/index.ts'
import type { FactRegistry } from './fact-registry.ts'
import { insertFindings, type Run, type StoredFinding } from './finding.store.ts'
import { evaluateGate } from './finding.ts'
import { changeFlag, type FlagRow, lockFlags, openFlag, pointAtFinding, recordFlagEvent } from './flag.store.ts'
import { gatherFacts } from './gather-facts.ts'
import type { Gate, Rule } from './rule.ts'
import { RULES } from './rules.ts'
import { belongsTo } from './subject.ts'

/** What use cases need that ask a gate. */
export type FlagsDeps = Deps & { readonly facts: FactRegistry }

/** What stands before which gate. `subject` is a global id of something that belongs to the company. */
export type GateRequest = {
  readonly gate: Gate
  readonly companyId: Uuid
  readonly subject: string
  /** Date of the act that the gate guards: for propose, sign, close and issue the (planned) closing date. `YYYY-MM-DD`. */
  readonly onDate: string
}

export type GateRun = { readonly runId: Uuid; readonly findings: readonly StoredFinding[] }

/**
 * Runs the gate's rules and stores what they found: a flag opens or stays open, a settled one stays settled on the same
 * grounds and opens again on others, and closes when its rule finds it clear. Refuses nothing by itself: see
 * `refuseWhileOpen`, and `checkGate` for why the two belong in different transactions.
 *
 * Locks the company. The caller decides who may ask.
 *
 * @throws {NotFound} when the actor does not see the company
 */
export async function runGate(trx: Trx, deps: FlagsDeps, actor: Actor, request: GateRequest): Promise<GateRun> {
  return runRules(trx, deps, actor, { ...request, cause: 'gate' }, RULES)
}

/** {@link runGate} for either cause and any list of rules. */
export async function runRules(
  trx: Trx,
  deps: FlagsDeps,
  actor: Actor,
  request: GateRequest & Pick<Run, 'cause'>,
  all: readonly Rule[],
): Promise<GateRun> {
  const { companyId, subject, gate, onDate, cause } = request
  if (!belongsTo(companyId, subject)) throw new RangeError(`${subject} does not belong to the company ${companyId}`)
  if (!seesCompany(actor, companyId)) throw new NotFound('company', globalId('Company', companyId))
  // First, so that facts are read after whoever changed them committed, and two runs settle one after the other.
  await lockCompany(trx, companyId)
  const rules = all.filter((rule) => rule.gates.includes(gate))
  const facts = await gatherFacts(trx, deps.facts, rules, { companyId, subject, onDate })
  const run: Run = { companyId, runId: newId(), gate, cause, subject, askedBy: actor.id }
  const findings = await insertFindings(trx, run, evaluateGate(rules, facts, gate, onDate))
  const flags = new Map((await lockFlags(trx, companyId, subject)).map((flag) => [flag.ruleId, flag]))
  for (const finding of findings) await settle(trx, run, flags.get(finding.ruleId), finding)
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: cause === 'gate' ? 'gate.checked' : 'gate.rechecked',
    subject,
    payload: {
      gate,
      onDate,
      run: run.runId,
      findings: findings.map(({ findingId, ruleId, outcome, print }) => ({ findingId, ruleId, outcome, print })),
    },
  })
  return { runId: run.runId, findings }
}

async function settle(trx: Trx, run: Run, flag: FlagRow | undefined, finding: StoredFinding): Promise<void> {
  const { findingId, ruleId, kind, outcome, print, onDate } = finding
  const event = { findingId, actorId: run.askedBy }
  if (flag === undefined) {
    if (outcome === 'clear') return
    const flagId = await openFlag(trx, { companyId: run.companyId, subject: run.subject, ruleId, kind, findingId })
    return recordFlagEvent(trx, { companyId: run.companyId, flagId }, { ...event, kind: 'opened' })
  }
  if (outcome === 'clear') {
    if (flag.state === 'cleared') return pointAtFinding(trx, flag, findingId)
    await changeFlag(trx, flag, { to: 'cleared', findingId, by: 'run', print })
    return recordFlagEvent(trx, flag, { ...event, kind: 'cleared' })
  }
  if (flag.state === 'open' || staysSettled(flag, print, onDate)) return pointAtFinding(trx, flag, findingId)
  await changeFlag(trx, flag, { to: 'open', findingId })
  return recordFlagEvent(trx, flag, { ...event, kind: 'reopened' })
}

/** A waiver or evidence holds for the grounds it was given on, and evidence until it lapses. */
function staysSettled(flag: FlagRow, print: string, onDate: string): boolean {
  if (flag.settledBy === null || flag.settledBy === 'run' || flag.settledPrint !== print) return false
  return flag.lapsesOn === null || onDate < flag.lapsesOn
}
