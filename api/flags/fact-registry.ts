/** Who answers which fact. Capabilities export providers in their `facts.ts`; the composition root registers them here. */
import type { Reader } from '../platform/index.ts'
import type { Fact, FactProvider, FactQuestion } from './fact.ts'
import type { FactName } from './fact-catalogue.ts'

export class FactRegistry {
  readonly #providers = new Map<FactName, FactProvider>()

  /**
   * Registers the one provider of a fact.
   *
   * @throws {Error} when the fact has a provider already: two sources for one fact are a fault of ours
   */
  provide(name: FactName, provider: FactProvider): this {
    if (this.#providers.has(name)) throw new Error(`the fact ${name} has a provider already`)
    this.#providers.set(name, provider)
    return this
  }

  /** The provider's answer, or `undefined` where there is none: what people recorded is asked next. */
  async ask(reader: Reader, name: FactName, question: FactQuestion): Promise<Fact | undefined> {
    return this.#providers.get(name)?.(reader, question)
  }
}
