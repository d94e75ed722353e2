/** Reads everything that a person can reach, from the roots of the schema over every field of every node it tells of. */
import assert from 'node:assert/strict'
import { type GraphQLObjectType, getNamedType, isLeafType } from 'graphql'
import type { Answer, Person } from '../support/world.ts'
import { eachObject, fieldOf, isAskable, isNode, nodeTypes, objectType } from './walk.ts'

/** Texts of answers by what was asked: `Query.companies`, `Company:… rounds`. */
export type Crawled = { readonly answers: ReadonlyMap<string, string>; readonly seen: readonly Answer['data'][] }

/** Nodes of one document: more would be too dear; of a question with many fields two would be too broad. */
const together = (selection: string): number => (selection.split(' ').length > 150 ? 1 : 2)

/** The name of the question for all fields of a node that have nothing below them. */
export const PLAIN = 'plain fields'

/** What to ask of a node: its plain fields together, and each field with something below it on its own. */
export function nodeQuestions(type: GraphQLObjectType): { name: string; selection: string }[] {
  const fields = Object.values(type.getFields())
  const plain = fields.filter((field) => isLeafType(getNamedType(field.type)))
  return [
    { name: PLAIN, selection: plain.map((field) => fieldOf(type, field)).join(' ') },
    ...fields
      .filter((field) => !plain.includes(field))
      .map((field) => ({ name: field.name, selection: fieldOf(type, field) })),
  ]
}

/** The fields of Query that can be asked for as they are, with everything below them. */
const rootDocuments = (): { field: string; document: string }[] =>
  Object.values(objectType('Query').getFields())
    .filter((field) => isAskable(objectType('Query'), field))
    .map((field) => ({ field: field.name, document: `{ ${fieldOf(objectType('Query'), field)} }` }))

/** Everything that this person can reach. No answer may have an error, and no page may go on. */
export async function crawl(person: Person): Promise<Crawled> {
  const answers = new Map<string, string>()
  const seen: Answer['data'][] = []
  const known = new Set<string>()
  let found = new Map<string, string[]>()
  const ask = async (what: string, document: string) => {
    const answer = await person.graphql(document)
    assert.deepEqual(answer.errors, [], `${what}: ${document}`)
    assert.ok(!JSON.stringify(answer.data).includes('"hasNextPage":true'), `${what} has more than one page`)
    seen.push(answer.data)
    eachObject(answer.data, (typename, { id }) => {
      if (typeof id !== 'string' || known.has(id) || !isNode(objectType(typename))) return
      known.add(id)
      found.set(typename, [...(found.get(typename) ?? []), id])
    })
    return answer.data
  }
  for (const { field, document } of rootDocuments()) {
    answers.set(`Query.${field}`, JSON.stringify(await ask(`Query.${field}`, document)))
  }
  while (found.size > 0) {
    const wave = found
    found = new Map()
    for (const [typename, ids] of wave) {
      for (const { name, selection } of nodeQuestions(objectType(typename))) {
        const size = together(selection)
        for (let at = 0; at < ids.length; at += size) {
          const some = ids.slice(at, at + size)
          const nodes = some.map(
            (id, n) => `n${n}: node(id: "${id}") { __typename ... on ${typename} { ${selection} } }`,
          )
          const data = await ask(`${typename} ${name}`, `{ ${nodes.join(' ')} }`)
          for (const [n, id] of some.entries()) answers.set(`${id} ${name}`, JSON.stringify(data[`n${n}`]))
        }
      }
    }
  }
  return { answers, seen }
}

/** The ids of all nodes in what was crawled, by type. */
export function idsIn({ seen }: Crawled): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>(nodeTypes.map(({ name }) => [name, new Set()]))
  eachObject(seen, (typename, { id }) => {
    if (typeof id === 'string') ids.get(typename)?.add(id)
  })
  return ids
}
