/** The schema builder: Pothos with typed errors, Relay, and bounds on depth and cost. */
import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import ErrorsPlugin from '@pothos/plugin-errors'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { GraphQLError } from 'graphql'
import type { Role } from '../../api/access/index.ts'
import { is, isStaff } from '../../api/access/index.ts'
import { type Money, parseGlobalId } from '../../api/platform/index.ts'
import type { Context } from './context.ts'

/** Bounds of one request. A screen of the console costs a few hundred. */
export const LIMITS = { complexity: 20_000, depth: 14, breadth: 500 } as const
/** What a mutation costs, beside what it answers: fewer than twenty fit into one request. */
export const MUTATION_COST = LIMITS.complexity / 20
/** Most items of one page of a connection. */
export const PAGE_MAX = 100

/** The types that are nodes, and how many keys their ids have: a node's file says so where it makes the node. */
const NODE_KEYS = new Map<string, 1 | 2>()
const NOTHING = { typename: 'Company', id: '00000000-0000-0000-0000-000000000000' }

/** Says that a type is a node whose id has so many keys: 2 for what belongs to a company or a pool. Returns the type's name. */
export function nodeName<Name extends string>(name: Name, keys: 1 | 2): Name {
  NODE_KEYS.set(name, keys)
  return name
}

const tooManyIds = (count: number) =>
  new GraphQLError(`ids must have at most ${PAGE_MAX} ids: it has ${count}`, {
    extensions: { code: 'BAD_INPUT', faults: [{ path: 'ids', reason: `must have at most ${PAGE_MAX} ids` }] },
  })

export const builder = new SchemaBuilder<{
  Context: Context
  DefaultFieldNullability: false
  DefaultInputFieldRequiredness: true
  AuthScopes: { staff: boolean; role: Role }
  Scalars: {
    ID: { Input: string; Output: string }
    Tokens: { Input: string; Output: bigint }
    Shares: { Input: string; Output: bigint }
    Decimal: { Input: string; Output: bigint }
    Date: { Input: string; Output: string }
    DateTime: { Input: string; Output: string }
    JSON: { Input: never; Output: unknown }
    BigInt: { Input: string; Output: bigint }
  }
  Objects: { Money: Money }
}>({
  plugins: [ErrorsPlugin, ScopeAuthPlugin, RelayPlugin, DataloaderPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
  errors: { directResult: true, defaultTypes: [] },
  scopeAuth: {
    authScopes: ({ actor }) => ({ staff: isStaff(actor), role: (role) => is(actor, role) }),
    // A field that the actor may not see answers null where it can, and never says why: it looks like what does not exist.
    unauthorizedError: () => new Error('There is nothing here that you can see.'),
  },
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    // A connection counts its page once; its list of edges is that same page.
    edgesFieldOptions: { complexity: { field: 1, multiplier: 1 } },
    nodesQueryOptions: {
      description: `The nodes with these ids, at most ${PAGE_MAX}; null for each that does not exist or is not visible.`,
      complexity: ({ ids }: { ids?: readonly unknown[] }) => ({ field: 1, multiplier: ids?.length ?? 0 }),
      resolve: (_root, { ids }, _context, _info, resolveNodes) => {
        if (ids.length > PAGE_MAX) throw tooManyIds(ids.length)
        return resolveNodes(ids)
      },
    },
    encodeGlobalID: (type, id) => `${type}:${id}`,
    decodeGlobalID: (text) => {
      const parsed = parseGlobalId(text)
      // An id that is none finds nothing, like the id of something that does not exist.
      if (parsed === undefined || NODE_KEYS.get(parsed.type) !== parsed.keys.length) return NOTHING
      return { typename: parsed.type, id: text.slice(parsed.type.length + 1) }
    },
  },
  complexity: { defaultComplexity: 1, defaultListMultiplier: 10, limit: LIMITS },
})

builder.queryType({
  description: 'What can be read. Everything that is not visible to the actor looks like what does not exist.',
})
builder.mutationType({
  description:
    'What can be done. Each mutation answers with a union: what was done, or one typed refusal. A refusal has changed nothing.',
})
