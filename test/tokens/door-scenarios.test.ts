/** The same table of events and answers, through the public doors: every row by lines, and by GraphQL what it can say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'
import { asGraphql, doorEvent, notATransfer, postByGraphql, postLines, rawAnswer } from './door.ts'
import type { RawAnswer } from './raw-ledger.ts'
import { eventRows, playScenario, type RawEvent, type Scenario, scenarios } from './scenarios.ts'

const world = await makeWorld()
const { partner } = world.staff

/** Kinds of account that a partner may move tokens between, beside available and the contra account. */
const OTHERS = ['escrow', 'cancelled', 'expired']

/** What a scenario's letters stand for here. Its names of accounts stand for any accounts. */
function kindsOf({ name, lines }: Scenario): Record<string, string> {
  const letters = new Set(lines.flatMap(({ text }) => [...text.matchAll(/\b\d([a-z])\b/g)].map(([, letter]) => letter)))
  const others = [...letters].filter((letter) => letter !== 'o' && letter !== 'a')
  assert.ok(others.length <= OTHERS.length, `${name}: ${others}`)
  return {
    o: 'obligation',
    a: 'available',
    ...Object.fromEntries(others.map((letter, index) => [letter ?? '', OTHERS[index] ?? ''])),
  }
}

/** What is no number of tokens is malformed here; the ledger itself calls a negative amount not positive. */
const asTable = (answer: RawAnswer, event: Record<string, unknown>): RawAnswer =>
  answer.about === 'amount' && String(event.amount).startsWith('-')
    ? { result: 'amount_not_positive', about: null, amount: null }
    : answer

let played = 0
for (const scenario of scenarios) {
  test(`by lines: ${scenario.name}`, async () => {
    const { companyId } = await world.company()
    const post = async (events: readonly RawEvent[], at: string) => {
      await world.setClock(at)
      played += events.length
      const lines = events.map((event) => ({ companyId: `Company:${companyId}`, ...doorEvent(companyId, event) }))
      const answers = await postLines(world, partner, lines)
      assert.deepEqual(
        answers.map(({ line }) => line),
        lines.map((_line, index) => index + 1),
      )
      return answers.map((answer, index) =>
        // Time expires what has a time: no caller does.
        events[index]?.kind === 'expire_pending'
          ? { result: 'pending_not_due', about: null, amount: null }
          : asTable(rawAnswer(answer), lines[index] ?? {}),
      )
    }
    await playScenario({ world, companyId, kinds: kindsOf(scenario), post }, scenario)
  })

  test(`by GraphQL: ${scenario.name}`, async () => {
    const { companyId } = await world.company()
    const post = async (raw: readonly RawEvent[], at: string) => {
      await world.setClock(at)
      const events = raw.map((event) => doorEvent(companyId, event))
      const good = events.filter((event) => notATransfer(event) === undefined)
      const said = good.length === 0 ? [] : await answers(good)
      return Promise.all(
        events.map(async (event, index) => {
          const field = notATransfer(event)
          if (field === undefined) return rawAnswer(said.shift())
          const { errors } = await postByGraphql(partner, companyId, [asGraphql(event)])
          assert.equal(errors[0]?.extensions.code, 'BAD_INPUT')
          if (raw[index]?.kind === 'expire_pending') return { result: 'pending_not_due', about: null, amount: null }
          return asTable({ result: 'malformed', about: field, amount: null }, event)
        }),
      )
    }
    const answers = async (events: readonly Record<string, unknown>[]) => {
      const { data, errors } = await postByGraphql(partner, companyId, events.map(asGraphql))
      assert.deepEqual(errors, [])
      return data.postTransfers.answers
    }
    await playScenario({ world, companyId, kinds: kindsOf(scenario), post }, scenario)
  })
}

test('every row of the table was played through the public door', () => {
  assert.equal(played, eventRows.length)
  assert.ok(played >= 120, `${played}`)
})
