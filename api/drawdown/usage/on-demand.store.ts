/** Draws use outside any reservation: one call of `usage_draw`, which does all of it. */
import { sql } from 'kysely'
import type { UsageRecord } from '../../clusters/index.ts'
import { formatNumeric, type MicroTokens, type Numeric, newId, type Reader, type Uuid } from '../../platform/index.ts'

export type DrawRefusal =
  | 'unknown_pool'
  | 'conflict'
  | 'in_future'
  | 'too_many_gpus'
  | 'not_allowed'
  | 'no_factor'
  | 'over_cap'
  | 'grant_settled'

/** The answer to one record; `migrations/0062_drawdown_draw_order.sql` says what a refusal is about. */
export type DrawAnswer = {
  readonly outcome: 'recorded' | 'known' | DrawRefusal
  readonly about: string | null
  readonly usageId: Uuid | null
  readonly charged: MicroTokens | null
  /** What there were no tokens for. */
  readonly owed: MicroTokens | null
}

/** A record with what its pool is. */
export type Draw = UsageRecord & {
  readonly poolId: Uuid
  readonly tokenClassId: Uuid
  readonly gpus: number
  /** Null where none governs. */
  readonly factor: Numeric | null
}

type Row = {
  outcomes: DrawAnswer['outcome'][]
  details: (string | null)[]
  usage_ids: (Uuid | null)[]
  charges: (bigint | null)[]
  owed: (bigint | null)[]
}

/** Draws a batch of one company and answers each record, in order. Takes the locks of the company, its grants and accounts. */
export async function postDraws(
  db: Reader,
  {
    companyId,
    draws,
    pools,
    actorId,
    requestId,
  }: {
    readonly companyId: Uuid
    readonly draws: readonly Draw[]
    readonly pools: readonly Uuid[]
    readonly actorId: Uuid
    readonly requestId?: Uuid | undefined
  },
): Promise<readonly DrawAnswer[]> {
  const { rows } = await sql<Row>`
    SELECT outcomes, details, usage_ids, charges, owed
    FROM usage_draw(${companyId}::uuid, ${draws.map(newId)}::uuid[], ${draws.map((each) => each.poolId)}::uuid[],
      ${draws.map((each) => each.tokenClassId)}::uuid[], ${draws.map((each) => each.gpus)}::int[],
      ${draws.map(({ factor }) => (factor === null ? null : formatNumeric(factor)))}::numeric[],
      ${draws.map((each) => each.source)}::text[], ${draws.map((each) => each.externalId)}::text[],
      ${draws.map((each) => each.gpuSeconds)}::bigint[], ${draws.map((each) => each.startedAt)}::timestamptz[],
      ${draws.map((each) => each.endedAt)}::timestamptz[], ${draws.map((each) => each.job)}::text[],
      ${[...pools]}::uuid[], ${actorId}::uuid, ${requestId ?? null}::uuid)`.execute(db)
  const [row] = rows
  if (row === undefined || row.outcomes.length !== draws.length) {
    throw new Error(`usage_draw answered ${row?.outcomes.length ?? 0} of ${draws.length} records`)
  }
  return row.outcomes.map((outcome, index) => ({
    outcome,
    about: row.details[index] ?? null,
    usageId: row.usage_ids[index] ?? null,
    charged: row.charges[index] ?? null,
    owed: row.owed[index] ?? null,
  }))
}
