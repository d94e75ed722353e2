/** `equihour reconcile`: holds the books against one another and names every difference. */
import { parseArgs } from 'node:util'
import { reconcile, runReconciliation } from '../closing/index.ts'
import { openDeps } from '../main.ts'
import { type Discrepancy, parseGlobalId } from '../platform/index.ts'
import { withDatabase } from '../platform/with-database.ts'
import { settings } from './settings.ts'
import { printable } from './text-table.ts'

const USAGE = `Usage: equihour reconcile [--company <Company:id>] [--json]

Holds balances against transfers, holds against reservations, charges against meters, vested shares against statements and
the cap table, and hashes against what they are of. Exits with 0 when all agree, and with 3 when anything does not. Changes
nothing; a run over all companies is kept, so that its result can be asked for.`

/** 0: all agree; 3: something does not; 2: the call was wrong. */
export async function run(args: string[]): Promise<number> {
  const call = readCall(args)
  if (typeof call === 'string') {
    console.error(`${call}\n\n${USAGE}`)
    return 2
  }
  return withDatabase(settings(process.env), { exclusive: false }, async ({ url }) => {
    const { deps, close } = openDeps(url, { level: 'fatal' })
    try {
      const {
        companies,
        events,
        differences,
        differenceCount: count,
      } = call.company === undefined ? await runReconciliation(deps) : await reconcile(deps.db, call.company)
      if (call.json) console.log(JSON.stringify({ companies, events, differenceCount: count, differences }, null, 2))
      else for (const line of report({ companies, events, count, differences })) console.log(printable(line))
      return count === 0 ? 0 : 3
    } finally {
      await close()
    }
  })
}

type Call = { readonly company: string | undefined; readonly json: boolean }

function readCall(args: readonly string[]): Call | string {
  try {
    const options = { company: { type: 'string' }, json: { type: 'boolean' } } as const
    const { company, json = false } = parseArgs({ args: [...args], options, strict: true }).values
    if (company === undefined) return { company, json }
    const parsed = parseGlobalId(company)
    const key = parsed?.type === 'Company' && parsed.keys.length === 1 ? parsed.keys[0] : undefined
    return key === undefined ? '--company is the id of a company.' : { company: key, json }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

type Report = { companies: number; events: number; count: number; differences: readonly Discrepancy[] }

function report({ companies, events, count, differences }: Report): string[] {
  const looked = `${companies} ${companies === 1 ? 'company' : 'companies'}, ${events} audit events`
  if (count === 0) return [`All agree: ${looked}.`]
  return [
    `${count} ${count === 1 ? 'difference' : 'differences'}: ${looked}.`,
    ...differences.map(
      ({ check, subject, what, expected, found }) =>
        `  ${check} ${subject}: ${what}: ${expected} expected, ${found} found`,
    ),
    ...(count > differences.length ? [`  and ${count - differences.length} more`] : []),
  ]
}
