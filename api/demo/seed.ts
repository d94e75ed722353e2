/**
 * The demo: three invented companies at different stages, and a fourth that waits for its cap table. Everything is done
 * through the same use cases as in earnest, at the times that the story says: as the database's owner it sets the clock.
 * Prices are public facts (SemiAnalysis, one-year contract, March 2026: 2.35 USD per H100-hour); names are invented.
 */
import { Temporal } from 'temporal-polyfill'
import { type Actor, actorOfPerson, admit, type Role } from '../access/index.ts'
import { importCapTable } from '../captable/index.ts'
import { acceptTermSheet, closeRound, issueTermSheet, satisfyCondition } from '../closing/index.ts'
import { createPool, decideReservation, requestReservation, setFactor } from '../clusters/index.ts'
import { answerStatement, finaliseStatement, reportUsage, stateStatement } from '../drawdown/index.ts'
import { type FlagsDeps, OpenFlags, recordFact } from '../flags/index.ts'
import { createCompany, insertInstallation, insertProvider, markInstallationReady } from '../parties/index.ts'
import { globalId, inTransaction, newId, type Ref, type Uuid } from '../platform/index.ts'
import { draftRound, proposeRound, type RoundTermsWire } from '../rounds/index.ts'
import { authoriseSupply, createTokenClass, releaseDueTokens } from '../tokens/index.ts'
import { harborlineFreight, lumenRobotics, type PackageFile, tessellateBio } from './packages.ts'
import { DEMO_PEOPLE } from './people.ts'

/** What the seed needs beside the use cases' own: setting the clock, which only the owner may. */
export type SeedDeps = FlagsDeps & { readonly setClock: (at: string | undefined) => Promise<void> }

type Cast = Readonly<Record<'analyst' | 'partner' | 'compliance' | 'operations' | 'provider' | 'regulator', Actor>>
type Stage = {
  readonly deps: SeedDeps
  readonly cast: Cast
  readonly providerId: Uuid
  readonly tokenClassId: Uuid
  readonly poolId: Uuid
}

/** Fills an empty installation with the demo. */
export async function seedDemo(deps: SeedDeps): Promise<void> {
  try {
    const stage = await setTheStage(deps)
    await lumen(stage)
    await tessellate(stage)
    await harborline(stage)
    await register(stage, 'Quill Materials, Inc.')
    await markInstallationReady(deps.db)
  } finally {
    await deps.setClock(undefined)
  }
}

/** Fund, providers, staff, a token class with supply, and a pool with its factor. */
async function setTheStage(deps: SeedDeps): Promise<Stage> {
  await deps.setClock('2026-05-04T09:00:00Z')
  const [providerId, otherProviderId] = [newId(), newId()]
  await inTransaction(deps.db, async (trx) => {
    await insertInstallation(trx, {
      installationId: newId(),
      demo: true,
      ready: false,
      fundName: 'Northgrid Ventures I, L.P.',
      fundUltimateParent: 'Northgrid Holdings, Inc.',
    })
    await insertProvider(trx, {
      providerId,
      name: 'Northgrid Compute, LLC',
      affiliation: 'The Provider and the Fund have the same ultimate parent, Northgrid Holdings, Inc.',
    })
    await insertProvider(trx, {
      providerId: otherProviderId,
      name: 'Cumulus Racks, Inc.',
      affiliation: 'The Provider and the Fund are not affiliated.',
    })
  })
  const cast = await admitCast(deps, providerId)
  const { tokenClassId } = await createTokenClass(deps, cast.operations, {
    providerId: globalId('Provider', providerId),
    name: 'NG-H100',
    transferRule: 'NOT_TRANSFERABLE',
  })
  await authoriseSupply(deps, cast.partner, {
    tokenClassId: globalId('TokenClass', tokenClassId),
    amount: '2000000',
    validUntil: '2035-12-31',
    reason: 'Supply agreement with Northgrid Compute of 30 Apr 2026: at most 2,000,000 H100-hours.',
  })
  const { poolId } = await createPool(deps, cast.provider, {
    providerId: globalId('Provider', providerId),
    tokenClassId: globalId('TokenClass', tokenClassId),
    cluster: 'Reykjanes 1',
    gpuModel: 'H100-SXM',
    capacity: 512,
    opensAt: '2026-05-04T00:00:00Z',
  })
  await setFactor(deps, cast.provider, {
    poolId: globalId('Pool', poolId),
    h100HoursPerGpuHour: '1',
    basis: 'contract',
    source: 'Supply agreement of 30 Apr 2026, schedule 2',
    validFrom: '2026-05-04T00:00:00Z',
  })
  return { deps, cast, providerId, tokenClassId, poolId }
}

