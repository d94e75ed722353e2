/** The form on which rounds are drawn up, read into what a chain is sent as. What is wrong in it, the parser of chains says. */
import type { NEW_CASH_FIELDS, NewCash, RoundInForm } from '../../../templates/pages/chain-workbench.ts'
import { BadInput } from '../../platform/index.ts'
import { MOST_ROUNDS } from '../../rounds/index.ts'
import { parseRequestJson } from '../graphql/request-json.ts'

type Fields = Readonly<Record<string, unknown>>
/** A round as it is sent: under `compute` or under `cash` its terms. */
export type SentRound = Fields

export type ChainForm = {
  readonly rounds: readonly SentRound[]
  /** What a round is added from: an id, {@link CASH_SOURCE}, or nothing. */
  readonly source: string
  readonly newCash: NewCash
  readonly asOf: string
  readonly name: string
  readonly key: string
  readonly revises: { readonly id: string; readonly name: string; readonly version: number } | undefined
  readonly act: 'try' | 'save' | 'revise'
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** A field of the form. One that is missing, or is there twice, is empty. */
const text = (body: unknown, name: string): string => {
  const value = isFields(body) && Object.hasOwn(body, name) ? body[name] : undefined
  return typeof value === 'string' ? value.trim() : ''
}

/**
 * Its rounds with the fields that were typed over them, without those that are to be left out.
 *
 * @throws {BadInput} when a round that the page itself wrote is none any more
 */
export function chainFormOf(body: unknown): ChainForm {
  const rounds: SentRound[] = []
  // One more than a chain has: then the parser says that it is too long.
  for (let at = 0; at <= MOST_ROUNDS; at += 1) {
    const json = text(body, `round.${at}`)
    if (json !== '' && text(body, `leaveOut.${at}`) === '') rounds.push(typedOver(sent(json, at), body, at))
  }
  const version = text(body, 'version')
  const act = text(body, 'do')
  return {
    rounds,
    ...{ source: text(body, 'source'), asOf: text(body, 'asOf'), name: text(body, 'planName'), key: text(body, 'key') },
    newCash: newCashOf((name) => text(body, name)),
    revises: /^[1-9][0-9]{0,8}$/.test(version)
      ? { id: text(body, 'chainId'), name: text(body, 'revisedName'), version: Number(version) }
      : undefined,
    act: act === 'save' || act === 'revise' ? act : 'try',
  }
}

export const newCashOf = (of: (name: (typeof NEW_CASH_FIELDS)[number]) => string): NewCash => ({
  ...{ newName: of('newName'), newClosingDate: of('newClosingDate'), newClass: of('newClass') },
  ...{ newPreMoney: of('newPreMoney'), newCurrency: of('newCurrency'), newInvestor: of('newInvestor') },
  ...{ newInvestorId: of('newInvestorId'), newCash: of('newCash'), newPool: of('newPool') },
})

function sent(json: string, at: number): SentRound {
  try {
    const value = parseRequestJson(json)
    if (isFields(value) && isFields(value.compute ?? value.cash)) return value
  } catch {
    // It is none: said below, the same for every cause.
  }
  throw new BadInput([{ path: ['rounds', at], reason: 'is not as this page wrote it: begin again' }])
}

const termsOf = (round: SentRound): Fields => {
  const terms = round.compute ?? round.cash
  return isFields(terms) ? terms : {}
}

/** The round with what was typed for it. A field that the form does not have leaves the term as it is. */
function typedOver(round: SentRound, body: unknown, at: number): SentRound {
  const has = (name: string): boolean => isFields(body) && Object.hasOwn(body, `${name}.${at}`)
  const of = (name: string): string => text(body, `${name}.${at}`)
  const terms = termsOf(round)
  const only = onlyInvestor(terms)
  const typed = {
    ...terms,
    ...(has('name') ? { name: of('name') } : {}),
    ...(has('closingDate') ? { closingDate: of('closingDate') } : {}),
    ...(has('preMoney') ? { preMoney: { ...moneyOf(terms.preMoney), amount: of('preMoney') } } : {}),
    ...(has('cash') && only !== undefined
      ? {
          cashInvestors: [
            withId(
              { ...only, amount: { ...moneyOf(only.amount), amount: of('cash') } },
              has('investorId') ? of('investorId') : wordsOf(only.stakeholderId),
            ),
          ],
        }
      : {}),
  }
  if (round.compute === undefined) return { cash: typed }
  const [first = '', ...later] = (has('delivered') ? of('delivered') : deliveredWords(round))
    .split('/')
    .map((tokens) => tokens.trim())
  return {
    compute: typed,
    ...(first === '' ? {} : { delivered: first }),
    ...(later.length === 0 ? {} : { deliveredLater: later }),
  }
}

/** Tokens taken as delivered by the first later round, by the second, and so on, as one field: "40000/70000". */
function deliveredWords({ delivered, deliveredLater }: SentRound): string {
  const later: readonly unknown[] = Array.isArray(deliveredLater) ? deliveredLater : []
  return [delivered, ...later].map(wordsOf).join('/')
}

/** An investor under its id, and one who is new without any. */
const withId = ({ stakeholderId: _before, ...investor }: Fields, id: string): Fields =>
  id === '' ? investor : { ...investor, stakeholderId: id }

const moneyOf = (value: unknown): Fields => (isFields(value) ? value : {})

function onlyInvestor({ cashInvestors }: Fields): Fields | undefined {
  const investors: readonly unknown[] = Array.isArray(cashInvestors) ? cashInvestors : []
  const [only] = investors
  return investors.length === 1 && isFields(only) ? only : undefined
}

/** A round for cash as the fields say it: its price rounded down to four places. */
export function cashRoundOf(typed: NewCash): SentRound {
  const inCurrency = (amount: string) => ({ amount, currency: typed.newCurrency })
  return {
    cash: {
      ...{ name: typed.newName, closingDate: typed.newClosingDate, preMoney: inCurrency(typed.newPreMoney) },
      security: { className: typed.newClass, newClass: true },
      priceRounding: { direction: 'DOWN', places: 4 },
      pool:
        typed.newPool === ''
          ? { kind: 'NONE' }
          : { kind: 'TARGET', postRoundUnallocated: percentAsPart(typed.newPool) },
      cashInvestors: [withId({ name: typed.newInvestor, amount: inCurrency(typed.newCash) }, typed.newInvestorId)],
    },
  }
}

/** "12.5" per cent as the part of 1 that terms hold, "0.125"; what is no such number stays, and the parser refuses it. */
function percentAsPart(percent: string): string {
  const [, whole = '', fraction = ''] = /^([0-9]{1,3})(?:\.([0-9]{1,8}))?$/.exec(percent) ?? []
  if (whole === '') return percent
  const digits = whole.padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${fraction}`
}

/** In the order of their closings, which is that of a chain; those of one day as they are. */
export const inOrder = (rounds: readonly SentRound[]): readonly SentRound[] =>
  rounds.toSorted((one, other) => {
    const [before, after] = [closingOf(one), closingOf(other)]
    return before < after ? -1 : Number(before > after)
  })

const closingOf = (round: SentRound): string => wordsOf(termsOf(round).closingDate)
const wordsOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A round as the form shows it again. */
export function roundInForm(round: SentRound): RoundInForm {
  const terms = termsOf(round)
  const [preMoney, only] = [moneyOf(terms.preMoney), onlyInvestor(terms)]
  return {
    json: JSON.stringify(round),
    name: wordsOf(terms.name),
    closingDate: wordsOf(terms.closingDate),
    preMoney: wordsOf(preMoney.amount),
    currency: wordsOf(preMoney.currency),
    compute:
      round.compute === undefined
        ? null
        : { tokens: wordsOf(moneyOf(terms.compute).tokens), delivered: deliveredWords(round) },
    cash: only === undefined ? null : wordsOf(moneyOf(only.amount).amount),
    investorId: wordsOf(only?.stakeholderId),
  }
}
