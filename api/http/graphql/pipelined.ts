/** Work in steps that run at once: batches are read while those before them are worked on, and the one before those answered. */

/** A batch on its way: `here` once it has arrived, `broken` once it cannot any more. */
type Coming<B> = { readonly known: Promise<void>; here?: IteratorResult<B, void>; broken?: { readonly error: unknown } }

function coming<B>(batches: AsyncIterator<B, void>): Coming<B> {
  const known = batches.next().then(
    (result) => {
      found.here = result
    },
    (error: unknown) => {
      // What breaks is told of when what came before it is answered.
      found.broken = { error }
    },
  )
  const found: Coming<B> = { known }
  return found
}

/** Work that was begun; `settled` never fails. */
type Begun<B, A> = { readonly batch: B; readonly done: Promise<A>; readonly settled: Promise<void>; isSettled: boolean }

function begin<B, A>(batch: B, work: (batch: B) => Promise<A>): Begun<B, A> {
  const done = work(batch)
  const settle = () => {
    begun.isSettled = true
  }
  const begun: Begun<B, A> = { batch, done, settled: done.then(settle, settle), isSettled: false }
  return begun
}

/**
 * Works batches off and answers them, in order, each as soon as it is done. `work` begins in order, on at most `atOnce` of
 * them at once, and before the last is answered where a batch has arrived already; nothing waits for a batch that has not.
 * At most two more than `atOnce` are in memory.
 *
 * @param answer gives false when nobody listens any longer: then no further batch is begun
 * @returns whether all of them were answered
 */
export async function pipelined<B, A>(
  batches: AsyncIterator<B, void>,
  work: (batch: B) => Promise<A>,
  answer: (batch: B, done: A) => Promise<boolean>,
  atOnce = 1,
): Promise<boolean> {
  const working: Begun<B, A>[] = []
  let next = coming(batches)
  const beginWhatIsHere = (): void => {
    while (working.length < atOnce && next.here !== undefined && next.here.done !== true) {
      working.push(begin(next.here.value, work))
      next = coming(batches)
    }
  }
  try {
    for (;;) {
      beginWhatIsHere()
      const [first] = working
      if (first === undefined) {
        await next.known
        if (next.broken !== undefined) throw next.broken.error
        if (next.here?.done === true) return true
        continue
      }
      const mayBegin = working.length < atOnce && next.here === undefined && next.broken === undefined
      await (mayBegin ? Promise.race([first.settled, next.known]) : first.settled)
      if (!first.isSettled) continue
      const done = await first.done
      working.shift()
      beginWhatIsHere()
      if (!(await answer(first.batch, done))) return false
    }
  } finally {
    // Whoever goes away leaves no work behind that nobody waits for.
    await Promise.all(working.map(({ settled }) => settled))
  }
}
