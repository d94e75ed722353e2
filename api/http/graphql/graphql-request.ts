/** Reading a GraphQL request: which forms the door takes, and how large and how deep they may be. */
import type { RequestHandler } from 'express'
import { type DocumentNode, GraphQLError, Kind, visit } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { BadInput } from '../../platform/index.ts'
import type { Exchange } from './exchange.ts'
import type { KnownDocuments } from './known-documents.ts'
import { unreadable } from './request-body.ts'
import { parseRequestJson } from './request-json.ts'

/** Most characters of a GraphQL document. The console's longest has a tenth of it. */
const DOCUMENT_CHARACTERS = 50_000
/** Deepest nesting of brackets in a GraphQL document. Fields nest at most 14 deep: see LIMITS of the schema. */
const DOCUMENT_NESTING = 100

/**
 * Keeps express's reading of the address from Yoga, which would put its values in the place of what was sent: a parameter
 * that stands twice would become one. Yoga makes a URL of the host: one that is none is refused here.
 *
 * @throws {BadInput}
 */
export const plainAddress: RequestHandler = (request, _response, next) => {
  const host = request.get('host') ?? ''
  if (host !== '' && !isHost(host)) throw new BadInput([{ path: ['Host'], reason: 'is no host' }])
  Object.defineProperty(request, 'query', { value: undefined })
  next()
}

/** Whether a header's text is a host, with or without a port. */
export const isHost = (text: string): boolean => !/[/?#@\\]/.test(text) && URL.canParse(`http://${text}/`)

/** What the door gives Yoga beside the request. */
export type Served = { readonly exchange: Exchange }

/** JSON by POST, or a query string by GET; in UTF-8; nothing that HTML forms can send. */
export function useStrictRequests(known: KnownDocuments): Plugin<object, Served> {
  const keepable = new WeakSet<DocumentNode>()
  return {
    onRequestParse({ request, serverContext, setRequestParser }) {
      if (request.method === 'GET') setRequestParser(readQueryString)
      else if (request.method === 'POST') {
        refuseOtherMedia(request.headers)
        setRequestParser(() => paramsOf(serverContext.exchange))
      }
    },
    onParams({ params }) {
      if (typeof params.query === 'string' && known.of(params.query) === undefined) refuseLargeDocument(params.query)
    },
    onParse:
      () =>
      ({ result }) => {
        if (result instanceof Error || keepable.has(result)) return
        refuseUnkeepableLiterals(result)
        keepable.add(result)
      },
  }
}

function refuseOtherMedia(headers: Headers): void {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  if (type.trim() !== 'application/json' && type.trim() !== 'application/graphql+json') {
    throw unreadable('Send the request as application/json. Nothing was changed.', { status: 415 })
  }
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"]*)"?\s*$/.exec(parameter)?.[1])
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (charset.some((name) => name !== undefined && name !== 'utf-8') || encoding !== 'identity') {
    throw unreadable('Send the request in UTF-8 and not compressed. Nothing was changed.', { status: 415 })
  }
}

async function paramsOf(exchange: Exchange): Promise<GraphQLParams> {
  const body = await exchange.body().catch(refuseUnreadable)
  if (Array.isArray(body))
    throw unreadable('Send one operation in each request: batches are not taken. Nothing was changed.')
  if (typeof body !== 'object' || body === null)
    throw unreadable('The request must be a JSON object. Nothing was changed.')
  return body as GraphQLParams // what its members are is checked by Yoga
}

const PARAMETERS = ['query', 'operationName', 'variables', 'extensions'] as const

function readQueryString(request: Request): GraphQLParams {
  const [, text = ''] = /\?([^#]*)/.exec(request.url) ?? []
  if (!isUtf8(text)) throw unreadable('The address is not UTF-8.')
  const sent = new URLSearchParams(text)
  for (const name of sent.keys()) {
    if (!PARAMETERS.some((known) => known === name))
      throw unreadable('is no parameter of a query', { path: name.slice(0, 100) })
    if (sent.getAll(name).length > 1) throw unreadable('stands twice', { path: name })
  }
  const json = (name: string) => {
    const value = sent.get(name)
    return value === null || value === '' ? undefined : readable(value, name)
  }
  const params = { query: sent.get('query') ?? undefined, operationName: sent.get('operationName') ?? undefined }
  return { ...params, variables: json('variables'), extensions: json('extensions') } as GraphQLParams // checked by Yoga
}

function isUtf8(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function readable(text: string, name: string): unknown {
  try {
    return parseRequestJson(text, [name])
  } catch (error) {
    return refuseUnreadable(error)
  }
}

/** A fault of form as a request error: fields are named below the variables, as they are everywhere. */
function refuseUnreadable(error: unknown): never {
  if (!(error instanceof BadInput)) throw error
  const faults = error.faults.map(({ path, reason }) => ({ path: path.join('.').replace(/^variables\./, ''), reason }))
  const message = faults.map(({ path, reason }) => `${path === '' ? 'The request' : path} ${reason}`).join('; ')
  throw new GraphQLError(`${message}. Nothing was changed.`, {
    extensions: { code: 'BAD_INPUT', faults, http: { status: 400 } },
  })
}

/** Documents are bounded before they are parsed: the parser calls itself for each nesting. */
function refuseLargeDocument(document: string): void {
  if (document.length > DOCUMENT_CHARACTERS) {
    throw unreadable(`has more than ${DOCUMENT_CHARACTERS} characters`, { path: 'query' })
  }
  let depth = 0
  for (const [token] of document.matchAll(/"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*|[{[(]|[}\])]/g)) {
    if (token === '{' || token === '[' || token === '(') depth += 1
    else if (token === '}' || token === ']' || token === ')') depth -= 1
    if (depth > DOCUMENT_NESTING) throw unreadable(`is nested deeper than ${DOCUMENT_NESTING}`, { path: 'query' })
  }
}

/** What {@link parseRequestJson} refuses in variables is refused in the document too. */
function refuseUnkeepableLiterals(document: Parameters<typeof visit>[0]): void {
  visit(document, {
    [Kind.STRING]: (node) => {
      if (!node.value.includes('\u0000')) return
      throw new GraphQLError('A text must not hold a NUL character.', {
        nodes: node,
        extensions: { code: 'BAD_INPUT', http: { status: 400 } },
      })
    },
  })
}
