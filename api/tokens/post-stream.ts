import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import {
  BadInput,
  type Deps,
  DomainError,
  type InputFault,
  parse,
  retried,
  type Uuid,
  zKey,
} from '../platform/index.ts'
import { mustPostFor } from './post-transfers.ts'
import { type DoorEvent, type TransferAnswer, throughDoor } from './transfer-door.ts'
import { ledgerEventOf, TransferEvent } from './transfer-event.ts'
import { LinkedChainBroken } from './transfer-refusals.ts'

const TransferLine = TransferEvent.extend({ companyId: zKey('Company') })

/** What is read of a line that is malformed, so that it breaks the chain that it belongs to. */
const Glimpse = z.object({
  companyId: zKey('Company').optional().catch(undefined),
  linked: z.literal(true).optional().catch(undefined),
})

/** One line of a stream of transfers: an event that names its company, or a fault of form. */
export type StreamLine = { readonly number: number } & (
  | { readonly companyId: Uuid; readonly event: DoorEvent; readonly fault?: BadInput }
  | { readonly fault: BadInput }
)

/** Reads a line. What is malformed is a fault of that line, and of the chain that it stands in. */
export function readTransferLine(
  line: { readonly number: number } & ({ readonly value: unknown } | { readonly faults: readonly InputFault[] }),
): StreamLine {
  const { number } = line
  if ('faults' in line) return { number, fault: new BadInput(line.faults) }
  try {
    const { companyId, ...event } = parse(TransferLine, line.value)
    return { number, companyId, event: ledgerEventOf(event) }
  } catch (fault) {
    if (!(fault instanceof BadInput)) throw fault
    const { companyId, linked } = Glimpse.safeParse(line.value).data ?? {}
    if (companyId === undefined) return { number, fault }
    return { number, companyId, event: { malformed: true, linked: linked === true }, fault }
  }
}

/** Whether the line is linked with the one after it: the two are not to be worked on apart. */
export const isLinked = (line: StreamLine): boolean => 'event' in line && line.event.linked === true

export type LineAnswer = { readonly number: number; readonly answer: TransferAnswer | BadInput | DomainError }

/**
 * Posts lines of several companies, those of one company in one statement and in order. Answers every line, in order; a
 * company that the actor may not post for answers so in each of its lines.
 *
 * A chain is made of lines that follow one another and are of one company: a line of another company, or one that is
 * malformed, breaks it.
 */
export async function postLines(
  deps: Deps,
  actor: Actor,
  lines: readonly StreamLine[],
): Promise<readonly LineAnswer[]> {
  const answers = new Map<number, LineAnswer['answer']>()
  for (const [companyId, events] of byCompany(lines)) {
    const batch = events.map(({ event }) => event)
    const said = await refusable(async () => {
      await mustPostFor(deps.db, actor, companyId)
      return retried(() => throughDoor(deps.db, actor, companyId, batch))
    })
    for (const [index, { number, only }] of events.entries()) {
      const answer = said instanceof DomainError ? said : said[index]
      if (answer === undefined || only !== undefined) continue
      answers.set(number, answer instanceof LinkedChainBroken ? broken(answer, events) : answer)
    }
  }
  return lines.map((line) => {
    const answer = 'fault' in line && line.fault !== undefined ? line.fault : answers.get(line.number)
    if (answer === undefined) throw new Error(`line ${line.number} was not answered`)
    return { number: line.number, answer }
  })
}

/** `only` breaks a chain: the line itself is answered elsewhere. */
type Placed = { readonly number: number; readonly event: DoorEvent; readonly only?: 'breaks' }

/** The events of each company. Where another company's line, or a malformed one, stands inside a chain, that breaks it. */
function byCompany(lines: readonly StreamLine[]): Map<Uuid, Placed[]> {
  const groups = new Map<Uuid, Placed[]>()
  let chain: Uuid | undefined
  for (const line of lines) {
    const companyId = 'companyId' in line ? line.companyId : undefined
    if (chain !== undefined && companyId !== chain) {
      groups.get(chain)?.push({ number: line.number, event: { malformed: true, linked: false }, only: 'breaks' })
    }
    if (companyId === undefined || !('event' in line)) {
      chain = undefined
      continue
    }
    const group = groups.get(companyId) ?? []
    group.push({ number: line.number, event: line.event })
    groups.set(companyId, group)
    chain = isLinked(line) ? companyId : undefined
  }
  return groups
}

/** Which event broke a chain, by its line. */
const broken = ({ at }: LinkedChainBroken, events: readonly Placed[]): LinkedChainBroken =>
  new LinkedChainBroken(events[at - 1]?.number ?? at, 'line')

async function refusable<T>(work: () => Promise<T>): Promise<T | DomainError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
}
