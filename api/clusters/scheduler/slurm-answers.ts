/** The parts of Slurm's answers that are read, API v0.0.43 to v0.0.45. What is not named here is not looked at. */
import { z } from 'zod'

const zCount = z.int().nonnegative()
/** A number that Slurm may leave unset, or set to infinity. */
const zMaybe = z
  .object({ set: z.boolean(), infinite: z.boolean().optional(), number: z.number() })
  .transform(({ set, infinite, number }) => (set && infinite !== true ? number : null))
/** A point in time, seconds since 1970. */
const zTime = zMaybe.pipe(zCount)
/** Trackable resources. Slurm counts energy below zero where it was not measured. */
const zTres = z.array(z.object({ type: z.string(), name: z.string().nullish(), count: z.int() }))

export const zErrors = z.object({
  errors: z
    .array(
      z.object({
        error_number: z.int().optional(),
        error: z.string().optional(),
        description: z.string().optional(),
      }),
    )
    .optional(),
})

export const zOpenApi = z.object({ paths: z.record(z.string(), z.unknown()) })

export const zPing = z.object({
  pings: z.array(z.object({ responding: z.boolean(), primary: z.boolean().optional(), status: z.string().optional() })),
  meta: z.object({ slurm: z.object({ release: z.string() }) }),
})

const zReservation = z.object({
  name: z.string(),
  accounts: z.string(),
  partition: z.string(),
  start_time: zTime,
  end_time: zTime,
  /** `cpu=16,gres/gpu:h100=4,gres/gpu=4` */
  tres: z.string(),
  /** One row for each of its nodes. */
  core_specializations: z.array(z.object({ node: z.string() })).default([]),
})
export type SlurmReservation = z.output<typeof zReservation>
export const zReservations = z.object({ reservations: z.array(zReservation) })
/** The answer for one by its name: where there are none at all, the list is left out. */
export const zReservationsNamed = z.object({ reservations: z.array(zReservation).default([]) })

export const zNodes = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      state: z.array(z.string()),
      reason: z.string(),
      reason_changed_at: zTime,
      boot_time: zTime,
      slurmd_start_time: zTime,
      /** `gpu:h100:8(S:0-1)` */
      gres: z.string(),
      partitions: z.array(z.string()),
    }),
  ),
})
export type SlurmNode = z.output<typeof zNodes>['nodes'][number]

/**
 * The name of the reservation in which a job ran; empty of one that ran in none. Of a job that begins in the same second as its
 * reservation, as one does that waits for it, Slurm 26.05's accounting leaves the name empty, and tells only which it asked
 * for. Of several that it asked for, Slurm tries the first first.
 */
const zReservationOfJob = z
  .object({ name: z.string(), requested: z.string().default('') })
  .transform(({ name, requested }) => (name === '' ? requested.replace(/,.*/s, '') : name))

export const zJobs = z.object({
  jobs: z.array(
    z.object({
      job_id: z.int(),
      cluster: z.string(),
      account: z.string(),
      name: z.string(),
      /** `end` is 0 while it runs, `start` before it does; `elapsed` leaves out what it was suspended for. */
      time: z.object({ start: zCount, end: zCount, elapsed: zCount }),
      tres: z.object({ allocated: zTres }),
      partition: z.string(),
      reservation: zReservationOfJob,
      state: z.object({ current: z.array(z.string()) }),
      failed_node: z.string(),
    }),
  ),
})
export type SlurmJob = z.output<typeof zJobs>['jobs'][number]

export const zAssociations = z.object({
  associations: z.array(
    z.object({
      account: z.string(),
      cluster: z.string(),
      user: z.string(),
      partition: z.string().nullish(),
      max: z.object({ tres: z.object({ group: z.object({ minutes: zTres }) }) }),
    }),
  ),
})

export const zNothing = z.object({})
