/** What every mutation has: the roles that may, the typed refusals of its union, and a key that makes a call safe to repeat. */
import type { Role } from '../../api/access/index.ts'
import {
  type DomainError,
  Forbidden,
  IdempotencyKeyReused,
  NotFound,
  Refused,
  SamePerson,
  WrongState,
} from '../../api/platform/index.ts'
import { type builder, MUTATION_COST } from './builder.ts'
import './errors.ts'

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never
type DomainErrorClass = new (...args: never[]) => DomainError

/** Every mutation may refuse with these. */
const COMMON: readonly DomainErrorClass[] = [NotFound, Forbidden, SamePerson, WrongState, Refused, IdempotencyKeyReused]

/**
 * The part that every mutation's options share. `roles` are those that the use case lets in: a test holds it to them.
 * `refusals` are the errors beyond the common ones.
 */
export const may = (roles: readonly [Role, ...Role[]], refusals: readonly DomainErrorClass[] = []) => ({
  extensions: { roles },
  complexity: { field: MUTATION_COST, multiplier: 1 },
  errors: { types: [...COMMON, ...refusals] },
})

/** The field that makes a call safe to repeat. Every mutation's input has it. */
export const idempotencyKey = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
  t.string({
    required: false,
    description:
      'Any text of up to 100 characters, new for each intention. The same call with the same key happens once and gets the first answer again.',
  })
