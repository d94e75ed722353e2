/**
 * Ctrl-C and the like. The first asks for an orderly stop; a second one forces it. npm passes on a Ctrl-C that the terminal
 * has sent to us too, so what follows within a second is the same one.
 */
export class StopSignal {
  #askedAt: number | undefined
  readonly #asked = Promise.withResolvers<void>()

  constructor(signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    for (const signal of signals) process.on(signal, () => this.#receive())
  }

  get asked(): boolean {
    return this.#askedAt !== undefined
  }

  /** Resolves when a stop is asked for. */
  wait(): Promise<void> {
    return this.#asked.promise
  }

  #receive(): void {
    const now = performance.now()
    if (this.#askedAt === undefined) {
      this.#askedAt = now
      console.log('\nStopping. Ctrl-C again forces it.')
      this.#asked.resolve()
    } else if (now - this.#askedAt > SAME_PRESS) {
      console.error('Forced. The database is told to stop and ends by itself.')
      process.exit(130)
    }
  }
}

/** Milliseconds. */
const SAME_PRESS = 1_000
