/** Counts the SQL statements of this process: for tests of how many a request may cost. */
import pg from 'pg'

let watching: string[] | undefined

const query = pg.Client.prototype.query
pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
  const [first] = args
  watching?.push(typeof first === 'string' ? first : String((first as { text?: unknown } | null)?.text))
  return (query as (...all: unknown[]) => unknown).apply(this, args)
} as typeof query

/** The statements that ran on any connection while `work` did. */
export async function statementsDuring<T>(work: () => Promise<T>): Promise<{ answer: T; statements: string[] }> {
  if (watching !== undefined) throw new Error('statements are being counted already')
  const statements: string[] = []
  watching = statements
  try {
    return { answer: await work(), statements }
  } finally {
    watching = undefined
  }
}
