/** Takes companies the whole way by use cases, so that every type of the schema has something to show. */
import { type Actor, registerMachineKey } from '../../api/access/index.ts'
import { capTableAsOf, importCapTable } from '../../api/captable/index.ts'
import {
  acceptAmendment,
  acceptClosing,
  acceptDealDocument,
  acceptTermSheet,
  approveSettlement,
  closeRound,
  draftAssignment,
  draftExtension,
  draftSideLetter,
  electMfn,
  holdClosing,
  issueTermSheet,
  offerClosing,
  planClosing,
  proposeAmendment,
  proposeDealDocument,
  satisfyCondition,
  proposeSettlement as settleGrant,
  signAmendment,
  signDealDocument,
  waiveCondition,
} from '../../api/closing/index.ts'
import {
  answerOffer,
  checkScheduler,
  countersignFactor,
  createPool,
  decideReservation,
  offerReservation,
  pushReservations,
  requestReservation,
  Simulator,
  setFactor,
} from '../../api/clusters/index.ts'
import {
  answerStatement,
  cancelReservation,
  correctUsage,
  finaliseStatement,
  mustMeter,
  proposeSettlement,
  recordOutage,
  reportUsage,
  stateStatement,
  takeUsage,
} from '../../api/drawdown/index.ts'
import { OpenFlags, recordFact } from '../../api/flags/index.ts'
import { changeCompanyIdentity, insertProvider } from '../../api/parties/index.ts'
import { globalId, inTransaction, newId, type Ref, zKey } from '../../api/platform/index.ts'
import { draftRound, proposeRound, type RoundTermsWire, reviseTerms, saveScenario } from '../../api/rounds/index.ts'
import {
  approveMark,
  authoriseSupply,
  createTokenClass,
  endMetric,
  proposeMark,
  recordObservation,
  registerMetric,
  releaseDueTokens,
} from '../../api/tokens/index.ts'
import { safeOf } from '../captable/given-convertibles.ts'
import { OWN, ownPackage } from './ocf-package.ts'
import { overTime } from './path-pool.ts'
import type { Person, World } from './world.ts'

/** A provider with its staff, its token and a pool, by global id. */
export type Stage = {
  readonly providerId: string
  readonly tokenClassId: string
  readonly poolId: string
  /** The pool's factor, signed by both sides. */
  readonly factorId: string
  readonly provider: Person
  /** A metric of the price index, observed twice and corrected once; it has a fallback. */
  readonly metricId: string
  /** A key of a machine of the provider's. */
  readonly machineKey: string
}

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
  /** Its term sheet is issued and not accepted. */
  readonly issuedRound: string
  /** Accepted by the company, its conditions open. */
  readonly acceptedRound: string
  readonly reservations: Readonly<Record<'used' | 'held' | 'approved' | 'cancelled', string>>
  readonly statements: Readonly<Record<'final' | 'stated' | 'dispute', string>>
  /** What the fund takes a share to be worth: approved. */
  readonly markId: string
  /** A part of the grant that was given up, and another that waits for approval: the latter, and the grant. */
  readonly settlementId: string
  readonly grantId: string
  /** Of the pool, far ahead. */
  readonly maintenance: string
  readonly dedication: string
  /** Closings of the closed round after the first. */
  readonly closings: Readonly<Record<'planned' | 'offered' | 'held' | 'ofStopped', string>>
  /** Side letters and an assignment of the closed round. `inForce` has elected `later`. */
  readonly dealDocuments: Readonly<Record<'drafted' | 'proposed' | 'inForce' | 'later', string>>
  /** Usage that was kept aside: of a reservation that there is not. */
  readonly quarantined: string
  /** Of the closed round: not shown to the company yet, shown to it, and in force. */
  readonly amendments: Readonly<Record<'drafted' | 'proposed' | 'inForce', string>>
}
/** When {@link wholeWay} is over: the clock stands still here. */
export const END = '2026-11-20T09:00:00Z'

