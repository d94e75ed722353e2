/** The table of scenarios, and how it is played: against the ledger itself, or through one of its public doors. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { newId, type Uuid } from '../../api/platform/index.ts'
import type { World } from '../support/world.ts'
import { commit } from './given.ts'
import { accountsOf, expireAt, openLot, type RawAnswer } from './raw-ledger.ts'

export type Scenario = { readonly name: string; readonly lines: readonly Line[] }
export type Line = { readonly number: number; readonly text: string }
/** An event as `ledger_post` reads it. */
export type RawEvent = Record<string, unknown>

/** Where a table is played. */
export type Stage = {
  readonly world: World
  readonly companyId: Uuid
  /** Kind of account by letter. */
  readonly kinds: Readonly<Record<string, string>>
  readonly post: (events: readonly RawEvent[], at: string) => Promise<readonly RawAnswer[]>
}

export const MICRO = 1_000_000n

export const scenarios = readScenarios(readFileSync(new URL('scenarios.txt', import.meta.url), 'utf8'))

/** Rows that are events with an expected answer. */
export const eventRows = scenarios.flatMap(({ lines }) => lines).filter(({ text }) => text.includes('->'))

function readScenarios(text: string): Scenario[] {
  const found: { name: string; lines: Line[] }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('#') || line.trim() === '') continue
    if (line.startsWith('  ')) found.at(-1)?.lines.push({ number: index + 1, text: line.trim() })
    else found.push({ name: line.trim(), lines: [] })
  }
  return found
}

/** Plays a scenario and fails at the first line that is not as the table says. */
export async function playScenario(stage: Stage, { lines }: Scenario): Promise<void> {
  const play = player(stage)
  for (const line of lines) await play(line)
  await play({ number: 0, text: 'end' })
}

export const instantOf = (at: number): string => new Date(Date.UTC(2030, 0, 1) + at * 1000).toISOString()

/** Events are collected until another line ends their batch. */
function player({ world, companyId, kinds, post }: Stage) {
  const ids = new Map<string, Uuid>()
  const accounts = new Map<string, Uuid>()
  let second = 0
  let batch: { event: RawEvent; expected: string; line: Line }[] = []
  const idOf = (name: string): Uuid => ids.get(name) ?? (ids.set(name, newId()).get(name) as Uuid)

  async function flush(): Promise<void> {
    if (batch.length === 0) return
    const played = batch
    batch = []
    const answers = await post(
      played.map(({ event }) => event),
      instantOf(second),
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
      batch.push(readEvent(line, { accounts, idOf }))
      return
    }
    await flush()
    if (head === 'end') return
    if (head === 'at') second = Number(rest[0])
    else if (head === 'lot') await open(rest[0] ?? '', BigInt(rest[1] ?? '') * MICRO)
    else if (head === 'expire') {
      const count = await commit(world, (trx) => expireAt(trx, companyId, instantOf(second)))
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
    const byKind = await openLot(world, companyId, amount, instantOf(second))
    for (const [letter, kind] of Object.entries(kinds)) accounts.set(`${lot}${letter}`, byKind.get(kind) ?? '')
  }
}

/** Micro-tokens in the answers, as whole tokens; everything else as it is. */
const inTokens = (result: string, about: string): string =>
  ['would_overdraw', 'exceeds_pending'].includes(result) ? (BigInt(about) / MICRO).toString() : about

function readEvent(line: Line, of: { accounts: Map<string, Uuid>; idOf: (name: string) => Uuid }) {
  const [said = '', expected = ''] = line.text.split('->').map((part) => part.trim())
  const [name = '', kind, ...words] = said.split(/\s+/)
  const event: RawEvent = { id: of.idOf(name), kind, reason: 'test' }
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
    else if (key === 'until') event.expires_at = instantOf(Number(value))
    else if (key === 'why') event.reason = value
    else if (key === 'about') event.subject = value
    else if (key === 'balancing' || key === 'closing') event[key] = value
    else throw new Error(`line ${line.number}: what is ${word}?`)
  }
  return { event, expected, line }
}
