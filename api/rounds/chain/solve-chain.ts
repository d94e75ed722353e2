/** Rounds one after another over a cap table, each solved exactly on the result of the one before. Pure. */
import { asCommon, type Capitalization, expiredBy } from '../../captable/index.ts'
import {
  DomainError,
  divide,
  type InputFault,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  TOKEN_PLACES,
  type WholeShares,
} from '../../platform/index.ts'
import { TermsRefused } from '../errors.ts'
import { boughtForCash, boughtForCompute } from '../pro-forma/named-purchases.ts'
import type { ProFormaConversion } from '../pro-forma/pro-forma-conversions.ts'
import { type ProFormaNote, proFormaNotes } from '../pro-forma/pro-forma-notes.ts'
import { type RoundOverTable, roundOverTable } from '../pro-forma/round-over-table.ts'
import { allComputeTokens, computeConsideration } from '../terms/consideration.ts'
import { partOf } from '../terms/parts.ts'
import { type ChainState, stateAfter } from './capitalization-after.ts'
import { standing } from './chain-grant.ts'
import { chainNotes } from './chain-notes.ts'
import { type ChainOwner, type ChainStage, stagesOf } from './chain-ownership.ts'
import { type ChainRound, wireName } from './chain-shape.ts'
import { type ChainRest, restsIn } from './rests-after.ts'

/** There is no such round on the result of the rounds before it. */
export class ChainRefused extends DomainError {
  readonly code = 'CHAIN_REFUSED'
  /** From 1. */
  readonly round: number
  readonly roundName: string
  /** At the path of the term in the chain: `rounds.1.cash.pool.postRoundUnallocated`. */
  readonly faults: readonly InputFault[]
  constructor(index: number, { kind, terms }: ChainRound, faults: readonly InputFault[]) {
    const named = faults.map(({ path, reason }) => ({ path: ['rounds', index, wireName(kind), ...path], reason }))
    super(
      `There is no round ${index + 1}, ${terms.name}, on the result of the rounds before it: ${faults
        .map(({ path, reason }) => `${path.join('.')} ${reason}`)
        .join('; ')}. Nothing was changed.`,
    )
    this.round = index + 1
    this.roundName = terms.name
    this.faults = named
  }
}

/** One round of a chain, and what it came to. */
export type SolvedLink = {
  readonly kind: ChainRound['kind']
  readonly name: string
  readonly closingDate: string
  readonly preMoney: Money
  /** The rounded price per share, and the price before rounding, as a fraction. */
  readonly price: Money
  readonly exactPrice: string
  /** Price times all shares after the round, unearned ones included. */
  readonly postMoney: Money
  readonly poolIncrease: WholeShares
  /**
   * What compute buys, all unearned at this closing; `null` in a round for cash alone. A SAFE buys no share yet: the implied
   * price is then as if its whole purchase amount converted now.
   */
  readonly compute: { readonly tokens: MicroTokens; readonly shares: WholeShares; readonly impliedPrice: Money } | null
  /** Shares that cash investors of the terms buy, and that rights take. */
  readonly cashShares: WholeShares
  readonly rightShares: WholeShares
  readonly conversions: readonly ProFormaConversion[]
  /** The purchase amount of a SAFE for compute that the round gives; `null` where it gives none. */
  readonly safe: Money | null
  /** What had not accrued under SAFEs for compute that the round converts, and what becomes of it. */
  readonly rests: readonly ChainRest[]
  /** What those who were there before the first round keep: their shares as a part of all; the same at what is earned. */
  readonly firstHoldersPart: Numeric
  readonly firstHoldersEarnedPart: Numeric
  readonly notes: readonly ProFormaNote[]
}

export type SolvedChain = {
  /** The cap table that the chain begins with is as of this date. */
  readonly asOf: string
  readonly rounds: readonly SolvedLink[]
  /** Everybody who owns something at some stage, in the order in which they come in; pools last. */
  readonly owners: readonly ChainOwner[]
  /** The cap table before the first round, and after each. */
  readonly stages: readonly ChainStage[]
}

/**
 * @param rounds parsed: in the order of their closings
 * @throws {ChainRefused} naming the first round that there is not, and every one of its terms to change
 */
export function solveChain(capitalization: Capitalization, rounds: readonly ChainRound[]): SolvedChain {
  const tables: Capitalization[] = [capitalization]
  const solved: { readonly table: Capitalization; readonly over: RoundOverTable }[] = []
  let state: ChainState = { table: capitalization, grants: [] }
  for (const [index, round] of rounds.entries()) {
    const table = standing(expiredBy(state.table, round.terms.closingDate), state.grants, index)
    const over = solvedOrRefused(table, round, index)
    solved.push({ table, over })
    state = stateAfter({ ...state, table }, round, over, index)
    tables.push(state.table)
  }
  const { owners, stages } = stagesOf(tables.map(asCommon))
  const [first] = stages
  return {
    asOf: capitalization.asOf,
    owners,
    stages,
    rounds: rounds.flatMap((round, index) => {
      const [one, stage] = [solved[index], stages[index + 1]]
      return one === undefined || stage === undefined || first === undefined ? [] : [linkOf(round, one, first, stage)]
    }),
  }
}

function solvedOrRefused(table: Capitalization, round: ChainRound, index: number): RoundOverTable {
  try {
    return roundOverTable(table, round.terms, round.terms.closingDate)
  } catch (error) {
    if (error instanceof TermsRefused) throw new ChainRefused(index, round, error.faults)
    throw error
  }
}

function linkOf(
  { kind, terms }: ChainRound,
  { table, over }: { readonly table: Capitalization; readonly over: RoundOverTable },
  first: ChainStage,
  stage: ChainStage,
): SolvedLink {
  const { solution, conversions, rights } = over
  const { price, sharesAfter, purchases } = solution
  const inCurrency = (amount: Numeric): Money => ({ amount, currency: terms.preMoney.currency })
  const sum = (rows: readonly ({ readonly shares: WholeShares } | undefined)[]): WholeShares =>
    rows.reduce((total, row) => total + (row?.shares ?? 0n), 0n)
  const shown = boughtForCompute(purchases)?.shares ?? 0n
  const safe = 'instrument' in terms && terms.instrument?.kind === 'SAFE' ? terms.compute : undefined
  const rests = restsIn(table.compute ?? [], { terms, solution })
  return {
    kind,
    name: terms.name,
    closingDate: terms.closingDate,
    preMoney: terms.preMoney,
    price: inCurrency(price),
    exactPrice: solution.exact.price.toFraction(),
    postMoney: inCurrency(divide(price * sharesAfter, 10n ** BigInt(NUMERIC_PLACES), 'NEAREST')),
    poolIncrease: solution.poolIncrease,
    compute:
      'compute' in terms
        ? {
            tokens: allComputeTokens(terms),
            shares: safe === undefined ? shown : 0n,
            impliedPrice: inCurrency(
              divide(shown * price * 10n ** BigInt(TOKEN_PLACES), allComputeTokens(terms), 'NEAREST'),
            ),
          }
        : null,
    cashShares: sum(boughtForCash(purchases, terms)),
    rightShares: sum(rights),
    conversions,
    safe: safe === undefined ? null : computeConsideration(safe),
    rests,
    firstHoldersPart: partOf(first.shares, stage.shares),
    firstHoldersEarnedPart: partOf(first.shares - first.unearned, stage.shares - stage.unearned),
    notes: [...proFormaNotes(table, terms, solution, conversions), ...chainNotes(terms, rests, inCurrency(price))],
  }
}
