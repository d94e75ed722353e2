/** Sign-in, sessions, actors, machines, roles and walls. */
export * from './actor.ts'
export * from './machine.store.ts'
export * from './sessions.ts'
