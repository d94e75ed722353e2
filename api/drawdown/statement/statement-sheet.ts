/** From a statement's hashed figures to what its page and document are made of. Pure. */
import type { ChargedLine, ClassAccount, ForecastText, StatementSheet } from '../../../templates/statement-input.ts'
import { canonicalJson, formatDecimal, formatTokens, type JsonValue, parseTokens } from '../../platform/index.ts'
import type { StatementView } from './statement.views.ts'
import { StatementFigures } from './statement-figures-shape.ts'

/** Names of accounts, as people read them. */
const ACCOUNTS: Readonly<Record<string, string>> = {
  obligation: 'Owed by the provider',
  locked: 'Locked',
  available: 'Available',
  held: 'Held for reservations',
  escrow: 'In escrow',
  'charged:delivered': 'Charged: delivered',
  'charged:idle_reserved': 'Charged: reserved and not used',
  'charged:no_show': 'Charged: never begun',
  'charged:cancel_fee': 'Charged: late cancellation',
  expired: 'Expired',
  cancelled: 'Cancelled',
}
const CAUSES: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  idle_reserved: 'reserved and not used',
  no_show: 'never begun',
  cancel_fee: 'late cancellation',
}
const REASONS: Readonly<Record<string, string>> = {
  grant: 'Granted',
  release: 'Released',
  hold: 'Held for a reservation',
  hold_posted: 'Hold made firm',
  hold_voided: 'Hold given back',
  hold_expired: 'Hold expired',
  charge: 'Charged',
  return: 'Returned from a hold',
  expiry: 'Expired',
  reversal: 'Reversed',
  correction: 'Usage corrected',
  outage_credit: 'Credit for an outage',
}
const CORRECTIONS: Readonly<Record<string, string>> = {
  lower: 'Lowered',
  raise: 'Raised',
  void: 'Voided',
  booked_later: 'Booked later',
  credit: 'Credited',
}
const BASES: Readonly<Record<string, string>> = {
  delivered: 'what is delivered',
  reserved: 'what is charged',
  released: 'what is released',
}
const USABLE = new Set(['locked', 'available', 'held'])

const words = (names: Readonly<Record<string, string>>, code: string): string =>
  names[code] ?? code.replaceAll(/[_:]/g, ' ')
export const accountWords = (kind: string): string => words(ACCOUNTS, kind)
export const causeWords = (cause: string): string => words(CAUSES, cause)

type Named = (id: string | null) => string

/** Everything that is printed comes from the figures that are hashed, the names too; `fund` is the installation's. */
export function sheetOf(statement: StatementView, fund: string): StatementSheet {
  const figures = StatementFigures.parse(statement.figures)
  const named: Named = (id) => (id === null ? 'tokens that earn nothing' : (figures.names[id] ?? id))
  return {
    figuresJson: canonicalJson(statement.figures as JsonValue),
    sha256: statement.sha256.toString('hex'),
    company: named(figures.company),
    fund,
    month: statement.month,
    version: statement.version,
    from: figures.from ?? statement.month,
    until: figures.until,
    statedAt: statement.statedAt,
    disputeUntil: statement.disputeUntil,
    classes: figures.balances.map((account) => classOf(account, figures, named)),
    charged: figures.charged.map(
      (row): ChargedLine => ({
        pool: named(row.pool),
        grant: named(row.grant),
        cause: causeWords(row.cause),
        tokens: row.tokens,
      }),
    ),
    jobs: figures.jobs.listed.map((row) => ({
      job: row.job ?? 'no job',
      pool: named(row.pool),
      cause: causeWords(row.cause),
      gpuSeconds: row.gpuSeconds,
      records: row.usageRecords,
      tokens: row.tokens,
    })),
    otherJobs: { count: figures.jobs.others.count, tokens: figures.jobs.others.tokens },
    corrections: figures.corrections.map((row) => ({
      record: row.externalId,
      ofMonth: row.ofMonth,
      what: `${words(CORRECTIONS, row.kind)} from ${row.before} to ${row.after} GPU-seconds: ${accountWords(row.from).toLowerCase()} to ${accountWords(row.to).toLowerCase()}`,
      reason: row.reason,
      tokens: row.tokens,
    })),
    grants: figures.grants.map((grant) => grantOf(grant, figures, named)),
    priceDefinition: figures.priceDefinition,
    forecastMethod: figures.outlook.method,
  }
}

