/**
 * The short way through the GraphQL door, for what clients send all day: a known document by POST as JSON, answered without
 * an error. It refuses nothing: whatever is unusual, or goes wrong, is left to the long way, which goes on where this one
 * stopped (ADR 60).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import type { Actor } from '../../access/index.ts'
import { SAFE_HEADERS } from '../safe-headers.ts'
import type { Exchange } from './exchange.ts'
import { executeOperation } from './execute-operation.ts'
import { isHost } from './graphql-request.ts'
import type { KnownDocuments } from './known-documents.ts'

/** The spellings of JSON in UTF-8 that clients use. No page of another site can send them without asking first. */
const JSON_TYPES: ReadonlySet<string | undefined> = new Set([
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
])
/** What is answered to whoever accepts what. */
const ANSWER_TYPES: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
])

/** Whether a request may be answered the short way, by what stands above its body. */
export const isPlain = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'POST' &&
  url === '/graphql' &&
  JSON_TYPES.has(headers['content-type']) &&
  headers['content-encoding'] === undefined &&
  ANSWER_TYPES.has(headers.accept) &&
  headers.host !== undefined &&
  isHost(headers.host)

export type ShortDoorOptions<AppDeps> = {
  readonly schema: GraphQLSchema
  readonly deps: AppDeps
  readonly known: KnownDocuments
}

/** Answers a {@link isPlain | plain} request, or gives false and has answered nothing. */
export function shortDoor<AppDeps>({ schema, deps, known }: ShortDoorOptions<AppDeps>) {
  return async (exchange: Exchange, { headers }: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const actor = await exchange.actor()
    if (actor === undefined) return false
    const asked = operationOf(await exchange.body(), known)
    if (asked === undefined) return false
    const contextValue: { deps: AppDeps; actor: Actor } = { deps, actor }
    exchange.outcome = executeOperation({ schema, ...asked, contextValue })
    const { data, errors } = await exchange.outcome
    if (data == null || errors !== undefined) return false
    const text = JSON.stringify({ data })
    const type = `${ANSWER_TYPES.get(headers.accept)}; charset=utf-8`
    const own = ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(text))]
    response.writeHead(200, PLAIN_HEADERS.concat(own)).end(text)
    return true
  }
}

/** Nothing keeps what one person was told. */
const PLAIN_HEADERS: readonly string[] = [...SAFE_HEADERS.flat(), 'Cache-Control', 'no-store']

type Operation = {
  readonly document: DocumentNode
  readonly operationName: string | null | undefined
  readonly variableValues: { readonly [name: string]: unknown } | null | undefined
}

const MEMBERS: ReadonlySet<string> = new Set(['query', 'variables', 'operationName'])

/** The operation that a body asks for, where nothing about it is new or unusual. */
function operationOf(body: unknown, known: KnownDocuments): Operation | undefined {
  if (!isRecord(body) || Object.keys(body).some((name) => !MEMBERS.has(name))) return undefined
  const { query, variables, operationName } = body
  if (operationName != null && typeof operationName !== 'string') return undefined
  if (variables != null && !isRecord(variables)) return undefined
  const document = typeof query === 'string' ? known.of(query) : undefined
  return document === undefined ? undefined : { document, operationName, variableValues: variables }
}

const isRecord = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