/** Everybody but the founders, who are admitted with their companies. */
async function admitCast(deps: SeedDeps, providerId: Uuid): Promise<Cast> {
  const { analyst, partner, compliance, operations, provider, regulator } = DEMO_PEOPLE
  return {
    analyst: await admitPerson(deps, analyst),
    partner: await admitPerson(deps, partner),
    compliance: await admitPerson(deps, compliance),
    operations: await admitPerson(deps, operations),
    provider: await admitPerson(deps, provider, { providerId }),
    regulator: await admitPerson(deps, regulator),
  }
}

async function admitPerson(
  deps: SeedDeps,
  person: { id: Uuid; name: string; email: string; role: Role },
  of: { companyId?: Uuid; providerId?: Uuid } = {},
): Promise<Actor> {
  await inTransaction(deps.db, (trx) => admit(trx, person, { id: newId(), role: person.role, ...of }))
  const actor = await actorOfPerson(deps.db, person.id)
  if (actor === undefined) throw new Error(`${person.name} was admitted without a role`)
  return actor
}

/** A company with its founder, and its cap table where there is one. */
async function register(
  { deps, cast }: Stage,
  legalName: string,
  files?: readonly PackageFile[],
): Promise<{ companyId: Uuid; founder: Actor | undefined }> {
  const { companyId } = await createCompany(deps, cast.analyst, {
    legalName,
    legalForm: 'corporation',
    jurisdiction: 'US-DE',
  })
  const person = Object.values(DEMO_PEOPLE).find((each) => 'company' in each && each.company === legalName)
  const founder = person === undefined ? undefined : await admitPerson(deps, person, { companyId })
  if (files !== undefined) {
    await importCapTable(deps, cast.analyst, { companyId: globalId('Company', companyId), files: [...files] })
  }
  return { companyId, founder }
}

