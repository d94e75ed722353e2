/** Waterfalls as screens read them: of the table of a day, for many exit values at once, every line with its name. */
import {
  DomainError,
  formatNumeric,
  NUMERIC_PLACES,
  type Numeric,
  parse,
  type Reader,
  roundRational,
  type Uuid,
} from '../../platform/index.ts'
import { mustKnow, NoCapTable } from '../cap-table-view.ts'
import { loadTables } from '../history.views.ts'
import { distribute, type Waterfall } from './waterfall.ts'
import { WaterfallAssumptions, WaterfallRefused } from './waterfall-assumptions.ts'
import type { BreakpointKind } from './waterfall-breakpoints.ts'
import { type NamedWaterfall, waterfallOf } from './waterfall-of-table.ts'

/** What a class gets at an exit. `converts`: takes as common instead of its preference. */
export type ClassPayout = {
  readonly classId: string
  readonly className: string
  readonly amount: Numeric
  readonly converts: boolean
}
/** What somebody gets at an exit for one class or kind of instrument. */
export type HolderPayout = {
  readonly holderId: string
  readonly holder: string
  readonly what: string
  readonly amount: Numeric
  /** Of an option or convertible: exercised or converted. Null for stock. */
  readonly converts: boolean | null
}
export type ExitPayouts = {
  readonly exit: Numeric
  readonly debts: readonly { readonly name: string; readonly amount: Numeric }[]
  readonly carveOut: Numeric
  readonly classes: readonly ClassPayout[]
  readonly payouts: readonly HolderPayout[]
  /** Money per share of common, to ten places, rounded down; 0 until all preferences are paid. */
  readonly perShare: Numeric
  /** The waterfall base: shares of common that share the last dollar. */
  readonly sharing: Numeric
}
export type NamedBreakpoint = {
  /** To the cent, rounded up: from here on it holds. */
  readonly exit: Numeric
  readonly kind: BreakpointKind
  readonly names: readonly string[]
}
export type WaterfallView = {
  readonly asOf: string
  readonly currency: string
  readonly exits: readonly ExitPayouts[]
  readonly breakpoints: readonly NamedBreakpoint[]
  readonly notes: readonly string[]
}

/**
 * The waterfalls of companies' tables on a day, in as many queries as one; in the place of an answer its refusal:
 * {@link NoCapTable}, BeforeFirstTransaction, {@link WaterfallRefused}. The caller has decided who may see the companies.
 *
 * @param further exit values that follow from the first answer, as a chart asks for; they are then all that is answered
 * @throws {BadInput}
 */
export async function companyWaterfalls(
  reader: Reader,
  companyIds: readonly Uuid[],
  asOf: string,
  input: unknown,
  further?: FurtherExits,
): Promise<ReadonlyMap<Uuid, WaterfallView | DomainError>> {
  const asked = parse(WaterfallAssumptions, input)
  const tables = await loadTables(reader, companyIds, asOf)
  return new Map(
    companyIds.map((companyId) => [
      companyId,
      answered(() => {
        const table = tables.get(companyId)
        if (table === undefined) throw new NoCapTable()
        mustKnow(table, asOf)
        return waterfallView(waterfallOf(table, asOf, asked), asOf, asked.exits, further)
      }),
    ]),
  )
}

/** What is answered, or the refusal in its place. */
export function answered<Answer>(answer: () => Answer): Answer | DomainError {
  try {
    return answer()
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
}

/** Exit values that are to be looked at, by what a first answer says. */
export type FurtherExits = (first: WaterfallView) => readonly Numeric[]

/** Distributes exit values and names every line; with `further`, those that follow from them. @throws {WaterfallRefused} */
export function waterfallView(
  named: NamedWaterfall,
  asOf: string,
  exits: readonly Numeric[],
  further?: FurtherExits,
): WaterfallView {
  const first = distributed(named, asOf, exits)
  return further === undefined ? first : distributed(named, asOf, further(first))
}

function distributed(named: NamedWaterfall, asOf: string, exits: readonly Numeric[]): WaterfallView {
  const answer = distribute(named.input, exits)
  if (answer.kind === 'cap_below_preference') {
    const names = answer.ids.map((id) => named.classNames.get(id) ?? id)
    throw new WaterfallRefused(names.map((name) => `the participation cap of ${name} is below its preference`))
  }
  if (answer.kind === 'nobody_to_pay') {
    throw new WaterfallRefused([`no shares take what exceeds ${named.currency} ${formatNumeric(answer.most)}`])
  }
  return {
    asOf,
    currency: named.currency,
    exits: answer.distributions.map((distribution) => payoutsOf(named, distribution)),
    breakpoints: answer.breakpoints.map(({ exit, kind, ids }) => ({
      exit: roundRational(exit, 2, 'UP') * 10n ** BigInt(NUMERIC_PLACES - 2),
      kind,
      names: ids.map((id) => named.classNames.get(id) ?? payeeName(named, id)),
    })),
    notes: named.notes,
  }
}

const payeeName = ({ payees }: NamedWaterfall, id: string): string => {
  const payee = payees.get(id)
  return payee === undefined ? id : `${payee.what} of ${payee.holder}`
}

function payoutsOf(named: NamedWaterfall, distribution: Waterfall['distributions'][number]): ExitPayouts {
  const { holders, classNames, payees } = named
  const nobody = { holderId: '', holder: '', what: '' }
  return {
    exit: distribution.exit,
    debts: distribution.debts.map(({ id, amount }) => ({ name: id, amount })),
    carveOut: distribution.carveOut?.amount ?? 0n,
    classes: distribution.classes.map(({ id, amount, converts }) => ({
      classId: id,
      className: classNames.get(id) ?? id,
      amount,
      converts,
    })),
    payouts: [
      ...distribution.convertibles.map(({ id, amount, converts }) => ({
        ...(payees.get(id) ?? nobody),
        amount,
        converts,
      })),
      ...distribution.classes.flatMap((stock) =>
        stock.holdings.map(({ id, amount }) => ({
          holderId: id,
          holder: holders.get(id) ?? id,
          what: classNames.get(stock.id) ?? stock.id,
          amount,
          converts: null,
        })),
      ),
      ...distribution.options.map(({ id, amount, exercises }) => ({
        ...(payees.get(id) ?? nobody),
        amount,
        converts: exercises,
      })),
    ],
    perShare: (distribution.perShare.numerator * 10n ** 10n) / distribution.perShare.denominator,
    sharing: distribution.sharing,
  }
}
