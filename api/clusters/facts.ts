/** What rules may ask of clusters. The composition root registers these. */
import { sql } from 'kysely'
import type { FactProvider } from '../flags/index.ts'
import { formatNumeric, type Reader, type Ref, type Uuid } from '../platform/index.ts'
import { lotsOf } from '../tokens/index.ts'
import { factorsInForce } from './pool/pool.views.ts'

/** Pools named in one fact. */
const MOST_POOLS = 1000

/** `factors.set_alone`: of the pools that the company's tokens book; of all pools while it has none. */
export const factorsSetAlone: FactProvider = async (reader, { companyId, onDate }) => {
  const classes = [...new Set((await lotsOf(reader, companyId)).map(({ tokenClassId }) => tokenClassId))]
  const all = await factorsInForce(reader, classes.length === 0 ? 'every' : classes, `${onDate}T23:59:59Z`)
  if (all.length === 0) return undefined
  const alone = all.filter(({ approvedAs, countersignedAt }) => approvedAs === 'provider' && countersignedAt === null)
  return {
    name: 'factors.set_alone',
    value: {
      pools: all.length,
      alone: alone.slice(0, MOST_POOLS).map((factor) => ({
        pool: `${factor.gpuModel} on ${factor.cluster}`,
        h100HoursPerGpuHour: formatNumeric(factor.factor),
        basis: factor.basis,
        source: factor.source,
        validFrom: factor.validFrom,
      })),
    },
    source:
      classes.length === 0 ? 'the factors of all pools' : "the factors of the pools that the company's tokens book",
    asOf: onDate,
  }
}

/** Days back that decisions are compared over. */
const DAYS = 90
/** Most requests of others that are compared, the newest. */
const MOST_OTHERS = 5000

/** `allocation.decisions`: how requests were decided, the company's and all others' in the pools that it asked for. */
export const allocationDecisions: FactProvider = async (reader, { companyId, onDate }) => {
  const since = new Date(Date.parse(`${onDate}T00:00:00Z`) - DAYS * 86_400_000).toISOString().slice(0, 10)
  const own = await reader
    .selectFrom('reservation')
    .select(['reservation_id as id', 'pool_id as poolId'])
    .where('company_id', '=', companyId)
    .orderBy('reservation_id', 'desc')
    .limit(MOST_OTHERS)
    .execute()
  const pools = [...new Set(own.map(({ poolId }) => poolId))]
  const others = await bookingsOfOthers(reader, pools, companyId)
  return {
    name: 'allocation.decisions',
    value: {
      since,
      company: await decisions(
        reader,
        own.map(({ id }) => ({ companyId, id })),
        since,
      ),
      others: await decisions(reader, others, since),
    },
    source: 'the events of reservations',
    asOf: onDate,
  }
}

/** Bookings lie with their pools and events with their companies, so they are read in two steps. */
async function bookingsOfOthers(reader: Reader, poolIds: readonly Uuid[], companyId: Uuid): Promise<Ref[]> {
  if (poolIds.length === 0) return []
  return reader
    .selectFrom('pool_booking')
    .select(['company_id as companyId', 'reservation_id as id'])
    .where('pool_id', 'in', [...poolIds])
    .where('change_of', 'is', null)
    .where('company_id', '<>', companyId)
    .orderBy('reservation_id', 'desc')
    .limit(MOST_OTHERS)
    .execute()
}

/** Of these requests, those that were decided or let lapse. Only these events know how long it took. */
async function decisions(reader: Reader, refs: readonly Ref[], since: string) {
  if (refs.length === 0) return { requests: 0, refused: 0, medianWaitSeconds: null }
  const row = await reader
    .selectFrom('reservation_event')
    .select((on) => [
      on.fn.countAll<bigint>().as('requests'),
      on.fn
        .countAll<bigint>()
        .filterWhere((event) =>
          event.or([
            event('to_state', 'in', ['declined', 'expired']),
            event('reason_code', 'in', ['CHANGE_DECLINED', 'CHANGE_LAPSED']),
          ]),
        )
        .as('refused'),
      sql<string | null>`percentile_disc(0.5) WITHIN GROUP (ORDER BY waited_seconds)`.as('median'),
    ])
    .where(sql<boolean>`(company_id, reservation_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .where('waited_seconds', 'is not', null)
    .where('at', '>=', since)
    .executeTakeFirstOrThrow()
  return {
    requests: Number(row.requests),
    refused: Number(row.refused),
    medianWaitSeconds: row.median === null ? null : Number(row.median),
  }
}
