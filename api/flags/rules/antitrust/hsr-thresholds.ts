/**
 * Hart-Scott-Rodino thresholds of 15 U.S.C. 18a(a)(2) as adjusted, in US dollars. The row in force on the closing date
 * counts, not the one at signing. The Commission revises them once a year, 30 days after publication, so the last row is
 * known only to the end of its year: a closing after that needs the next row first.
 */
import { type Numeric, parseNumeric } from '../../../platform/index.ts'
import type { DatedRow, RuleTable, Sureness } from '../../rule-table.ts'

/** Amounts in US dollars. The words are the statute's unadjusted figures, as practitioners name them. */
export type HsrThresholds = {
  /** "50 million": at or below it a deal is not reportable. */
  readonly transaction: Numeric
  /** "200 million": above it a deal is reportable whatever the size of the persons. */
  readonly transactionWithoutPersonTest: Numeric
  /** "10 million". */
  readonly smallPerson: Numeric
  /** "100 million". */
  readonly largePerson: Numeric
}

const row = (
  [from, until]: readonly [string, string],
  [transaction, without, small, large]: readonly [string, string, string, string],
  citation: string,
  source: string,
  sureness: Sureness = 'high',
): DatedRow<HsrThresholds> => ({
  from,
  until,
  value: {
    transaction: parseNumeric(transaction),
    transactionWithoutPersonTest: parseNumeric(without),
    smallPerson: parseNumeric(small),
    largePerson: parseNumeric(large),
  },
  citation,
  source,
  sureness,
})

export const HSR_THRESHOLDS: RuleTable<HsrThresholds> = {
  title: 'Hart-Scott-Rodino thresholds, as adjusted',
  checkedOn: '2026-11-20',
  rows: [
    row(
      ['2022-02-23', '2023-02-27'],
      ['101000000', '403900000', '20200000', '202000000'],
      '87 FR 3541 (24 January 2022)',
      'https://regulations.justia.com/regulations/fedreg/2022/01/24/2022-01214.html',
    ),
    row(
      ['2023-02-27', '2024-03-06'],
      ['111400000', '445500000', '22300000', '222700000'],
      '88 FR 5004 (26 January 2023)',
      'https://regulations.justia.com/regulations/fedreg/2023/01/26/2023-01533.html',
    ),
    row(
      ['2024-03-06', '2025-02-21'],
      ['119500000', '478000000', '23900000', '239000000'],
      '89 FR 7708 (5 February 2024)',
      'https://regulations.justia.com/regulations/fedreg/2024/02/05/2024-02227.html',
    ),
    row(
      ['2025-02-21', '2026-02-17'],
      ['126400000', '505800000', '25300000', '252900000'],
      '90 FR 7697 (22 January 2025)',
      'https://regulations.justia.com/regulations/fedreg/2025/01/22/2025-01518.html',
    ),
    row(
      ['2026-02-17', '2027-01-01'],
      ['133900000', '535500000', '26800000', '267800000'],
      'Notice of the Federal Trade Commission, Federal Register of 16 January 2026',
      'https://www.mondaq.com/unitedstates/antitrust-eu-competition/1737272/2026-ftc-updates-to-hsr-and-clayton-act-threshold',
      // Read in secondary sources that agree; the notice itself is still to be compared.
      'medium',
    ),
  ],
}
