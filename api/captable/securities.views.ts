/** Single securities, with how they vest: for nodes and lists. Visibility is that of the company. */
import type { Actor } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { Numeric, Reader, Ref, Uuid } from '../platform/index.ts'
import { idsIn, type NamedSecurity, namesOn } from './cap-tables.views.ts'
import { type Spine, securitiesAtEnd, spinesOn } from './checkpoint/checkpoint.views.ts'
import { LAST_DAY } from './dates.ts'
import { loadTables } from './history.views.ts'
import { namesOf } from './names.views.ts'
import { nodeKey } from './node-key.ts'
import { termsOf } from './replay/state.ts'
import { scheduledTranches } from './replay/vesting.ts'

/** A security of a company, with what names it. */
export type SecurityView = NamedSecurity & { readonly key: Uuid }

/** Shares that vest on a day: by a condition of the terms, by a listed date, or ahead of schedule by acceleration. */
export type VestingStep = {
  readonly date: string
  readonly quantity: Numeric
  readonly conditionId: string | null
  readonly accelerated: boolean
}

/** A security as nodes and lists show it. */
export const securityView = (named: NamedSecurity): SecurityView => ({ ...named, key: nodeKey(named.security.id) })

/** Securities by global id, in any order; those that are not there or that the actor may not see are left out. */
export async function securitiesByRef(
  reader: Reader,
  actor: Actor,
  refs: readonly Ref[],
): Promise<readonly SecurityView[]> {
  const visible = refs.filter(({ companyId }) => seesCompany(actor, companyId))
  const companyIds = [...new Set(visible.map(({ companyId }) => companyId))]
  const spines = await spinesOn(reader, companyIds, LAST_DAY)
  const tables = await loadTables(
    reader,
    companyIds.filter((companyId) => !spines.has(companyId)),
  )
  const wanted = new Set(visible.map(({ companyId, id }) => `${companyId}:${id}`))
  const replayed = [...tables].flatMap(([companyId, table]) =>
    [...table.securities.values()]
      .filter((security) => wanted.has(`${companyId}:${nodeKey(security.id)}`))
      .map((security) => securityView({ companyId, security, names: table })),
  )
  return spines.size === 0 ? replayed : [...replayed, ...(await fromCheckpoints(reader, spines, visible))]
}

async function fromCheckpoints(
  reader: Reader,
  spines: ReadonlyMap<Uuid, Spine>,
  refs: readonly Ref[],
): Promise<readonly SecurityView[]> {
  const wanted = [...spines.values()].map((spine) => ({
    spine,
    keys: refs.filter(({ companyId }) => companyId === spine.companyId).map(({ id }) => id),
  }))
  const found = await securitiesAtEnd(reader, wanted)
  const names = await namesOf(
    reader,
    [...found].map(([companyId, securities]) => ({ companyId, ids: securities.flatMap(idsIn) })),
  )
  return [...spines.values()].flatMap((spine) => {
    const { companyId } = spine
    const known = namesOn(spine, names.get(companyId))
    return (found.get(companyId) ?? []).map((security) => securityView({ companyId, security, names: known }))
  })
}

/**
 * How a security vests up to and on a day: by schedule, and by events and accelerations so far. What depends on events to come
 * is not in it.
 */
export function vestingSteps({ names, security }: NamedSecurity, through: string = LAST_DAY): readonly VestingStep[] {
  const scheduled = scheduledTranches(security, termsOf(names, security), through).map((tranche) => ({
    ...tranche,
    accelerated: false,
  }))
  const accelerated = security.accelerations
    .filter(({ date }) => date <= through)
    .map(({ date, quantity }) => ({ date, quantity, conditionId: null, accelerated: true }))
  return [...scheduled, ...accelerated].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
}
