import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { mustSeeInstallation } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  NotFound,
  once,
  parse,
  Refused,
  today,
  type Uuid,
  violates,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zText,
} from '../platform/index.ts'
import { findMetric } from './metric.views.ts'

export const EndMetricInput = z.strictObject({
  metricId: zKey('Metric'),
  endedOn: zIsoDate,
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type EndMetricInput = z.input<typeof EndMetricInput>

/** Records that a metric is no longer published from a day on: its fallback stands for it from then, where it names one. */
export async function endMetric(deps: Deps, actor: Actor, input: EndMetricInput): Promise<{ metricId: Uuid }> {
  const { metricId, endedOn, reason, idempotencyKey } = parse(EndMetricInput, input)
  if ((await findMetric(deps.db, metricId)) === undefined) throw new NotFound('metric', globalId('Metric', metricId))
  must(actor, 'partner')
  const { installationId } = await mustSeeInstallation(deps.db)
  const scope = { kind: 'installation', id: installationId } as const
  return once(deps, actor, { operation: 'endMetric', scope, idempotencyKey, input }, async (trx) => {
    if (endedOn > (await today(trx))) throw new Refused('endedOn', 'lies in the future')
    const later = await trx
      .selectFrom('observation')
      .select('observed_on')
      .where('metric_id', '=', metricId)
      .where('observed_on', '>=', endedOn)
      .limit(1)
      .executeTakeFirst()
    if (later !== undefined) throw new Refused('endedOn', `is not after ${later.observed_on}, when it was observed`)
    await trx
      .insertInto('metric_end')
      .values({
        metric_id: metricId,
        ended_on: endedOn,
        reason,
        recorded_by: actor.id,
        recorded_at: await instant(trx),
      })
      .execute()
      .catch((error: unknown) => {
        throw violates(error, 'metric_end_pkey') ? new Refused('metricId', 'has ended already') : error
      })
    await audit(trx, actor, {
      scope,
      kind: 'metric.ended',
      subject: globalId('Metric', metricId),
      payload: { endedOn, reason },
    })
    return { metricId }
  })
}