function classOf(
  { tokenClass, accounts }: StatementFigures['balances'][number],
  figures: StatementFigures,
  named: Named,
): ClassAccount {
  const own = figures.movements.filter((movement) => movement.tokenClass === tokenClass)
  const outlook = figures.outlook.classes.find((each) => each.tokenClass === tokenClass)
  const net = (kind: string): string => {
    const account = accounts.find((each) => each.kind === kind)
    return account === undefined ? '0' : formatTokens(tokens(account.closing) - tokens(account.opening))
  }
  const usable = (side: 'opening' | 'closing') =>
    add(accounts.filter(({ kind }) => USABLE.has(kind)).map((account) => account[side]))
  return {
    name: named(tokenClass),
    balances: accounts
      .filter(({ opening, closing }) => opening !== '0' || closing !== '0')
      .map(({ kind, opening, closing }) => ({ name: accountWords(kind), opening, closing })),
    movements: own
      .filter((movement) => movement.tokens !== '0')
      .map((movement) => ({
        name: `${words(REASONS, movement.reason)}: ${accountWords(movement.from)} to ${accountWords(movement.to)}`,
        tokens: movement.tokens,
      })),
    opening: usable('opening'),
    closing: usable('closing'),
    released: add(
      own.filter(({ from, to }) => from === 'locked' && to === 'available').map((movement) => movement.tokens),
    ),
    held: accounts.find(({ kind }) => kind === 'held')?.closing ?? '0',
    charged: accounts
      .filter(({ kind }) => kind.startsWith('charged:'))
      .map(({ kind }) => ({ cause: causeWords(kind.slice('charged:'.length)), tokens: net(kind) })),
    expired: net('expired'),
    runOut: forecastOf(outlook?.runOut),
    pace: { tokens: outlook?.pace ?? '0', days: outlook?.paceDays ?? 0 },
    points: outlook?.points ?? [],
  }
}

function grantOf(grant: StatementFigures['grants'][number], figures: StatementFigures, named: Named) {
  const { perShare, inMonth, sinceStart } = grant.price
  const { unit, ...shares } = grant.shares
  const counted = (units: string): string => (unit === 'CENT' ? formatDecimal(BigInt(units), 2, 2) : units)
  return {
    security: named(grant.grant),
    basis: words(BASES, grant.vestBasis ?? ''),
    granted: grant.granted,
    basisOpening: grant.basis.opening,
    basisClosing: grant.basis.closing,
    earnedOpening: counted(shares.earnedAtOpen),
    earnedClosing: counted(shares.earnedAtClose),
    vested: counted(shares.vestedWhenStated),
    total: counted(shares.total),
    currency: unit === 'CENT' ? perShare?.currency : undefined,
    inDispute: grant.inDispute,
    deficit: grant.deficit,
    perShare: perShare === null || unit === 'CENT' ? undefined : `${perShare.currency} ${perShare.amount}`,
    inMonth: inMonth ?? undefined,
    sinceStart: sinceStart ?? undefined,
    fullyVested: forecastOf(figures.outlook.grants.find((each) => each.grant === grant.grant)?.fullyVested),
  }
}

function forecastOf(of: StatementFigures['outlook']['grants'][number]['fullyVested'] | undefined): ForecastText {
  if (of?.kind === 'on' && of.on !== undefined) return { kind: 'on', on: of.on }
  if (of?.kind === 'done') return { kind: 'done' }
  return { kind: 'cannot_tell', why: of?.why ?? 'this statement does not say' }
}

const tokens = (text: string): bigint => (text.startsWith('-') ? -parseTokens(text.slice(1)) : parseTokens(text))
const add = (texts: readonly string[]): string => formatTokens(texts.reduce((sum, text) => sum + tokens(text), 0n))
