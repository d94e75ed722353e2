import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { mayImport } from './boundaries.ts'
import { type Catalogue, type Constraint, type FunctionRow, readCatalogue, type Table } from './catalogue.ts'

/** How a table lies on several nodes: by the value of one column, whole on each, or only on the coordinator. */
type Distributed = { readonly kind: 'distributed'; readonly key: string }
type Placement = Distributed | { readonly kind: 'reference' } | { readonly kind: 'local' }

const KEYS = ['company_id', 'pool_id', 'token_class_id', 'scope_id', 'holder_id']
const COMMENT = /^(?:Distributed by ([a-z_]+)|(Reference)|(Local))\. ./

/**
 * What in a migrated database would not work, or not work alone, on several nodes (the design, section 3, law 2). Read from
 * the catalogue, so nothing that a migration does can hide.
 */
export async function citusFaults(url: string, root: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return faultsOf(await readCatalogue(client), capabilityOfTables(root))
  } finally {
    await client.end()
  }
}

function faultsOf(catalogue: Catalogue, capabilities: ReadonlyMap<string, string>): string[] {
  const placements = new Map(catalogue.tables.map((table) => [table.name, placement(table)]))
  return [
    ...catalogue.tables.flatMap((table) => tableFaults(table, placements.get(table.name))),
    ...catalogue.constraints.flatMap((constraint) => constraintFaults(constraint, placements)),
    ...catalogue.constraints.flatMap((constraint) => capabilityFaults(constraint, capabilities)),
    ...catalogue.sequences.map((name) => `sequence ${name}: ids are UUIDs, a sequence is one node's`),
    ...triggerFaults(catalogue),
    ...catalogue.functions.flatMap(sessionFaults),
    ...catalogue.looseText.map((column) => `${column} is ordered text (a key or an index): COLLATE "C"`),
  ]
}

function placement({ comment }: Table): Placement | undefined {
  const [, key, reference, local] = COMMENT.exec(comment ?? '') ?? []
  if (key !== undefined) return KEYS.includes(key) ? { kind: 'distributed', key } : undefined
  return reference !== undefined ? { kind: 'reference' } : local !== undefined ? { kind: 'local' } : undefined
}

/** Keys whose rows lie together. A company's own tokens have it as their holder, so both are one group. */
const groupOf = ({ key }: Distributed): string => (key === 'holder_id' ? 'company_id' : key)

function tableFaults(table: Table, place: Placement | undefined): string[] {
  if (place === undefined) {
    return [
      `table ${table.name}: its comment must begin "Distributed by <${KEYS.join('|')}>. ", "Reference. " or "Local. ", and say what it holds`,
    ]
  }
  const faults = table.hasPrimaryKey ? [] : [`table ${table.name} has no primary key`]
  if (place.kind !== 'distributed') return faults
  const column = table.columns.find(({ name }) => name === place.key)
  if (column === undefined)
    return [...faults, `table ${table.name} is distributed by ${place.key}, which it does not have`]
  return column.notNull ? faults : [...faults, `table ${table.name}: its distribution key ${place.key} may be null`]
}

function constraintFaults(constraint: Constraint, placements: ReadonlyMap<string, Placement | undefined>): string[] {
  const place = placements.get(constraint.table)
  if (place === undefined) return []
  const label = `${constraint.kind} ${constraint.name} of ${constraint.table}`
  if (constraint.kind === 'foreign key')
    return foreignKeyFaults(constraint, label, place, placements.get(constraint.references ?? ''))
  if (place.kind !== 'distributed') return []
  if (constraint.columns[0] !== place.key) return [`${label}: the distribution key ${place.key} must come first`]
  const excludes = constraint.kind === 'exclusion' && constraint.operators[0] !== '='
  return excludes ? [`${label}: the distribution key ${place.key} must be compared with =`] : []
}

function foreignKeyFaults(constraint: Constraint, label: string, from: Placement, to: Placement | undefined): string[] {
  if (to === undefined || to.kind === 'reference') return []
  if (to.kind === 'local')
    return from.kind === 'local' ? [] : [`${label}: refers to ${constraint.references}, which only the coordinator has`]
  if (from.kind !== 'distributed')
    return [`${label}: a ${from.kind} table cannot refer to ${constraint.references}, which is distributed`]
  if (groupOf(from) !== groupOf(to))
    return [`${label}: crosses from ${from.key} to ${to.key}, which lie on different nodes`]
  const first = constraint.columns[0] === from.key && constraint.referencedColumns[0] === to.key
  return first ? [] : [`${label}: the distribution key ${from.key} must come first on both sides`]
}

/** Foreign keys obey the list of who may import whom. */
function capabilityFaults(constraint: Constraint, capabilities: ReadonlyMap<string, string>): string[] {
  if (constraint.kind !== 'foreign key') return []
  const from = capabilities.get(constraint.table)
  const to = capabilities.get(constraint.references ?? '')
  if (from === undefined || to === undefined || mayImport(from, to)) return []
  return [
    `foreign key ${constraint.name}: ${from} (${constraint.table}) may not refer to ${to} (${constraint.references})`,
  ]
}

function capabilityOfTables(root: string): Map<string, string> {
  const tables = new Map<string, string>()
  for (const file of globSync('migrations/*.sql', { cwd: root })) {
    const capability = /[0-9]{4}_([a-z]+)/.exec(file)?.[1]
    if (capability === undefined) continue
    for (const match of readFileSync(join(root, file), 'utf8').matchAll(/^CREATE TABLE (?:public\.)?([a-z_0-9]+)/gm)) {
      if (match[1] !== undefined) tables.set(match[1], capability)
    }
  }
  return tables
}

const STATEMENT = /\b(select|insert|update|delete|merge|truncate|perform|execute|copy|call)\b/i

/** A trigger sees its row: one that reads other rows decides by what happens to be on its node. */
function triggerFaults({ triggers, functions }: Catalogue): string[] {
  const named = new Map(functions.map((row) => [row.name, row]))
  return triggers.flatMap((trigger) => {
    const label = `trigger ${trigger.name} on ${trigger.table}`
    if (!trigger.perRow) return [`${label} is not FOR EACH ROW`]
    const reached = reachable(trigger.function, named)
    return reached.flatMap((row) => {
      const statement = STATEMENT.exec(withoutText(row.source))?.[1]
      return statement === undefined
        ? []
        : [`${label}: its function ${row.name} contains ${statement.toUpperCase()}; a trigger reads OLD and NEW only`]
    })
  })
}

function reachable(name: string, functions: ReadonlyMap<string, FunctionRow>, seen = new Set<string>()): FunctionRow[] {
  const row = functions.get(name)
  if (row === undefined || seen.has(name)) return []
  seen.add(name)
  const called = [...withoutText(row.source).matchAll(/\b([a-z_][a-z_0-9]*)\s*\(/gi)].flatMap((match) => match[1] ?? [])
  return [row, ...called.flatMap((other) => reachable(other, functions, seen))]
}

/** What one session has, and another node does not know of: correctness may not rest on it. */
function sessionFaults(row: FunctionRow): string[] {
  const found = /\b(pg_advisory\w*|pg_try_advisory\w*|pg_notify|notify|listen|nextval)\b/i.exec(
    withoutText(row.source),
  )?.[1]
  return found === undefined ? [] : [`function ${row.name} uses ${found}`]
}

/** The source without its comments and quoted text. */
const withoutText = (source: string): string =>
  source
    .replace(/--.*$/gm, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/'(?:[^']|'')*'/g, "''")
