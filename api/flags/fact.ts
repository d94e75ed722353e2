/** Facts: values that rules ask for, each with where it came from and the date it holds for. */
import type { JsonValue, Reader, Uuid } from '../platform/index.ts'
import type { FactName } from './fact-catalogue.ts'

/** One fact. `value` has the shape that the catalogue gives its name. */
export type Fact = {
  readonly name: FactName
  readonly value: JsonValue
  /** Where it came from, for a person who checks it: a document, a filing, "round terms version 3". */
  readonly source: string
  /** Date for which it holds, `YYYY-MM-DD`. */
  readonly asOf: string
}

/** What a fact is asked about. `subject` is the global id of what stands before the gate. */
export type FactQuestion = { readonly companyId: Uuid; readonly subject: string; readonly onDate: string }

/** Answers a fact from the rows of its own capability, or `undefined`: it does not know, which is not zero. */
export type FactProvider = (reader: Reader, question: FactQuestion) => Promise<Fact | undefined>
