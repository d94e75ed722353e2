/** `equihour model` with several files of terms: rounds one after another. */
import { basename } from 'node:path'
import { column, date, grouped, listed, money } from '../../templates/format.ts'
import type { Capitalization } from '../captable/index.ts'
import {
  BadInput,
  canonicalJson,
  divide,
  formatDecimal,
  formatNumeric,
  formatTokens,
  type Money,
  type Numeric,
  parse,
} from '../platform/index.ts'
import { Chain, type ChainRound, chainCsv, chainJson, type SolvedChain, solveChain } from '../rounds/index.ts'
import { CannotModel } from './cannot-model.ts'
import { conversionLines } from './model-report.ts'
import { readTerms } from './terms-file.ts'
import { printable, type TextColumn, textTable } from './text-table.ts'

/**
 * The rounds in these files: those with `compute` are for compute, others for cash alone.
 *
 * @param delivered tokens that are taken as delivered by the time of later rounds, one for each file; empty for none, and
 *   several with a slash between them for the first later round, the second, and so on
 * @throws {CannotModel} for a file that cannot be read, and for terms with faults, each under its file
 */
export async function readChain(
  paths: readonly string[],
  delivered: readonly string[],
): Promise<readonly ChainRound[]> {
  const files = await Promise.all(paths.map(readTerms))
  const rounds = files.map((terms, index) => {
    const [first = '', ...later] = (delivered[index] ?? '').split('/')
    const tokens = {
      ...(first === '' ? {} : { delivered: first }),
      ...(later.length === 0 ? {} : { deliveredLater: later }),
    }
    return { [isForCash(terms) ? 'cash' : 'compute']: terms, ...tokens }
  })
  try {
    return parse(Chain, rounds)
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    const lines = error.faults.map(({ path: [index, kind, ...rest], reason }) => {
      const file = typeof index === 'number' ? basename(paths[index] ?? '') : ''
      // Whether it is for compute or for cash is not said in the file.
      const path = kind === 'compute' || kind === 'cash' || kind === undefined ? rest : [kind, ...rest]
      return `  ${[file, path.join('.'), reason].filter((words) => words !== '').join(' ')}`
    })
    throw new CannotModel(`The terms were refused. Nothing was written.\n${lines.join('\n')}`)
  }
}

/** Whether terms, not parsed yet, are of a round for cash alone. */
export const isForCash = (terms: unknown): boolean =>
  typeof terms === 'object' && terms !== null && !('compute' in terms) && 'cashInvestors' in terms

/** What is printed, and the files beside it. @throws {ChainRefused} */
export function modelChain(company: string, capitalization: Capitalization, rounds: readonly ChainRound[]) {
  const solved = solveChain(capitalization, rounds)
  return {
    report: chainReport(company, solved),
    files: [
      ['chain.json', `${canonicalJson({ chain: chainJson(solved) })}\n`],
      ['chain.csv', chainCsv(solved)],
    ] as const,
  }
}

const left = (title: string): TextColumn => ({ title, align: 'left' })
const right = (title: string): TextColumn => ({ title, align: 'right' })
const inMoney = ({ amount, currency }: Money): string => money({ amount: formatNumeric(amount), currency })
/** A part of 1 as percent to four places. */
const percent = (part: Numeric): string => formatDecimal(divide(part, 10_000n, 'NEAREST'), 4, 4)

function chainReport(company: string, solved: SolvedChain): string {
  const { rounds, asOf } = solved
  const last = rounds.at(-1)
  return [
    printable(
      `${rounds.length === 1 ? last?.name : `${rounds.length} rounds`} of ${company}, over the cap table of ${date(asOf)}: whoever holds it then has ${percent(last?.firstHoldersPart ?? 0n)} % after ${last?.name}, ${percent(last?.firstHoldersEarnedPart ?? 0n)} % at what is earned.`,
    ),
    '',
    rounds.length === 1 ? 'The round' : 'Rounds, each on the result of the one before',
    ...textTable(
      [
        'round',
        'closes',
        'before the money',
        'a share',
        'before rounding',
        'tokens',
        'for compute',
        'for cash',
        'converted',
        'pool',
      ].map((title, index) => (index === 0 ? left(title) : right(title))),
      rounds.map((round) => [
        round.name,
        date(round.closingDate),
        inMoney(round.preMoney),
        inMoney(round.price),
        round.exactPrice,
        round.compute === null ? 'none' : grouped(formatTokens(round.compute.tokens)),
        ...[
          round.compute?.shares ?? 0n,
          round.cashShares + round.rightShares,
          round.conversions.reduce((sum, { shares }) => sum + shares, 0n),
          round.poolIncrease,
        ].map((shares) => grouped(String(shares))),
      ]),
    ),
    '',
    ...rounds.flatMap(({ name, conversions }) =>
      conversions.length === 0 ? [] : conversionLines(`What converts in ${name}`, conversions),
    ),
    ...ownershipLines(solved, 'shares', 'Shares, every unearned one included'),
    '',
    ...ownershipLines(solved, 'part', 'Parts with every unearned share, %'),
    ...(solved.stages.some(({ unearned }) => unearned > 0n)
      ? ['', ...ownershipLines(solved, 'earnedPart', 'Parts at what is earned, %')]
      : []),
    ...rounds.flatMap(({ name, notes }) => notes.map(({ weight, text }) => printable(`  ${name}, ${weight}: ${text}`))),
  ].join('\n')
}

function ownershipLines(
  { owners, rounds, stages }: SolvedChain,
  key: 'shares' | 'part' | 'earnedPart',
  title: string,
): string[] {
  const written = key === 'shares' ? formatNumeric : percent
  const names = owners.flatMap(({ holder, isFounder }) => (isFounder ? [holder] : []))
  const together = stages.flatMap(({ founders }) => (names.length < 2 || founders === null ? [] : [founders]))
  const columns = stages.map(({ holdings }, at) =>
    column([...holdings, ...together.slice(at, at + 1)].map((holding) => written(holding[key]))),
  )
  const total = (shares: Numeric, unearned: Numeric) =>
    grouped(formatNumeric(key === 'earnedPart' ? shares - unearned : shares))
  return [
    title,
    ...textTable(
      [left('holder'), right('before'), ...rounds.map(({ name }) => right(name))],
      [
        ...owners.map(({ holder, isPool }, at) => [
          isPool ? `${holder} (not granted)` : holder,
          ...columns.map((texts) => texts[at] ?? ''),
        ]),
        ...(together.length === 0
          ? []
          : [[`Of these: ${listed(names)} together`, ...columns.map((texts) => texts.at(-1) ?? '')]]),
        ['Shares', ...stages.map(({ shares, unearned }) => total(shares, unearned))],
      ],
    ),
  ]
}
