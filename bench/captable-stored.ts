/** Cap tables in a database of their own: importing a long one, and asking for a day of it through GraphQL over HTTP. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { actorOfPerson, admit, openSession } from '../api/access/index.ts'
import { createApp, registerFacts } from '../api/app.ts'
import { appendToHistory } from '../api/captable/append-history.ts'
import { importCapTable, writeCheckpoint } from '../api/captable/index.ts'
import { createCompany, insertInstallation } from '../api/parties/index.ts'
import { openEmbedded } from '../api/platform/embedded/index.ts'
import { formatNumeric, globalId, inTransaction, newId, openDatabase } from '../api/platform/index.ts'
import { migrate } from '../api/platform/migrate.ts'
import type { AppDeps } from '../schema/index.ts'
import { makeHistory, packageOf } from './captable-history.ts'
import { median } from './machine.ts'

const ROUNDS = 40
/** Transactions of the table that a long one is compared with. */
const SHORT = 1_000
/** Transactions that are recorded after the checkpoint, with no job run for them. */
const RECORDED = 50
/** Seconds; times the cost of the short table. */
const LIMITS = { import: 20, asOf: 3 }

const TABLE = `query ($id: ID!, $asOf: Date) { node(id: $id) { ... on Company { capTable(asOf: $asOf) { ... on CapTable {
  asOf outstanding granted reserved warrants fullyDiluted
  classes(first: 20) { edges { node { name authorized outstanding vested unvested granted percentOfOutstanding } } }
  plans { name reserved granted available }
  stakeholders(first: 20) { edges { node { name outstanding granted vested unvested fullyDiluted percentFullyDiluted } } }
  securities(first: 20) { edges { node { customId stakeholderName className outstanding vested } } }
} } } } }`

/** Measures the import of `long` transactions, and as-of. True when both keep their limits. */
export async function storedTables(long: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-bench-'))
  const embedded = await openEmbedded({ folder })
  const url = embedded.urlOf('postgres')
  await migrate(url)
  const { db } = openDatabase({ url, connections: 4 })
  const deps: AppDeps = { db, log: pino({ level: 'silent' }), facts: registerFacts() }
  try {
    return await measured(deps, long)
  } finally {
    await db.destroy()
    await embedded.stop()
    for (const path of [embedded.files, folder]) await rm(path, { recursive: true, force: true })
  }
}

async function measured(deps: AppDeps, length: number): Promise<boolean> {
  const { token, importOne } = await installation(deps)
  const short = await importOne(SHORT)
  const long = await importOne(length)
  const imported = report(`import of ${length} transactions`, long.seconds, LIMITS.import, 's')
  const begun = performance.now()
  await writeCheckpoint(deps, long.companyId)
  console.log(`${'its checkpoint, by a job after it'.padEnd(44)} ${((performance.now() - begun) / 1000).toFixed(2)} s`)
  const server = createServer(createApp(deps)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const ask = async (company: Imported, asOf: string): Promise<number> => {
      const from = performance.now()
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: TABLE, variables: { id: globalId('Company', company.companyId), asOf } }),
      })
      const answer = await response.text()
      if (!answer.includes('"fullyDiluted"')) throw new Error(`no table on ${asOf}: ${answer.slice(0, 300)}`)
      return performance.now() - from
    }
    const today = await compared('as of the last day', long, short, () => 1, ask)
    const past = await compared('as of any day', long, short, Math.random, ask)
    for (const company of [long, short]) await recordMore(deps, company)
    const grown = await compared(`${RECORDED} transactions later`, long, short, () => 1, ask)
    return imported && today && past && grown
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

type Imported = {
  readonly companyId: string
  readonly transactions: number
  readonly seconds: number
  readonly firstDay: string
  readonly lastDay: string
}

