/** One query for all parents of which a request asks the same. Every field that reads for its parent goes through here. */
import DataLoader from 'dataloader'
import { instant } from '../../api/platform/index.ts'
import type { Context } from './context.ts'
import { type PageArgs, type PageQuery, pageById } from './pages.ts'

/** What is asked of each parent: the field, and its arguments. It is compared as JSON text. */
export type Question = readonly [field: string, ...asked: unknown[]]
/** Reads the answers of several parents. An error among them is the answer of one parent, and leaves the others theirs. */
export type Load<Parent, Answer> = (parents: readonly Parent[]) => Promise<ReadonlyMap<Parent, Answer>>

/** Most parents of one query. */
const BATCH_MAX = 1_000

const loaders = new WeakMap<Context, Map<string, DataLoader<unknown, unknown>>>()

/**
 * The answer for one parent, or `undefined` where `load` has none. `load` is called once for all parents of which the
 * request asks this question at the same time. No answer is kept: a mutation later in the same document changes them.
 *
 * @example
 * const counts = (ids: readonly Uuid[]) => reservationCounts(deps.db, actor, ids)
 * batch(context, ['Company.reservationCount'], companyId, counts)
 */
export async function batch<Parent, Answer>(
  context: Context,
  question: Question,
  parent: Parent,
  load: Load<Parent, Answer>,
): Promise<Exclude<Answer, Error> | undefined> {
  const ofContext = loaders.get(context) ?? new Map<string, DataLoader<unknown, unknown>>()
  loaders.set(context, ofContext)
  const key = JSON.stringify(question)
  // The question names the field, and a field has one kind of parent and of answer.
  const known = ofContext.get(key) as Loader<Parent, Answer> | undefined
  const loader = known ?? loaderOf(load)
  if (known === undefined) ofContext.set(key, loader as DataLoader<unknown, unknown>)
  return loader.load(parent)
}

type Loader<Parent, Answer> = DataLoader<Parent, Exclude<Answer, Error> | undefined>

const loaderOf = <Parent, Answer>(load: Load<Parent, Answer>): Loader<Parent, Answer> =>
  new DataLoader(
    async (parents) => {
      const answers = await load([...new Set(parents)])
      // The loader throws what is an error, to whoever asked for this parent.
      return parents.map((parent) => answers.get(parent) as Exclude<Answer, Error> | Error | undefined)
    },
    { cache: false, maxBatchSize: BATCH_MAX },
  )

/** An answer that every parent has: none is a fault of ours. */
export function mustHave<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new Error('a question about several parents was not answered for one of them')
  return answer
}

/** The database's instant, asked once for all fields that need it at the same time. */
export const instantOf = async (context: Context): Promise<string> =>
  mustHave(await batch(context, ['instant'], 'now', async () => new Map([['now', await instant(context.deps.db)]])))

/** A page of a connection of one parent, newest first by an id. `load` reads the same page for all of them. */
export const pageOfParent = <Parent, Row>(
  context: Context,
  question: Question,
  parent: Parent,
  args: PageArgs,
  idOf: (row: Row) => string,
  load: (parents: readonly Parent[], query: PageQuery) => Promise<ReadonlyMap<Parent, readonly Row[] | Error>>,
) =>
  pageById(args, idOf, async (query) => [
    ...((await batch(context, [...question, query], parent, (parents) => load(parents, query))) ?? []),
  ])
