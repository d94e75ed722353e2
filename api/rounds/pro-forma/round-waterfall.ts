/** The waterfall of the company that a round would make: its pro forma, as a table of claims. */
import {
  answered,
  type FurtherExits,
  type NamedWaterfall,
  WaterfallAssumptions,
  type WaterfallView,
  waterfallOf,
  waterfallView,
} from '../../captable/index.ts'
import { DomainError, type Numeric, parse, type Reader } from '../../platform/index.ts'
import type { RoundView } from '../round.views.ts'
import type { RoundTerms, SecurityTerms } from '../terms/terms.ts'
import type { ProForma } from './pro-forma.ts'
import { roundsOverTables } from './round-capitalization.ts'

/**
 * Exit values distributed over the pro formas of rounds, each on the day of its cap table, in as many queries as one; in the
 * place of an answer its refusal. Shares that a round issues unearned get what is asked of unearned shares: no preference,
 * unless it says otherwise.
 *
 * @param further as in `companyWaterfalls`
 * @throws {BadInput}
 */
export async function roundWaterfalls(
  reader: Reader,
  rounds: readonly RoundView[],
  input: unknown,
  further?: FurtherExits,
): Promise<ReadonlyMap<RoundView, WaterfallView | DomainError>> {
  const solved = await roundsOverTables(reader, rounds)
  return new Map(
    [...solved].map(([round, found]) => [
      round,
      answered(() => {
        if (found instanceof DomainError) throw found
        const { table, proForma } = found
        const asked = parse(WaterfallAssumptions, { currency: round.terms.preMoney.currency, ...Object(input) })
        const after = afterRound(waterfallOf(table, proForma.asOf, asked), proForma, round.terms, asked.unearned)
        return waterfallView(after, proForma.asOf, asked.exits, further)
      }),
    ]),
  )
}

type Class = NamedWaterfall['input']['classes'][number]
type Holding = Class['holdings'][number]

/** What the lines of a pro forma say of stock takes the place of what the table said; options stay as they are. Pure. */
export function afterRound(
  before: NamedWaterfall,
  proForma: ProForma,
  terms: RoundTerms,
  treatment: WaterfallAssumptions['unearned'],
): NamedWaterfall {
  const classNames = new Map(before.classNames)
  const holders = new Map(before.holders)
  const holdings = new Map<string, Holding[]>()
  for (const line of proForma.lines) {
    if (line.kind !== 'stock' || line.after === 0n) continue
    const classId = line.classId ?? `new ${line.className}`
    const id = line.holderId ?? `new ${line.holder}`
    if (!holders.has(id)) holders.set(id, line.holder)
    if (!classNames.has(classId)) classNames.set(classId, line.className)
    const known = before.input.classes
      .find((stock) => stock.id === classId)
      ?.holdings.find((holding) => holding.id === id)
    const unearned = line.unearned + (known?.unearned?.shares ?? 0n)
    // The lines count as converted; what was there is paid by its own number, and what the round adds is one to one.
    const shares = (known?.shares ?? 0n) + line.after - line.before
    const list = holdings.get(classId) ?? []
    list.push(unearned === 0n ? { id, shares } : { id, shares, unearned: { shares: unearned, treatment } })
    holdings.set(classId, list)
  }
  const kept = before.input.classes.map((stock): Class => ({ ...stock, holdings: holdings.get(stock.id) ?? [] }))
  const added = [...holdings]
    .filter(([id]) => !before.input.classes.some((stock) => stock.id === id))
    .map(
      ([id, list]): Class => ({
        id,
        preference: newPreference(classNames.get(id) ?? id, proForma, terms),
        holdings: list,
      }),
    )
  const converted = new Set(proForma.conversions.map(({ securityId }) => securityId))
  return {
    ...before,
    classNames,
    holders,
    input: {
      ...before.input,
      classes: [...kept, ...added],
      convertibles: before.input.convertibles.filter(({ id }) => !converted.has(id)),
    },
  }
}

const ONE: Numeric = 10n ** 10n

/** A class that the round makes: what cash and compute buy, or the shadow series that a SAFE becomes, at its own price. */
function newPreference(className: string, proForma: ProForma, terms: RoundTerms): Class['preference'] {
  const shadow = proForma.conversions.find((conversion) => conversion.className === className)
  const own = [terms.security, terms.cashSecurity].find((security) => security?.className === className)
  const standard: SecurityTerms = own ?? terms.cashSecurity ?? terms.security
  const price = own === undefined && shadow !== undefined ? shadow.price.amount : proForma.price.amount
  return {
    price,
    multiple: standard.liquidationPreferenceMultiple,
    seniority: standard.seniority,
    participation:
      standard.participation === 'none'
        ? { kind: 'NONE' }
        : standard.participation === 'full'
          ? { kind: 'FULL' }
          : { kind: 'CAPPED', multiple: standard.participationCap ?? ONE },
  }
}
