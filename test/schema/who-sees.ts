/**
 * Who may see what, written by hand from the design and not from the code: tests hold the schema to it. A type that is in
 * neither table fails them.
 */
import { type Role, raiseWall } from '../../api/access/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import type { Travelled } from '../support/path.ts'
import type { Stage } from '../support/path-stage.ts'
import type { Person, World } from '../support/world.ts'

/** Somebody who asks. */
export type Who = {
  readonly name: string
  readonly role: Role
  readonly person: Person
  /** Company and provider that they belong to, by global id. */
  readonly companyId?: string
  readonly providerId?: string
  /** The company that a wall hides from them. */
  readonly walledOff?: string
}
/** What is asked for: whose it is. Things of no company have no `companyId`. */
export type Thing = {
  readonly id: string
  readonly companyId?: string | undefined
  readonly providerId?: string | undefined
  /** False for a round whose term sheet is not issued. */
  readonly shownToCompany?: boolean
}

const STAFF: readonly Role[] = ['analyst', 'partner', 'compliance', 'operations', 'admin']
export const isOfFund = ({ role }: Who): boolean => STAFF.includes(role)
const ofCompany = (who: Who, thing: Thing): boolean =>
  thing.companyId !== who.walledOff &&
  (isOfFund(who) || (thing.companyId !== undefined && who.companyId === thing.companyId))
const ofProvider = (who: Who, thing: Thing): boolean =>
  who.providerId !== undefined && who.providerId === thing.providerId
const everyone = (): boolean => true

/** Who finds a node by its id. */
export const SEES_NODE: Readonly<Record<string, (who: Who, thing: Thing) => boolean>> = {
  Company: ofCompany,
  Round: (who, thing) => ofCompany(who, thing) && (isOfFund(who) || thing.shownToCompany !== false),
  DealDocument: (who, thing) => ofCompany(who, thing) && (isOfFund(who) || thing.shownToCompany !== false),
  Closing: (who, thing) => ofCompany(who, thing) && (isOfFund(who) || thing.shownToCompany !== false),
  Amendment: (who, thing) => ofCompany(who, thing) && (isOfFund(who) || thing.shownToCompany !== false),
  Scenario: (who, thing) => ofCompany(who, thing) && isOfFund(who),
  RoundChain: (who, thing) => ofCompany(who, thing) && isOfFund(who),
  Flag: (who, thing) => ofCompany(who, thing) && isOfFund(who),
  Lot: ofCompany,
  TokenTransfer: ofCompany,
  TokenSending: (who, thing) => ofCompany(who, thing) || (who.role !== 'machine' && ofProvider(who, thing)),
  TokenRelease: (who, thing) => ofCompany(who, thing) || (who.role !== 'machine' && ofProvider(who, thing)),
  Security: ofCompany,
  Statement: ofCompany,
  Dispute: ofCompany,
  Document: ofCompany,
  Reservation: (who, thing) => ofCompany(who, thing) || ofProvider(who, thing),
  Pool: (who, thing) => isOfFund(who) || who.companyId !== undefined || ofProvider(who, thing),
  Maintenance: (who, thing) => isOfFund(who) || who.companyId !== undefined || ofProvider(who, thing),
  Dedication: (who, thing) => ofCompany(who, thing) || ofProvider(who, thing),
  QuarantinedUsage: (who, thing) => (isOfFund(who) && ofCompany(who, thing)) || ofProvider(who, thing),
  Provider: everyone,
  TokenClass: everyone,
  Metric: everyone,
  Grant: ofCompany,
  Settlement: (who, thing) => ofCompany(who, thing) && isOfFund(who),
  Mark: (who, thing) => ofCompany(who, thing) && isOfFund(who),
}

type Group = 'everyone' | 'fund' | 'company' | 'provider'
const groupOf = (who: Who): Group =>
  isOfFund(who)
    ? 'fund'
    : who.companyId !== undefined
      ? 'company'
      : who.providerId !== undefined
        ? 'provider'
        : 'everyone'
