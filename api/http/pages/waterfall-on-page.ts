/** A sale as its page and its files show it. */
import type { WaterfallPage } from '../../../templates/pages/waterfall.ts'
import { waterfallPdf } from '../../../templates/pdf/waterfall.ts'
import type { WaterfallSheet } from '../../../templates/waterfall-sheet.ts'
import {
  companyWaterfalls,
  type HolderPayout,
  type NamedBreakpoint,
  type WaterfallView,
  waterfallJson,
} from '../../captable/index.ts'
import { type CompanyView, findInstallation } from '../../parties/index.ts'
import { DomainError, formatNumeric, globalId, type Numeric, type Reader } from '../../platform/index.ts'
import { type RoundView, roundWaterfalls } from '../../rounds/index.ts'
import { hashed, printed } from './paper-of.ts'

/** A sale at one exit value; `view` has also the values that a chart is drawn through, the asked one first. */
export type Sale = {
  readonly company: CompanyView
  readonly of: string
  readonly path: string
  readonly exit: string
  readonly unearned: string
  readonly view: WaterfallView
  /** The round right after which it is sold; none where it is sold as it stands. */
  readonly after?: RoundView
}
type Asked = { readonly exit: unknown; readonly unearned: unknown }
type Load = (input: { exits: readonly string[]; unearned: unknown }) => Promise<WaterfallView | DomainError | undefined>

const EXIT = '50000000'
/** Exit values of one chart. */
const POINTS = 150

export const saleOfCompany = (reader: Reader, company: CompanyView, asOf: string, asked: Asked): Promise<Sale> =>
  saleOf(
    company,
    'the cap table',
    `/companies/${globalId('Company', company.companyId)}/waterfall`,
    asked,
    async (input) =>
      (await companyWaterfalls(reader, [company.companyId], asOf, input, withChart)).get(company.companyId),
  )

export async function saleOfRound(reader: Reader, company: CompanyView, round: RoundView, asked: Asked): Promise<Sale> {
  const of = `the pro forma of ${round.terms.name}`
  const sale = await saleOf(company, of, `/rounds/${round.id}/waterfall`, asked, async (input) =>
    (await roundWaterfalls(reader, [round], input, withChart)).get(round),
  )
  return { ...sale, after: round }
}

async function saleOf(
  company: CompanyView,
  of: string,
  path: string,
  { exit, unearned }: Asked,
  load: Load,
): Promise<Sale> {
  const treatment = unearned === undefined ? 'NO_PREFERENCE' : String(unearned)
  // A value that is given twice is none: the parser refuses the text.
  const value = exit === undefined ? EXIT : typeof exit === 'string' ? exit.replaceAll(',', '').trim() : 'twice'
  const view = await load({ exits: [value], unearned: treatment })
  if (view === undefined || view instanceof DomainError) throw view ?? new Error('a waterfall was not answered')
  return { company, of, path, exit: value, unearned: treatment, view }
}

/** The value that was asked for, and from nothing past it through every breakpoint on the way. */
function withChart({ exits, breakpoints }: WaterfallView): readonly Numeric[] {
  const asked = exits[0]?.exit ?? 0n
  const last = breakpoints.at(-1)?.exit ?? 0n
  const cent = 10n ** 8n
  const wanted = (last * 5n) / 4n < asked * 10n ? (last * 5n) / 4n : asked * 10n
  const most = (asked * 3n) / 2n > wanted ? (asked * 3n) / 2n : wanted
  const end = (most / cent) * cent
  const through = breakpoints.map((point) => point.exit).filter((exit) => exit < end)
  return [asked, ...[...new Set([0n, ...through.slice(0, POINTS), asked, end])].sort((a, b) => (a < b ? -1 : 1))]
}

const WORDS: Readonly<Record<NamedBreakpoint['kind'], (names: string) => string>> = {
  DEBT_PAID: (names) => `${names} is repaid`,
  CARVE_OUT_STARTS: () => 'the carve-out takes its part',
  CARVE_OUT_FULL: () => 'the carve-out has its most',
  PREFERENCES_PAID: (names) => `${names}: preference paid`,
  EXERCISES: (names) => `${names} are exercised`,
  CAP_REACHED: (names) => `${names} has reached its cap`,
  CONVERTS: (names) => `${names} converts to common`,
}

/** What the page shows; `rounds` gave tokens for shares, and their terms say what becomes of those in a sale. */
export const saleOnPage = (
  sale: Sale,
  rounds: readonly RoundView[],
  person: WaterfallPage['person'],
): WaterfallPage => ({
  ...saleSheet(sale),
  ...{ person, path: sale.path },
  clauses: rounds.map(({ id, terms }) => ({ round: terms.name, path: `/rounds/${id}/protections` })),
})

/** On paper. @throws {Refused} where a name cannot be printed */
export async function salePdf(reader: Reader, sale: Sale): Promise<Uint8Array> {
  const fundName = (await findInstallation(reader))?.fundName ?? ''
  const figures = hashed({ waterfall: waterfallJson(sale.view) })
  return printed('sale', () => waterfallPdf({ ...saleSheet(sale), fundName, ...figures }))
}

/** The figures, as page and file show them. */
export function saleSheet({ view, company, of, exit, unearned }: Sale): WaterfallSheet {
  const [asked, ...chart] = view.exits
  const points = (amountIn: (at: (typeof chart)[number]) => Numeric) =>
    chart.map((at) => ({ exit: formatNumeric(at.exit), amount: formatNumeric(amountIn(at)) }))
  const others = ['SAFEs and notes', 'Options and warrants'] as const
  const of2 = (at: (typeof chart)[number], kind: (typeof others)[number]): Numeric =>
    at.payouts
      .filter(({ what, converts }) => converts !== null && /^(?:Note|SAFE)\b/.test(what) === (kind === others[0]))
      .reduce((sum, { amount }) => sum + amount, 0n)
  const end = chart.at(-1)?.exit ?? 0n
  return {
    companyName: company.legalName,
    of,
    asOf: view.asOf,
    currency: view.currency,
    exit,
    unearned,
    classes: [
      ...(asked?.classes ?? []).map(({ className, classId }) => ({
        name: className,
        points: points((at) => at.classes.find((own) => own.classId === classId)?.amount ?? 0n),
      })),
      ...others.map((kind) => ({ name: kind, points: points((at) => of2(at, kind)) })),
    ],
    payouts: (asked?.payouts ?? [])
      .filter(({ amount }) => amount > 0n)
      .sort((a, b) => (a.amount > b.amount ? -1 : 1))
      .map((payout) => ({
        holder: payout.holder,
        what: payout.what,
        amount: formatNumeric(payout.amount),
        how: howWords(payout, asked?.classes.find(({ className }) => className === payout.what)?.converts),
      })),
    breakpoints: view.breakpoints
      .filter((point) => point.exit <= end)
      .map(({ exit: at, kind, names }) => ({ exit: formatNumeric(at), words: WORDS[kind](names.join(', ')) })),
    notes: view.notes,
  }
}

function howWords({ converts, what }: HolderPayout, ofClass: boolean | undefined): string {
  if (converts === null) return ofClass === true ? 'converted to common' : ''
  if (what === 'Options' || what === 'Warrants') return 'exercised, less the strike'
  return converts ? 'converted to common' : 'its amount'
}
