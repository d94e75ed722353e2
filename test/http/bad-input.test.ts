/** Whatever is sent in any field of any mutation: a clear error that names the field, nothing written, nothing of ours told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInputObjectType, isNonNullType } from 'graphql'
import { schema } from '../../schema/index.ts'
import { rows } from '../support/rows.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertTellsNothing, named, short } from './given-hostile.ts'
import { type Leaf, leavesOf, malformed, wellFormed, withValue } from './hostile-values.ts'

const world = await makeWorld()
const company = await world.company()

const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).map((field) => {
  const type = field.args[0]?.type
  const input = isNonNullType(type) ? type.ofType : type
  if (field.args.length !== 1 || !isInputObjectType(input)) throw new Error(`${field.name} takes more than an input`)
  const document = `mutation ($input: ${input.name}!) { ${field.name}(input: $input) { __typename ... on DomainError { code message } } }`
  return { name: field.name, input, document, role: (field.extensions.roles as string[])[0] ?? '' }
})

/** Somebody whose role the mutation lets in: what is malformed is told before any right is asked for. */
const whoever = (role: string): Person =>
  role === 'founder' || role === 'signatory' ? company[role] : (world.staff[role as 'partner'] ?? world.staff.partner)

/** The input around a field. A package comes as files or as an archive. */
const around = (input: unknown, leaf: Leaf): Record<string, unknown> => ({
  ...(input as Record<string, unknown>),
  [leaf.path[0] === 'files' ? 'zipBase64' : 'files']: undefined,
})

for (const { name, input, document, role } of mutations) {
  test(`${name}: every malformed field is refused by name, and nothing is written`, async () => {
    const by = whoever(role)
    const before = await rows(world)
    const faults: string[] = []
    // The terms of a round are the same in every mutation that takes them.
    const known = (leaf: Leaf) =>
      (['reviseTerms', 'draftAmendment', 'saveScenario', 'reviseScenario'].includes(name) &&
        leaf.path[0] === 'terms' &&
        leaf.path.length > 1) ||
      (['saveChain', 'reviseChain'].includes(name) && leaf.path[0] === 'rounds' && leaf.path.length > 1)
    for (const leaf of leavesOf(input).filter((each) => !known(each))) {
      const path = ['input', ...leaf.path].join('.')
      const base = around(wellFormed(input, 'input'), leaf)
      for (const value of malformed(leaf)) {
        const answer = await by.graphql(document, { input: withValue(base, leaf.path, value) })
        try {
          assertTellsNothing(JSON.stringify(answer), short(value))
          assert.deepEqual([...new Set(answer.errors.map(({ extensions }) => extensions.code))], ['BAD_INPUT'])
          // In a field that stands only beside another kind, the fault may be that it stands there.
          const around = leaf.path.slice(0, -1).map((_, index) => ['input', ...leaf.path.slice(0, index + 1)].join('.'))
          assert.ok(
            named(answer).some((at) => at === path || at.startsWith(`${path}.`) || around.slice(-3).includes(at)),
            `names ${named(answer)}`,
          )
        } catch (error) {
          faults.push(`${path} = ${short(value)}: ${String(error).slice(0, 300)} ${short(answer)}`)
        }
      }
    }
    assert.deepEqual(await rows(world), before)
    assert.equal(faults.length, 0, `\n${faults.join('\n')}`)
  })
}

/** No id, or fields that depend on one another: an input that is well formed in each is none as a whole. */
const DEPENDING: ReadonlySet<string> = new Set([
  'adjustConversionRatio',
  'changeReservation',
  'completeRestart',
  'createCompany',
  'draftAmendment',
  'draftRound',
  'draftSideLetter',
  'planClosing',
  'requestReservations',
  'reviseChain',
  'reviseTerms',
  'saveChain',
  'saveScenario',
  'reviseScenario',
  'splitReservation',
])

test('an unknown id is a typed refusal in every mutation, and nothing is written', async () => {
  const before = await rows(world)
  const codes: Record<string, string> = {}
  for (const { name, input, document, role } of mutations) {
    if (DEPENDING.has(name)) continue
    const { reasonCode, waitUntil: _waits, ...others } = around(wellFormed(input, 'input'), { path: [], type: input })
    // A decision that approves has no reason for declining.
    const given = ['decideReservation', 'decideChange'].includes(name) ? others : { ...others, reasonCode }
    const answer = await whoever(role).graphql(document, { input: given })
    codes[name] = answer.data?.[name].code ?? JSON.stringify(answer.errors)
  }
  assert.deepEqual(codes, Object.fromEntries(Object.keys(codes).map((name) => [name, 'NOT_FOUND'])))
  assert.deepEqual(await rows(world), before)
})
