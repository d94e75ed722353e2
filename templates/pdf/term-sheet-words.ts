/** The words of a term sheet for each code that terms may hold. */
import { counted, date, grouped } from '../format.ts'
import { STATES } from './states.ts'
import type {
  Condition,
  DrawOrderOnPaper,
  Equity,
  MilestoneOnPaper,
  OnDemandOnPaper,
  Party,
  Price,
  Risk,
  TermSheet,
  Unearned,
  Vesting,
} from './term-sheet-input.ts'

const ROUNDINGS: Readonly<Record<Price['rounding']['direction'], string>> = {
  DOWN: 'rounded downwards',
  UP: 'rounded upwards',
  NEAREST: 'rounded to the nearest, halves up,',
  NEAREST_EVEN: 'rounded to the nearest, halves to even,',
}
/** "rounded downwards to 4 decimal places". */
export const roundingWords = ({ direction, places }: Price['rounding']): string =>
  `${ROUNDINGS[direction]} to ${places === 0 ? 'a whole number' : `${places} decimal ${places === 1 ? 'place' : 'places'}`}`

/** What counts towards vesting. */
export const BASIS_WORDS: Readonly<Record<Vesting['basis'], string>> = {
  delivered: 'Compute delivered: a Token counts when the compute it stands for was really received',
  reserved: 'Compute reserved: a Token counts when it is charged, whether or not the reserved time was used',
  released: 'Compute released: a Token counts when it becomes available to the Company',
}

/** How counted tokens become whole shares. */
const ALLOCATION_WORDS: Readonly<Record<string, string>> = {
  CUMULATIVE_ROUNDING: 'the total number of shares times that part, rounded to the nearest whole share',
  CUMULATIVE_ROUND_DOWN: 'the total number of shares times that part, rounded down to a whole share',
  FRACTIONAL: 'the total number of shares times that part, without rounding',
  FRONT_LOADED: 'an equal number of whole shares per tranche, the remainder one share each to the first tranches',
  BACK_LOADED: 'an equal number of whole shares per tranche, the remainder one share each to the last tranches',
  FRONT_LOADED_TO_SINGLE_TRANCHE: 'an equal number of whole shares per tranche, the remainder to the first tranche',
  BACK_LOADED_TO_SINGLE_TRANCHE: 'an equal number of whole shares per tranche, the remainder to the last tranche',
}
/** The rule in words, with its name in Open Cap Format. @throws {RangeError} for an allocation type that does not exist */
export function allocationWords({ allocation, tranches }: Vesting): string {
  const words = ALLOCATION_WORDS[allocation]
  if (words === undefined) throw new RangeError(`there is no allocation type ${allocation}`)
  const when = tranches === undefined ? 'continuously' : `in ${tranches} equal tranches of Tokens`
  return `${when}: ${words} (${allocation} in Open Cap Format 1.2.0)`
}

/** The same of the cents of a SAFE's purchase amount. @throws {RangeError} for an allocation type that does not exist */
export const accrualWords = (vesting: Vesting): string =>
  allocationWords(vesting)
    .replaceAll('the total number of shares', 'the whole amount')
    .replaceAll('whole shares', 'whole cents')
    .replaceAll('a whole share', 'a whole cent')
    .replaceAll('whole share', 'whole cent')
    .replaceAll('one share each', 'one cent each')

