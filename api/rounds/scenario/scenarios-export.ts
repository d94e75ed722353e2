/** Scenarios side by side to take away: as JSON for programs, as CSV for spreadsheets. Pure. */
import {
  csvOf,
  DomainError,
  formatNumeric,
  formatTokens,
  type JsonValue,
  type Money,
  numericOfWhole,
  words,
} from '../../platform/index.ts'
import type { ProForma } from '../pro-forma/pro-forma.ts'
import { partOf } from '../terms/parts.ts'
import type { ScenarioView } from './scenario.views.ts'

/** A scenario, and what it comes to or why it comes to nothing over the cap table of its day. */
export type ScenarioBeside = { readonly scenario: ScenarioView; readonly found: ProForma | DomainError }

const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

/** What a scenario comes to in a row of several. Parts are of 1; every number is a decimal string. */
export function scenarioFigures(proForma: ProForma) {
  const { grants, cash, computeShares, sharesAfter, compute, risk, founders } = proForma
  return {
    preMoney: money(proForma.preMoney),
    pricePerShare: money(proForma.price),
    postMoney: money(proForma.postMoney),
    sharesAfter: formatNumeric(sharesAfter),
    tokens: formatTokens(grants.reduce((sum, { tokens }) => sum + tokens, 0n)),
    computeShares: String(computeShares),
    computePart: formatNumeric(partOf(numericOfWhole(computeShares), sharesAfter)),
    cashShares: String(cash.reduce((sum, { shares }) => sum + shares, 0n)),
    impliedPrice: money(compute.impliedPrice),
    foundersPart: founders === null ? null : formatNumeric(founders.afterPart),
    foundersPartWithoutUnearned: founders === null ? null : formatNumeric(founders.afterWithoutUnearnedPart),
    dilution: formatNumeric(risk.dilution),
    dilutionIfNothingUsed: formatNumeric(risk.dilutionIfNothingUsed),
  }
}

export const scenariosJson = (rows: readonly ScenarioBeside[]): JsonValue => ({
  scenarios: rows.map(({ scenario, found }) => ({
    id: scenario.id,
    name: scenario.name,
    version: scenario.version,
    asOf: scenario.asOf,
    round: scenario.terms.name,
    closingDate: scenario.terms.closingDate,
    termsSha256: scenario.termsSha256,
    ...(found instanceof DomainError ? { refused: found.message } : { figures: scenarioFigures(found) }),
  })),
})

const COLUMNS = [
  ...(['scenario', 'version', 'cap table of', 'round', 'closes', 'currency', 'before the money', 'a share'] as const),
  ...(['after the money', 'shares after', 'tokens', 'shares for compute', 'part for compute'] as const),
  ...(['shares for cash', 'an H100-hour in equity', 'dilution', 'dilution if nothing is used'] as const),
  ...(['founders after', 'founders after without unearned', 'refused'] as const),
] as const

/** One row for each scenario; what cannot be solved says why in the last column. Source of the form: RFC 4180. */
export const scenariosCsv = (rows: readonly ScenarioBeside[]): string =>
  csvOf([
    [...COLUMNS],
    ...rows.map(({ scenario, found }) => {
      const { name, version, asOf, terms } = scenario
      const head = [words(name), String(version), asOf, words(terms.name), terms.closingDate]
      if (found instanceof DomainError)
        return [...head, ...Array.from({ length: COLUMNS.length - head.length - 1 }, () => ''), words(found.message)]
      const it = scenarioFigures(found)
      return [
        ...[...head, it.preMoney.currency, it.preMoney.amount, it.pricePerShare.amount, it.postMoney.amount],
        ...[it.sharesAfter, it.tokens, it.computeShares, it.computePart, it.cashShares, it.impliedPrice.amount],
        ...[it.dilution, it.dilutionIfNothingUsed],
        ...[it.foundersPart ?? '', it.foundersPartWithoutUnearned ?? '', ''],
      ]
    }),
  ])
