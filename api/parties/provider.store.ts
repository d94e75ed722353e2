/** Writes providers and the installation. */
import { instant, type Trx, type Uuid } from '../platform/index.ts'

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

export async function insertInstallation(
  trx: Trx,
  installation: { installationId: Uuid; demo: boolean; fundName: string; fundUltimateParent: string },
): Promise<void> {
  await trx
    .insertInto('installation')
    .values({
      installation_id: installation.installationId,
      demo: installation.demo,
      fund_name: installation.fundName,
      fund_ultimate_parent: installation.fundUltimateParent,
      created_at: await instant(trx),
    })
    .execute()
}
