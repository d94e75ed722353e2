/**
 * Errors in two tiers. {@link BadInput}: the request is malformed; it never reached the domain and becomes a request error
 * with code `BAD_INPUT` and the path of the variable. {@link DomainError}: the domain refuses; it is a typed member of the
 * mutation's union. Anything else is a fault of ours: logged, and shown without its text.
 */

/** One thing that is wrong with an input: where (`['terms', 'tokens']`) and what is wanted. */
export type InputFault = { readonly path: readonly (string | number)[]; readonly reason: string }

/** Most faults that one answer names: a list of a hundred thousand wrong items is not told item by item. */
export const MOST_FAULTS = 100

/**
 * Input of the wrong shape. Carries every fault found, not only the first; of more than {@link MOST_FAULTS} those that lie
 * outermost, and how many others there are.
 */
export class BadInput extends Error {
  readonly faults: readonly InputFault[]
  constructor(found: readonly InputFault[]) {
    const faults = found.length > MOST_FAULTS ? outermost(found) : found
    super(faults.map((fault) => `${fault.path.join('.') || 'input'} ${fault.reason}`).join('; '))
    this.name = 'BadInput'
    this.faults = faults
  }
}

function outermost(found: readonly InputFault[]): InputFault[] {
  const told = found.toSorted((one, other) => one.path.length - other.path.length).slice(0, MOST_FAULTS)
  return [...told, { path: told[0]?.path.slice(0, 1) ?? [], reason: `has ${found.length - told.length} more faults` }]
}

/**
 * What the domain refuses. A subclass names the case, carries its data in fields, and says in `message` what happened,
 * that nothing was changed, and what to do.
 */
export abstract class DomainError extends Error {
  /** Stable, in capitals: `ROUND_NOT_ACCEPTED`. */
  abstract readonly code: string
  /** True when the same call may succeed later without a change by the caller. */
  readonly transient: boolean = false
  constructor(message: string) {
    super(message)
    this.name = new.target.name
  }
}

/** There is no such thing, or the caller may not see it: the two look the same. */
export class NotFound extends DomainError {
  readonly code = 'NOT_FOUND'
  readonly what: string
  readonly id: string
  constructor(what: string, id: string) {
    super(`There is no ${what} with this id. Nothing was changed.`)
    this.what = what
    this.id = id
  }
}

/** The caller sees the subject but their role may not do this to it. */
export class Forbidden extends DomainError {
  readonly code = 'FORBIDDEN'
  readonly needs: readonly string[]
  constructor(needs: readonly string[], why?: string) {
    super(why ?? `This needs the role ${needs.join(' or ')}. Nothing was changed.`)
    this.needs = needs
  }
}

/** The person who proposed this may not also approve it. */
export class SamePerson extends DomainError {
  readonly code = 'SAME_PERSON'
  constructor(act: string) {
    super(`Who proposed this may not also ${act} it: another person must. Nothing was changed.`)
  }
}

/** The idempotency key was used before, for another call. */
export class IdempotencyKeyReused extends DomainError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED'
  readonly key: string
  constructor(key: string) {
    super(`The idempotency key "${key}" was used before with other input. Nothing was changed. Use a new key.`)
    this.key = key
  }
}

/** A state machine refuses the step: the subject is in `state`, the step needs one of `needs`. */
export class WrongState extends DomainError {
  readonly code = 'WRONG_STATE'
  readonly what: string
  readonly state: string
  readonly needs: readonly string[]
  constructor(what: string, state: string, needs: readonly string[]) {
    super(
      `This ${what} is ${words(state)}; the step needs it to be ${needs.map(words).join(' or ')}. Nothing was changed.`,
    )
    this.what = what
    this.state = state
    this.needs = needs
  }
}

/** Some input is well formed but the domain refuses its value: names the field and says what is wanted. */
export class Refused extends DomainError {
  readonly code = 'REFUSED'
  readonly field: string
  readonly reason: string
  constructor(field: string, reason: string) {
    super(`${field} ${reason}. Nothing was changed.`)
    this.field = field
    this.reason = reason
  }
}

const words = (state: string): string => state.toLowerCase().replaceAll('_', ' ')
