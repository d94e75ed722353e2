/** `equihour import <package> --company <id> --as <person>`: imports a cap table from a folder or an `.ocf.zip`. */
import { readFile, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { actorOfPerson } from '../access/index.ts'
import { BrokenPackage, filesOfFolder, importCapTable } from '../captable/index.ts'
import { DEMO_PEOPLE } from '../demo/people.ts'
import { openDeps } from '../main.ts'
import { BadInput, DomainError } from '../platform/index.ts'
import { withDatabase } from '../platform/with-database.ts'
import { settings } from './settings.ts'

const USAGE = `Usage: equihour import <folder or .ocf.zip> --company <Company:id> [--gaps ACCEPT] [--as <person>]

Imports the cap table of a company that has none yet. --gaps ACCEPT keeps what cannot be replayed aside and reports it.`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { company: { type: 'string' }, gaps: { type: 'string' }, as: { type: 'string' } },
  })
  const [path] = positionals
  const person = Object.entries(DEMO_PEOPLE).find(([key]) => key === (values.as ?? 'analyst'))?.[1]
  if (path === undefined || positionals.length > 1 || values.company === undefined || person === undefined) {
    console.error(USAGE)
    return 2
  }
  const { company, gaps } = values
  return withDatabase(settings(process.env), { exclusive: false }, async ({ url }) => {
    const { deps, close } = openDeps(url)
    try {
      const actor = await actorOfPerson(deps.db, person.id)
      if (actor === undefined) throw new BadInput([{ path: ['as'], reason: 'names nobody in this installation' }])
      const imported = await importCapTable(deps, actor, {
        companyId: company,
        ...(await packageAt(path)),
        gaps: gaps === 'ACCEPT' ? 'ACCEPT' : 'REFUSE',
      })
      console.log(
        `Imported ${imported.transactionCount} transactions; ${imported.setAsideCount} set aside, ${imported.warningCount} warnings.`,
      )
      return 0
    } catch (error) {
      if (!(error instanceof DomainError) && !(error instanceof BadInput)) throw error
      console.error(error.message)
      if (error instanceof BrokenPackage) {
        for (const fault of error.faults) {
          console.error(
            `  ${fault.file}${fault.itemId === undefined ? '' : ` ${fault.itemId}`} ${fault.pointer}: ${fault.reason}`,
          )
        }
      }
      return 1
    } finally {
      await close()
    }
  })
}

/** The package at a path: an archive as it is, or a folder's files. */
async function packageAt(path: string) {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new BadInput([{ path: ['package'], reason: `is not at ${path}` }])
  if (!found.isDirectory()) return { zipBase64: (await readFile(path)).toString('base64') }
  const folder = await filesOfFolder(path)
  const files: { name: string; content: Uint8Array<ArrayBuffer> }[] = []
  for (const name of folder.names) files.push({ name, content: new Uint8Array(await folder.read(name)) })
  return { files }
}
