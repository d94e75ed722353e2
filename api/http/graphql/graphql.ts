/** The GraphQL door: Yoga behind a session, with bounds, and with errors in two tiers; and a short way past it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Actor } from '../../access/index.ts'
import type { Deps } from '../../platform/index.ts'
import { type ActorOf, Exchange } from './exchange.ts'
import { executeOperation } from './execute-operation.ts'
import { shown, useClearErrors } from './graphql-errors.ts'
import { type Served, useStrictRequests } from './graphql-request.ts'
import { useIntrospectionLimit } from './introspection-cost.ts'
import { KnownDocuments } from './known-documents.ts'
import { isPlain, shortDoor } from './short-door.ts'

export type GraphQLOptions<AppDeps extends Deps> = {
  readonly schema: GraphQLSchema
  readonly deps: AppDeps
  readonly actorOf: ActorOf
}

/** What serves `/graphql`, mounted before any body parser: `long` takes every request, `short` what is plain. */
export type GraphQLDoor = {
  readonly long: (request: IncomingMessage, response: ServerResponse) => unknown
  /** Answers, or calls `otherwise`, which must lead to `long`. */
  readonly short: (request: IncomingMessage, response: ServerResponse, otherwise: () => unknown) => void
}

export function graphqlDoor<AppDeps extends Deps>({ schema, deps, actorOf }: GraphQLOptions<AppDeps>): GraphQLDoor {
  const known = new KnownDocuments()
  const yoga = longDoor({ schema, deps, known })
  const answered = shortDoor({ schema, deps, known })
  const begun = new WeakMap<IncomingMessage, Exchange>()
  return {
    long: (request, response) => {
      // Nothing keeps what one person was told.
      response.setHeader('cache-control', 'no-store')
      return yoga(request, response, { exchange: begun.get(request) ?? new Exchange(request, actorOf) })
    },
    short: (request, response, otherwise) => {
      if (!isPlain(request)) return otherwise()
      const exchange = new Exchange(request, actorOf)
      const goOn = () => {
        begun.set(request, exchange)
        otherwise()
      }
      answered(exchange, request, response).then((done) => done || goOn(), goOn)
    },
  }
}

type LongDoorOptions<AppDeps> = {
  readonly schema: GraphQLSchema
  readonly deps: AppDeps
  readonly known: KnownDocuments
}

const longDoor = <AppDeps extends Deps>({ schema, deps, known }: LongDoorOptions<AppDeps>) =>
  createYoga<Served, { deps: AppDeps; actor: Actor }>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    logging: false,
    cors: false,
    batching: false,
    multipart: false,
    // useStrictRequests bounds what it reads.
    maxRequestBodySize: false,
    context: async ({ exchange }) => {
      const actor = await exchange.actor()
      if (actor === undefined) throw signInFirst()
      return { deps, actor }
    },
    maskedErrors: { maskError: (error) => shown(error, deps) },
    plugins: [
      useSession(),
      useCSRFPrevention({ requestHeaders: ['x-graphql-yoga-csrf', 'authorization'] }),
      useStrictRequests(known),
      useIntrospectionLimit(schema),
      useExecution(known),
      useClearErrors(),
    ],
  })

const signInFirst = () =>
  new GraphQLError('Sign in first: this request carries no valid session. Nothing was changed.', {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
  })

/** Nobody who is not signed in learns anything, not even which fields there are. */
function useSession(): Plugin<object, Served> {
  return {
    async onRequestParse({ serverContext }) {
      if ((await serverContext.exchange.actor()) === undefined) throw signInFirst()
    },
  }
}

/** Executes as the short way does, and takes what it has executed. What comes this far may go the short way the next time. */
function useExecution(known: KnownDocuments): Plugin<Served> {
  return {
    onExecute({ args, setExecuteFn }) {
      known.add(args.document)
      const { outcome } = args.contextValue.exchange
      setExecuteFn(outcome === undefined ? executeOperation : () => outcome)
    },
  }
}
