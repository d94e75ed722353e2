/** What this installation is: whose fund, and whether a demo. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../platform/index.ts'
import { nameToday } from './party-identity.ts'

export type InstallationView = {
  readonly installationId: Uuid
  readonly demo: boolean
  /** False while a demo is being made, and after that was cut short. */
  readonly ready: boolean
  readonly fundName: string
  readonly fundUltimateParent: string
}

/** The installation, or `undefined` before it is set up. */
export async function findInstallation(reader: Reader): Promise<InstallationView | undefined> {
  return reader
    .selectFrom('installation')
    .select((on) => [
      'installation_id as installationId',
      'demo',
      'ready',
      // Who stands for the fund today, after a change of name or a succession.
      on.fn.coalesce(nameToday(sql.ref('installation_id')), 'fund_name').as('fundName'),
      'fund_ultimate_parent as fundUltimateParent',
    ])
    .executeTakeFirst()
}

/** The installation. A server does not serve before it is set up, so its absence is a fault of ours. */
export async function mustSeeInstallation(reader: Reader): Promise<InstallationView> {
  const installation = await findInstallation(reader)
  if (installation === undefined) throw new Error('this installation is not set up: run "equihour start" once')
  return installation
}

/** Every name that the fund has, had or will have, as far as it is recorded. */
export async function fundNames(reader: Reader): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly name: string }>`
    SELECT fund_name AS name FROM installation
    UNION SELECT dated.name FROM installation JOIN party_identity AS dated
      ON dated.party_id = installation.installation_id AND dated.side = 'fund'`.execute(reader)
  return rows.map(({ name }) => name)
}