async function installation(deps: AppDeps) {
  const personId = newId()
  const token = await inTransaction(deps.db, async (trx) => {
    await insertInstallation(trx, {
      installationId: newId(),
      demo: false,
      fundName: 'Bench Fund',
      fundUltimateParent: 'Bench',
    })
    await admit(trx, { id: personId, name: 'Analyst', email: 'analyst@example.com' }, { id: newId(), role: 'analyst' })
    return openSession(trx, personId, 'bearer')
  })
  const actor = await actorOfPerson(deps.db, personId)
  if (actor === undefined) throw new Error('nobody was admitted')
  const importOne = async (transactions: number): Promise<Imported> => {
    const { companyId } = await createCompany(deps, actor, {
      legalName: `Company of ${transactions} transactions`,
      legalForm: 'Corporation',
      jurisdiction: 'US-DE',
      idempotencyKey: newId(),
    })
    const history = makeHistory(transactions)
    const files = packageOf(history)
    const begun = performance.now()
    await importCapTable(deps, actor, { companyId: globalId('Company', companyId), files, idempotencyKey: newId() })
    const { firstDay, lastDay } = history
    return { companyId, transactions, seconds: (performance.now() - begun) / 1000, firstDay, lastDay }
  }
  return { token, importOne }
}

/** Half grants to holders of any number, half cancellations of what was granted. */
async function recordMore({ db }: AppDeps, { companyId, lastDay, transactions }: Imported): Promise<void> {
  const added = Array.from({ length: RECORDED }, (_, at) => ({
    item: {
      object_type: 'TX_STOCK_ISSUANCE',
      id: `added-${at}`,
      date: lastDay,
      security_id: `added-s-${at}`,
      custom_id: `ADD-${at}`,
      stakeholder_id: `holder-${(at * 7) % Math.max(20, Math.ceil(transactions / 20))}`,
      security_law_exemptions: [],
      stock_class_id: 'common',
      share_price: { amount: '1', currency: 'USD' },
      quantity: '100',
      stock_legend_ids: ['legend'],
    },
  }))
  await inTransaction(db, (trx) =>
    appendToHistory(trx, companyId, (table) => {
      const open = [...table.securities.values()].filter((it) => it.kind === 'equity' && it.closedOn === undefined)
      const ended = open.slice(0, RECORDED / 2).map(({ id, outstanding }, at) => ({
        item: {
          object_type: 'TX_EQUITY_COMPENSATION_CANCELLATION',
          id: `ended-${at}`,
          date: lastDay,
          security_id: id,
          quantity: formatNumeric(outstanding),
          reason_text: 'left',
        },
      }))
      return { add: { objects: [], transactions: [...added.slice(0, RECORDED / 2), ...ended] }, result: undefined }
    }),
  )
}

async function compared(
  what: string,
  long: Imported,
  short: Imported,
  where: () => number,
  ask: (company: Imported, asOf: string) => Promise<number>,
): Promise<boolean> {
  const dayOf = ({ firstDay, lastDay }: Imported, part: number): string => {
    const [first, last] = [Date.parse(firstDay), Date.parse(lastDay)]
    return new Date(first + Math.floor(((last - first) * part) / 86_400_000) * 86_400_000).toISOString().slice(0, 10)
  }
  const costs: { long: number[]; short: number[] } = { long: [], short: [] }
  // Interleaved, so that what else the machine does falls on both.
  for (let round = -5; round < ROUNDS; round += 1) {
    const part = where()
    const [one, other] = [await ask(long, dayOf(long, part)), await ask(short, dayOf(short, part))]
    if (round < 0) continue
    costs.long.push(one)
    costs.short.push(other)
  }
  const [one, other] = [median(costs.long), median(costs.short)]
  console.log(
    `${`through GraphQL, ${what}`.padEnd(44)} ${one.toFixed(1)} ms with ${long.transactions} transactions, ${other.toFixed(1)} ms with ${SHORT}; medians of ${ROUNDS}`,
  )
  return report(`  ratio`, one / other, LIMITS.asOf, 'times')
}

function report(what: string, value: number, limit: number, unit: string): boolean {
  const kept = value <= limit
  console.log(`${what.padEnd(44)} ${value.toFixed(2)} ${unit}   limit ${limit} ${unit} ${kept ? 'kept' : 'BROKEN'}`)
  return kept
}
