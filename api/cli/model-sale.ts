/** `equihour model --exit` and `--sale`: who gets what of a sale, by the cap table or by the pro forma of a round. */
import { basename } from 'node:path'
import { column, grouped, money } from '../../templates/format.ts'
import {
  type CapTable,
  WaterfallAssumptions,
  type WaterfallView,
  waterfallCsv,
  waterfallJson,
  waterfallOf,
  waterfallView,
} from '../captable/index.ts'
import { BadInput, canonicalJson, formatNumeric, type Numeric, parse } from '../platform/index.ts'
import { afterRound, type ProForma, type RoundTerms } from '../rounds/index.ts'
import { CannotModel } from './cannot-model.ts'
import { left, right } from './model-table.ts'
import { readTerms } from './terms-file.ts'
import { printable, textTable } from './text-table.ts'

export const SALE_USAGE = `  --exit <a,b>              who gets what of a sale at these values
  --sale <sale.json>        the same with debts, a carve-out, what unearned shares get and what the package does not say
                            of a class: the fields of the query "waterfall"`

export type AskedSale = { readonly exit?: string | undefined; readonly sale?: string | undefined }
export const asksForSale = ({ exit, sale }: AskedSale): boolean => exit !== undefined || sale !== undefined

/**
 * What is asked of a sale.
 *
 * @param currency of the round, where there is one
 * @throws {CannotModel} for a file that cannot be read, and naming every fault in it
 */
export async function readSale({ exit, sale }: AskedSale, currency: string | undefined): Promise<WaterfallAssumptions> {
  const file = sale === undefined ? {} : await readTerms(sale)
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new CannotModel(`${basename(sale ?? '')} must be an object.`)
  const exits = exit === undefined ? {} : { exits: exit.split(',').map((value) => value.trim()) }
  try {
    return parse(WaterfallAssumptions, { ...(currency === undefined ? {} : { currency }), ...file, ...exits })
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    const given = exit === undefined ? 'exits' : '--exit'
    const lines = error.faults.map(
      ({ path: [first, ...rest], reason }) =>
        `  ${[first === 'exits' ? given : (first ?? 'sale'), ...rest].join('.')} ${reason}`,
    )
    throw new CannotModel(`The sale was refused. Nothing was written.\n${lines.join('\n')}`)
  }
}

/** What is printed, and the files beside it. @throws {WaterfallRefused} */
export function modelSale(
  table: CapTable,
  asOf: string,
  asked: WaterfallAssumptions,
  round: { readonly proForma: ProForma; readonly terms: RoundTerms } | undefined,
) {
  const before = waterfallOf(table, asOf, asked)
  const named = round === undefined ? before : afterRound(before, round.proForma, round.terms, asked.unearned)
  const view = waterfallView(named, asOf, asked.exits)
  return {
    report: saleReport(view, round?.terms.name),
    files: [
      ['waterfall.json', `${canonicalJson(waterfallJson(view))}\n`],
      ['waterfall.csv', waterfallCsv(view)],
    ] as const,
  }
}

type Exit = WaterfallView['exits'][number]

function saleReport({ currency, exits, breakpoints, notes }: WaterfallView, round: string | undefined): string {
  const inMoney = (amount: Numeric): string => money({ amount: formatNumeric(amount), currency })
  const amounts = (of: (at: Exit) => Numeric): string[] => exits.map((at) => grouped(formatNumeric(of(at)), 2))
  const payees = (exits[0]?.payouts ?? []).map((_, index) => index)
  const debts = (exits[0]?.debts ?? []).map((_, index) => index)
  const shares = column(exits.map(({ sharing }) => formatNumeric(sharing)))
  return [
    printable(`Who gets what of a sale${round === undefined ? '' : ` after ${round}`}, in ${currency}`),
    ...textTable(
      [left('holder'), left('for'), ...exits.map(({ exit }) => right(grouped(formatNumeric(exit), 2)))],
      [
        ...debts.map((at) => [
          exits[0]?.debts[at]?.name ?? '',
          'debt',
          ...amounts((exit) => exit.debts[at]?.amount ?? 0n),
        ]),
        ...(exits.some(({ carveOut }) => carveOut > 0n)
          ? [['Management', 'carve-out', ...amounts((exit) => exit.carveOut)]]
          : []),
        ...payees.map((at) => [
          exits[0]?.payouts[at]?.holder ?? '',
          exits[0]?.payouts[at]?.what ?? '',
          ...amounts((exit) => exit.payouts[at]?.amount ?? 0n),
        ]),
        ['Total', '', ...amounts(({ exit }) => exit)],
        ['A share of common', '', ...exits.map(({ perShare }) => formatNumeric(perShare))],
        ['Shares that share the last dollar', '', ...shares],
      ],
    ),
    '',
    'Where the shares of the next dollar change',
    ...textTable(
      [right('from'), left('what happens'), left('to')],
      breakpoints.map(({ exit, kind, names }) => [
        inMoney(exit),
        kind.toLowerCase().replaceAll('_', ' '),
        names.join(', '),
      ]),
    ),
    ...notes.map((note) => printable(`  notice: ${note}`)),
  ].join('\n')
}