type Right = { readonly name: string; readonly words: string }
const DIVIDENDS: Readonly<Record<Unearned['dividends'], string>> = {
  none: 'None. Dividends are paid on Earned Shares only.',
  held_until_earned:
    'Set aside by the Company, and paid when and so far as the shares are earned; forfeited with them.',
  paid: 'Paid as on every other share of the class.',
  in_proportion: 'Paid in proportion to the part of the consideration that is paid on the share.',
}
/** What Unearned Shares may and may not do, one right after the other. */
export const unearnedRights = (unearned: Unearned, votesPerShare: string): readonly Right[] => [
  {
    name: 'Vote',
    words: unearned.votes
      ? `${grouped(votesPerShare)} per share. They are counted as held for notification thresholds.`
      : 'None until earned, and not counted in a quorum.',
  },
  { name: 'Dividends', words: DIVIDENDS[unearned.dividends] },
  {
    name: 'Liquidation preference',
    words:
      unearned.preference === 'full'
        ? 'As if every share were earned.'
        : 'None. The preference extends to Earned Shares only.',
  },
  {
    name: 'Anti-dilution',
    words: unearned.antiDilution ? 'Adjusted as the shares of the class are.' : 'None until earned.',
  },
  {
    name: 'Pro rata',
    words: unearned.proRata ? 'Counted in the Fund’s right to take part in later issues.' : 'Not counted until earned.',
  },
  {
    name: 'Drag-along',
    words: unearned.drag
      ? 'The Fund sells with the majority; Unearned Shares bring no proceeds.'
      : 'Unearned Shares cannot be dragged.',
  },
]

/** The corporate basis of shares that are issued before they are earned. */
export const CORPORATE_BASIS: Readonly<Record<Unearned['basis'], string>> = {
  obligation:
    'The shares are issued fully paid against the Provider’s binding promise to deliver the compute, and are subject to forfeiture under this clause as a matter of contract.',
  partly_paid:
    'The shares are issued partly paid. The total and the paid amount are stated on each share, and dividends are paid in proportion to the amount paid (Delaware General Corporation Law, section 156).',
  staged:
    'The shares are issued in stages under a formula that the board fixes at Closing (Delaware General Corporation Law, section 152); those not yet issued confer no right.',
}

/** One cause of a charge: what it is, whether it is charged, whether it earns. */
export type Cause = { readonly name: string; readonly when: string; readonly charged: boolean; readonly earns: boolean }
/** Every cause under the terms' way of charging and vest basis. */
export function causes({ charging, vesting }: Pick<TermSheet, 'charging' | 'vesting'>): readonly Cause[] {
  const reserved = charging === 'RESERVED'
  const idle = reserved && vesting.basis === 'reserved'
  return [
    {
      name: 'Delivered',
      when: 'GPU time that was really received, as metered in GPU-seconds',
      charged: true,
      earns: vesting.basis !== 'released',
    },
    { name: 'Idle reserved', when: 'Reserved time that stood ready and was not used', charged: reserved, earns: idle },
    { name: 'No-show', when: 'A reservation of which nothing was used', charged: reserved, earns: idle },
    { name: 'Cancellation fee', when: 'A reservation cancelled after its lock time', charged: reserved, earns: idle },
  ]
}

/** "1× non-participating". */
export function preferenceWords(equity: Equity): string {
  const multiple = `${grouped(equity.liquidationPreferenceMultiple)}×`
  if (equity.participation === 'none') return `${multiple}, non-participating`
  if (equity.participation === 'full') return `${multiple}, fully participating`
  return `${multiple}, participating up to ${grouped(equity.participationCap ?? '0')}× the original price`
}

export const BEARER_WORDS: Readonly<Record<Risk['bears'], string>> = {
  company: 'Company',
  fund: 'Fund',
  provider: 'Provider',
  shared: 'Shared',
}
export const WAIVER_WORDS: Readonly<Record<Condition['waivableBy'], string>> = {
  fund: 'The Fund',
  company: 'The Company',
  both: 'Both together',
  nobody: 'Nobody',
}

/** ", a Delaware corporation", or nothing where neither form nor jurisdiction is known. */
export function formWords(party: Party): string {
  // "Corporation" is a common noun in a sentence; "GmbH" and "S.p.A." are names.
  const form = /^[A-Z][a-z ]+$/.test(party.form ?? '') ? party.form?.toLowerCase() : party.form
  const words = [placeWords(party.jurisdiction), form].filter((word) => word !== undefined && word !== '').join(' ')
  if (words === '') return ''
  return `, ${/^[aeio]/i.test(words) ? 'an' : 'a'} ${words}`
}

const placeWords = (jurisdiction: string | undefined): string | undefined =>
  jurisdiction === undefined ? undefined : (STATES.get(jurisdiction) ?? jurisdiction)

