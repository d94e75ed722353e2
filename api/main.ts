/** The composition root of a running server: opens the pool, makes what use cases need, and wires the application. */
import type { Express } from 'express'
import { pino } from 'pino'
import { createApp } from './app.ts'
import { openDatabase } from './platform/index.ts'

export type Assembly = {
  /** The owner's connection string of a migrated database. */
  readonly databaseUrl: string
  /** Where the server is reached, without a slash at the end. */
  readonly address: string
  /** Whether an empty database gets the demo. */
  readonly demo: boolean
}

/** Assembles the application; `close` ends what it holds open. */
export async function assemble({ databaseUrl }: Assembly): Promise<{
  readonly app: Express
  /** Lines to print once it serves. */
  readonly announcement: readonly string[]
  readonly close: () => Promise<void>
}> {
  const log = pino({ level: process.env.LOG_LEVEL ?? 'warn' })
  const { db, pool } = openDatabase({
    url: databaseUrl,
    onIdleError: (error) => log.warn({ err: error }, 'a connection was lost'),
  })
  return { app: createApp({ db, log }), announcement: [], close: () => pool.end() }
}
