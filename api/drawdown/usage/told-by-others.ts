/** Usage that a scheduler tells, and that another source has told already: such as an exporter that the provider runs beside it. */
import type { Reader, Ref } from '../../platform/index.ts'

type Told = {
  readonly source: string
  readonly externalId: string
  readonly gpuSeconds: bigint
  readonly startedAt: string
  readonly endedAt: string
}

/**
 * Of all that a scheduler tells of a reservation, what is not stored and is the same run as a record of another source: from
 * the same second to the same second, with the same GPU-seconds. As many as the others told, and no more: jobs that begin
 * and end together are as alike. Pure.
 */
export function runsToldByOthers<Run extends Told>(runs: readonly Run[], stored: readonly Told[]): ReadonlySet<Run> {
  const own = new Set(stored.map((each) => nameOf(each)))
  const left = new Map<string, number>()
  const sources = new Set(runs.map(({ source }) => source))
  for (const each of stored) if (!sources.has(each.source)) left.set(runOf(each), (left.get(runOf(each)) ?? 0) + 1)
  return new Set(
    runs.filter((run) => {
      const others = left.get(runOf(run)) ?? 0
      if (others === 0 || own.has(nameOf(run))) return false
      left.set(runOf(run), others - 1)
      return true
    }),
  )
}

const nameOf = ({ source, externalId }: Told): string => JSON.stringify([source, externalId])
const runOf = ({ startedAt, endedAt, gpuSeconds }: Told): string =>
  `${Date.parse(startedAt)} ${Date.parse(endedAt)} ${gpuSeconds}`

/** All that was told of a reservation. One query. */
export const toldOf = (reader: Reader, { companyId, id }: Ref): Promise<Told[]> =>
  reader
    .selectFrom('usage_record')
    .select(['source', 'external_id as externalId', 'gpu_seconds as gpuSeconds'])
    .select(['started_at as startedAt', 'ended_at as endedAt'])
    .where('company_id', '=', companyId)
    .where('reservation_id', '=', id)
    .execute()

/** What is left of a report when what others told is taken out, and how much that was. */
export async function withoutToldByOthers<Record extends Omit<Told, 'gpuSeconds'> & { readonly gpuSeconds: string }>(
  reader: Reader,
  ref: Ref,
  records: readonly Record[],
): Promise<{ readonly records: readonly Record[]; readonly known: number }> {
  const runs = records.map((record) => ({ ...record, gpuSeconds: BigInt(record.gpuSeconds), record }))
  const twice = runsToldByOthers(runs, await toldOf(reader, ref))
  return { records: runs.filter((run) => !twice.has(run)).map(({ record }) => record), known: twice.size }
}
