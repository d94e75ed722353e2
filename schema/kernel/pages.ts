/** Pages of connections: bounds, and keyset cursors that carry no more than an id. */
import { GraphQLError } from 'graphql'
import { isUuid, type Uuid } from '../../api/platform/index.ts'
import { PAGE_MAX } from './builder.ts'

export type PageArgs = {
  readonly first?: number | null | undefined
  readonly last?: number | null | undefined
  readonly after?: string | null | undefined
  readonly before?: string | null | undefined
}
/** What a view needs to read one page: one more than asked, so that it is known whether more follow. */
export type PageQuery = {
  readonly limit: number
  readonly after?: Uuid | undefined
  readonly before?: Uuid | undefined
  readonly backwards: boolean
}

const bad = (path: string, reason: string) =>
  new GraphQLError(`${path} ${reason}`, { extensions: { code: 'BAD_INPUT', path: [path] } })

/** A page of a list whose keyset is one id. The cursor is that id; anything else is refused. */
export async function pageById<Row>(
  args: PageArgs,
  idOf: (row: Row) => Uuid,
  read: (query: PageQuery) => Promise<Row[]>,
) {
  const query = pageQuery(args)
  const rows = await read(query)
  const more = rows.length === query.limit
  const page = rows.slice(0, query.limit - 1)
  if (query.backwards) page.reverse()
  return {
    edges: page.map((node) => ({ node, cursor: idOf(node) })),
    pageInfo: {
      startCursor: page[0] === undefined ? null : idOf(page[0]),
      endCursor: page.length === 0 ? null : idOf(page[page.length - 1] as Row),
      hasNextPage: query.backwards ? query.before !== undefined : more,
      hasPreviousPage: query.backwards ? more : query.after !== undefined,
    },
  }
}

function pageQuery({ first, last, after, before }: PageArgs): PageQuery {
  if (first != null && last != null) throw bad('last', 'cannot be given together with first')
  const size = first ?? last ?? 20
  if (size < 0 || size > PAGE_MAX) throw bad(last == null ? 'first' : 'last', `must be between 0 and ${PAGE_MAX}`)
  return {
    limit: size + 1,
    after: cursor('after', after),
    before: cursor('before', before),
    backwards: last != null,
  }
}

function cursor(name: string, text: string | null | undefined): Uuid | undefined {
  if (text == null) return undefined
  if (!isUuid(text)) throw bad(name, 'is not a cursor of this list')
  return text
}
