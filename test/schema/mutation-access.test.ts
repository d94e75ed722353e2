/** Everybody tries every mutation, on what is theirs and on what is not: who may is what the schema says, and nobody else. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type GraphQLInputObjectType, getNamedType, isInputObjectType } from 'graphql'
import { z } from 'zod'
import { ROLES, type Role } from '../../api/access/index.ts'
import { sendTokens } from '../../api/closing/index.ts'
import { globalId, newId } from '../../api/platform/index.ts'
import { openLot } from '../../api/tokens/index.ts'
import { type Travelled, wholeWay } from '../support/path.ts'
import { makeStage } from '../support/path-stage.ts'
import { fundIn } from '../support/path-terms.ts'
import { type Answer, makeWorld } from '../support/world.ts'
import { type Call, MUTATIONS, type MutationCase, REFERENCES, seesSubject } from './mutation-inputs.ts'
import { objectType } from './walk.ts'
import { makeCast, type Thing, type Who, walledOff } from './who-sees.ts'

const world = await makeWorld()
let ours: Call
let theirs: Call
let everybody: Who[]

before(async () => {
  ours = await call(await wholeWay(world, 'Lumen Robotics, Inc.'))
  const stage = await makeStage(world, 'Their compute')
  theirs = await call(await wholeWay(world, 'Their Company, Inc.', stage))
  everybody = [...(await makeCast(world, ours, theirs)), ...(await walledOff(world, theirs.companyId))]
})

async function call(of: Travelled): Promise<Call> {
  const { data } = await world.staff.compliance.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company { flags(states: [open], first: 1) { edges { node { id finding { id } } } } documents { id } transfers(first: 1) { edges { node { transferId } } } } } }`,
    { id: of.companyId },
  )
  const { node } = data.node.flags.edges[0]
  const flag = { id: node.id, findingId: node.finding.id }
  return {
    ...of,
    flag,
    document: data.node.documents[0].id,
    sending: await send(of),
    lotTransfer: `${of.companyId.replace('Company:', 'TokenTransfer:')}:${data.node.transfers.edges[0].node.transferId}`,
    fund: await fundIn(world, of.companyId),
  }
}

/** Tokens of a lot that may go, asked to be sent to another company. */
async function send({ companyId, tokenClassId }: Travelled): Promise<string> {
  const { deps, staff } = world
  const reason = 'the test'
  const lot = { companyId, tokenClassId, amount: '10', expiresOn: '2035-12-31', reason } as const
  await openLot(deps, staff.operations.actor, { ...lot, origin: 'top_up', transferRule: 'WITH_PROVIDER_CONSENT' })
  const to = await world.company('Receiver, Inc.')
  const { ref } = await sendTokens(deps, staff.operations.actor, {
    companyId,
    toCompanyId: to.id,
    tokenClassId,
    amount: '5',
    reason,
  })
  return globalId('TokenSending', ref.companyId, ref.id)
}

/** The roles that a mutation lets in, as its field says. */
const Extensions = z.object({ roles: z.array(z.enum(ROLES)).nonempty() })
const rolesOf = (name: string): readonly Role[] =>
  Extensions.parse(objectType('Mutation').getFields()[name]?.extensions).roles

const documentOf = (name: string): string => {
  const field = objectType('Mutation').getFields()[name]
  if (field === undefined) throw new Error(`there is no mutation ${name}`)
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  return `mutation ($input: ${type}!) { ${name}(input: $input) { __typename
    ... on DomainError { code message transient } ... on NotFound { what id } ... on Forbidden { needs } } }`
}

const tryIt = (who: Who, name: string, input: unknown): Promise<Answer> =>
  who.person.graphql(documentOf(name), { input })

const thingOf = (id: string, of: Call): Thing => ({
  id,
  companyId: /^(Pool|Provider|TokenClass|Maintenance|NodeRestart):/.test(id) ? undefined : of.companyId,
  providerId: of.providerId,
  shownToCompany:
    (id.startsWith('Closing:') && ![of.closings.planned, of.closings.ofStopped].includes(id)) ||
    [
      of.round,
      of.issuedRound,
      of.acceptedRound,
      of.amendments.proposed,
      of.amendments.inForce,
      of.dealDocuments.proposed,
      of.dealDocuments.inForce,
      of.dealDocuments.later,
      of.closings.offered,
      of.closings.held,
    ].includes(id),
})

/** Whoever has the role may act on what they see; a provider's staff, on what is the provider's. */
const mayAct = (who: Who, name: string, of: Call): boolean =>
  rolesOf(name).includes(who.role) && (!['provider', 'machine'].includes(who.role) || who.providerId === of.providerId)

