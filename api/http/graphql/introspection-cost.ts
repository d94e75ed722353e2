/**
 * What it costs to introspect. The schema's own cost limits know nothing of `__schema`: four hundred aliases of it in one
 * request would take seconds.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  getIntrospectionQuery,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** Refuses operations that introspect more than the whole schema twice, which is what tools ask for once. */
export function useIntrospectionLimit(schema: GraphQLSchema): Plugin {
  const sizes = sizesOf(schema)
  const limit = 2 * introspectionCost(parse(getIntrospectionQuery({ inputValueDeprecation: true })), sizes)
  const known = new WeakMap<DocumentNode, number>()
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const cost = known.get(args.document) ?? introspectionCost(args.document, sizes)
      known.set(args.document, cost)
      if (cost <= limit) return
      setResultAndStopExecution({
        errors: [
          new GraphQLError('The operation introspects the schema more than twice. Ask for less at once.', {
            extensions: { code: 'BAD_INPUT', http: { status: 400 } },
          }),
        ],
      })
    },
  }
}

/** How many items a list of introspection has, on average. */
type Sizes = ReadonlyMap<string, number>

function sizesOf(schema: GraphQLSchema): Sizes {
  const types = Object.values(schema.getTypeMap())
  const fields = types.flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [],
  )
  const inputs = types.flatMap((type) => (isInputObjectType(type) ? Object.values(type.getFields()) : []))
  const average = (count: number, of: number) => Math.max(1, Math.ceil(count / Math.max(1, of)))
  return new Map([
    ['types', types.length],
    ['fields', average(fields.length, types.length)],
    ['inputFields', average(inputs.length, types.length)],
    ['args', average(fields.flatMap((field) => field.args).length, fields.length)],
    ['directives', schema.getDirectives().length],
  ])
}

/** The values that introspection would answer for a validated document, about. Fragments are counted where they are spread. */
function introspectionCost(document: DocumentNode, sizes: Sizes): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const known = new Map<SelectionSetNode, number>()
  const costOf = (set: SelectionSetNode, inside: boolean): number => {
    const found = inside ? known.get(set) : undefined
    if (found !== undefined) return found
    let cost = 0
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value
        if (!inside && name !== '__schema' && name !== '__type') continue
        const below = selection.selectionSet === undefined ? 0 : costOf(selection.selectionSet, true)
        cost += 1 + (sizes.get(name) ?? 1) * below
      } else {
        const spread = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
        if (spread !== undefined) cost += costOf(spread.selectionSet, inside)
      }
    }
    if (inside) known.set(set, cost)
    return cost
  }
  return document.definitions.reduce(
    (most, definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? Math.max(most, costOf(definition.selectionSet, false)) : most,
    0,
  )
}