/** How the provider stands to the fund, as a sentence; given as one, or as the fact that rules read: "none". */
export function affiliationWords(affiliation: string): string {
  if (/^none\.?$/i.test(affiliation)) return 'The Provider is not affiliated with the Fund.'
  return affiliation.endsWith('.') ? affiliation : `The Provider’s affiliation with the Fund: ${affiliation}.`
}

const CONFIRMERS: Readonly<Record<MilestoneOnPaper['confirmedBy'], string>> = {
  fund: 'The Fund',
  provider: 'The Provider',
  both: 'The Fund and the Provider, each',
}
/** Who confirms a milestone: a named person of that side. */
export const confirmerWords = ({ confirmedBy }: Pick<MilestoneOnPaper, 'confirmedBy'>): string =>
  CONFIRMERS[confirmedBy]

/** Of what no date releases: there is nothing to earn by it afterwards. */
export const UNTIL_LONG_STOP =
  'From the Long-Stop Date on, as it then stands, nothing more of them is released, unless everything unearned vests on that date.'

/** What the company may ask for, and how. `of` names the grant, " of grant 2", where there are several. */
export function onDemandWords(
  { tokens, perRequest, perPeriod, noticeDays, confirmedBy }: OnDemandOnPaper,
  of = '',
): string {
  const limits = [
    ...(perRequest === undefined ? [] : [`at most ${counted(perRequest, 'Token')} in one request`]),
    ...(perPeriod === undefined
      ? []
      : [`at most ${counted(perPeriod.tokens, 'Token')} within any ${counted(String(perPeriod.days), 'day')}`]),
  ]
  const within = limits.length === 0 ? '' : `, ${limits.join(' and ')}`
  const notice = noticeDays === 0 ? 'at once' : `${counted(String(noticeDays), 'day')} after the request`
  const confirmed = {
    nobody: 'Nobody else needs to confirm it.',
    fund: 'The Fund confirms each request first.',
    provider: 'The Provider confirms each request first.',
  }[confirmedBy]
  return `${counted(tokens, 'Token')}${of} are released as the Company asks for them${within}. They are released ${notice}. ${confirmed} ${UNTIL_LONG_STOP}`
}

const DRAW_ORDERS: Readonly<Record<DrawOrderOnPaper, string>> = {
  EARLIEST_EXPIRY: 'those that expire first',
  OLDEST_FIRST: 'those that it has had longest',
  GRANTS_FIRST: 'those of grants, which earn shares, before others',
  GRANTS_LAST: 'those that earn no shares, and those of grants last',
  UNPAID_FIRST: 'those that it was given, then those of grants, and those that it paid for last',
}
/** In which order a company's tokens are drawn, from "are drawn in this order:" on. */
export const drawOrderWords = (order: DrawOrderOnPaper): string => DRAW_ORDERS[order]

/** When the tokens become available, in one phrase for the key terms. */
export function releaseWords({
  releases,
  milestones = [],
  onDemand,
}: Pick<TermSheet, 'releases' | 'milestones' | 'onDemand'>): string {
  const others = [
    ...(milestones.length === 0 ? [] : [`${counted(String(milestones.length), 'milestone')} (clause 5)`]),
    ...(onDemand === undefined ? [] : ['as the Company asks (clause 5)']),
  ]
  if (others.length === 0) return datedWords(releases)
  const [only] = releases
  if (only === undefined) return `By ${others.join(', ')}`.replace('By as', 'As')
  const dated = releases.length === 1 ? `${grouped(only.tokens)} on ${date(only.on)}` : datedWords(releases)
  return `${dated}; ${others.join('; ')}`
}

function datedWords(releases: TermSheet['releases']): string {
  const [first] = releases
  const last = releases.at(-1)
  if (first === undefined || last === undefined) return 'None'
  if (releases.length === 1) return `All on ${date(first.on)}`
  return `In ${releases.length} releases from ${date(first.on)} to ${date(last.on)} (clause 5)`
}
