/** The command line: `equihour <command>`. Each command is a module that exports `run`. */
import { CannotOpen } from '../platform/embedded/index.ts'
import { CannotMigrate } from '../platform/migrate.ts'
import { BadSetting } from './settings.ts'

type Command = { readonly says: string; readonly load: () => Promise<{ run: (args: string[]) => Promise<number> }> }

const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    says: 'start the server, with an embedded database unless DATABASE_URL is set',
    load: () => import('./start.ts'),
  },
  setup: {
    says: 'make a real installation in an empty database: the fund, and its first administrator',
    load: () => import('./setup.ts'),
  },
  import: {
    says: "import a company's cap table from an Open Cap Format package",
    load: () => import('./import.ts'),
  },
  export: {
    says: "write a company's cap table as an Open Cap Format package",
    load: () => import('./export.ts'),
  },
  model: {
    says: 'model a round offline: pro forma, findings, term sheet',
    load: () => import('./model.ts'),
  },
  reconcile: {
    says: 'hold all books against one another; exits with 3 when anything does not agree',
    load: () => import('./reconcile.ts'),
  },
  token: {
    says: 'print a bearer token for a person of the demo',
    load: () => import('./token.ts'),
  },
}

const usage = (): string =>
  [
    'Usage: equihour <command>',
    '',
    ...Object.entries(COMMANDS).map(([name, { says }]) => `  ${name.padEnd(10)}${says}`),
    '',
    'Settings: PORT (4000), DATABASE_URL (a PostgreSQL 15 to 18), EQUIHOUR_DATA (folder of the embedded data; ./data).',
  ].join('\n')

async function main([name = 'help', ...args]: string[]): Promise<number> {
  if (name === 'help' || name === '--help' || name === '-h') {
    console.log(usage())
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    console.error(`There is no command ${JSON.stringify(name)}.\n\n${usage()}`)
    return 2
  }
  try {
    const { run } = await command.load()
    return await run(args)
  } catch (error) {
    // What a person can act on is said in words; anything else is a fault of ours and shows where.
    console.error(forPeople(error) ? error.message : error)
    return 1
  }
}

const forPeople = (error: unknown): error is Error =>
  error instanceof CannotOpen || error instanceof CannotMigrate || error instanceof BadSetting

process.exit(await main(process.argv.slice(2)))
