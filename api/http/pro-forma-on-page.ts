/** A pro forma as its page shows it. */
import type { ProFormaPage } from '../../templates/pages/pro-forma.ts'
import { formatNumeric, formatTokens, type Money } from '../platform/index.ts'
import type { ProForma, RoundView } from '../rounds/index.ts'

const moneyText = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

export const proFormaOnPage = (
  companyName: string,
  round: RoundView,
  found: ProForma,
  person: ProFormaPage['person'],
): ProFormaPage => ({
  person,
  companyName,
  roundName: round.terms.name,
  asOf: found.asOf,
  path: `/rounds/${round.id}/pro-forma`,
  waterfallPath: `/rounds/${round.id}/waterfall`,
  price: moneyText(found.price),
  preMoney: moneyText(found.preMoney),
  postMoney: moneyText(found.postMoney),
  lines: found.lines.map(({ holder, className, before, after, unearned }) => ({
    holder,
    className,
    before: formatNumeric(before),
    after: formatNumeric(after),
    unearned: formatNumeric(unearned),
  })),
  tokens: formatTokens(found.compute.tokens),
  impliedPrice: moneyText(found.compute.impliedPrice),
  referencePrice: moneyText(found.compute.referencePrice),
  notes: found.notes.map(({ text }) => text),
})
