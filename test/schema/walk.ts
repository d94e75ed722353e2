/** Writes documents from the schema itself, so that a new type or field is asked for without a test being changed. */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql'
import { schema } from '../../schema/index.ts'

const ISSUE = 'consideration: { amount: "600000", currency: "USD" }'
/** Terms that make a round over any cap table of the tests. */
const TERMS = `{ name: "What if", closingDate: "2026-12-15", preMoney: { amount: "23000000", currency: "USD" },
  security: { className: "What If Preferred", newClass: true }, priceRounding: { direction: UP, places: 5 },
  pool: { kind: NONE }, conversions: { outstanding: REMAIN }, vesting: {}, releases: { kind: AT_CLOSE },
  compute: { tokenClassId: "TokenClass:0190a3c8-0000-7000-8000-000000000001", tokens: "100000",
    referencePrice: { amount: "2.35", currency: "USD" }, holderName: "What If Fund" },
  charging: RESERVED, longStop: "2029-06-15", tokenExpiry: "2029-06-15", unearned: {} }`

/** Arguments of fields that need some, as they are written in a document. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  'Company.identityOn': '(date: "2026-11-01")',
  'Company.antiDilution': `(input: { classId: "class-series-seed", method: FULL_RATCHET, issued: "1000000", ${ISSUE} })`,
  'Company.payToPlay': '(input: { classId: "class-series-seed", holders: [] })',
  'Company.waterfall': '(input: { exits: ["20000000"], debts: [{ name: "Bank", amount: "1" }] })',
  'Round.waterfall': '(input: { exits: ["20000000"], debts: [{ name: "Bank", amount: "1" }] })',
  'Company.whatIf': `(input: { terms: ${TERMS} })`,
  'Company.whatIfChain': `(input: { rounds: [{ compute: ${TERMS} }] })`,
  'Company.goalSeek': `(input: { terms: ${TERMS}, goal: { kind: TOKENS_FOR_PART, part: "0.1" } })`,
  'Company.tokenBalancesAsOf': '(at: "2026-11-01T00:00:00Z")',
  'Pool.freeCapacity': '(from: "2026-11-20T00:00:00Z", to: "2026-11-27T00:00:00Z")',
  'Query.findCapacity': '(gpus: 1, minutes: 60, from: "2026-11-21T00:00:00Z", to: "2026-11-27T00:00:00Z")',
}

/** An object type of the schema. @throws {Error} when there is none of this name */
export function objectType(name: string): GraphQLObjectType {
  const type = schema.getType(name)
  if (!isObjectType(type)) throw new Error(`the schema has no object type ${name}`)
  return type
}

/** The page that is asked for: more than a test makes of anything. */
export const PAGE = '(first: 25)'

/** The types that have global ids and are found by them. */
export const nodeTypes: readonly GraphQLObjectType[] = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type))
  .filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))

export const isNode = (type: GraphQLNamedType): boolean => nodeTypes.some(({ name }) => name === type.name)
export const isError = (type: GraphQLNamedType): boolean =>
  isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'DomainError')
/** Types that only hold pages together: what is in them counts. */
export const isPaging = (type: GraphQLNamedType): boolean => /^PageInfo$|(Connection|Edge)$/.test(type.name)

/** Every object type that a query reaches from these, without refusals. */
export function reachable(from: readonly GraphQLNamedType[]): ReadonlySet<GraphQLObjectType> {
  const found = new Set<GraphQLObjectType>()
  const visit = (type: GraphQLNamedType): void => {
    if (isUnionType(type)) type.getTypes().forEach(visit)
    if (!isObjectType(type) || isError(type) || found.has(type)) return
    found.add(type)
    for (const field of Object.values(type.getFields())) visit(getNamedType(field.type))
  }
  from.forEach(visit)
  return found
}

/** Whether a field can be asked for with what is written here: those that are about one thing cannot. */
export const isAskable = (parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>): boolean =>
  ARGUMENTS[`${parent.name}.${field.name}`] !== undefined || !field.args.some(isRequiredArgument)

/** Arguments of a field as they are written: those it needs, and enough of a page to see everything there is. */
export function argumentsOf(parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string {
  const known = ARGUMENTS[`${parent.name}.${field.name}`]
  if (known !== undefined) return known
  const needed = field.args.filter(isRequiredArgument).map(({ name }) => name)
  if (needed.length > 0) {
    throw new Error(`${parent.name}.${field.name} needs ${needed.join(', ')}: write them into ARGUMENTS of this file`)
  }
  return field.args.some(({ name }) => name === 'first') ? PAGE : ''
}

/** One field with everything below it. Nodes below it are told by their ids: they are asked for on their own. */
export function fieldOf(
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  above: readonly string[] = [],
  alias = '',
): string {
  const below = belowOf(getNamedType(field.type), [...above, parent.name])
  return `${alias}${field.name}${argumentsOf(parent, field)}${below}`
}

/** The braces after a field of this type, with everything in them; nothing for a plain value. */
export function belowOf(type: GraphQLNamedType, above: readonly string[] = []): string {
  if (isLeafType(type)) return ''
  if (isNode(type)) return ' { __typename id }'
  // Fields of one name may differ in kind between the members of a union, so each is named after its type.
  if (isUnionType(type)) {
    const members = type
      .getTypes()
      .map((member) => `... on ${member.name} { ${isNode(member) ? 'id' : fieldsOf(member, above, true)} }`)
    return ` { __typename ${members.join(' ')} }`
  }
  if (!isObjectType(type)) return ' { __typename }'
  if (above.includes(type.name)) return ' { __typename }'
  return ` { __typename ${fieldsOf(type, above)} }`
}

/** All fields of a type with everything below them. */
export const fieldsOf = (type: GraphQLObjectType, above: readonly string[] = [], named = false): string =>
  Object.values(type.getFields())
    .map((field) => fieldOf(type, field, above, named ? `${type.name}_${field.name}: ` : ''))
    .join(' ')

/** Calls back for every object of an answer to such a document, with its type's name. */
export function eachObject(answer: unknown, visit: (typename: string, object: Record<string, unknown>) => void): void {
  if (Array.isArray(answer)) {
    for (const item of answer) eachObject(item, visit)
  } else if (typeof answer === 'object' && answer !== null) {
    const object = answer as Record<string, unknown>
    if (typeof object.__typename === 'string') visit(object.__typename, object)
    for (const value of Object.values(object)) eachObject(value, visit)
  }
}

/** Whether there is something in an answer: not null, not an empty list, not a page of nothing, not a refusal. */
export function holdsSomething(answer: unknown): boolean {
  if (answer === null || answer === undefined) return false
  if (Array.isArray(answer)) return answer.some(holdsSomething)
  if (typeof answer !== 'object') return true
  const { __typename, edges } = answer as { __typename?: unknown; edges?: unknown }
  if (edges !== undefined) return holdsSomething(edges)
  const type = typeof __typename === 'string' ? schema.getType(__typename) : undefined
  return type === undefined || !isError(type)
}
