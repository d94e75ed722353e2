/**
 * Releases that somebody confirms, asks for or decides, held to what tokens know nothing of: whether their grant still runs.
 * Their input, refusals and order are those of `tokens/`.
 */
import type { Actor } from '../access/index.ts'
import type { Deps, Ref } from '../platform/index.ts'
import {
  type ConfirmMilestoneInput,
  confirmMilestone as confirmInTokens,
  type DecideReleaseInput,
  decideRelease as decideInTokens,
  type RequestReleaseInput,
  requestRelease as requestInTokens,
} from '../tokens/index.ts'
import { releasesEndOf } from './settlement/releases-end.views.ts'

/** Confirms a milestone of a grant that still runs. @throws {ReleasesEnded} and what `tokens/` throws */
export const confirmMilestone = (deps: Deps, actor: Actor, input: ConfirmMilestoneInput): Promise<{ ref: Ref }> =>
  confirmInTokens(deps, actor, input, releasesEndOf)

/** Asks for tokens of a grant that runs until they would be released. @throws {ReleasesEnded} and what `tokens/` throws */
export const requestRelease = (deps: Deps, actor: Actor, input: RequestReleaseInput): Promise<{ ref: Ref }> =>
  requestInTokens(deps, actor, input, releasesEndOf)

/** Decides a release; confirms it only while its grant runs. @throws {ReleasesEnded} and what `tokens/` throws */
export const decideRelease = (deps: Deps, actor: Actor, input: DecideReleaseInput): Promise<{ ref: Ref }> =>
  decideInTokens(deps, actor, input, releasesEndOf)
