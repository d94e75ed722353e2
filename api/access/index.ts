/** Sign-in, sessions, actors, machines, roles and walls. */
export * from './actor.ts'
export * from './machine.store.ts'
export * from './people-of-company.ts'
export * from './register-machine-key.ts'
export * from './sessions.ts'
export * from './signed-request.ts'
