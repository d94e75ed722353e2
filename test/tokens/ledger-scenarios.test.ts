import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newId, type Uuid } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { commit } from './given.ts'
import { accountsOf, expireAt, openLot, postAt } from './raw-ledger.ts'

const world = await makeWorld()

type Scenario = { readonly name: string; readonly lines: readonly Line[] }
type Line = { readonly number: number; readonly text: string }

const scenarios = readScenarios(readFileSync(new URL('scenarios.txt', import.meta.url), 'utf8'))

function readScenarios(text: string): Scenario[] {
  const found: { name: string; lines: Line[] }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('#') || line.trim() === '') continue
    if (line.startsWith('  ')) found.at(-1)?.lines.push({ number: index + 1, text: line.trim() })
    else found.push({ name: line.trim(), lines: [] })
  }
  return found
}

const KINDS: Record<string, string> = {
  o: 'obligation',
  l: 'locked',
  a: 'available',
  h: 'held',
  d: 'charged:delivered',
  n: 'charged:no_show',
  x: 'expired',
}
const MICRO = 1_000_000n

for (const { name, lines } of scenarios) {
  test(name, async () => {
    const { companyId } = await world.company()
    const play = player(companyId)
    for (const line of lines) await play(line)
    await play({ number: 0, text: 'end' })
  })
}

test('the table has at least a hundred rows of events', () => {
  const rows = scenarios.flatMap(({ lines }) => lines).filter(({ text }) => text.includes('->'))
  assert.ok(rows.length >= 100, `${rows.length}`)
})

/** Plays the lines of one scenario. Events are collected until another line ends their batch. */
function player(companyId: Uuid) {
  const ids = new Map<string, Uuid>()
  const accounts = new Map<string, Uuid>()
  let second = 0
  let batch: { event: Record<string, unknown>; expected: string; line: Line }[] = []
  const idOf = (name: string): Uuid => ids.get(name) ?? (ids.set(name, newId()).get(name) as Uuid)
  const instant = (at: number): string => new Date(Date.UTC(2030, 0, 1) + at * 1000).toISOString()

  async function flush(): Promise<void> {
    if (batch.length === 0) return
    const played = batch
    batch = []
    const answers = await commit(world, (trx) =>
      postAt(
        trx,
        companyId,
        played.map(({ event }) => event),
        instant(second),
      ),
    )
    const shown = answers.map(({ result, about, amount }) =>
      [result, about === null ? '' : ` (${inTokens(result, about)})`, amount === null ? '' : ` ${amount / MICRO}`].join(
        '',
      ),
    )
    for (const [index, { expected, line }] of played.entries()) {
      assert.equal(shown[index], expected, `line ${line.number}: ${line.text}`)
    }
  }

  return async (line: Line): Promise<void> => {
    const [head = '', ...rest] = line.text.split(/\s+/)
    if (/^T\d+$/.test(head)) {
      batch.push(readEvent(line, { accounts, idOf, instant }))
      return
    }
    await flush()
    if (head === 'end') return
    if (head === 'at') second = Number(rest[0])
    else if (head === 'lot') await open(rest[0] ?? '', BigInt(rest[1] ?? '') * MICRO)
    else if (head === 'expire') {
      const count = await commit(world, (trx) => expireAt(trx, companyId, instant(second)))
      assert.equal(count, Number(rest[0]), `line ${line.number}: ${line.text}`)
    } else {
      const balance = (await accountsOf(world.deps.db, companyId)).get(accounts.get(head) ?? '')
      assert.ok(balance !== undefined, `line ${line.number}: no account ${head}`)
      const { posted, out, in: into } = balance
      assert.equal(
        `${posted / MICRO} -${out / MICRO} +${into / MICRO}`,
        rest.join(' '),
        `line ${line.number}: ${line.text}`,
      )
    }
  }

  async function open(lot: string, amount: bigint): Promise<void> {
    const kinds = await openLot(world, companyId, amount, instant(second))
    for (const [letter, kind] of Object.entries(KINDS)) accounts.set(`${lot}${letter}`, kinds.get(kind) ?? '')
  }
}

/** Micro-tokens in the answers, as whole tokens; everything else as it is. */
const inTokens = (result: string, about: string): string =>
  ['would_overdraw', 'exceeds_pending'].includes(result) ? (BigInt(about) / MICRO).toString() : about

function readEvent(
  line: Line,
  of: { accounts: Map<string, Uuid>; idOf: (name: string) => Uuid; instant: (at: number) => string },
) {
  const [said = '', expected = ''] = line.text.split('->').map((part) => part.trim())
  const [name = '', kind, ...words] = said.split(/\s+/)
  const event: Record<string, unknown> = { id: of.idOf(name), kind, reason: 'test' }
  for (const word of words) {
    const [key = '', value = ''] = word.split('=')
    if (word.includes('>')) {
      const [debit = '', credit = ''] = word.split('>')
      event.debit = of.accounts.get(debit) ?? newId()
      event.credit = of.accounts.get(credit) ?? newId()
    } else if (/^-?\d+$/.test(word)) event.amount = (BigInt(word) * MICRO).toString()
    else if (key === 'linked') event.linked = true
    else if (key === 'for') event.pending_id = of.idOf(value)
    else if (key === 'undoes') event.reverses_id = of.idOf(value)
    else if (key === 'until') event.expires_at = of.instant(Number(value))
    else if (key === 'why') event.reason = value
    else if (key === 'about') event.subject = value
    else if (key === 'balancing' || key === 'closing') event[key] = value
    else throw new Error(`line ${line.number}: what is ${word}?`)
  }
  return { event, expected, line }
}
