import { type Import, imports } from './imports.ts'

const GROUND = ['platform', 'access', 'parties', 'messages']
const ALL = 'any capability'

/**
 * Who may import whom: the list of the design, section 2. Foreign keys obey it too. Reports read the views of all; the
 * demo is a door like the command line.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | typeof ALL>> = {
  platform: [],
  access: ['platform'],
  parties: ['platform', 'access'],
  messages: ['platform', 'access', 'parties'],
  flags: GROUND,
  documents: GROUND,
  captable: GROUND,
  tokens: GROUND,
  clusters: [...GROUND, 'tokens', 'flags'],
  rounds: [...GROUND, 'captable', 'tokens', 'clusters', 'flags'],
  drawdown: [...GROUND, 'tokens', 'clusters', 'captable'],
  closing: [...GROUND, 'rounds', 'documents', 'drawdown', 'captable', 'tokens', 'clusters', 'flags'],
  reports: ALL,
  schema: ALL,
  http: ALL,
  worker: ALL,
  cli: ALL,
  demo: ALL,
}

/** Not capabilities: nothing that they hold is for a capability to import. */
const DOORS = ['schema', 'http', 'worker', 'cli', 'demo']

/** Beside `index.ts`: what the platform gives to doors, and the generated types. Loading them all with the index would slow each command. */
const ALSO_PUBLIC = new Set([
  'api/platform/database-types.ts',
  'api/platform/embedded/index.ts',
  'api/platform/migrate.ts',
  'api/platform/with-database.ts',
])

/** Whether a capability may import another, or its table refer to the other's. */
export function mayImport(from: string, to: string): boolean {
  const allowed = MAY_IMPORT[from]
  if (from === to) return true
  // The command line knows the people of the demo by name.
  if (from === 'cli' && to === 'demo') return true
  return allowed === ALL ? !DOORS.includes(to) : (allowed?.includes(to) ?? false)
}

/** What is wrong with the imports below a root: who reaches where they may not, and what imports itself in the end. */
export function boundaryFaults(root: string): string[] {
  const all = imports(root)
  return [...new Set([...all.flatMap(fault), ...cycles(all)])]
}

/** The part of the house a file is in; `root` is the composition root, which wires all. */
function partOf(path: string): string {
  const [top = '', second = '', third] = path.split('/')
  if (top === 'schema' || top === 'templates') return top
  if (top === 'api') return third === undefined ? 'root' : second
  return 'outside'
}

function fault({ from, to }: Import): string[] {
  const importer = partOf(from)
  const imported = partOf(to)
  const refuse = (why: string): string[] => [`${from} imports ${to}: ${why}`]
  if (importer === imported) return []
  if (importer === 'templates') return refuse('templates import nothing but their own files')
  // Pure functions from their own input types: whoever has the input may call them. The manifest is read for the version.
  if (imported === 'templates') return []
  if (imported === 'outside') return refuse('it is outside api, schema and templates')
  if (importer !== 'root' && !(importer in MAY_IMPORT))
    return refuse(`${importer} is not in the list of who may import whom`)
  // The composition root wires the doors, and the command line starts it.
  if (importer === 'root')
    return imported in MAY_IMPORT ? throughIndex(imported, to, refuse) : refuse(`${imported} is no part of the house`)
  if (imported === 'root') return importer === 'cli' ? [] : refuse('only the command line starts the composition root')
  if (!mayImport(importer, imported)) return refuse(`${importer} may not import ${imported}`)
  return throughIndex(imported, to, refuse)
}

function throughIndex(imported: string, to: string, refuse: (why: string) => string[]): string[] {
  if (DOORS.includes(imported) || to === `api/${imported}/index.ts` || ALSO_PUBLIC.has(to)) return []
  return refuse(`other capabilities are imported through api/${imported}/index.ts`)
}

/** Each circle of imports, once, as the path that closes. */
export function cycles(all: readonly Import[]): string[] {
  const targets = Map.groupBy(all, ({ from }) => from)
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at !== -1) found.push(`circular import: ${[...path.slice(at), file].join(' -> ')}`)
    if (at !== -1 || done.has(file)) return
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return found
}