/** A provider of its own with staff, a token class with supply, and a pool with its factor. */
export async function makeStage(world: World, name: string): Promise<Stage> {
  const { deps, staff } = world
  await world.setClock('2026-05-04T09:00:00Z')
  const id = newId()
  await inTransaction(deps.db, (trx) => insertProvider(trx, { providerId: id, name, affiliation: 'none' }))
  const provider = await world.person('provider', { providerId: id })
  const providerId = globalId('Provider', id)
  const made = await createTokenClass(deps, staff.operations.actor, {
    providerId,
    name: `${name} token`,
    transferRule: 'NOT_TRANSFERABLE',
  })
  const tokenClassId = globalId('TokenClass', made.tokenClassId)
  await authoriseSupply(deps, staff.partner.actor, {
    tokenClassId,
    amount: '2000000',
    validUntil: '2035-12-31',
    reason: 'Supply agreement of 30 Apr 2026',
  })
  const pool = await createPool(deps, provider.actor, {
    providerId,
    tokenClassId,
    cluster: `${name} cluster`,
    gpuModel: 'H100-SXM',
    capacity: 512,
    opensAt: '2026-05-04T00:00:00Z',
  })
  const poolId = globalId('Pool', pool.poolId)
  const { factorId } = await setFactor(deps, provider.actor, {
    poolId,
    h100HoursPerGpuHour: '1',
    basis: 'contract',
    source: 'Supply agreement, schedule 2',
    validFrom: '2026-05-04T00:00:00Z',
  })
  await countersignFactor(deps, staff.operations.actor, { factorId: globalId('Factor', pool.poolId, factorId) })
  const metricId = await makeMetric(world, name, tokenClassId)
  await world.setClock(END)
  await tend(world, poolId)
  const { keyId: machineKey } = await registerMachineKey(deps, staff.admin.actor, { providerId, machine: 'metering' })
  return {
    machineKey,
    providerId,
    tokenClassId,
    poolId,
    factorId: globalId('Factor', pool.poolId, factorId),
    provider,
    metricId,
  }
}

/** A metric that has ended and its successor as fallback; observations, one of them corrected; a mark of the token. */
async function makeMetric({ deps, staff }: World, name: string, tokenClassId: string): Promise<string> {
  const register = (what: string, fallbackId: string | null) =>
    registerMetric(deps, staff.operations.actor, {
      name: `H100 on demand, ${what} of ${name}`,
      currency: 'USD',
      source: 'the test',
      method: 'invented prices',
      windowDays: 366,
      staleAfterDays: 400,
      fallbackId,
    })
  const record = async (metricId: string, observedOn: string, level: string, correctsId?: string) =>
    recordObservation(deps, staff.analyst.actor, { metricId, observedOn, level, source: 'a price list', correctsId })
  const fallback = globalId('Metric', (await register('yearly contracts', null)).metricId)
  const metricId = globalId('Metric', (await register('list prices', fallback)).metricId)
  await register('what nobody observed', null)
  await record(fallback, '2026-04-15', '2.05')
  await record(metricId, '2026-04-01', '2.5')
  const wrong = await record(metricId, '2026-04-15', '25')
  const [, metric = ''] = metricId.split(':')
  await record(metricId, '2026-04-15', '2.6', globalId('Observation', metric, wrong.observationId))
  await endMetric(deps, staff.partner.actor, { metricId, endedOn: '2026-05-01', reason: 'No longer published.' })
  const { ref } = await proposeMark(deps, staff.analyst.actor, {
    of: tokenClassId,
    basis: 'reference_price',
    value: { amount: '2.35', currency: 'USD' },
    markedOn: '2026-05-01',
    expiresOn: '2026-08-01',
    method: 'Price agreed between the parties',
    source: 'Supply agreement, schedule 2',
  })
  await approveMark(deps, staff.compliance.actor, { markId: globalId('Mark', ref.companyId, ref.id) })
  return metricId
}

