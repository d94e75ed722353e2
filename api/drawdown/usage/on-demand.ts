/** Use outside any reservation: it draws available tokens where the signed terms let it. */
import { Temporal } from 'temporal-polyfill'
import {
  FactorNotAgreed,
  factorsOf as factorsOfPools,
  findPool,
  governingFactor,
  NoFactor,
  type PoolView,
  UsageBeyondReservation,
  UsageConflict,
  type UsageRecord,
} from '../../clusters/index.ts'
import {
  type Db,
  DomainError,
  formatTokens,
  globalId,
  type MicroTokens,
  NotFound,
  type Numeric,
  type Reader,
  retried,
  type Uuid,
} from '../../platform/index.ts'
import { GrantSettled } from '../errors.ts'
import { type Draw, type DrawAnswer, postDraws } from './on-demand.store.ts'

/** A record of use outside any reservation. */
export type OnDemandUsage = UsageRecord & { readonly companyId: Uuid; readonly poolId: Uuid }

/** The job ran outside any reservation, and no signed terms of the company let it draw tokens when it began. */
export class OutsideReservation extends DomainError {
  readonly code = 'OUTSIDE_RESERVATION'
  readonly externalId: string
  constructor(externalId: string) {
    super(
      `The usage record "${externalId}" is of no reservation, and the company's terms do not allow use on demand. Nothing was charged.`,
    )
    this.externalId = externalId
  }
}

/** The month's cap of the signed terms on use outside any reservation would be exceeded. */
export class OnDemandCapReached extends DomainError {
  readonly code = 'ON_DEMAND_CAP'
  readonly externalId: string
  /** What the month has left. */
  readonly left: MicroTokens
  constructor(externalId: string, left: MicroTokens) {
    super(
      `The usage record "${externalId}" is of no reservation, and would cost more than the ${formatTokens(left)} tokens that the terms leave for use on demand in its month. Nothing was charged.`,
    )
    this.externalId = externalId
    this.left = left
  }
}

export type Drawn =
  | {
      readonly outcome: 'RECORDED'
      readonly externalId: string
      readonly usageId: Uuid
      readonly charged: MicroTokens
      /** What there were no tokens for. */
      readonly owed: MicroTokens
    }
  | { readonly outcome: 'ALREADY_RECORDED'; readonly externalId: string; readonly usageId: Uuid }
  | { readonly outcome: 'REFUSED'; readonly externalId: string; readonly why: DomainError }

/** Draws records of one company, and answers each, in order. What there are no tokens for becomes arrears. */
export async function drawOnDemand(
  db: Db,
  of: {
    readonly companyId: Uuid
    readonly actorId: Uuid
    readonly pools: readonly Uuid[]
    readonly requestId?: Uuid | undefined
  },
  records: readonly OnDemandUsage[],
): Promise<readonly Drawn[]> {
  if (records.length === 0) return []
  const prepared = await prepareDraws(db, of, records)
  const draws = prepared.map(({ draw }) => draw)
  const answers = await retried(() => postDraws(db, { ...of, draws }))
  return drawnOf(prepared, answers)
}

/** A record with what its pool is, and why no factor governs it where none does. */
export type PreparedDraw = {
  readonly record: OnDemandUsage
  readonly draw: Draw
  readonly noFactor: DomainError | undefined
}

/** Reads what `usage_draw` must be told of each record: its pool, among those that may be metered, and its factor. */
export async function prepareDraws(
  db: Reader,
  of: { readonly companyId: Uuid; readonly pools: readonly Uuid[] },
  records: readonly OnDemandUsage[],
): Promise<readonly PreparedDraw[]> {
  const pools = await poolsOf(db, of.pools, records)
  const factors = await factorsOf(db, of.companyId, pools, records)
  return records.map((record, index) => {
    const pool = pools.get(record.poolId)
    const factor = factors[index]
    const draw = {
      ...record,
      tokenClassId: pool?.tokenClassId ?? record.poolId,
      gpus: pool?.capacity ?? 0,
      factor: typeof factor === 'bigint' ? factor : null,
    }
    return { record, draw, noFactor: factor instanceof DomainError ? factor : undefined }
  })
}

/** What the answers of `usage_draw` mean, in order. */
export const drawnOf = (prepared: readonly PreparedDraw[], answers: readonly DrawAnswer[]): readonly Drawn[] =>
  prepared.map(({ record, noFactor }, index) => {
    const answer = answers[index]
    if (answer === undefined) throw new Error('a usage record was not answered')
    return answered(record, answer, noFactor)
  })

