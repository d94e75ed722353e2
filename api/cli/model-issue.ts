/** `equihour model --issue` and `--pay-to-play`: what an issue below a class's price does to it, and who did not buy their part. */
import { basename } from 'node:path'
import { column, grouped, money } from '../../templates/format.ts'
import {
  AntiDilutionInput,
  type AntiDilutionView,
  antiDilutionOf,
  type CapTable,
  PayToPlayInput,
  type PayToPlayRow,
  payToPlayOf,
} from '../captable/index.ts'
import {
  BadInput,
  canonicalJson,
  formatNumeric,
  type JsonValue,
  type Money,
  numericOfWhole,
  parse,
} from '../platform/index.ts'
import { CannotModel } from './cannot-model.ts'
import { left, right } from './model-table.ts'
import { readTerms } from './terms-file.ts'
import { printable, textTable } from './text-table.ts'

export const ISSUE_USAGE = `  --issue <issue.json>      what an issue does to the conversion price of a class, by the cap table before any round: the
                            fields of the query "antiDilution"
  --pay-to-play <file>      what becomes of the preferred of who does not buy, by the same table: the fields of the query
                            "payToPlay"`

type Printed = { readonly report: string; readonly files: readonly (readonly [string, string])[] }

/** What a file asks, answered. @throws {CannotModel} naming every fault in the file */
async function asked<Answer>(path: string, answer: (input: unknown) => Answer): Promise<Answer> {
  const input = await readTerms(path)
  try {
    return answer(input)
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    const lines = error.faults.map(({ path: at, reason }) => `  ${at.join('.') || basename(path)} ${reason}`)
    throw new CannotModel(`${basename(path)} was refused. Nothing was written.\n${lines.join('\n')}`)
  }
}

/** @throws {DilutionRefused} */
export const modelIssue = (path: string, table: CapTable, asOf: string): Promise<Printed> =>
  asked(path, (input) => {
    const found = antiDilutionOf(table, asOf, parse(AntiDilutionInput, input))
    return { report: issueReport(found), files: [['anti-dilution.json', `${canonicalJson(issueJson(found))}\n`]] }
  })

/** @throws {DilutionRefused} */
export const modelPayToPlay = (path: string, table: CapTable): Promise<Printed> =>
  asked(path, (input) => {
    const rows = payToPlayOf(table, parse(PayToPlayInput, input))
    return {
      report: payToPlayReport(rows),
      files: [['pay-to-play.json', `${canonicalJson(rows.map(payToPlayJson))}\n`]],
    }
  })

const inMoney = ({ amount, currency }: Money): string => money({ amount: formatNumeric(amount), currency })
const moneyJson = ({ amount, currency }: Money): JsonValue => ({ amount: formatNumeric(amount), currency })

const issueJson = (found: AntiDilutionView): JsonValue => ({
  classId: found.classId,
  className: found.className,
  originalIssuePrice: moneyJson(found.originalIssuePrice),
  conversionPriceBefore: moneyJson(found.conversionPriceBefore),
  conversionPriceAfter: moneyJson(found.conversionPriceAfter),
  exactPrice: found.exactPrice,
  adjusted: found.adjusted,
  outstandingBefore: found.outstandingBefore === null ? null : formatNumeric(found.outstandingBefore),
  ratioBefore: found.ratioBefore,
  ratioAfter: found.ratioAfter,
  convertsIntoBefore: formatNumeric(found.convertsIntoBefore),
  convertsIntoAfter: formatNumeric(found.convertsIntoAfter),
})

const issueReport = (found: AntiDilutionView): string =>
  [
    printable(`What the issue does to ${found.className}: its conversion price ${found.adjusted ? 'falls' : 'stays'}`),
    ...textTable(
      [left(''), right('before'), right('after')],
      [
        ['Conversion price', inMoney(found.conversionPriceBefore), inMoney(found.conversionPriceAfter)],
        ['  before rounding', '', found.exactPrice],
        ['Common for one share', found.ratioBefore, found.ratioAfter],
        [
          'Common for the class',
          grouped(formatNumeric(found.convertsIntoBefore)),
          grouped(formatNumeric(found.convertsIntoAfter)),
        ],
        ...(found.outstandingBefore === null
          ? []
          : [['Counted as outstanding ("A")', grouped(formatNumeric(found.outstandingBefore)), '']]),
      ],
    ),
  ].join('\n')

const payToPlayJson = ({ id, holder, played, kept, converted, common }: PayToPlayRow): JsonValue => ({
  id,
  holder,
  played,
  kept: kept.toString(),
  converted: converted.toString(),
  common: common.toString(),
})

function payToPlayReport(rows: readonly PayToPlayRow[]): string {
  const columns = (['kept', 'converted', 'common'] as const).map((key) =>
    column(rows.map((row) => formatNumeric(numericOfWhole(row[key])))),
  )
  return [
    'What becomes of the preferred',
    ...textTable(
      [left('holder'), left('bought their part'), right('keeps'), right('converts'), right('into common')],
      rows.map((row, at) => [row.holder, row.played ? 'yes' : 'no', ...columns.map((texts) => texts[at] ?? '')]),
    ),
  ].join('\n')
}
