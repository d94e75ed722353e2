/** `equihour export --company <id> --out <file.ocf.zip or folder>`: writes a cap table out as an Open Cap Format package. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { actorOfPerson } from '../access/index.ts'
import { archiveOf, type ExportedCapTable, exportCapTable } from '../captable/index.ts'
import { DEMO_PEOPLE } from '../demo/people.ts'
import { openDeps } from '../main.ts'
import { BadInput, DomainError, NotFound } from '../platform/index.ts'
import { withDatabase } from '../platform/with-database.ts'
import { settings } from './settings.ts'
import { printable } from './text-table.ts'

const USAGE = `Usage: equihour export --company <Company:id> --out <file.ocf.zip or folder> [--as <person>]

Writes the whole history of a company's cap table as an Open Cap Format 1.2.0 package. What is there already is not overwritten.`

/** Where the package cannot be written: said in words. */
class CannotWrite extends Error {}

/** 0: written; 1: refused, nothing was written; 2: the call was wrong. */
export async function run(args: string[]): Promise<number> {
  const call = readCall(args)
  if (typeof call === 'string') {
    console.error(`${call}\n\n${USAGE}`)
    return 2
  }
  return withDatabase(settings(process.env), { exclusive: false }, async ({ url }) => {
    const { deps, close } = openDeps(url)
    try {
      const actor = await actorOfPerson(deps.db, call.personId)
      if (actor === undefined) throw new BadInput([{ path: ['as'], reason: 'names nobody in this installation' }])
      const exported = await exportCapTable(deps.db, actor, { companyId: call.company })
      await write(call.out, exported)
      console.log(reportOf(call.out, exported).map(printable).join('\n'))
      return 0
    } catch (error) {
      if (!forPeople(error)) throw error
      console.error(printable(error.message))
      return 1
    } finally {
      await close()
    }
  })
}

type Call = { readonly company: string; readonly out: string; readonly personId: string }

function readCall(args: readonly string[]): Call | string {
  const options = { company: { type: 'string' }, out: { type: 'string' }, as: { type: 'string' } } as const
  try {
    const { company, out, as = 'analyst' } = parseArgs({ args: [...args], options, strict: true }).values
    if (company === undefined || out === undefined || out === '')
      return 'A company and a place for the package are needed.'
    const person = Object.entries(DEMO_PEOPLE).find(([key]) => key === as)?.[1]
    if (person === undefined) return `--as is one of ${Object.keys(DEMO_PEOPLE).join(', ')}.`
    return { company, out, personId: person.id }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const forPeople = (error: unknown): error is Error =>
  error instanceof DomainError || error instanceof BadInput || error instanceof NotFound || error instanceof CannotWrite

/** An archive where the name says so, a folder otherwise. A file that is there is somebody's, and stays. */
async function write(out: string, exported: ExportedCapTable): Promise<void> {
  try {
    if (/\.zip$/i.test(out)) return await writeFile(out, await archiveOf(exported), { flag: 'wx' })
    await mkdir(out, { recursive: true })
    if ((await readdir(out)).length > 0) throw new CannotWrite(`${out} is not empty. Nothing was written.`)
    for (const { name, content } of exported.files) await writeFile(join(out, name), content, { flag: 'wx' })
  } catch (error) {
    if (error instanceof CannotWrite) throw error
    throw new CannotWrite(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function reportOf(
  out: string,
  { files, transactionCount, setAside, unknownCount, leftOut }: ExportedCapTable,
): string[] {
  return [
    `Written to ${out}: ${files.map(({ name }) => name).join(', ')}; ${transactionCount} transactions.`,
    ...(setAside.length === 0
      ? []
      : [
          `${setAside.length} items do not count here, and are written as they came; another reader may refuse them:`,
          ...setAside.map(({ type, id }) => `  ${type} ${id}`),
        ]),
    ...(unknownCount === 0 ? [] : [`${unknownCount} items are of types that Open Cap Format 1.2.0 does not have.`]),
    ...leftOut.map(
      ({ type, id, field }) => `${type} ${id}: ${field} is not a field of 1.2.0; it stands in the manifest.`,
    ),
  ]
}
