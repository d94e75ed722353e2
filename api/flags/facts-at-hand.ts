/** The facts of one evaluation: found, missing, or found in a shape that cannot be used. */
import type { Fact } from './fact.ts'
import { FACT_KINDS, type FactName, type FactValue } from './fact-catalogue.ts'

/** What a rule asks. `undefined` means missing or unusable, and must never be read as zero, none or no. */
export type Facts = { readonly value: <Name extends FactName>(name: Name) => FactValue<Name> | undefined }

/** Facts by name, at most one each; a later one of the same name replaces an earlier one. */
export class FactsAtHand implements Facts {
  readonly #facts: ReadonlyMap<FactName, Fact>

  constructor(facts: Iterable<Fact>) {
    this.#facts = new Map(Array.from(facts, (fact) => [fact.name, fact]))
  }

  find(name: FactName): Fact | undefined {
    return this.#facts.get(name)
  }

  /** A value of another shape counts as missing, and {@link unusable} says so: the finding must show it. */
  value<Name extends FactName>(name: Name): FactValue<Name> | undefined {
    const fact = this.#facts.get(name)
    if (fact === undefined) return undefined
    const parsed = FACT_KINDS[name].schema.safeParse(fact.value)
    // The schema that parsed it is the one that FactValue<Name> is inferred from; TypeScript loses that over the union.
    return parsed.success ? (parsed.data as FactValue<Name>) : undefined
  }

  unusable(name: FactName): boolean {
    return this.#facts.has(name) && this.value(name) === undefined
  }
}
