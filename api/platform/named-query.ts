/** A prepared statement on its way to the database and back, without what the driver does anew for each of its own queries. */
import type pg from 'pg'
import utils from 'pg/lib/utils.js'
import type { NamedStatement } from './prepared.ts'

declare module 'pg' {
  interface Connection {
    /** The texts of what this connection has prepared, by name: the driver keeps them. */
    readonly parsedStatements: Readonly<Record<string, string>>
  }
}

/** How the values of a type are read, by its oid. */
export type ParserOf = (oid: number) => (text: string) => unknown

type Column = { readonly name: string; readonly read: (text: string) => unknown }

/** The columns of what a connection has prepared, by name: the database never changes them. */
const described = new WeakMap<pg.Connection, Map<string, readonly Column[]>>()

function columnsOn(connection: pg.Connection): Map<string, readonly Column[]> {
  const known = described.get(connection) ?? new Map<string, readonly Column[]>()
  described.set(connection, known)
  return known
}

/** What the driver submits, as it does its own queries. It knows this one as prepared by its name and text. */
class NamedQuery implements pg.Submittable {
  readonly name: string
  readonly text: string
  readonly #values: (string | Buffer | null)[]
  readonly #parserOf: ParserOf
  readonly #rows: unknown[] = []
  #tell: (fault: unknown, rows?: unknown[]) => void = () => undefined
  #columns: readonly Column[] | undefined
  #known: Map<string, readonly Column[]> | undefined
  #fault: unknown

  constructor({ name, text, values }: NamedStatement, parserOf: ParserOf) {
    this.name = name
    this.text = text
    // Before anything is sent: a value that cannot be is the caller's alone.
    this.#values = values.map(utils.prepareValue)
    this.#parserOf = parserOf
  }

  /** Says who is told of the end, once: the fault, or the rows. */
  whenOver(tell: (fault: unknown, rows?: unknown[]) => void): void {
    this.#tell = tell
  }

  submit(connection: pg.Connection): void {
    const { name, text } = this
    const known = columnsOn(connection)
    this.#known = known
    this.#columns = known.get(name)
    // All in one packet.
    connection.stream.cork()
    if (connection.parsedStatements[name] === undefined) connection.parse({ name, text, types: [] }, true)
    connection.bind({ statement: name, values: this.#values }, true)
    if (this.#columns === undefined) connection.describe({ type: 'P' }, true)
    connection.execute({}, true)
    connection.sync()
    connection.stream.uncork()
  }

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, read: this.#parserOf(dataTypeID) }))
    this.#known?.set(this.name, this.#columns)
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    try {
      this.#rows.push(rowOf(this.#columns ?? [], fields))
    } catch (error) {
      // The rest is still on its way.
      this.#fault = error
    }
  }

  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {
    if (this.#fault === undefined) this.#end(undefined, this.#rows)
    else this.#end(this.#fault)
  }

  handleError(error: unknown): void {
    this.#end(error)
  }

  #end(fault: unknown, rows?: unknown[]): void {
    const tell = this.#tell
    this.#tell = () => undefined
    tell(fault, rows)
  }
}

function rowOf(columns: readonly Column[], fields: readonly (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  columns.forEach(({ name, read }, index) => {
    const text = fields[index] ?? null
    row[name] = text === null ? null : read(text)
  })
  return row
}

/**
 * The rows of a prepared statement on any connection of the pool: what `pool.query` answers, for half of the processor's time. A
 * connection describes the columns the first time only; nothing is copied.
 */
export async function askNamed(pool: pg.Pool, statement: NamedStatement, parserOf: ParserOf): Promise<unknown[]> {
  try {
    return await new Promise((resolve, reject) => submitted(pool, new NamedQuery(statement, parserOf), resolve, reject))
  } catch (error) {
    // It was made where bytes arrive: the trace is to lead to who asked.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  }
}

/** By callbacks: a promise for the connection and another for the rows would cost as much as reading them. */
function submitted(
  pool: pg.Pool,
  query: NamedQuery,
  resolve: (rows: unknown[]) => void,
  reject: (error: unknown) => void,
): void {
  pool.connect((error, client, release) => {
    if (client === undefined) return reject(error)
    query.whenOver((fault, rows) => {
      release()
      if (rows === undefined) reject(fault)
      else resolve(rows)
    })
    client.query(query)
  })
}