const eventCount = async (): Promise<bigint> => {
  const { count } = await world.deps.db
    .selectFrom('audit_event')
    .select((on) => on.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

test('every mutation is tried, and says who may', () => {
  const names = Object.keys(objectType('Mutation').getFields())
  assert.deepEqual(Object.keys(MUTATIONS).sort(), [...names].sort(), 'write the new ones into mutation-inputs.ts')
  for (const name of names) assert.ok(rolesOf(name).length > 0, name)
})

for (const [name, one] of Object.entries(MUTATIONS)) {
  test(`${name} is refused to whoever may not, in the same words whether the thing is there or not`, async () => {
    const before = await eventCount()
    for (const side of [ours, theirs]) {
      for (const who of everybody) await refused(who, name, one, side)
    }
    assert.equal(await eventCount(), before, 'a refusal has left something behind')
  })
}

async function refused(who: Who, name: string, one: MutationCase, of: Call): Promise<void> {
  const subject = one.subject(of)
  const sees = subject === undefined || seesSubject(who, thingOf(subject, of), one.seenLike)
  if (sees && mayAct(who, name, of)) return
  const what = `${name} by ${who.name} on ${subject}`
  const { data, errors } = await tryIt(who, name, one.input(of))
  assert.deepEqual(errors, [], what)
  const answer = data[name]
  if (sees) {
    assert.equal(answer.__typename, 'Forbidden', `${what}: ${JSON.stringify(answer)}`)
    assert.deepEqual([...answer.needs].sort(), [...rolesOf(name)].sort(), what)
    return
  }
  assert.equal(answer.__typename, 'NotFound', `${what}: ${JSON.stringify(answer)}`)
  for (const ghost of ghostsOf(subject)) {
    const input = JSON.parse(JSON.stringify(one.input(of)).replaceAll(subject, ghost))
    const missing = await tryIt(who, name, input)
    assert.equal(without(missing.data, ghost), without(data, subject), what)
  }
}

/** Ids that nothing has: of the same company, and of none. */
const ghostsOf = (id: string): string[] => [
  id.replace(/[^:]*$/, newId()),
  id.replaceAll(/:[^:]+/g, () => `:${newId()}`),
]
const without = (answer: unknown, id: string): string => JSON.stringify(answer).replaceAll(id, 'ID')

/** Every id of an input, by its path. */
function idsOf(type: GraphQLInputObjectType): string[] {
  return Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type)
    if (isInputObjectType(named)) return idsOf(named).map((path) => `${field.name}.${path}`)
    return named.name === 'ID' ? [field.name] : []
  })
}

test('a second thing that a call names is not told from one that there is not, where it may not be seen', async () => {
  const named = Object.entries(MUTATIONS).flatMap(([name, { subject, input }]) => {
    const [type] =
      objectType('Mutation')
        .getFields()
        [name]?.args.map((arg) => getNamedType(arg.type)) ?? []
    if (!isInputObjectType(type)) throw new Error(`${name} has no input`)
    const own = Object.entries(input(ours)).find(([, value]) => value === subject(ours))?.[0]
    return idsOf(type)
      .filter((path) => path !== own)
      .map((path) => `${name}.${path}`)
  })
  assert.deepEqual(named.sort(), Object.keys(REFERENCES).sort(), 'write the new ones into mutation-inputs.ts')
  for (const [path, reference] of Object.entries(REFERENCES)) {
    if (reference === 'seen by whoever may') continue
    const [name = '', field = ''] = path.split('.')
    const hidden = reference(theirs)
    for (const who of everybody.filter((one) => one.walledOff !== undefined && mayAct(one, name, ours))) {
      const ask = async (id: string) =>
        without(await tryIt(who, name, { ...MUTATIONS[name]?.input(ours), [field]: id }), id)
      for (const ghost of ghostsOf(hidden)) {
        assert.equal(await ask(hidden), await ask(ghost), `${path} by ${who.name}`)
      }
    }
  }
})

for (const [name, one] of Object.entries(MUTATIONS)) {
  test(`${name} is open to ${rolesOf(name).join(' and ')}`, async () => {
    const may = everybody.filter((who) => {
      const subject = one.subject(ours)
      return (
        (subject === undefined || seesSubject(who, thingOf(subject, ours), one.seenLike)) && mayAct(who, name, ours)
      )
    })
    assert.deepEqual(new Set(may.map(({ role }) => role)), new Set(rolesOf(name)))
    for (const who of may) {
      const { data, errors } = await tryIt(who, name, one.input(ours))
      assert.deepEqual(errors, [], `${name} by ${who.name}`)
      const { __typename, message } = data[name]
      assert.ok(!['Forbidden', 'NotFound'].includes(__typename), `${name} by ${who.name}: ${message}`)
    }
  })
}
