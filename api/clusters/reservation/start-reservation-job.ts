import { addJob, type Ref, type Trx } from '../../platform/index.ts'

/** Name of the job that starts a confirmed reservation: drawdown makes its tokens firm, so it handles it. */
export const START_RESERVATION_JOB = 'drawdown.start-reservation'

/** In the transaction that confirms a reservation, or moves its start. */
export const addStart = (trx: Trx, ref: Ref, startsAt: string): Promise<void> =>
  addJob(trx, {
    name: START_RESERVATION_JOB,
    payload: { companyId: ref.companyId, reservationId: ref.id },
    runAt: startsAt,
    key: `${START_RESERVATION_JOB}:${ref.id}`,
  })
