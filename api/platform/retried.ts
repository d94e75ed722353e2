/** Work that the database asks to be done again. */
import pg from 'pg'

const RETRYABLE = new Set(['40001', '40P01'])
const ATTEMPTS = 6

/** Runs a single statement that is a transaction by itself, and again where `inTransaction` would. */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS || !RETRYABLE.has(sqlState(error) ?? '')) throw error
      await new Promise((resolve) => setTimeout(resolve, 5 * 2 ** attempt))
    }
  }
}

/** The SQLSTATE of a database error, or `undefined` for another error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}