const PARTIES: readonly Group[] = ['fund', 'company']
const BOOKING: readonly Group[] = ['fund', 'company', 'provider']
const FUND: readonly Group[] = ['fund']

/** Whom a type may be shown to at all. Pages, and refusals, are shown to whoever asks. */
const SHOWN_TO: Readonly<Record<string, readonly Group[]>> = {
  Viewer: ['everyone', 'fund', 'company', 'provider'],
  Installation: ['everyone', 'fund', 'company', 'provider'],
  Provider: ['everyone', 'fund', 'company', 'provider'],
  TokenClass: ['everyone', 'fund', 'company', 'provider'],
  ...each(['everyone', 'fund', 'company', 'provider'], 'Metric MetricLevel Observation'),
  // A list, which may be empty.
  CapacityFits: ['everyone', 'fund', 'company', 'provider'],
  TokenSupply: ['fund', 'provider'],
  ...each(['fund', 'provider'], 'SupplyAuthorisation ChargedSupply TokenCoverage CoverageMonth'),
  ...each(BOOKING, 'Pool Factor FreeCapacity FreeStep CapacityFit Reservation ReservationEvent ReservationQuote'),
  ...each(['fund', 'provider'], 'QuarantinedUsage QuarantineEvent QuarantineCount'),
  ...each(['fund', 'provider'], 'PoolScheduler SchedulerDifference NodeDown SchedulerWaiting'),
  ...each(['fund', 'provider'], 'SchedulingConflict'),
  ...each(BOOKING, 'CapacityChange Maintenance Dedication PoolShare BookingInTheWay'),
  ...each(BOOKING, 'ReservationOffer ReservationChange ReservationTokens ChangeQuote ReservationGroup'),
  ...each(PARTIES, 'GrantSettlement SettlementPlan LongStopStanding'),
  ...each(
    PARTIES,
    'Company Round TermsVersion RoundClosing ClosingConditionStatus Document Acceptance Amendment TermChange DealSignature CompanyIdentity',
  ),
  ...each(
    PARTIES,
    'Closing ClosingPurchase PlannedClosingGrant ClosedGrant GrantTerms HoldersOverClosings ClosingStep HolderOverClosings HolderAfterStep RollingTerms DealDocument Assignment SideLetter SideRight SideObligation SideObligationAct SideObligationReminder MfnNotice',
  ),
  ...each(
    PARTIES,
    'StoredQuote QuotedRules BookingTerms OnDemandTerms RefundStep RoundTerms CashInvestor ClosingCondition ComputeTerms PoolTerms PriceRounding RiskRow SecurityTerms',
  ),
  ...each(
    PARTIES,
    'ComputeInstrument ConversionTerms ConvertibleTerms PricedWarrantTerms ProFormaConversion ProRataRight PromisedOptions ProFormaRight',
  ),
  ...each(
    PARTIES,
    'MilestoneTerms ReleaseOnDemandTerms FactorTerms TermsRelease UnearnedTerms VestingTerms SettlementTerms PriceProtectionTerms Money',
  ),
  ...each(
    PARTIES,
    'ProForma ProFormaClass ProFormaFounder ProFormaFounders ProFormaWarrant ProFormaComputeEquity ProFormaComputePurchase ProFormaHolder ProFormaNote ProFormaPurchase ProFormaRisk',
  ),
  ...each(
    PARTIES,
    'CapTable CapTableClass CapTableDownloads CapTablePlan CapTableSecurity CapTableStakeholder Security VestingStep',
  ),
  ...each(PARTIES, 'Protections ProtectedDilution ProtectedGrant PriceProtectionNow LongStopOutlook'),
  ...each(PARTIES, 'Waterfall WaterfallBreakpoint ExitPayouts ClassPayout HolderPayout NamedAmount'),
  ...each(PARTIES, 'AntiDilution FullyDiluted PayToPlay CompanyPayToPlaySuccess'),
  ...each(
    PARTIES,
    'Lot LotRelease LotMilestone LotReleasesOnDemand AgreedDrawOrder ExpiryNotice LotBalance ClassBalance TokenBalance TokenBalances TokenTransfer',
  ),
  ...each(BOOKING, 'TokenSending TokenRelease'),
  ...each(
    FUND,
    'GoalAnswer Scenario ScenarioFigures RoundChain SolvedChain ChainRound ChainRest ChainStage ChainHolding ChainFounders',
  ),
  ...each(FUND, 'TransferBatch PostedTransfer ReversedTransfer Reconciliation Discrepancy'),
  ...each(PARTIES, 'Arrears UsageCorrection SettledArrears Dispute DisputeProposal Accounting JournalLine TaxElection'),
  ...each(PARTIES, 'GrantProgress Statement StatementLine ShareTrace ShareTraceLink ShareTraceClause'),
  ...each(PARTIES, 'Arrears UsageCorrection SettledArrears Dispute DisputeProposal'),
  ...each(BOOKING, 'CorrectedUsage CorrectedOnDemandUsage CorrectedRecord CorrectingMove'),
  ...each(BOOKING, 'OnDemandUse OnDemandRecord ReportedOnDemandUsage OnDemandOutcome'),
  ...each(BOOKING, 'ReservationOutage RecordedOutage NodeRestart'),
  ...each(
    FUND,
    'SettlementRehearsal TokensAfterwards Mark Flag FlagEvent Finding FindingInput FindingTable RecordedFact Rule FactKind EvidenceKind TokenDifference',
  ),
}

