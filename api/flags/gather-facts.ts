/** Brings together the facts that rules ask for: of the capability that knows, else what people recorded. */
import type { Reader } from '../platform/index.ts'
import type { Fact, FactQuestion } from './fact.ts'
import type { FactName } from './fact-catalogue.ts'
import type { FactRegistry } from './fact-registry.ts'
import { FactsAtHand } from './facts-at-hand.ts'
import { recordedFacts } from './recorded-fact.views.ts'
import type { Rule } from './rule.ts'

/** Every fact that these rules may ask about the subject, each asked once. */
export async function gatherFacts(
  reader: Reader,
  registry: FactRegistry,
  rules: readonly Rule[],
  question: FactQuestion,
): Promise<FactsAtHand> {
  const names = new Set<FactName>(rules.flatMap((rule) => rule.facts))
  const provided: Fact[] = []
  // One after another: they share one connection.
  for (const name of names) {
    const fact = await registry.ask(reader, name, question)
    if (fact !== undefined) provided.push(fact)
  }
  const answered = new Set(provided.map(({ name }) => name))
  const open = [...names].filter((name) => !answered.has(name))
  return new FactsAtHand([...provided, ...(await recordedFacts(reader, open, question))])
}
