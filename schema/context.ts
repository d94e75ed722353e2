/** What every resolver gets: who acts, and what use cases need. */
import type { Actor } from '../api/access/index.ts'
import type { Deps } from '../api/platform/index.ts'

export type AppDeps = Deps

export type Context = {
  readonly deps: AppDeps
  /** There is one in every call: requests without a session never reach the schema. */
  readonly actor: Actor
}