function each(groups: readonly Group[], names: string): Record<string, readonly Group[]> {
  return Object.fromEntries(names.split(' ').map((name) => [name, groups]))
}

/** Whether this person may be shown anything of this type. @throws {Error} for a type that the table does not have */
export function mayBeShown(who: Who, type: string): boolean {
  const groups = SHOWN_TO[type]
  if (groups === undefined) throw new Error(`who may be shown a ${type}? Say it in SHOWN_TO of test/schema/who-sees.ts`)
  return groups.includes(groupOf(who))
}

/** One person of each kind, on the side of each of two companies; and of the fund's staff one more, walled off the second. */
export async function makeCast(world: World, ours: Travelled, theirs: Stage): Promise<Who[]> {
  const of = (id: string) => id.slice(id.indexOf(':') + 1)
  const cast: Who[] = []
  for (const role of STAFF) {
    cast.push({ name: role, role, person: await world.person(role) })
  }
  cast.push({ name: 'a regulator', role: 'regulator', person: await world.person('regulator') })
  const machine = await world.person('machine', { providerId: of(ours.providerId) })
  cast.push({ name: 'a machine of a provider', role: 'machine', person: machine, providerId: ours.providerId })
  const providers = [
    ['a provider', ours.providerId],
    ['another provider', theirs.providerId],
  ] as const
  for (const [name, providerId] of providers) {
    const person = await world.person('provider', { providerId: of(providerId) })
    cast.push({ name: `somebody of ${name}`, role: 'provider', person, providerId })
  }
  const { companyId, founder, signatory } = ours
  cast.push({ name: 'a founder', role: 'founder', person: founder, companyId })
  cast.push({ name: 'a signatory', role: 'signatory', person: signatory, companyId })
  return cast
}

/** One of the fund's staff in each role, all walled off a company. */
export async function walledOff(world: World, companyId: string): Promise<Who[]> {
  const people: Who[] = []
  for (const role of STAFF) {
    const person = await world.person(role)
    const wall = { id: newId(), personId: person.id, companyId: companyId.slice('Company:'.length) }
    await inTransaction(world.deps.db, (trx) =>
      raiseWall(trx, { ...wall, reason: 'the test', raisedBy: world.staff.compliance.id }),
    )
    people.push({ name: `a walled-off ${role}`, role, person, walledOff: companyId })
  }
  return people
}
