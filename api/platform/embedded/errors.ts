/** Why a database cannot be opened, in words for the person at the terminal. The command line prints `message` alone. */
export class CannotOpen extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Another living process holds the data: says which, since when, and what it serves. */
export class DataHeld extends CannotOpen {
  readonly pid: number
  readonly since: string
  readonly url: string | undefined
  constructor(folder: string, pid: number, since: string, url: string | undefined) {
    const serving = url === undefined ? '' : ` and serves ${url}`
    super(
      `The data in ${folder} is held by process ${pid}, since ${since}${serving}. Nothing was started. ` +
        `Stop that process, or set EQUIHOUR_DATA to another folder.`,
    )
    this.pid = pid
    this.since = since
    this.url = url
  }
}

/** A program of PostgreSQL ended with an error: carries the end of what it wrote. */
export class ServerFailed extends CannotOpen {
  readonly output: string
  constructor(what: string, output: string) {
    super(`${what}${output.trim() === '' ? '.' : `:\n${output.trim()}`}`)
    this.output = output
  }
}
