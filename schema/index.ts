/** The whole GraphQL schema. Each capability's file adds its types, fields and mutations to the builder. */
import { builder } from './builder.ts'
import './scalars.ts'
import './errors.ts'
import './parties.ts'
import './tokens.ts'
import './token-errors.ts'
import './token-supply.ts'
import './clusters.ts'
import './documents.ts'
import './findings.ts'
import './flags.ts'
import './flag-decisions.ts'
import './rounds.ts'

export type { AppDeps, Context } from './context.ts'
export const schema = builder.toSchema()
