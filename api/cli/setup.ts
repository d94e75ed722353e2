/** `equihour setup`: makes a real installation in an empty database, and prints the first administrator's sign-in link. */
import { parseArgs } from 'node:util'
import { admit, createSignInLink } from '../access/index.ts'
import { openDeps } from '../main.ts'
import { findInstallation, insertInstallation } from '../parties/index.ts'
import { inTransaction, newId } from '../platform/index.ts'
import { withDatabase } from '../platform/with-database.ts'
import { settings } from './settings.ts'

const USAGE =
  'Usage: equihour setup --fund <legal name> --parent <ultimate parent entity> --admin <name> --email <address>'

export async function run(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { fund: text, parent: text, admin: text, email: text } })
  const { fund, parent, admin, email } = values
  if (!fund || !parent || !admin || !email || !/^[^\s@]+@[^\s@]+$/.test(email)) {
    console.error(USAGE)
    return 2
  }
  const chosen = settings(process.env)
  return withDatabase(chosen, { exclusive: false }, async ({ url }) => {
    const { deps, close } = openDeps(url)
    try {
      const installation = await findInstallation(deps.db)
      if (installation !== undefined) {
        console.error(
          `This database holds the ${installation.demo ? 'demo' : `installation of ${installation.fundName}`} already. Nothing was changed.`,
        )
        return 1
      }
      const token = await inTransaction(deps.db, async (trx) => {
        await insertInstallation(trx, {
          installationId: newId(),
          demo: false,
          fundName: fund,
          fundUltimateParent: parent,
        })
        const id = newId()
        await admit(trx, { id, name: admin, email }, { id: newId(), role: 'admin' })
        return createSignInLink(trx, id)
      })
      console.log(
        `Set up for ${fund}\nStart the server, then sign in within 15 minutes: http://localhost:${chosen.port}/sign-in/${token}`,
      )
      return 0
    } finally {
      await close()
    }
  })
}
