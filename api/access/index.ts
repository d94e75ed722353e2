/** Sign-in, sessions, actors, roles and walls. */
export * from './actor.ts'
export * from './sessions.ts'