/** The pool's scheduler is told and compared. It knows no company's account, has a reservation of its own, and lost a node. */
async function tend({ deps: { db } }: World, pool: string): Promise<void> {
  const now = Date.parse(END) / 1000
  const scheduler = new Simulator({ capacity: { h100: 512 }, accounts: ['others'], now: () => now })
  const interval = { startsAt: END, endsAt: '2026-11-21T09:00:00Z' }
  await scheduler.reserve({ id: 'by-hand', account: 'others', gpuModel: 'h100', gpus: 8, interval })
  scheduler.takeDown('node-7', 'h100', 8, 'a broken fan')
  const poolId = pool.slice('Pool:'.length)
  const target = { poolId, scheduler, gpuModel: 'h100', accountOf: () => 'unknown', horizonDays: 366 }
  await pushReservations(db, target)
  await checkScheduler(db, target)
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
    reservations,
    statements,
    quarantined,
    markId: await mark(way),
    ...(await giveUp(way)),
    amendments,
    dealDocuments,
    closings: { ...closings, ofStopped: await firstClosingOf(world, stoppedRound) },
  }
}

type Way = { readonly world: World; readonly stage: Stage; readonly companyId: string; readonly founder: Actor }

/** Gives up ten tokens of the grant, and proposes to give up five more. */
async function giveUp({ world, companyId }: Way): Promise<Pick<Travelled, 'settlementId' | 'grantId'>> {
  const { deps, staff } = world
  const { grant_id: grant } = await deps.db
    .selectFrom('vesting_grant')
    .select('grant_id')
    .where('company_id', '=', companyId.slice('Company:'.length))
    .executeTakeFirstOrThrow()
  const grantId = globalId('Grant', companyId.slice('Company:'.length), grant)
  const propose = async (tokens: string) => {
    const { ref } = await settleGrant(deps, staff.partner.actor, {
      grantId,
      event: 'partial_termination',
      happenedOn: '2026-11-19',
      evidence: 'A letter of 19 Nov 2026',
      tokens,
    })
    const { plan_sha256 } = await deps.db
      .selectFrom('settlement')
      .select('plan_sha256')
      .where('company_id', '=', ref.companyId)
      .where('settlement_id', '=', ref.id)
      .executeTakeFirstOrThrow()
    return { settlementId: idOf('Settlement', ref), planSha256: plan_sha256.toString('hex') }
  }
  await approveSettlement(deps, staff.secondPartner.actor, await propose('10'))
  return { grantId, settlementId: (await propose('5')).settlementId }
}

/** A fair value of a share, approved; and one of the company, which waits. The latter's id. */
async function mark({ world, companyId }: Way): Promise<string> {
  const propose = (stockClassId: string | null, amount: string) =>
    proposeMark(world.deps, world.staff.analyst.actor, {
      of: companyId,
      stockClassId,
      basis: 'fair_value',
      value: { amount, currency: 'USD' },
      markedOn: '2026-11-01',
      expiresOn: '2027-02-01',
      method: 'Backsolve from the last round',
      level: 3,
      source: 'Valuation memorandum of 1 Nov 2026',
    })
  const share = await propose('series-seed', '1.75')
  const markId = idOf('Mark', share.ref)
  await approveMark(world.deps, world.staff.compliance.actor, { markId })
  return idOf('Mark', (await propose(null, '31000000')).ref)
}

const idOf = (type: string, { companyId, id }: Ref): string => globalId(type, companyId, id)
const FUND = 'Northgrid Ventures I, L.P.'
const PRODUCT = { scheme: 'NAICS-2022', code: '333922', name: 'Parcel-sorting robots', seller: 'The company' }

