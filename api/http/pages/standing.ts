/** Where a company stands with what it was granted: its tokens by class, and what its grants have earned. */
import { counted, grouped, listed, money } from '../../../templates/format.ts'
import type { Actor } from '../../access/index.ts'
import { readProgress } from '../../drawdown/index.ts'
import { type Deps, formatDecimal, formatTokens, type MicroTokens, type Uuid } from '../../platform/index.ts'
import { type RoundView, roundsByRef } from '../../rounds/index.ts'
import { type AccountKind, allTokenClasses, balances, CHARGE_CAUSES, sumBalances } from '../../tokens/index.ts'

type Words = {
  /** Parts of a sentence. */
  readonly headline: readonly string[]
  /** One figure a row. */
  readonly figures: readonly { readonly name: string; readonly value: string }[]
}
export type Standing = { readonly headline: string; readonly figures: Words['figures'] }

/** Left out before the first grant is opened. The terms of the rounds of SAFEs, all of them, say in which currency each is. */
export async function standingOf({ db }: Deps, actor: Actor, companyId: Uuid): Promise<Standing | undefined> {
  const grants = await readProgress(db, [companyId])
  if (grants.length === 0) return undefined
  const ofSafes = new Set(grants.flatMap(({ grant }) => (grant.unit === 'CENT' ? [grant.roundId] : [])))
  const rounds = await roundsByRef(
    db,
    actor,
    [...ofSafes].map((id) => ({ companyId, id })),
  )
  const parts = [...(await tokenWords({ db }, companyId)), ...shareWords(grants), ...safeWords(grants, rounds)]
  return {
    headline: listed(parts.flatMap(({ headline }) => headline)),
    figures: parts.flatMap(({ figures }) => figures),
  }
}

/** Of each token class what can be booked, is held, is not released yet, and was charged. */
async function tokenWords({ db }: Pick<Deps, 'db'>, companyId: Uuid): Promise<Words[]> {
  const { lots } = await balances(db, companyId)
  const names = new Map((await allTokenClasses(db)).map((each) => [each.tokenClassId, each.name]))
  const classes = [...Map.groupBy(lots, ({ tokenClassId }) => tokenClassId)]
  return classes.map(([tokenClassId, held]) => {
    const amounts = new Map<AccountKind, MicroTokens>(sumBalances(held).map(({ kind, amount }) => [kind, amount]))
    const of = (...kinds: AccountKind[]) =>
      grouped(formatTokens(kinds.reduce((sum, kind) => sum + (amounts.get(kind) ?? 0n), 0n)))
    const name = classes.length > 1 ? `${names.get(tokenClassId) ?? 'Other'} tokens` : 'Tokens'
    return {
      headline: [`${of('available')} ${classes.length > 1 ? name : 'tokens'} can be booked`],
      figures: [
        { name: `${name} that can be booked`, value: of('available') },
        { name: `${name} held for reservations`, value: of('held') },
        { name: `${name} not released yet`, value: of('locked') },
        { name: `${name} charged`, value: of(...CHARGE_CAUSES.map((cause) => `charged:${cause}` as const)) },
      ],
    }
  })
}

type Progress = Awaited<ReturnType<typeof readProgress>>[number]
const sumOf = (grants: readonly Progress[], what: (progress: Progress) => bigint): bigint =>
  grants.reduce((sum, progress) => sum + what(progress), 0n)
const total = ({ grant }: Progress): bigint => grant.terms.total

function shareWords(all: readonly Progress[]): Words[] {
  const grants = all.filter(({ grant }) => grant.unit === 'SHARE')
  if (grants.length === 0) return []
  const [earned, vested] = [sumOf(grants, (one) => one.earned), sumOf(grants, (one) => one.vested)]
  const shares = sumOf(grants, total)
  return [
    {
      headline: [`${grouped(String(earned))} of ${counted(String(shares), 'share')} are earned`],
      figures: [
        { name: 'Shares for compute', value: grouped(String(shares)) },
        { name: 'Shares earned so far', value: grouped(String(earned)) },
        { name: 'Shares vested by final statements', value: grouped(String(vested)) },
      ],
    },
  ]
}

/** What has accrued under SAFEs, by currency. */
function safeWords(all: readonly Progress[], rounds: readonly RoundView[]): Words[] {
  const currencies = new Map(rounds.map(({ roundId, terms }) => [roundId, terms.preMoney.currency]))
  const safes = all.filter(({ grant }) => grant.unit === 'CENT')
  return [...Map.groupBy(safes, ({ grant }) => currencies.get(grant.roundId) ?? '')].map(([currency, grants]) => {
    const inMoney = (cents: bigint) => money({ amount: formatDecimal(cents, 2), currency })
    const [earned, vested] = [sumOf(grants, (one) => one.earned), sumOf(grants, (one) => one.vested)]
    return {
      headline: [`${inMoney(earned)} of ${inMoney(sumOf(grants, total))} have accrued`],
      figures: [
        { name: 'Purchase amount under SAFEs', value: inMoney(sumOf(grants, total)) },
        { name: 'Accrued so far', value: inMoney(earned) },
        { name: 'Accrued by final statements', value: inMoney(vested) },
      ],
    }
  })
}
