import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DatabaseConfig } from '../platform/with-database.ts'

/** A setting that cannot be meant: says which and what is wanted, never what a secret one holds. */
export class BadSetting extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BadSetting'
  }
}

export type Settings = DatabaseConfig & {
  /** TCP port of the server; 0 lets the system choose one. */
  readonly port: number
  /** File that names the schedulers of pools; undefined where there are none. */
  readonly schedulersFile: string | undefined
  /** File that says how mail is sent; undefined where none is. */
  readonly mailFile: string | undefined
  /** File with the token of whoever reads `/metrics`; undefined where nobody does. */
  readonly metricsTokenFile: string | undefined
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Reads the settings from the environment: `PORT`, `DATABASE_URL`, `EQUIHOUR_DATA`, `EQUIHOUR_SCHEDULERS`,
 * `EQUIHOUR_MAIL`, `EQUIHOUR_METRICS_TOKEN_FILE`. An empty one counts as not set.
 *
 * @throws {BadSetting}
 */
export function settings(environment: NodeJS.ProcessEnv): Settings {
  const folder = environment.EQUIHOUR_DATA || 'data'
  return {
    port: portOf(environment.PORT || '4000'),
    schedulersFile: environment.EQUIHOUR_SCHEDULERS ? resolve(environment.EQUIHOUR_SCHEDULERS) : undefined,
    mailFile: environment.EQUIHOUR_MAIL ? resolve(environment.EQUIHOUR_MAIL) : undefined,
    metricsTokenFile: environment.EQUIHOUR_METRICS_TOKEN_FILE
      ? resolve(environment.EQUIHOUR_METRICS_TOKEN_FILE)
      : undefined,
    databaseUrl: urlOf(environment.DATABASE_URL || undefined),
    // A folder of the checkout, from wherever it is started; a relative one that is given is meant from here.
    dataFolder: isAbsolute(folder) ? folder : resolve(environment.EQUIHOUR_DATA ? process.cwd() : ROOT, folder),
  }
}

function portOf(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new BadSetting(`PORT must be a number from 0 to 65535, not ${JSON.stringify(text)}.`)
  return port
}

function urlOf(url: string | undefined): string | undefined {
  if (url === undefined || /^postgres(ql)?:\/\//.test(url)) return url
  throw new BadSetting('DATABASE_URL must be a connection string like postgresql://user:password@host:5432/database.')
}
