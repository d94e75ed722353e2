/** Typed refusals: one object type for each class of domain error, under one interface. Capabilities register their own. */
import {
  type DomainError,
  Forbidden,
  IdempotencyKeyReused,
  NotFound,
  Refused,
  SamePerson,
  WrongState,
} from '../../api/platform/index.ts'
import { builder } from './builder.ts'

export const DomainErrorInterface = builder.interfaceRef<DomainError>('DomainError').implement({
  description: 'A refusal by the domain. Nothing was changed.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable name of the case, in capitals.' }),
    message: t.exposeString('message', { description: 'What happened, what was not changed, and what to do.' }),
    transient: t.exposeBoolean('transient', {
      description: 'True when the same call may succeed later without a change by the caller.',
    }),
  }),
})

builder.objectType(NotFound, {
  name: 'NotFound',
  description: 'There is no such thing, or the actor may not see it: the two look the same.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    what: t.exposeString('what', { description: 'What was looked for.' }),
    id: t.exposeString('id', { description: 'The id that was looked for.' }),
  }),
})
builder.objectType(Forbidden, {
  name: 'Forbidden',
  description: 'The actor sees the subject, but their role may not do this to it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    needs: t.exposeStringList('needs', { description: 'The roles that may.' }),
  }),
})
builder.objectType(SamePerson, {
  name: 'SamePerson',
  description: 'Who proposed this may not also approve it.',
  interfaces: [DomainErrorInterface],
})
builder.objectType(IdempotencyKeyReused, {
  name: 'IdempotencyKeyReused',
  description: 'The idempotency key was used before with other input.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key.' }),
  }),
})
builder.objectType(WrongState, {
  name: 'WrongState',
  description: 'The subject is in a state from which this step is not possible.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    what: t.exposeString('what', { description: 'What kind of thing it is.' }),
    state: t.exposeString('state', { description: 'The state it is in.' }),
    needs: t.exposeStringList('needs', { description: 'The states from which the step is possible.' }),
  }),
})
builder.objectType(Refused, {
  name: 'Refused',
  description: 'A value is well formed, but the domain refuses it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    field: t.exposeString('field', { description: 'The field that carries the value.' }),
    reason: t.exposeString('reason', { description: 'What is wanted.' }),
  }),
})
