import pg from 'pg'

type Column = {
  readonly table_name: string
  readonly column_name: string
  readonly type: string
  readonly array: boolean
  readonly nullable: boolean
  readonly defaulted: boolean
  readonly generated: boolean
}

/** What our connection's parsers (api/platform/database.ts) make of each type. A type that is not here is refused. */
const TYPES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  bpchar: 'string',
  bytea: 'Buffer',
  date: 'string',
  int2: 'number',
  int4: 'number',
  int8: 'bigint',
  json: 'Json',
  jsonb: 'Json',
  numeric: 'string',
  text: 'string',
  timestamptz: 'string',
  uuid: 'string',
  varchar: 'string',
}

const HEAD = `/** Written by \`npm run generate\` from the migrated database. Do not edit: \`npm run check\` compares. */
import type { ColumnType } from 'kysely'

/** A column with a default: may be left out of an insert. */
export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>

/** A column that the database computes: never written. */
export type Computed<T> = ColumnType<T, never, never>

/** Read as unknown: parse it. Written as text, since \`pg\` would send an array as a PostgreSQL array. */
export type Json = ColumnType<unknown, string, string>
`

const COLUMNS = `
  SELECT t.relname AS table_name, a.attname AS column_name,
    coalesce(element.typname, base.typname, type.typname) AS type,
    element.oid IS NOT NULL AS array,
    NOT (a.attnotnull OR type.typnotnull) AS nullable,
    (a.atthasdef AND a.attgenerated = '') OR a.attidentity = 'd' AS defaulted,
    a.attgenerated <> '' OR a.attidentity = 'a' AS generated
  FROM pg_class t
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type type ON type.oid = a.atttypid
  LEFT JOIN pg_type base ON base.oid = type.typbasetype
  LEFT JOIN pg_type element ON element.oid = type.typelem AND type.typcategory = 'A'
  WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p', 'v', 'm') AND NOT t.relispartition
  ORDER BY t.relname COLLATE "C", a.attnum`

/** The TypeScript of a database's tables, as the application's connections read and write them. */
export async function databaseTypes(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Column>(COLUMNS)
    const tables = Map.groupBy(rows, (column) => column.table_name)
    const interfaces = [...tables].map(
      ([table, columns]) =>
        `export interface ${pascal(table)} {\n${columns.map((column) => `  ${property(column)}\n`).join('')}}\n`,
    )
    const database = [...tables.keys()].map((table) => `  ${table}: ${pascal(table)}\n`).join('')
    return [HEAD, ...interfaces, `export interface DB {\n${database}}\n`].join('\n')
  } finally {
    await client.end()
  }
}

function property(column: Column): string {
  const scalar = TYPES[column.type]
  if (scalar === undefined) {
    throw new Error(
      `${column.table_name}.${column.column_name} has the type ${column.type}, for which there is no parser`,
    )
  }
  const plain = `${scalar}${column.array ? '[]' : ''}${column.nullable ? ' | null' : ''}`
  const type = column.generated ? `Computed<${plain}>` : column.defaulted ? `Generated<${plain}>` : plain
  return `${column.column_name}: ${type}`
}

const pascal = (name: string): string => name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
