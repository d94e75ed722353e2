/** Three-valued logic (Kleene): `undefined` is "not known", and stays so unless the rest decides. */
export type Known = boolean | undefined

/** True when one is true, false when all are false, else not known. */
export const anyOf = (...terms: readonly Known[]): Known =>
  terms.includes(true) ? true : terms.includes(undefined) ? undefined : false

/** False when one is false, true when all are true, else not known. */
export const allOf = (...terms: readonly Known[]): Known =>
  terms.includes(false) ? false : terms.includes(undefined) ? undefined : true