async function record(world: World, companyId: string, name: string, value: unknown): Promise<void> {
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

/** Terms of a round over the test's own package. After a first round the fund is a stakeholder already. */
export const terms = (
  stage: Pick<Stage, 'tokenClassId' | 'metricId'>,
  name: string,
  tokens: string,
  stakeholderId?: string,
): RoundTermsWire => ({
  name,
  closingDate: name === 'Series Seed-2' ? '2026-06-15' : '2026-12-15',
  preMoney: { amount: '23000000', currency: 'USD' },
  priceRounding: { direction: 'DOWN', places: 4 },
  pool: { kind: 'TARGET', postRoundUnallocated: '0.10' },
  security: {
    className: `${name} Preferred`,
    newClass: true,
    idPrefix: 'PX-',
    seniority: '3',
    ...(name === 'Series Seed-2' ? { authorized: '9000000' } : {}),
  },
  ...(name === 'Series Seed-2'
    ? { rolling: { maximum: { amount: '9000000', currency: 'USD' }, outsideDate: '2027-06-15' } }
    : {}),
  compute: {
    tokenClassId: stage.tokenClassId,
    tokens,
    referencePrice: { amount: '2.35', currency: 'USD' },
    holderName: FUND,
    ...(stakeholderId === undefined ? {} : { stakeholderId }),
  },
  cashInvestors: [{ name: `${name} Partners, L.P.`, amount: { amount: '1500000', currency: 'USD' } }],
  ...(name === 'Series Seed-2'
    ? {}
    : {
        proRataRights: [
          {
            holder: 'Harbor Seed Fund II, L.P.',
            stakeholderId: OWN.seedFund,
            of: 'NEW_SECURITIES' as const,
            part: '0.05',
            exercise: { kind: 'FULL' as const },
          },
        ],
        promisedOptions: { shares: '1000', from: 'ON_TOP' as const },
        conversions: {
          capBase: 'POST_MONEY',
          instruments: [
            {
              securityId: 'safe-1',
              cap: { amount: '20000000', currency: 'USD' },
              capBase: 'POST_MONEY',
              discount: '0.2',
            },
          ],
        },
      }),
  vesting: { basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN' },
  releases: { kind: 'MONTHLY', months: 12 },
  charging: 'RESERVED',
  longStop: '2028-06-15',
  tokenExpiry: '2035-06-15',
  disputeWindowDays: 15,
  settlement: {
    nonUse: 'EXTEND',
    extendDays: 180,
    partialTermination: true,
    priceProtection: {
      metricId: stage.metricId,
      baseLevel: { amount: '2.5', currency: 'USD' },
      threshold: '0.2',
      windowDays: 366,
      cap: '100000',
    },
  },
})

/** The fund's id among the stakeholders of a company, once it is one. */
export async function fundIn(world: World, companyId: string): Promise<string | undefined> {
  const { stakeholders } = await capTableAsOf(world.deps.db, companyId.slice('Company:'.length), '2026-11-20')
  return stakeholders.find((holder) => holder.name === FUND)?.id
}

async function draft({ world, stage, companyId }: Way, name: string, tokens: string): Promise<Ref> {
  const made = await draftRound(world.deps, world.staff.analyst.actor, {
    companyId,
    terms: terms(stage, name, tokens, await fundIn(world, companyId)),
  })
  return { companyId: made.companyId, id: made.roundId }
}

async function keep({ world, stage, companyId }: Way): Promise<string> {
  const saved = await saveScenario(world.deps, world.staff.analyst.actor, {
    companyId,
    name: 'More tokens',
    terms: terms(stage, 'Series F', '200000', await fundIn(world, companyId)),
  })
  return idOf('Scenario', { companyId: saved.companyId, id: saved.scenarioId })
}

const propose = ({ world }: Way, round: Ref, expectedVersion: number) =>
  proposeRound(world.deps, world.staff.analyst.actor, { roundId: idOf('Round', round), expectedVersion })

async function accept({ world, founder }: Way, round: Ref): Promise<void> {
  const roundId = idOf('Round', round)
  const { sha256 } = await issueTermSheet(world.deps, world.staff.partner.actor, { roundId })
  await acceptTermSheet(world.deps, founder, { roundId, sha256, typedName: founder.name })
}

async function close(way: Way, round: Ref, version: number): Promise<void> {
  const { deps, staff } = way.world
  const roundId = idOf('Round', round)
  await way.world.setClock('2026-05-20T09:30:00Z')
  await propose(way, round, version)
  await accept(way, round)
  await way.world.setClock('2026-06-12T15:00:00Z')
  for (const code of ['BOARD_CONSENT', 'STOCKHOLDER_CONSENT', 'AUTHORIZED_SHARES', 'WAITING_PERIOD']) {
    await satisfyCondition(deps, staff.operations.actor, {
      roundId,
      code,
      evidence: 'a written consent',
      evidenceDate: '2026-06-12',
    })
  }
  await way.world.setClock('2026-06-15T17:00:00Z')
  await closeRound(deps, staff.partner.actor, { roundId })
}

/** The first closing of a round that the company does not see. */
async function firstClosingOf({ deps }: World, round: Ref): Promise<string> {
  const row = await deps.db
    .selectFrom('closing')
    .select('closing_id')
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .executeTakeFirstOrThrow()
  return globalId('Closing', round.companyId, row.closing_id)
}

/** A further closing that was held, one that the company may accept, and one that it does not see. */
async function closeAgain(way: Way, round: Ref, signatory: Actor): Promise<Omit<Travelled['closings'], 'ofStopped'>> {
  const { deps, staff } = way.world
  const planned = async (name: string) => {
    const { ref } = await planClosing(deps, staff.analyst.actor, {
      roundId: idOf('Round', round),
      closingDate: '2026-10-05',
      cashInvestors: [{ name, amount: { amount: '1000', currency: 'USD' } }],
      grants: [{ tokenClassId: way.stage.tokenClassId, tokens: '10' }],
      conditions: [{ code: `CONSENT_${name.toUpperCase()}`, text: 'The board consents.', waivableBy: 'fund' }],
    })
    return idOf('Closing', ref)
  }
  const offered = async (closingId: string) => ({
    closingId,
    sha256: (await offerClosing(deps, staff.analyst.actor, { closingId })).sha256,
  })
  const second = await offered(await planned('Second'))
  await acceptClosing(deps, signatory, second)
  await waiveCondition(deps, staff.partner.actor, {
    roundId: idOf('Round', round),
    code: 'CONSENT_SECOND',
    reason: 'the test',
  })
  await holdClosing(deps, staff.partner.actor, { closingId: second.closingId })
  const { closingId } = await offered(await planned('Third'))
  return { held: second.closingId, offered: closingId, planned: await planned('Fourth') }
}

/** A side letter that was elected by an earlier one, an assignment that is proposed, and a letter that is not. */
async function besideTerms(way: Way, round: Ref, signatory: Actor): Promise<Travelled['dealDocuments']> {
  const { deps, staff } = way.world
  const roundId = idOf('Round', round)
  const letter = async (title: string) => {
    const { ref } = await draftSideLetter(deps, staff.analyst.actor, {
      roundId,
      title,
      holder: FUND,
      rights: [{ kind: 'PRO_RATA' }],
      mfn: { windowDays: 365 },
    })
    return idOf('DealDocument', ref)
  }
  const proposed = async (dealDocumentId: string) => ({
    dealDocumentId,
    sha256: (await proposeDealDocument(deps, staff.analyst.actor, { dealDocumentId })).sha256,
  })
  const signed = async (title: string) => {
    const signing = await proposed(await letter(title))
    await signDealDocument(deps, staff.partner.actor, signing)
    await acceptDealDocument(deps, signatory, signing)
    return signing.dealDocumentId
  }
  await changeCompanyIdentity(deps, staff.analyst.actor, {
    companyId: way.companyId,
    legalName: 'A Later Name, Inc.',
    legalForm: 'Corporation',
    jurisdiction: 'US-DE',
    validFrom: '2035-01-01',
    cause: 'name_change',
    source: 'the test',
  })
  const inForce = await signed('Side letter of June')
  const later = await signed('Side letter of October')
  await electMfn(deps, staff.partner.actor, { dealDocumentId: inForce, electedId: later })
  const { ref } = await draftAssignment(deps, staff.analyst.actor, {
    roundId,
    side: 'company',
    kind: 'merger',
    successor: { name: 'Successor, Inc.', form: 'Corporation', jurisdiction: 'US-DE' },
    evidence: 'Certificate of merger',
    evidenceDate: '2026-10-01',
  })
  const { dealDocumentId } = await proposed(idOf('DealDocument', ref))
  return { inForce, later, proposed: dealDocumentId, drafted: await letter('Side letter to come') }
}

/** One amendment in force, one that waits for signatures, and one that is not proposed. */
async function amend(way: Way, round: Ref, signatory: Actor): Promise<Travelled['amendments']> {
  const { deps, staff } = way.world
  const drafted = async (longStop: string) => {
    const { ref } = await draftExtension(deps, staff.analyst.actor, {
      roundId: idOf('Round', round),
      longStop,
      reason: 'the test',
    })
    return idOf('Amendment', ref)
  }
  const proposed = async (longStop: string) => {
    const amendmentId = await drafted(longStop)
    const { sha256 } = await proposeAmendment(deps, staff.analyst.actor, { amendmentId })
    return { amendmentId, sha256 }
  }
  const binding = await proposed('2028-12-15')
  await signAmendment(deps, staff.partner.actor, binding)
  await acceptAmendment(deps, signatory, binding)
  const { amendmentId } = await proposed('2029-01-15')
  return { inForce: binding.amendmentId, proposed: amendmentId, drafted: await drafted('2029-02-15') }
}

/** Usage of a reservation that the company does not have. */
async function lostUsage({ world, stage, companyId }: Way): Promise<string> {
  const record = {
    reservationId: globalId('Reservation', companyId.slice('Company:'.length), newId()),
    source: 'slurm/one',
    externalId: 'lost',
    gpuSeconds: '60',
    startedAt: '2026-07-20T00:00:00Z',
    endedAt: '2026-07-20T00:01:00Z',
  }
  const meterer = await mustMeter(world.deps.db, stage.provider.actor)
  const [taken] = await takeUsage(world.deps, meterer, { records: [record] })
  if (taken?.outcome !== 'QUARANTINED') throw new Error('the usage should have been kept aside')
  return globalId('QuarantinedUsage', meterer.providerId, taken.quarantineId)
}

type Wish = { readonly from: string; readonly days: number; readonly gpus: number }

async function request({ world, stage, companyId, founder }: Way, wish: Wish): Promise<string> {
  const startsAt = `${wish.from}T00:00:00Z`
  const endsAt = new Date(Date.parse(startsAt) + wish.days * 86_400_000).toISOString().replace('.000Z', 'Z')
  const { poolId } = stage
  const { ref } = await requestReservation(world.deps, founder, {
    companyId,
    poolId,
    gpus: wish.gpus,
    startsAt,
    endsAt,
  })
  return idOf('Reservation', ref)
}

const approve = ({ world, stage }: Way, reservationId: string) =>
  decideReservation(world.deps, stage.provider.actor, { reservationId, decision: 'APPROVE' })

/** One reservation used in July, one of November that waits for the provider, one approved, one cancelled. */
async function book(way: Way): Promise<Travelled['reservations']> {
  const { world, stage, companyId, founder } = way
  const { deps, staff } = world
  await world.setClock('2026-07-16T09:00:00Z')
  await releaseDueTokens(deps, staff.operations.actor, { companyId })
  const used = await request(way, { from: '2026-07-20', days: 7, gpus: 8 })
  await offerReservation(deps, stage.provider.actor, { reservationId: used, gpus: 16, reasonCode: 'OTHER' })
  await answerOffer(deps, founder, { reservationId: used, answer: 'ACCEPT' })
  await world.setClock('2026-07-27T10:00:00Z')
  await reportUsage(deps, stage.provider.actor, {
    reservationId: used,
    records: [1, 2].map((job) => ({
      source: 'slurm/one',
      externalId: `${companyId}-${job}`,
      gpuSeconds: '3600000',
      startedAt: '2026-07-20T00:00:00Z',
      endedAt: '2026-07-27T00:00:00Z',
      job: `pretrain-${job}`,
    })),
    complete: true,
  })
  await recordOutage(deps, stage.provider.actor, {
    reservationId: used,
    gpus: 1,
    startsAt: '2026-07-21T00:00:00Z',
    endsAt: '2026-07-21T00:01:00Z',
    node: 'one-07',
    source: 'monitor',
    evidence: 'The node did not answer.',
  })
  await correctThere(way, used)
  await world.setClock('2026-11-19T09:00:00Z')
  const held = await request(way, { from: '2026-11-24', days: 1, gpus: 2 })
  const approved = await request(way, { from: '2026-11-25', days: 1, gpus: 2 })
  await approve(way, approved)
  const cancelled = await request(way, { from: '2026-11-26', days: 1, gpus: 2 })
  await cancelReservation(deps, founder, { reservationId: cancelled })
  return { used, held, approved, cancelled }
}

/** A record is lowered, and raised to what it was: two corrections that come to nothing. */
async function correctThere({ world, stage, companyId }: Way, reservationId: string): Promise<void> {
  const { usage_id: usageId } = await world.deps.db
    .selectFrom('usage_record')
    .select('usage_id')
    .where('company_id', '=', zKey('Company').parse(companyId))
    .where('external_id', '=', `${companyId}-2`)
    .executeTakeFirstOrThrow()
  for (const gpuSeconds of ['3599000', '3600000']) {
    await correctUsage(world.deps, stage.provider.actor, {
      reservationId,
      records: [{ usageId, gpuSeconds }],
      reasonCode: 'WRONG_METER',
      reason: 'The meter of the test.',
    })
  }
}

/** July final, August stated. */
async function state({ world, companyId, founder }: Way): Promise<Travelled['statements']> {
  const { deps, staff } = world
  await world.setClock('2026-08-03T08:00:00Z')
  const july = await stateStatement(deps, staff.operations.actor, { companyId, month: '2026-07-01' })
  const final = idOf('Statement', july.ref)
  const read = { statementId: final, sha256: await hashOf(world, july.ref) }
  await answerStatement(deps, founder, { ...read, answer: 'DISPUTE', reason: 'The second job ended earlier.' })
  const { dispute_id: disputeId } = await deps.db
    .selectFrom('dispute')
    .select('dispute_id')
    .where('company_id', '=', july.ref.companyId)
    .executeTakeFirstOrThrow()
  const dispute = globalId('Dispute', july.ref.companyId, disputeId)
  await proposeSettlement(deps, founder, { disputeId: dispute, outcome: 'STANDS', note: 'It did not.' })
  await answerStatement(deps, founder, { ...read, answer: 'ACCEPT' })
  await finaliseStatement(deps, staff.operations.actor, { statementId: final })
  await world.setClock('2026-09-02T08:00:00Z')
  const august = await stateStatement(deps, staff.operations.actor, { companyId, month: '2026-08-01' })
  return { final, stated: idOf('Statement', august.ref), dispute }
}

/** What the company answers: the hash of its statement. */
export async function hashOf({ deps }: World, { companyId, id }: Ref): Promise<string> {
  const { sha256 } = await deps.db
    .selectFrom('statement')
    .select('sha256')
    .where('company_id', '=', companyId)
    .where('statement_id', '=', id)
    .executeTakeFirstOrThrow()
  return sha256.toString('hex')
}
