import { importCapTable } from '../../api/captable/index.ts'
import { issueTermSheet } from '../../api/closing/index.ts'
import { OpenFlags, recordFact } from '../../api/flags/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { reviseTerms } from '../../api/rounds/index.ts'
import { safeOf } from '../captable/given-convertibles.ts'
import { ownPackage } from './ocf-package.ts'
import {
  accept,
  amend,
  besideTerms,
  close,
  closeAgain,
  draft,
  firstClosingOf,
  giveUp,
  idOf,
  keep,
  keepChain,
  mark,
  propose,
  type Way,
} from './path-deal.ts'
import { book, lostNode, lostUsage, state } from './path-drawdown.ts'
import { overTime } from './path-pool.ts'
import { askAndTell } from './path-releases.ts'
import { END, makeStage, type Stage, tend } from './path-stage.ts'
import { terms } from './path-terms.ts'
import type { Person, World } from './world.ts'

/** A company that went the whole way, and what it left behind, by global id. */
export type Travelled = Stage & {
  readonly companyId: string
  readonly founder: Person
  readonly signatory: Person
  /** Closed; its grant is drawn down. */
  readonly round: string
  /** Proposed in vain: flags are open. */
  readonly stoppedRound: string
  /** Terms that the fund keeps under a name. */
  readonly scenario: string
  /** Rounds one after another that the fund keeps under a name. */
  readonly chain: string
  /** Its term sheet is issued and not accepted. */
  readonly issuedRound: string
  /** Accepted by the company, its conditions open. */
  readonly acceptedRound: string
  readonly reservations: Readonly<Record<'used' | 'held' | 'approved' | 'cancelled' | 'changing', string>>
  readonly statements: Readonly<Record<'final' | 'stated' | 'dispute', string>>
  /** What the fund takes a share to be worth: approved. */
  readonly markId: string
  /** A part of the grant that was given up, and another that waits for approval: the latter, and the grant. */
  readonly settlementId: string
  readonly grantId: string
  /** The lot of the grant, and a milestone of it that waits for the provider. */
  readonly lot: string
  readonly tokenRelease: string
  /** Of the pool, far ahead. */
  readonly maintenance: string
  readonly dedication: string
  /** Closings of the closed round after the first. */
  readonly closings: Readonly<Record<'planned' | 'offered' | 'held' | 'ofStopped', string>>
  /** Side letters and an assignment of the closed round. `inForce` has elected `later`. */
  readonly dealDocuments: Readonly<Record<'drafted' | 'proposed' | 'inForce' | 'later', string>>
  /** A node of the reservation in use that was down between two checks: the provider has not said for how long. */
  readonly nodeRestart: string
  /** Usage that was kept aside: of a reservation that there is not. */
  readonly quarantined: string
  /** Of the closed round: not shown to the company yet, shown to it, and in force. */
  readonly amendments: Readonly<Record<'drafted' | 'proposed' | 'inForce', string>>
}

/** From a cap table to a final statement, with something of every kind left in every state that a test asks for. */
export async function wholeWay(world: World, name: string, on?: Stage): Promise<Travelled> {
  const { deps, staff } = world
  const stage = on ?? (await makeStage(world, `${name} compute`))
  await world.setClock('2026-05-11T10:00:00Z')
  const { companyId: key, id: companyId, founder, signatory } = await world.company(name)
  // The SAFE is of after the first round's closing, so that it converts in the later ones.
  const safe = { ...safeOf('safe-1', '250000', { cap: '20000000' }), date: '2026-08-10' }
  const files = ownPackage({ Transactions: (items) => [...items, safe] })
  await importCapTable(deps, staff.analyst.actor, { companyId, files: [...files] })
  await recordFacts(world, companyId, name)
  const way: Way = { world, stage, companyId, founder: founder.actor }

  const round = await draft(way, 'Series Seed-2', '200000')
  await reviseTerms(deps, staff.analyst.actor, {
    roundId: idOf('Round', round),
    expectedVersion: 1,
    terms: terms(stage, 'Series Seed-2', '200000'),
  })
  await close(way, round, 2)
  const reservations = await book(way)
  const statements = await state(way)
  const quarantined = await lostUsage(way)
  const nodeRestart = await lostNode(way, reservations.used)
  const pool = await overTime(world, stage, companyId)

  await world.setClock('2026-10-05T09:00:00Z')
  const amendments = await amend(way, round, signatory.actor)
  const closings = await closeAgain(way, round, signatory.actor)
  const dealDocuments = await besideTerms(way, round, signatory.actor)
  const issuedRound = await draft(way, 'Series B', '1000')
  await propose(way, issuedRound, 1)
  await issueTermSheet(deps, staff.partner.actor, { roundId: idOf('Round', issuedRound) })
  const acceptedRound = await draft(way, 'Series C', '1000')
  await propose(way, acceptedRound, 1)
  await accept(way, acceptedRound)
  const stoppedRound = await draft(way, 'Series A', '350000')
  await record(world, companyId, 'provider.products', [{ ...PRODUCT, seller: 'Northgrid Holdings, Inc.' }])
  await propose(way, stoppedRound, 1).then(
    () => {
      throw new Error('the round should have been stopped by a flag')
    },
    (error: unknown) => {
      if (!(error instanceof OpenFlags)) throw error
    },
  )
  await world.setClock(END)
  // Its account is not known there, so what was approved waits.
  await tend(world, stage.poolId)
  return {
    ...stage,
    ...pool,
    companyId: globalId('Company', key),
    founder,
    signatory,
    round: idOf('Round', round),
    issuedRound: idOf('Round', issuedRound),
    acceptedRound: idOf('Round', acceptedRound),
    stoppedRound: idOf('Round', stoppedRound),
    scenario: await keep(way),
    chain: await keepChain(way),
    reservations,
    statements,
    quarantined,
    nodeRestart,
    markId: await mark(way),
    ...(await giveUp(way)),
    ...(await askAndTell(way)),
    amendments,
    dealDocuments,
    closings: { ...closings, ofStopped: await firstClosingOf(world, stoppedRound) },
  }
}

const PRODUCT = { scheme: 'NAICS-2022', code: '333922', name: 'Parcel-sorting robots', seller: 'The company' }

export async function record(world: World, companyId: string, name: string, value: unknown): Promise<void> {
  await recordFact(world.deps, world.staff.analyst.actor, {
    companyId,
    name,
    value,
    source: 'the test',
    asOf: '2026-05-11',
  })
}

async function recordFacts(world: World, companyId: string, name: string): Promise<void> {
  const facts = {
    'holding.value': { amount: '0', currency: 'USD' },
    'company.products': [{ ...PRODUCT, seller: name }],
    'provider.products': [{ ...PRODUCT, code: '518210', name: 'GPU capacity', seller: 'The provider' }],
  }
  for (const [fact, value] of Object.entries(facts)) await record(world, companyId, fact, value)
}
