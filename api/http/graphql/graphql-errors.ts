/** Errors at the GraphQL door, in two tiers: what the caller did wrong, named and explained; what we did wrong, by reference. */
import { randomUUID } from 'node:crypto'
import { type ASTNode, type DocumentNode, GraphQLError, Kind, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { BadInput, type Deps, databaseIsAway } from '../../platform/index.ts'

/** The codes of request errors. Whatever GraphQL itself refuses is `BAD_INPUT`. */
const CODES: ReadonlySet<unknown> = new Set(['BAD_INPUT', 'UNAUTHENTICATED', 'OTHER_SITE', 'UNAVAILABLE', 'INTERNAL'])
/** Most errors of one answer, and most characters of one message: an answer is never much larger than what it answers. */
const ERRORS = 50
const MESSAGE_CHARACTERS = 1_000

/** One field of the input that is wrong, as {@link BadInput} names it: `input.terms.preMoney.amount`. */
type Fault = { readonly path: string; readonly reason: string }

/** Names the fields in errors of GraphQL's own, and bounds how many there are. */
export function useClearErrors(): Plugin {
  return {
    onValidate:
      ({ params }) =>
      ({ valid, result, setResult }) => {
        if (!valid) setResult(withLiterals(result.slice(0, ERRORS), params.documentAST))
      },
    onExecutionResult({ result, setResult }) {
      if (result === undefined || !('errors' in result) || result.errors === undefined) return
      const errors = result.errors.slice(0, ERRORS).map((error) => malformed(error))
      setResult({ ...result, errors })
    },
  }
}

/** What a caller is shown of an error: malformed input with its path; a fault of ours as a reference to the log, no more. */
export function shown(error: unknown, deps: Pick<Deps, 'log'>): GraphQLError {
  const at = error instanceof GraphQLError ? error : undefined
  const original = at === undefined ? error : at.originalError
  if (original instanceof BadInput) return badInput(original, at)
  if (at !== undefined && (original === undefined || original instanceof GraphQLError)) return malformed(at)
  // Where an answer has data, its other fields stand, and so does its status.
  const status = (wanted: number) => (at?.path === undefined ? { http: { status: wanted } } : {})
  const path = at?.path === undefined ? {} : { path: at.path }
  if (databaseIsAway(original)) {
    deps.log.warn({ err: original }, 'the database did not answer a request')
    return new GraphQLError(
      'The database did not answer in time. Send the same call again with the same idempotency key: it then happens once.',
      { ...path, extensions: { code: 'UNAVAILABLE', ...status(503) } },
    )
  }
  const reference = randomUUID()
  deps.log.error({ err: original, reference }, 'a request failed')
  return new GraphQLError(`Something failed on our side. Nothing was changed. Quote ${reference} to the operator.`, {
    ...path,
    extensions: { code: 'INTERNAL', reference, ...status(500) },
  })
}

function badInput(original: BadInput, at: GraphQLError | undefined): GraphQLError {
  const faults = original.faults
    .slice(0, ERRORS)
    .map(({ path, reason }) => ({ path: ['input', ...path].join('.'), reason }))
  return new GraphQLError(cut(original.message), {
    ...(at?.path === undefined ? {} : { path: at.path }),
    extensions: { code: 'BAD_INPUT', faults },
  })
}

/** An error of GraphQL itself (parsing, validation, coercion of variables, bounds) is malformed input. */
function malformed(error: GraphQLError): GraphQLError {
  if (CODES.has(error.extensions.code)) return error
  const below = error.originalError instanceof GraphQLError ? error.originalError.extensions : {}
  const extensions = { ...below, ...error.extensions }
  const fault = variableFault(error)
  return new GraphQLError(fault === undefined ? cut(error.message) : `${fault.path}: ${fault.reason}`, {
    ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: {
      ...extensions,
      code: statusOf(extensions) === 403 ? 'OTHER_SITE' : 'BAD_INPUT',
      ...(fault === undefined ? {} : { variable: fault.path, faults: [fault] }),
    },
  })
}

/** The field of a variable that could not be coerced. Its value is not repeated: it may be large, and it is the caller's own. */
function variableFault({ message, originalError }: GraphQLError): Fault | undefined {
  const missing = /^Variable "\$(\w+)" of (?:required|non-null) type "([^"]*)"/.exec(message)
  if (missing !== null) return { path: missing[1] ?? '', reason: `must be given: a ${missing[2]}` }
  const name = /^Variable "\$(\w+)" got invalid value /.exec(message)?.[1]
  if (name === undefined || originalError === undefined) return undefined
  const before = message.slice(0, -originalError.message.length - '; '.length)
  const field = / at "([^"]+)"$/.exec(before)?.[1] ?? name
  return memberFault(field.replaceAll(/\[(\d+)\]/g, '.$1'), originalError.message)
}

/** GraphQL names a missing or unknown member only in its text: it is added to the path. */
function memberFault(path: string, reason: string): Fault {
  const member = /^Field "(?:\w+\.)?(\w{1,100})" (?:of required type|is not defined)/.exec(reason)?.[1]
  return {
    path: member === undefined || path.endsWith(`.${member}`) ? path : `${path}.${member}`,
    reason: cut(reason, 300),
  }
}

/** Validation errors; those about a literal get the path of the argument's field. */
function withLiterals(errors: readonly GraphQLError[], document: DocumentNode): GraphQLError[] {
  const paths = pathsOfLiterals(document, new Set(errors.flatMap((error) => error.nodes?.[0] ?? [])))
  return errors.map((error) => {
    const node = error.nodes?.[0]
    const missing = /argument "(\w+)" of type .* is required/.exec(error.message)?.[1]
    const path = missing ?? (node === undefined ? undefined : paths.get(node))
    if (path === undefined) return error
    return new GraphQLError(cut(error.message), {
      ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
      extensions: { ...error.extensions, code: 'BAD_INPUT', faults: [memberFault(path, error.message)] },
    })
  })
}

/** `input.terms.name` for each of the nodes that is a value inside an argument. */
function pathsOfLiterals(document: DocumentNode, wanted: ReadonlySet<ASTNode>): Map<ASTNode, string> {
  const found = new Map<ASTNode, string>()
  const path: string[] = []
  const isNamed = (node: ASTNode) => node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD
  visit(document, {
    enter(node, key, _parent, _path, ancestors) {
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) path.push(node.name.value)
      else if (isList(ancestors.at(-1))) path.push(String(key))
      if (wanted.has(node) && path.length > 0) found.set(node, path.join('.'))
    },
    leave(node, _key, _parent, _path, ancestors) {
      if (isNamed(node) || isList(ancestors.at(-1))) path.pop()
    },
  })
  return found
}

const isList = (node: unknown): boolean =>
  typeof node === 'object' && node !== null && 'kind' in node && node.kind === Kind.LIST

const cut = (text: string, characters = MESSAGE_CHARACTERS): string =>
  text.length <= characters ? text : `${text.slice(0, characters)}…`

/** The HTTP status that an error asks for, if it does. */
function statusOf({ http }: { http?: unknown }): unknown {
  return typeof http === 'object' && http !== null && 'status' in http ? http.status : undefined
}
