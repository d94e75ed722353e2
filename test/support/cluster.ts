import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holderOf, openEmbedded } from '../../api/platform/embedded/index.ts'
import { migrate } from '../../api/platform/migrate.ts'
import { asOwner, urlWithDatabase } from './database.ts'

/** A server with a migrated template database, for one run of tests or checks. */
export type TestCluster = {
  /** Connection string of the owner, to the maintenance database. */
  readonly url: string
  /** Name of the migrated template. */
  readonly template: string
  /** Connection string of the owner, to the template. Close what uses it before copies are made. */
  readonly templateUrl: string
  /** `PostgreSQL 18.4`. */
  readonly version: string
  readonly stop: () => Promise<void>
}

const PREFIX = 'equihour-test-'

/**
 * Starts a throwaway cluster and migrates a template in it. With `EQUIHOUR_TEST_DATABASE_URL` the template is made on that
 * server, and dropped at the end.
 *
 * @param bin programs of another PostgreSQL than the embedded one
 */
export async function openTestCluster(bin?: string): Promise<TestCluster> {
  const given = process.env.EQUIHOUR_TEST_DATABASE_URL
  const server =
    given === undefined || bin !== undefined ? await throwaway(bin) : { url: given, stop: async () => undefined }
  const template = `equihour_template_${randomBytes(4).toString('hex')}`
  try {
    await asOwner(server.url, `CREATE DATABASE ${template}`)
    const templateUrl = urlWithDatabase(server.url, template)
    await migrate(templateUrl)
    const { rows } = await asOwner(server.url, 'SHOW server_version')
    const stop = async (): Promise<void> => {
      if (server.url === given) await asOwner(server.url, `DROP DATABASE ${template} WITH (FORCE)`)
      await server.stop()
    }
    const version = `PostgreSQL ${(rows[0] as { server_version: string }).server_version}`
    return { url: server.url, template, templateUrl, version, stop }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function throwaway(bin: string | undefined): Promise<{ url: string; stop: () => Promise<void> }> {
  await sweep()
  const folder = mkdtempSync(join(tmpdir(), PREFIX))
  const embedded = await openEmbedded({ folder, bin, throwaway: true })
  const stop = async (): Promise<void> => {
    await embedded.stop()
    for (const path of [embedded.files, folder]) rmSync(path, { recursive: true, force: true })
  }
  return { url: embedded.urlOf('postgres'), stop }
}

/** Ends and removes what runs left behind that were killed: nobody will open their folders again. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name)
    try {
      if (!readdirSync(folder).some((entry) => entry.startsWith('holder.')) || holderOf(folder) !== undefined) continue
      const embedded = await openEmbedded({ folder, throwaway: true })
      await embedded.stop()
      for (const path of [embedded.files, folder]) rmSync(path, { recursive: true, force: true })
    } catch {
      // Another user's, or one that another run sweeps at this moment.
    }
  }
}
