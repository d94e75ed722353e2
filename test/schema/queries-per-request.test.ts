/** What a request costs in SQL does not grow with how many things it is about: for every field of every type there is. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { GraphQLObjectType } from 'graphql'
import { admit } from '../../api/access/index.ts'
import { nodeKey } from '../../api/captable/index.ts'
import { globalId, inTransaction, newId } from '../../api/platform/index.ts'
import { OWN } from '../support/ocf-package.ts'
import { type Travelled, wholeWay } from '../support/path.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { nodeQuestions, PLAIN } from './crawl.ts'
import { eachObject, fieldOf, holdsSomething, nodeTypes, objectType, PAGE } from './walk.ts'

const FEW = 2
const MANY = 8
/** Fields that have nothing to show in a company where all is well. */
const EMPTY = new Set([
  'Company.tokenDifferences',
  'Company.arrears',
  'DealDocument.assignment',
  'Lot.cost',
  // A lot is released by milestones or on demand: the one that is asked has milestones.
  'Lot.releasesOnDemand',
  'Reservation.pendingChange',
])

const world = await makeWorld()
const travelled: Travelled[] = []
/** They see all companies or pools, but not as the fund's staff do: other conditions, and other queries. */
const people: Record<'partner' | 'founder' | 'provider', Person> = {
  partner: world.staff.partner,
  founder: await world.person('founder', { companyId: (await world.company('First, Inc.')).companyId }),
  provider: await world.person('provider', { providerId: world.providerId }),
}

before(async () => {
  for (let number = 1; number <= MANY; number += 1) {
    const one = await wholeWay(world, `Company ${number}, Inc.`)
    travelled.push(one)
    const belongs = [
      { person: people.founder, of: { role: 'founder', companyId: keyOf(one.companyId) } },
      { person: people.provider, of: { role: 'provider', providerId: keyOf(one.providerId) } },
    ] as const
    for (const { person, of } of belongs) {
      const { id } = person
      await inTransaction(world.deps.db, (trx) =>
        admit(trx, { id, name: 'One of many', email: `${id}@example.com` }, { id: newId(), ...of }),
      )
    }
  }
})

const keyOf = (id: string): string => id.slice(id.indexOf(':') + 1)

/** Ids of one type, one of each company. */
async function idsOf(type: GraphQLObjectType): Promise<string[]> {
  const own: Record<string, (one: Travelled) => string> = {
    Company: ({ companyId }) => companyId,
    Provider: ({ providerId }) => providerId,
    Pool: ({ poolId }) => poolId,
    TokenClass: ({ tokenClassId }) => tokenClassId,
    Round: ({ round }) => round,
    Amendment: ({ amendments }) => amendments.inForce,
    Closing: ({ closings }) => closings.held,
    DealDocument: ({ dealDocuments }) => dealDocuments.inForce,
    Reservation: ({ reservations }) => reservations.used,
    Lot: ({ lot }) => lot,
    Statement: ({ statements }) => statements.final,
    // A share of the package: a SAFE has no price to show.
    Security: ({ companyId }) => globalId('Security', keyOf(companyId), nodeKey(OWN.seedShares)),
  }
  return Promise.all(travelled.map((one) => own[type.name]?.(one) ?? firstOf(type, one.companyId)))
}

/** The last node of this type that a company's own fields tell of: the first that was made. */
async function firstOf(type: GraphQLObjectType, companyId: string): Promise<string> {
  for (const { selection } of nodeQuestions(objectType('Company'))) {
    const { data, errors } = await people.partner.graphql(
      `query ($id: ID!) { node(id: $id) { ... on Company { ${selection.replaceAll(PAGE, '(first: 100)')} } } }`,
      { id: companyId },
    )
    assert.deepEqual(errors, [])
    let id: string | undefined
    eachObject(data, (typename, object) => {
      if (typename === type.name) id = String(object.id)
    })
    if (id !== undefined) return id
  }
  throw new Error(`no company has a ${type.name}: take it further in test/support/path.ts`)
}

async function cost(person: Person, document: string, variables: Record<string, unknown>) {
  const { answer, statements } = await statementsDuring(() => person.graphql(document, variables))
  assert.deepEqual(answer.errors, [], document)
  return { answer, statements }
}

async function costsTheSame(person: Person, what: string, document: string, ids: readonly string[]) {
  const few = await cost(person, document, { ids: ids.slice(0, FEW), first: FEW })
  const many = await cost(person, document, { ids, first: MANY })
  assert.equal(
    many.statements.length,
    few.statements.length,
    `${what} takes ${few.statements.length} statements for ${FEW} and ${many.statements.length} for ${MANY}:\n${repeated(many.statements)}`,
  )
  return many.answer
}

/** The statements that ran most often, for whoever has to mend it. */
const repeated = (statements: readonly string[]): string =>
  [...Map.groupBy(statements, (text) => text)]
    .map(([text, all]) => `${all.length} times: ${text.slice(0, 200)}`)
    .filter((line) => !line.startsWith('1 times'))
    .join('\n')

for (const type of nodeTypes) {
  test(`a list of ${type.name} costs the same however long it is`, async () => {
    const ids = await idsOf(type)
    for (const { name, selection } of nodeQuestions(type)) {
      const document = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on ${type.name} { ${selection} } } }`
      const what = `${type.name}.${name}`
      for (const [role, person] of Object.entries(people)) {
        const { data } = await costsTheSame(
          person,
          `${what} for a ${role}`,
          document.replaceAll(PAGE, '(first: 5)'),
          ids,
        )
        if (role !== 'partner' || name === PLAIN) continue
        // A field that has nothing to show would cost nothing here, whatever it costs elsewhere.
        const empty = data.nodes.filter((node: Record<string, unknown> | null) => !holdsSomething(node?.[name]))
        assert.equal(
          empty.length,
          EMPTY.has(what) ? MANY : 0,
          `${what} should have something to show, not ${JSON.stringify(empty[0])}`,
        )
      }
    }
  })
}

test('a page of the whole costs the same however long it is', async () => {
  for (const field of Object.values(objectType('Query').getFields())) {
    if (!field.args.some(({ name }) => name === 'first')) continue
    const document = `query ($first: Int!) { ${fieldOf(objectType('Query'), field).replace(PAGE, '(first: $first)')} }`
    for (const [role, person] of Object.entries(people)) {
      await costsTheSame(person, `${field.name} for a ${role}`, document, [])
    }
  }
})
