/** `equihour start`: database, migrations, demo, server; and all of them down again, in order, on Ctrl-C. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CannotOpen } from '../platform/embedded/index.ts'
import { type RunningDatabase, withDatabase } from '../platform/with-database.ts'
import { collectStartGarbage } from './memory.ts'
import { type Settings, settings } from './settings.ts'
import { StopSignal } from './stop-signal.ts'

/** What the composition root gives: see api/main.ts. */
export type Assembled = {
  readonly app: RequestListener
  /** Lines to print once it serves: a sign-in link for each person of the demo. */
  readonly announcement: readonly string[]
  readonly close: () => Promise<void>
}

/** The port is another's. */
export class PortTaken extends CannotOpen {
  readonly port: number
  constructor(port: number) {
    super(
      `Port ${port} is taken by another process. Nothing was started. Stop that process, or set PORT to another port.`,
    )
    this.port = port
  }
}

const LOST =
  'The database ended unexpectedly. The server stops; start it again to recover. The reason is in postgresql.log beside the data.'

/** Milliseconds that requests and jobs under way get when the server stops. */
const GRACE = 5_000
/** Milliseconds after which a connection ends on which nothing was sent. A statement of the database may take 60,000. */
const SILENCE = 150_000

/** Runs until stopped; 0 after an orderly stop, 1 when it could not start or the database went away. */
export async function run(_args: string[]): Promise<number> {
  const begun = performance.now()
  const chosen = settings(process.env)
  const stop = new StopSignal()
  const door = new Door()
  // The port comes first: it is the fault that costs nothing to find.
  const address = await door.open(chosen)
  // Modules load while the database starts.
  const composition = import('../main.ts')
  composition.catch(() => undefined)
  try {
    return await withDatabase(chosen, { exclusive: true }, async (database) => {
      if (stop.asked) return 0
      announceDatabase(database, chosen)
      const { assemble, readConfig } = await composition
      const assembled = await assemble({
        databaseUrl: database.url,
        address,
        embedded: database.kind === 'embedded',
        config: await readConfig(chosen),
      })
      try {
        if (stop.asked) return 0
        door.serve(assembled.app)
        database.serves(address)
        announce(address, assembled, performance.now() - begun)
        collectStartGarbage()
        return await Promise.race([
          stop.wait().then(() => 0),
          database.ended.then(() => lost(stop)),
          fault(database, stop),
        ])
      } finally {
        await door.close()
        // What waits for a database that is gone would wait for ever.
        await Promise.race([assembled.close().catch(() => undefined), sleep(GRACE, undefined, { ref: false })])
      }
    })
  } finally {
    await door.close()
    if (stop.asked) console.log('Stopped.')
  }
}

function announceDatabase(database: RunningDatabase, { dataFolder }: Settings): void {
  if (database.foundOrphan)
    console.log('The database was still running after its server was killed. It was stopped in order and started anew.')
  console.log(
    database.kind === 'embedded'
      ? `Database: embedded PostgreSQL, data in ${dataFolder}`
      : 'Database: the one of DATABASE_URL',
  )
}

function announce(address: string, { announcement }: Assembled, milliseconds: number): void {
  console.log(
    [`Equihour serves ${address} after ${(milliseconds / 1000).toFixed(1)} s. Ctrl-C stops it.`, ...announcement].join(
      '\n',
    ),
  )
}

function lost(stop: StopSignal): number {
  if (!stop.asked) console.error(LOST)
  return 1
}

/** A fault of ours that nothing caught: shown, and everything is stopped in order all the same. */
async function fault(database: RunningDatabase, stop: StopSignal): Promise<number> {
  const error = await new Promise((resolve) => {
    // Stays: while everything is stopped more may come of the same cause.
    process.on('uncaughtException', resolve).on('unhandledRejection', resolve)
  })
  // A connection that broke because the database is gone: its end is the news, and is told by whoever waits for it.
  await Promise.race([database.ended, sleep(1_000)])
  if (!stop.asked) console.error(error)
  return 1
}

/** The HTTP server. It listens before there is anything to serve, and says so with 503. */
class Door {
  #listener: RequestListener = (_request, response) => {
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end('{"status":"starting"}')
  }
  // A stream of transfers lasts as long as it takes; a connection on which nothing happens does not.
  readonly #server: Server = createServer({ requestTimeout: 0 }, (request, response) =>
    this.#listener(request, response),
  ).setTimeout(SILENCE)

  /** @throws {PortTaken} */
  async open({ port, databaseUrl }: Settings): Promise<string> {
    // An evaluation is this machine's alone; a server with a database of its own is meant to be reached.
    const host = databaseUrl === undefined ? '127.0.0.1' : undefined
    // Some systems let two listen, one on the port of one address and one on that of all.
    if (port !== 0 && (await answers(port))) throw new PortTaken(port)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, port)))
      this.#server.listen({ port, host }, resolve)
    })
    const address = this.#server.address()
    return `http://localhost:${address !== null && typeof address === 'object' ? address.port : port}`
  }

  serve(listener: RequestListener): void {
    this.#listener = listener
  }

  /** Takes no new requests, and gives those under way {@link GRACE}. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const cutOff = setTimeout(() => this.#server.closeAllConnections(), GRACE)
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeIdleConnections()
    })
    clearTimeout(cutOff)
  }
}

function explained(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') return new PortTaken(port)
  if (error.code === 'EACCES')
    return new CannotOpen(`Port ${port} needs more rights than this user has. Set PORT to one above 1023.`)
  return error
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', end(true)).once('error', end(false)).setTimeout(500, end(false))
  })
}
