/** Writes providers and the installation. */
import { type Db, instant, type Trx, type Uuid } from '../platform/index.ts'

export async function insertProvider(
  trx: Trx,
  provider: { providerId: Uuid; name: string; affiliation: string },
): Promise<void> {
  await trx
    .insertInto('provider')
    .values({
      provider_id: provider.providerId,
      name: provider.name,
      affiliation: provider.affiliation,
      created_at: await instant(trx),
    })
    .execute()
}

/** Makes the installation. A demo is not `ready` before all of its story is told. */
export async function insertInstallation(
  trx: Trx,
  installation: { installationId: Uuid; demo: boolean; ready?: boolean; fundName: string; fundUltimateParent: string },
): Promise<void> {
  await trx
    .insertInto('installation')
    .values({
      installation_id: installation.installationId,
      demo: installation.demo,
      ready: installation.ready ?? true,
      fund_name: installation.fundName,
      fund_ultimate_parent: installation.fundUltimateParent,
      created_at: await instant(trx),
    })
    .execute()
}

/** Says that a demo is complete. */
export async function markInstallationReady(db: Db): Promise<void> {
  await db.updateTable('installation').set({ ready: true }).execute()
}