/** The pools of these records that may be metered: another's looks like one that does not exist. One query for each pool. */
async function poolsOf(
  db: Reader,
  metered: readonly Uuid[],
  records: readonly OnDemandUsage[],
): Promise<Map<Uuid, PoolView>> {
  const own = new Set(metered)
  const pools = new Map<Uuid, PoolView>()
  for (const poolId of new Set(records.map((record) => record.poolId))) {
    const pool = own.has(poolId) ? await findPool(db, poolId) : undefined
    if (pool !== undefined) pools.set(poolId, pool)
  }
  return pools
}

/**
 * The factor that governs each record, at its beginning, or why there is none. It is asked for once for each day and stretch
 * between two changes of the pool's own factors: within one nothing that it depends on changes.
 */
async function factorsOf(
  db: Reader,
  companyId: Uuid,
  pools: ReadonlyMap<Uuid, PoolView>,
  records: readonly OnDemandUsage[],
): Promise<(Numeric | DomainError | undefined)[]> {
  const changes = await factorChanges(db, [...pools.keys()])
  const known = new Map<string, Numeric | DomainError>()
  const factors: (Numeric | DomainError | undefined)[] = []
  for (const { poolId, startedAt } of records) {
    const pool = pools.get(poolId)
    if (pool === undefined) {
      factors.push(undefined)
      continue
    }
    const began = Temporal.Instant.from(startedAt)
    const before = (changes.get(poolId) ?? []).filter((at) => at <= began.epochNanoseconds).length
    const stretch = `${poolId} ${began.toString().slice(0, 10)} ${before}`
    const factor = known.get(stretch) ?? (await factorOf(db, companyId, pool, startedAt))
    known.set(stretch, factor)
    factors.push(factor instanceof NoFactor ? new NoFactor(startedAt) : factor)
  }
  return factors
}

/** The instants at which a factor of these pools begins or ends to hold, by pool. One query. */
async function factorChanges(db: Reader, poolIds: readonly Uuid[]): Promise<ReadonlyMap<Uuid, readonly bigint[]>> {
  const own = Map.groupBy(await factorsOfPools(db, poolIds), ({ poolId }) => poolId)
  const instants = (poolId: Uuid) =>
    (own.get(poolId) ?? [])
      .flatMap(({ validFrom, validUntil }) => (validUntil === null ? [validFrom] : [validFrom, validUntil]))
      .map((at) => Temporal.Instant.from(at).epochNanoseconds)
  return new Map(poolIds.map((poolId) => [poolId, instants(poolId)]))
}

async function factorOf(
  db: Reader,
  companyId: Uuid,
  { poolId, tokenClassId }: PoolView,
  at: string,
): Promise<Numeric | DomainError> {
  try {
    return (await governingFactor(db, companyId, { poolId, tokenClassId }, at)).factor
  } catch (error) {
    if (!(error instanceof NoFactor || error instanceof FactorNotAgreed)) throw error
    return error
  }
}

function answered(record: OnDemandUsage, answer: DrawAnswer, noFactor: DomainError | undefined): Drawn {
  const { externalId } = record
  const { outcome, usageId, charged, owed } = answer
  if (outcome === 'recorded' && usageId !== null) {
    return { outcome: 'RECORDED', externalId, usageId, charged: charged ?? 0n, owed: owed ?? 0n }
  }
  if (outcome === 'known' && usageId !== null) return { outcome: 'ALREADY_RECORDED', externalId, usageId }
  return { outcome: 'REFUSED', externalId, why: whyNot(record, answer, noFactor) }
}

function whyNot(record: OnDemandUsage, { outcome, about }: DrawAnswer, noFactor: DomainError | undefined): DomainError {
  const { externalId, gpuSeconds, poolId } = record
  switch (outcome) {
    case 'conflict':
      return new UsageConflict(externalId, about ?? '')
    case 'in_future':
      return new UsageBeyondReservation(externalId, 0n, gpuSeconds, 'ends in the future')
    case 'too_many_gpus': {
      const most = BigInt(about ?? '0')
      const why = `is more than the GPUs of the pool can do in its time (${most} GPU-seconds)`
      return new UsageBeyondReservation(externalId, most, gpuSeconds, why)
    }
    case 'grant_settled':
      return new GrantSettled(externalId, record.companyId, about ?? '')
    case 'over_cap':
      return new OnDemandCapReached(externalId, BigInt(about ?? '0'))
    case 'no_factor':
      return noFactor ?? new NoFactor(record.startedAt)
    case 'unknown_pool':
      return new NotFound('pool', globalId('Pool', poolId))
    default:
      return new OutsideReservation(externalId)
  }
}
