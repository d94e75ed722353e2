/** What every resolver gets: who acts, and what use cases need. */
import type { Actor } from '../../api/access/index.ts'
import type { FlagsDeps } from '../../api/flags/index.ts'

/** Deps of every use case, and the facts that rules may ask for. */
export type AppDeps = FlagsDeps

export type Context = {
  readonly deps: AppDeps
  /** There is one in every call: requests without a session never reach the schema. */
  readonly actor: Actor
}
