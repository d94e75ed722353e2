import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { mustSeeInstallation } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  NotFound,
  newId,
  once,
  parse,
  Refused,
  type Uuid,
  violates,
  zCurrency,
  zIdempotencyKey,
  zKey,
  zText,
} from '../platform/index.ts'
import { findMetric } from './metric.views.ts'

const days = (most: number) =>
  z.int('must be a whole number of days').min(1, 'must be at least 1').max(most, `must be at most ${most}`)

export const RegisterMetricInput = z.strictObject({
  name: zText(120),
  currency: zCurrency,
  /** Who publishes it. */
  source: zText(300),
  /** What exactly is measured, and how. */
  method: zText(2000),
  windowDays: days(366),
  staleAfterDays: days(3660),
  fallbackId: zKey('Metric').nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type RegisterMetricInput = z.input<typeof RegisterMetricInput>

/**
 * Registers a way of measuring the price of an H100-hour. It stays as it is: what is measured otherwise, or by somebody
 * else, is another metric.
 *
 * @throws {Refused} when the name is taken, or the fallback is in another currency
 */
export async function registerMetric(
  deps: Deps,
  actor: Actor,
  input: RegisterMetricInput,
): Promise<{ metricId: Uuid }> {
  const { idempotencyKey, fallbackId = null, ...metric } = parse(RegisterMetricInput, input)
  must(actor, 'partner', 'operations')
  const { installationId } = await mustSeeInstallation(deps.db)
  const scope = { kind: 'installation', id: installationId } as const
  return once(deps, actor, { operation: 'registerMetric', scope, idempotencyKey, input }, async (trx) => {
    if (fallbackId !== null) {
      const fallback = await findMetric(trx, fallbackId)
      if (fallback === undefined) throw new NotFound('metric', globalId('Metric', fallbackId))
      if (fallback.currency !== metric.currency)
        throw new Refused('fallbackId', `is in ${fallback.currency}, not ${metric.currency}`)
    }
    const metricId = newId()
    await trx
      .insertInto('metric')
      .values({
        metric_id: metricId,
        name: metric.name,
        unit: 'H100_HOUR',
        currency: metric.currency,
        source: metric.source,
        method: metric.method,
        window_days: metric.windowDays,
        stale_after_days: metric.staleAfterDays,
        fallback_id: fallbackId,
        registered_by: actor.id,
        registered_at: await instant(trx),
      })
      .execute()
      .catch((error: unknown) => {
        throw violates(error, 'metric_named_once') ? new Refused('name', 'is taken by another metric') : error
      })
    await audit(trx, actor, {
      scope,
      kind: 'metric.registered',
      subject: globalId('Metric', metricId),
      payload: { ...metric, fallbackId },
    })
    return { metricId }
  })
}
