/** A pro forma as its page shows it. */
import type { ProFormaPage } from '../../../templates/pages/pro-forma.ts'
import { formatNumeric, formatTokens, type Money } from '../../platform/index.ts'
import { type ChainView, isFounder, type ProForma, type RoundView } from '../../rounds/index.ts'

const moneyText = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

/** Plans of later rounds that the page lists. */
const CHAINS_LISTED = 5

export const proFormaOnPage = (
  companyName: string,
  round: RoundView,
  found: ProForma,
  person: ProFormaPage['person'],
  { chains, laterRoundsPath }: { readonly chains: readonly ChainView[]; readonly laterRoundsPath: string | undefined },
): ProFormaPage => ({
  person,
  companyName,
  roundName: round.terms.name,
  asOf: found.asOf,
  path: `/rounds/${round.id}/pro-forma`,
  waterfallPath: `/rounds/${round.id}/waterfall`,
  protectionsPath: `/rounds/${round.id}/protections`,
  legsPath: `/rounds/${round.id}/legs`,
  chains: chains.slice(0, CHAINS_LISTED).map(({ name, id }) => ({ name, path: `/chains/${id}` })),
  ...(laterRoundsPath === undefined ? {} : { laterRoundsPath }),
  ...(round.state === 'closed' ? { closingsPath: `/rounds/${round.id}/closings` } : {}),
  price: moneyText(found.price),
  preMoney: moneyText(found.preMoney),
  postMoney: moneyText(found.postMoney),
  lines: found.lines.map(({ holder, holderId, className, before, after, unearned }) => ({
    holder,
    founder: isFounder(found, holderId),
    className,
    before: formatNumeric(before),
    after: formatNumeric(after),
    unearned: formatNumeric(unearned),
  })),
  grants: found.grants.map(({ tokens, shares, impliedPrice, referencePrice }) => ({
    tokens: formatTokens(tokens),
    shares: String(shares),
    impliedPrice: moneyText(impliedPrice),
    referencePrice: moneyText(referencePrice),
  })),
  safe: round.terms.instrument?.kind === 'SAFE',
  computeEquity: found.computeEquity.map((row) => ({
    kind: row.kind,
    holder: row.holder,
    className: row.className,
    ofThisRound: row.ofThisRound,
    earned: formatNumeric(row.earned),
    maximum: formatNumeric(row.maximum),
    earnedPercent: formatNumeric(row.earnedPart * 100n),
    maximumPercent: formatNumeric(row.maximumPart * 100n),
    unearnedCounted: row.unearnedCounted,
  })),
  notes: found.notes.map(({ text }) => text),
})
