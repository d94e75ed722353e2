/** A closed deal whose tokens use outside any reservation may draw, and a machine that tells such use. */
import { mustMeter, readUsage, takeUsage } from '../../api/drawdown/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import type { World } from '../support/world.ts'
import { at, givenDrawdown } from './given-drawdown.ts'

export type OnDemand = { readonly premium?: string; readonly monthlyCapTokens?: string }

/** A deal of so many tokens, 40 where nothing else is said, all available, whose terms allow use on demand as said; the clock stands two hours after the start. */
export async function givenOnDemand(
  world: World,
  onDemand: OnDemand | undefined,
  tokens = '40',
  change: Partial<RoundTermsWire> = {},
) {
  const { deps, staff } = world
  const deal = await givenDeal(world)
  const booking = onDemand === undefined ? {} : { booking: { onDemand } }
  const terms = { compute: deal.compute(tokens), cashInvestors: [], ...booking, ...change } as Partial<RoundTermsWire>
  const it = await givenDrawdown(world, terms, { deal })
  await world.setClock(at(120))
  const line = (externalId: string, gpuSeconds: number, more: Record<string, unknown> = {}) => ({
    companyId: it.id,
    poolId: it.pool.id,
    source: 'slurm/fjord',
    externalId,
    gpuSeconds: String(gpuSeconds),
    startedAt: at(0),
    endedAt: at(60),
    job: 'train.sh',
    ...more,
  })
  const tell = async (...lines: ReturnType<typeof line>[]) =>
    takeUsage(deps, await mustMeter(deps.db, staff.provider.actor), { read: readUsage(lines) })
  return { ...it, line, tell }
}
export type OnDemandDeal = Awaited<ReturnType<typeof givenOnDemand>>
