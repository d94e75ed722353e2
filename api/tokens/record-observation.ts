import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { mustSeeInstallation } from '../parties/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  instant,
  NotFound,
  newId,
  once,
  parse,
  Refused,
  type Trx,
  today,
  type Uuid,
  violates,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zPositiveNumeric,
  zText,
  zUuid,
} from '../platform/index.ts'
import { findMetric } from './metric.views.ts'

const zObservationId = z
  .string()
  .regex(/^Observation:/, 'must be the id of an Observation')
  .transform((text) => text.slice('Observation:'.length).split(':'))
  .pipe(z.tuple([zUuid, zUuid], 'must be the id of an Observation'))

export const RecordObservationInput = z.strictObject({
  metricId: zKey('Metric'),
  observedOn: zIsoDate,
  /** Money for one unit, in the metric's currency; null only in a correction: it was never observed. */
  level: zPositiveNumeric.nullish(),
  source: zText(500),
  /** The observation that this one replaces, of the same metric and day. */
  correctsId: zObservationId.nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type RecordObservationInput = z.input<typeof RecordObservationInput>

/**
 * Records what a metric was on a day, with its source; or corrects what was recorded, by a new row that names the old one.
 *
 * @throws {Refused} when the day has an observation already, lies in the future or after the metric's end, or when what is
 * corrected was corrected before
 */
export async function recordObservation(
  deps: Deps,
  actor: Actor,
  input: RecordObservationInput,
): Promise<{ metricId: Uuid; observationId: Uuid }> {
  const { idempotencyKey, ...observation } = parse(RecordObservationInput, input)
  const { metricId, observedOn, level = null, source } = observation
  const metric = await findMetric(deps.db, metricId)
  if (metric === undefined) throw new NotFound('metric', globalId('Metric', metricId))
  must(actor, 'analyst', 'partner', 'operations')
  const { installationId } = await mustSeeInstallation(deps.db)
  const scope = { kind: 'installation', id: installationId } as const
  return once(deps, actor, { operation: 'recordObservation', scope, idempotencyKey, input }, async (trx) => {
    if (observedOn > (await today(trx))) throw new Refused('observedOn', 'lies in the future')
    const correctsId = observation.correctsId?.[1] ?? null
    if (correctsId === null) {
      if (level === null) throw new Refused('level', 'is missing: only a correction may say that nothing was observed')
      if (metric.endedOn !== null && observedOn >= metric.endedOn) {
        throw new Refused('observedOn', `is not before ${metric.endedOn}, when the metric ended`)
      }
    } else await mustCorrect(trx, { metricId, named: observation.correctsId?.[0] ?? '', correctsId, observedOn })
    const observationId = newId()
    await trx
      .insertInto('observation')
      .values({
        metric_id: metricId,
        observation_id: observationId,
        observed_on: observedOn,
        level: level === null ? null : formatNumeric(level),
        source,
        corrects_id: correctsId,
        recorded_by: actor.id,
        recorded_at: await instant(trx),
      })
      .execute()
      .catch((error: unknown) => {
        if (violates(error, 'observation_once'))
          throw new Refused('observedOn', 'has an observation already: correct it by its id')
        if (violates(error, 'observation_corrects_once'))
          throw new Refused('correctsId', 'is corrected already: correct its correction')
        throw error
      })
    await audit(trx, actor, {
      scope,
      kind: correctsId === null ? 'observation.recorded' : 'observation.corrected',
      subject: globalId('Metric', metricId),
      payload: { observationId, observedOn, level: level === null ? null : formatNumeric(level), source, correctsId },
    })
    return { metricId, observationId }
  })
}

async function mustCorrect(
  trx: Trx,
  { metricId, named, correctsId, observedOn }: { metricId: Uuid; named: Uuid; correctsId: Uuid; observedOn: string },
): Promise<void> {
  const old = await trx
    .selectFrom('observation')
    .select('observed_on')
    .where('metric_id', '=', metricId)
    .where('observation_id', '=', correctsId)
    .executeTakeFirst()
  if (old === undefined || named !== metricId) throw new Refused('correctsId', 'is no observation of this metric')
  if (old.observed_on !== observedOn)
    throw new Refused('observedOn', `must be ${old.observed_on}, the day of what is corrected`)
}
