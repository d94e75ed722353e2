/** `equihour token --as <person>`: a bearer token for somebody of the demo. In demo installations only. */
import { openSession } from '../access/index.ts'
import { DEMO_PEOPLE, type DemoPerson } from '../demo/people.ts'
import { openDeps } from '../main.ts'
import { findInstallation } from '../parties/index.ts'
import { inTransaction } from '../platform/index.ts'
import { withDatabase } from '../platform/with-database.ts'
import { settings } from './settings.ts'

const isDemoPerson = (name: string | undefined): name is DemoPerson =>
  name !== undefined && Object.hasOwn(DEMO_PEOPLE, name)

export async function run(args: string[]): Promise<number> {
  const [flag, name] = args
  if (flag !== '--as' || !isDemoPerson(name) || args.length !== 2) {
    console.error(`Usage: equihour token --as <person>, where <person> is ${Object.keys(DEMO_PEOPLE).join(', ')}.`)
    return 2
  }
  return withDatabase(settings(process.env), { exclusive: false }, async ({ url }) => {
    const { deps, close } = openDeps(url)
    try {
      const installation = await findInstallation(deps.db)
      if (installation?.demo !== true) {
        console.error(
          installation === undefined
            ? 'There is no installation in this database yet. Start the server once.'
            : 'This installation is no demo: tokens are not handed out on the command line.',
        )
        return 1
      }
      console.log(await inTransaction(deps.db, (trx) => openSession(trx, DEMO_PEOPLE[name].id, 'bearer')))
      return 0
    } finally {
      await close()
    }
  })
}
