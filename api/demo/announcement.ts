/** What a demo installation prints when it serves: where the console is, and one sign-in link for each person. */
import { createSignInLink } from '../access/index.ts'
import { findInstallation } from '../parties/index.ts'
import { type Deps, inTransaction } from '../platform/index.ts'
import { DEMO_PEOPLE } from './people.ts'

/** Two founders: the first company has gone the whole way, the second has a round to sign. */
const SHOWN = [
  'analyst',
  'partner',
  'compliance',
  'operations',
  'provider',
  'founder',
  'founder-harborline',
  'regulator',
] as const

/** New single-use links for the people of the demo; nothing where the installation is no demo. */
export async function demoAnnouncement(deps: Deps, address: string): Promise<readonly string[]> {
  if ((await findInstallation(deps.db))?.demo !== true) return []
  const links = await inTransaction(deps.db, async (trx) => {
    const made: string[] = []
    for (const key of SHOWN) {
      const token = await createSignInLink(trx, DEMO_PEOPLE[key].id, { demo: true })
      made.push(`  ${key.padEnd(20)}${DEMO_PEOPLE[key].name.padEnd(17)}${address}/sign-in/${token}`)
    }
    return made
  })
  return [
    '',
    `Console: ${address}/console`,
    'Demo: invented people and companies. Each link signs in once, within a day; the next start prints new ones.',
    ...links,
    '',
  ]
}
