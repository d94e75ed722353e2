import type { Actor } from '../access/index.ts'
import type { FlagsDeps } from '../flags/index.ts'
import { type ProposeRoundInput, proposeRound } from '../rounds/index.ts'
import { mustHonourRights } from './deal-document/rights-in-force.views.ts'

/**
 * Proposes a draft whose terms honour every pro rata right that a side letter in force gives.
 *
 * @throws {RightsNotHonoured} and whatever {@link proposeRound} throws
 */
export const proposeWithRights = (deps: FlagsDeps, actor: Actor, input: ProposeRoundInput) =>
  proposeRound(deps, actor, input, mustHonourRights)
