/** Reading a GraphQL request: which forms the door takes, and how large and how deep they may be. */
import type { RequestHandler } from 'express'
import { GraphQLError, Kind, visit } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { BadInput } from '../platform/index.ts'
import { parseRequestJson, textOfUtf8 } from './request-json.ts'

/** Most bytes of one request. An Open Cap Format package of 100,000 transactions fits. */
export const BODY_BYTES = 64 * 1024 * 1024
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
  if (host !== '' && (/[/?#@\\]/.test(host) || !URL.canParse(`http://${host}/`)))
    throw new BadInput([{ path: ['Host'], reason: 'is no host' }])
  Object.defineProperty(request, 'query', { value: undefined })
  next()
}

/** A request that cannot be read, with the status it answers. Where it is wrong is named like a field of input. */
export function unreadable(reason: string, { status = 400, path = '' } = {}): GraphQLError {
  return new GraphQLError(path === '' ? reason : `${path} ${reason}`, {
    extensions: { code: 'BAD_INPUT', ...(path === '' ? {} : { faults: [{ path, reason }] }), http: { status } },
  })
}

/** JSON by POST, or a query string by GET; in UTF-8; nothing that HTML forms can send. */
export function useStrictRequests(): Plugin {
  return {
    onRequestParse({ request, setRequestParser }) {
      if (request.method === 'GET') setRequestParser(readQueryString)
      else if (request.method === 'POST') {
        refuseOtherMedia(request.headers)
        setRequestParser(readBody)
      }
    },
    onParams: ({ params }) => refuseLargeDocument(params.query),
    onParse:
      () =>
      ({ result }) => {
        if (!(result instanceof Error)) refuseUnkeepableLiterals(result)
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

async function readBody(request: Request): Promise<GraphQLParams> {
  const bytes = await request.arrayBuffer()
  const body = readable(() => parseRequestJson(textOfUtf8(bytes)))
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
    return value === null || value === '' ? undefined : readable(() => parseRequestJson(value, [name]))
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

/** A fault of form as a request error: fields are named below the variables, as they are everywhere. */
function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    const faults = error.faults.map(({ path, reason }) => ({
      path: path.join('.').replace(/^variables\./, ''),
      reason,
    }))
    const message = faults.map(({ path, reason }) => `${path === '' ? 'The request' : path} ${reason}`).join('; ')
    throw new GraphQLError(`${message}. Nothing was changed.`, {
      extensions: { code: 'BAD_INPUT', faults, http: { status: 400 } },
    })
  }
}

/** Documents are bounded before they are parsed: the parser calls itself for each nesting. */
function refuseLargeDocument(document: unknown): void {
  if (typeof document !== 'string') return
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
