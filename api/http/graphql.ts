/** The GraphQL door: Yoga behind a session, with bounds, and with errors in two tiers. */
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Actor } from '../access/index.ts'
import type { Deps } from '../platform/index.ts'
import { shown, useClearErrors } from './graphql-errors.ts'
import { BODY_BYTES, useStrictRequests } from './graphql-request.ts'
import { useIntrospectionLimit } from './introspection-cost.ts'

export type GraphQLOptions<AppDeps extends Deps> = {
  readonly schema: GraphQLSchema
  readonly deps: AppDeps
  /** Who sends this request, or `undefined` where nobody is signed in. */
  readonly actorOf: (request: Request) => Promise<Actor | undefined>
}

/** The Yoga server for `/graphql`. It is mounted before any body parser. */
export function graphqlDoor<AppDeps extends Deps>({ schema, deps, actorOf: lookup }: GraphQLOptions<AppDeps>) {
  const actorOf = oncePerRequest(lookup)
  return createYoga<object, { deps: AppDeps; actor: Actor }>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    logging: false,
    cors: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: BODY_BYTES,
    context: async ({ request }) => {
      const actor = await actorOf(request)
      if (actor === undefined) throw signInFirst()
      return { deps, actor }
    },
    maskedErrors: { maskError: (error) => shown(error, deps) },
    plugins: [
      useSession(actorOf),
      useCSRFPrevention({ requestHeaders: ['x-graphql-yoga-csrf', 'authorization'] }),
      useStrictRequests(),
      useIntrospectionLimit(schema),
      useClearErrors(),
    ],
  })
}

/** A request's actor is looked up once, however often it is asked for. */
function oncePerRequest<T>(lookup: (request: Request) => Promise<T>): (request: Request) => Promise<T> {
  const known = new WeakMap<Request, Promise<T>>()
  return (request) => {
    const found = known.get(request) ?? lookup(request)
    known.set(request, found)
    return found
  }
}

const signInFirst = () =>
  new GraphQLError('Sign in first: this request carries no valid session. Nothing was changed.', {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
  })

/** Nobody who is not signed in learns anything, not even which fields there are; and nothing keeps what one person was told. */
function useSession(actorOf: (request: Request) => Promise<Actor | undefined>): Plugin {
  return {
    onResponse: ({ response }) => response.headers.set('cache-control', 'no-store'),
    async onRequestParse({ request }) {
      if ((await actorOf(request)) === undefined) throw signInFirst()
    },
  }
}
