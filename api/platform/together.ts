/** Calls that go to the database together: many that arrive at once cost one way there and back, not one each. */
import { type Db, mustBeOutside } from './database.ts'

/** Most calls that go together: one that fails costs as many ways of their own. */
const MOST = 64

type Waiting<Item, Answer> = {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (fault: unknown) => void
}

/**
 * Answers each item of a group, in order. Of one group only one call is under way at a time; what is asked meanwhile makes the
 * next. What it throws is thrown at all of its items.
 */
export type CallTogether<Item, Answer> = (db: Db, group: string, items: readonly Item[]) => Promise<readonly Answer[]>

/**
 * Gathers what is asked in the same turn of the event loop, or while a call of the same group is under way, into one call.
 * Nothing waits for a timer: where nothing is under way, a lone item goes at the end of the turn in which it came. Asking
 * inside a transaction fails, since the call is outside it.
 *
 * @example
 * const nameOf = together<Uuid, string>((db, _group, ids) => namesOf(db, ids))
 * const [one, other] = await Promise.all([nameOf(db, '', first), nameOf(db, '', second)]) // one statement
 */
export function together<Item, Answer>(
  call: CallTogether<Item, Answer>,
): (db: Db, group: string, item: Item) => Promise<Answer> {
  const groups = new WeakMap<Db, Map<string, Waiting<Item, Answer>[]>>()
  const groupsOf = (db: Db) => {
    const known = groups.get(db) ?? new Map<string, Waiting<Item, Answer>[]>()
    groups.set(db, known)
    return known
  }

  /** Until nobody waits in this group; then it is forgotten. */
  const work = async (db: Db, group: string, waiting: Waiting<Item, Answer>[]): Promise<void> => {
    while (waiting.length > 0) {
      const now = waiting.splice(0, MOST)
      try {
        const items = now.map(({ item }) => item)
        const answers = await call(db, group, items)
        if (answers.length !== now.length) throw new Error(`${answers.length} answers to ${now.length} items`)
        for (const [index, answer] of answers.entries()) now[index]?.resolve(answer)
      } catch (fault) {
        for (const { reject } of now) reject(fault)
      }
    }
    groupsOf(db).delete(group)
  }

  return (db, group, item) =>
    new Promise((resolve, reject) => {
      mustBeOutside()
      const known = groupsOf(db)
      const waiting = known.get(group)
      if (waiting !== undefined) {
        waiting.push({ item, resolve, reject })
        return
      }
      const first = [{ item, resolve, reject }]
      known.set(group, first)
      setImmediate(work, db, group, first)
    })
}