/** Terms of a demo round: the figures that differ, over what they share. */
function terms(
  stage: Stage,
  own: Pick<RoundTermsWire, 'name' | 'closingDate' | 'preMoney' | 'compute' | 'security'> & Partial<RoundTermsWire>,
): RoundTermsWire {
  return {
    priceRounding: { direction: 'DOWN', places: 4 },
    pool: { kind: 'TARGET', postRoundUnallocated: '0.10' },
    vesting: { basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN' },
    releases: { kind: 'MONTHLY', months: 12 },
    charging: 'RESERVED',
    longStop: '2028-06-15',
    tokenExpiry: '2035-06-15',
    disputeWindowDays: 15,
    ...own,
    compute: { ...own.compute, tokenClassId: globalId('TokenClass', stage.tokenClassId) },
  }
}

const compute = (tokens: string) => ({
  tokenClassId: '',
  tokens,
  referencePrice: { amount: '2.35', currency: 'USD' },
  holderName: 'Northgrid Ventures I, L.P.',
})

type Product = { scheme: string; code: string; name: string; seller: string }
const naics = (code: string, name: string, seller: string): Product => ({ scheme: 'NAICS-2022', code, name, seller })

/** The facts that rules ask for, recorded with their sources. */
async function recordFacts(
  { deps, cast }: Stage,
  companyId: Uuid,
  facts: { products: readonly Product[]; market?: object; asOf: string },
): Promise<void> {
  const record = (name: string, value: unknown, source: string) =>
    recordFact(deps, cast.analyst, { companyId: globalId('Company', companyId), name, value, source, asOf: facts.asOf })
  await record('holding.value', { amount: '0', currency: 'USD' }, "The fund's register of holdings")
  await record('company.products', facts.products, "The company's product sheet, confirmed by its founder")
  await record(
    'provider.products',
    [
      naics('518210', 'GPU capacity by the hour', 'Northgrid Compute, LLC'),
      naics('541715', 'Protein structure prediction as a service', 'Northgrid Life Sciences, Inc.'),
    ],
    "Northgrid Holdings' list of offerings, 2026",
  )
  if (facts.market !== undefined) await record('market.shares', facts.market, 'Analyst estimate from trade press, 2025')
}

/** Lumen Robotics goes the whole way: closed, drawn down, one statement final, one stated, usage waiting to be reported. */
async function lumen(stage: Stage): Promise<void> {
  const { deps, cast } = stage
  await deps.setClock('2026-05-11T10:00:00Z')
  const { companyId, founder } = await register(stage, 'Lumen Robotics, Inc.', lumenRobotics())
  if (founder === undefined) throw new Error('Lumen Robotics has no founder')
  await recordFacts(stage, companyId, {
    asOf: '2026-05-11',
    products: [naics('333922', 'Parcel-sorting robots', 'Lumen Robotics, Inc.')],
    market: {
      markets: [
        {
          name: 'Robotic parcel sorting',
          area: 'United States',
          period: '2025',
          participants: [
            { name: 'Lumen Robotics, Inc.', side: 'company', share: '4' },
            { name: 'Northgrid Holdings, Inc.', side: 'fund', share: '0' },
            { name: 'Firm A', side: 'other', share: '41' },
            { name: 'Firm B', side: 'other', share: '33' },
            { name: 'Firm C', side: 'other', share: '22' },
          ],
        },
      ],
    },
  })
  await deps.setClock('2026-05-18T14:00:00Z')
  const { roundId } = await draftRound(deps, cast.analyst, {
    companyId: globalId('Company', companyId),
    terms: terms(stage, {
      name: 'Series Seed-2',
      closingDate: '2026-06-15',
      preMoney: { amount: '18000000', currency: 'USD' },
      security: { className: 'Series Seed-2 Preferred', newClass: true, idPrefix: 'PS2-', seniority: '3' },
      compute: compute('200000'),
      cashInvestors: [
        {
          name: 'Harbor Lane Capital II, L.P.',
          stakeholderId: 'lumen-investor',
          amount: { amount: '1500000', currency: 'USD' },
        },
      ],
    }),
  })
  const ref = { companyId, id: roundId }
  await close(stage, ref, founder, {
    proposed: '2026-05-20T09:30:00Z',
    issued: '2026-05-27T16:00:00Z',
    accepted: '2026-06-01T11:00:00Z',
    conditions: '2026-06-12T15:00:00Z',
    closed: '2026-06-15T17:00:00Z',
  })
  await drawDown(stage, companyId, founder)
}

type Times = Readonly<Record<'proposed' | 'issued' | 'accepted' | 'conditions' | 'closed', string>>

/** From a draft to a closed round. */
async function close({ deps, cast }: Stage, ref: Ref, founder: Actor, at: Times): Promise<void> {
  const roundId = globalId('Round', ref.companyId, ref.id)
  await deps.setClock(at.proposed)
  await proposeRound(deps, cast.analyst, { roundId, expectedVersion: 1 })
  await deps.setClock(at.issued)
  const { sha256 } = await issueTermSheet(deps, cast.partner, { roundId })
  await deps.setClock(at.accepted)
  await acceptTermSheet(deps, founder, { roundId, sha256, typedName: founder.name })
  await deps.setClock(at.conditions)
  const evidence = [
    ['BOARD_CONSENT', 'Unanimous written consent of the board'],
    ['STOCKHOLDER_CONSENT', 'Written consent of stockholders, 81% of votes'],
    ['AUTHORIZED_SHARES', 'Amended and restated certificate of incorporation, filed in Delaware'],
    ['WAITING_PERIOD', 'No filing needed: see the finding on the size of the transaction'],
  ] as const
  for (const [code, words] of evidence) {
    await satisfyCondition(deps, cast.operations, {
      roundId,
      code,
      evidence: words,
      evidenceDate: at.conditions.slice(0, 10),
    })
  }
  await deps.setClock(at.closed)
  await closeRound(deps, cast.partner, { roundId })
}

/** Two weeks of training in July and August, stated; and a week just past whose usage is still to be reported. */
async function drawDown(stage: Stage, companyId: Uuid, founder: Actor): Promise<void> {
  const { deps, cast } = stage
  const id = globalId('Company', companyId)
  await train(stage, companyId, founder, { from: '2026-07-20', days: 7, gpus: 64, busy: ['10000', '9500', '0'] })
  await deps.setClock('2026-08-03T08:00:00Z')
  const july = await stateStatement(deps, cast.operations, { companyId: id, month: '2026-07-01' })
  await deps.setClock('2026-08-05T09:00:00Z')
  await settle(stage, july.ref, founder)
  await train(stage, companyId, founder, { from: '2026-08-20', days: 7, gpus: 80, busy: ['13200'] })
  await deps.setClock('2026-09-02T08:00:00Z')
  await stateStatement(deps, cast.operations, { companyId: id, month: '2026-08-01' })

  const now = Temporal.Now.instant().toZonedDateTimeISO('UTC').startOfDay()
  const start = now.subtract({ days: 9 })
  await deps.setClock(start.subtract({ days: 2 }).toInstant().toString())
  await releaseDueTokens(deps, cast.operations, { companyId: id })
  await book(stage, companyId, founder, { from: start.toPlainDate().toString(), days: 7, gpus: 32 })
}

async function settle({ deps, cast }: Stage, ref: Ref, founder: Actor): Promise<void> {
  const statementId = globalId('Statement', ref.companyId, ref.id)
  const { sha256 } = await deps.db
    .selectFrom('statement')
    .select('sha256')
    .where('company_id', '=', ref.companyId)
    .where('statement_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  await answerStatement(deps, founder, { statementId, sha256: sha256.toString('hex'), answer: 'ACCEPT' })
  await finaliseStatement(deps, cast.operations, { statementId })
}

type Booking = { from: string; days: number; gpus: number }

async function book({ deps, cast, poolId }: Stage, companyId: Uuid, founder: Actor, booking: Booking): Promise<Ref> {
  const startsAt = `${booking.from}T00:00:00Z`
  const { ref } = await requestReservation(deps, founder, {
    companyId: globalId('Company', companyId),
    poolId: globalId('Pool', poolId),
    gpus: booking.gpus,
    startsAt,
    endsAt: Temporal.Instant.from(startsAt)
      .add({ hours: booking.days * 24 })
      .toString(),
  })
  await decideReservation(deps, cast.provider, {
    reservationId: globalId('Reservation', ref.companyId, ref.id),
    decision: 'APPROVE',
  })
  return ref
}

/** Books, waits, and reports so many GPU-hours a job. */
async function train(
  stage: Stage,
  companyId: Uuid,
  founder: Actor,
  { busy, ...booking }: Booking & { busy: readonly string[] },
): Promise<void> {
  const { deps, cast } = stage
  const start = Temporal.Instant.from(`${booking.from}T00:00:00Z`)
  await deps.setClock(start.subtract({ hours: 96 }).toString())
  await releaseDueTokens(deps, cast.operations, { companyId: globalId('Company', companyId) })
  const ref = await book(stage, companyId, founder, booking)
  const hours = booking.days * 24
  const end = start.add({ hours })
  await deps.setClock(end.add({ hours: 10 }).toString())
  const jobs = busy.filter((gpuHours) => gpuHours !== '0')
  await reportUsage(deps, cast.provider, {
    reservationId: globalId('Reservation', ref.companyId, ref.id),
    records: jobs.map((gpuHours, index) => ({
      source: 'slurm/reykjanes-1',
      externalId: `${booking.from}-${index + 1}`,
      gpuSeconds: ((BigInt(gpuHours) * 3600n) / BigInt(jobs.length)).toString(),
      startedAt: start.toString(),
      endedAt: end.toString(),
      job: `pretrain-${booking.from}-${index + 1}`,
    })),
    complete: true,
  })
}

/** Tessellate Bio is stopped: an affiliate of the provider sells what it sells. */
async function tessellate(stage: Stage): Promise<void> {
  const { deps, cast } = stage
  await deps.setClock('2026-09-14T10:00:00Z')
  const { companyId } = await register(stage, 'Tessellate Bio, Inc.', tessellateBio())
  await recordFacts(stage, companyId, {
    asOf: '2026-09-14',
    products: [naics('541715', 'Protein structure prediction as a service', 'Tessellate Bio, Inc.')],
  })
  const { roundId } = await draftRound(deps, cast.analyst, {
    companyId: globalId('Company', companyId),
    terms: terms(stage, {
      name: 'Series A compute tranche',
      closingDate: '2026-10-30',
      preMoney: { amount: '9500000', currency: 'USD' },
      security: { className: 'Series A-1 Preferred', newClass: true, idPrefix: 'PA-', seniority: '3' },
      compute: compute('350000'),
    }),
  })
  await deps.setClock('2026-09-16T10:00:00Z')
  await proposeRound(deps, cast.analyst, {
    roundId: globalId('Round', companyId, roundId),
    expectedVersion: 1,
  }).then(
    () => {
      throw new Error("Tessellate Bio's round should have been stopped")
    },
    (error: unknown) => {
      if (!(error instanceof OpenFlags)) throw error
    },
  )
}

/** Harborline Freight is in drafting: every later step can be tried on it. */
async function harborline(stage: Stage): Promise<void> {
  const { deps, cast } = stage
  await deps.setClock('2026-11-02T10:00:00Z')
  const { companyId } = await register(stage, 'Harborline Freight Systems, Inc.', harborlineFreight())
  await recordFacts(stage, companyId, {
    asOf: '2026-11-02',
    products: [naics('511210', 'Freight demand forecasting software', 'Harborline Freight Systems, Inc.')],
  })
  await draftRound(deps, cast.analyst, {
    companyId: globalId('Company', companyId),
    terms: terms(stage, {
      name: 'Series Seed',
      closingDate: '2026-11-16',
      preMoney: { amount: '8000000', currency: 'USD' },
      security: { className: 'Series Seed Preferred', newClass: true, idPrefix: 'PS-', seniority: '2' },
      compute: compute('100000'),
      releases: { kind: 'AT_CLOSE' },
      cashInvestors: [{ name: 'Fernwood Seed Fund, L.P.', amount: { amount: '750000', currency: 'USD' } }],
      longStop: '2028-11-16',
    }),
  })
}
