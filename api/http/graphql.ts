/** The GraphQL door: Yoga behind a session, with errors in two tiers. */
import { randomUUID } from 'node:crypto'
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Actor } from '../access/index.ts'
import { BadInput, type Deps } from '../platform/index.ts'

export type GraphQLOptions<AppDeps extends Deps> = {
  readonly schema: GraphQLSchema
  readonly deps: AppDeps
  /** Who sends this request, or `undefined` where nobody is signed in. */
  readonly actorOf: (request: Request) => Promise<Actor | undefined>
}

/** Most bytes of one request. An Open Cap Format package of 100,000 transactions fits. */
const BODY_BYTES = 64 * 1024 * 1024
/** Most characters of a GraphQL document. The console's longest has a tenth of it. */
const DOCUMENT_CHARACTERS = 50_000

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
    context: async ({ request }) => {
      const actor = await actorOf(request)
      if (actor === undefined) throw signInFirst()
      return { deps, actor }
    },
    maskedErrors: { maskError: (error) => shown(error, deps) },
    plugins: [
      useSession(actorOf),
      useBounds(),
      useCSRFPrevention({ requestHeaders: ['x-graphql-yoga-csrf', 'authorization'] }),
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

/** Nobody who is not signed in learns anything, not even which fields there are. */
function useSession(actorOf: (request: Request) => Promise<Actor | undefined>): Plugin {
  return {
    async onRequestParse({ request }) {
      if ((await actorOf(request)) === undefined) throw signInFirst()
    },
  }
}

/** Documents are bounded before they are parsed. */
function useBounds(): Plugin {
  return {
    onRequest({ request, endResponse, fetchAPI }) {
      const length = Number(request.headers.get('content-length') ?? '0')
      if (length > BODY_BYTES) {
        endResponse(fetchAPI.Response.json(problem(`The request has more than ${BODY_BYTES} bytes.`), { status: 413 }))
      }
    },
    onParams({ params }) {
      if ((params.query?.length ?? 0) > DOCUMENT_CHARACTERS) {
        throw new GraphQLError(`The document has more than ${DOCUMENT_CHARACTERS} characters.`, {
          extensions: { code: 'BAD_INPUT', path: ['query'], http: { status: 400 } },
        })
      }
    },
  }
}

const problem = (message: string) => ({ errors: [{ message, extensions: { code: 'BAD_INPUT' } }] })

/** What a caller is shown of an error: malformed input with its path; a fault of ours as a reference to the log, no more. */
function shown(error: unknown, deps: Deps): Error {
  const original = error instanceof GraphQLError ? error.originalError : error
  if (original instanceof BadInput) {
    const path = error instanceof GraphQLError ? error.path : undefined
    return new GraphQLError(original.message, {
      ...(path === undefined ? {} : { path }),
      extensions: {
        code: 'BAD_INPUT',
        faults: original.faults.map((fault) => ({ path: ['input', ...fault.path].join('.'), reason: fault.reason })),
      },
    })
  }
  if (error instanceof GraphQLError && (original === undefined || original instanceof GraphQLError)) {
    return malformed(original instanceof GraphQLError ? original : error, error)
  }
  const reference = randomUUID()
  deps.log.error({ err: original, reference }, 'a request failed')
  return new GraphQLError(`Something failed on our side. Nothing was changed. Quote ${reference} to the operator.`, {
    extensions: { code: 'INTERNAL', reference },
  })
}

/** Errors of GraphQL itself (parsing, validation, coercion of variables) are malformed input. */
function malformed(original: GraphQLError, error: GraphQLError): GraphQLError {
  if (typeof original.extensions.code === 'string' && error.extensions.code !== undefined) return error
  const at = /at "([^"]+)"/.exec(error.message)?.[1] ?? /^Variable "\$?([^"]+)"/.exec(error.message)?.[1]
  return new GraphQLError(error.message, {
    ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: {
      code: 'BAD_INPUT',
      ...original.extensions,
      ...error.extensions,
      ...(at === undefined ? {} : { variable: at }),
    },
  })
}
