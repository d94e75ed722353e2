/** A founder's protections in one deal, as a page, JSON and CSV: for whoever sees the round. */
import type { Request, Router } from 'express'
import { grouped, money } from '../../../templates/format.ts'
import { type ProtectionsPage, protectionsPage } from '../../../templates/pages/protections.ts'
import type { Actor } from '../../access/index.ts'
import type { WaterfallView } from '../../captable/index.ts'
import { type GrantProtections, OUTLOOK_METHOD, type RoundProtections, roundProtections } from '../../closing/index.ts'
import { companiesById } from '../../parties/index.ts'
import {
  csvOf,
  type Deps,
  DomainError,
  formatDecimal,
  formatNumeric,
  formatTokens,
  type JsonValue,
  NotFound,
  parseGlobalId,
  words,
} from '../../platform/index.ts'
import { type ChangeOfControl, RISK_EVENT_TITLES } from '../../rounds/index.ts'
import type { DocumentPages } from './documents.ts'
import { type ActorOf, personOf, readingRoutes } from './reading-routes.ts'

/** `GET /rounds/<Round:id>/protections`, and with `.json` or `.csv` behind it the file. */
export function protectionsPageRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const { router, on } = readingRoutes(pages, actorOf)
  on('/rounds/:id/protections', async (actor, request) => ({
    html: protectionsPage(await onPage(deps, actor, request)),
  }))
  on('/rounds/:id/protections.json', async (actor, request) => {
    const { person, path, proFormaPath, ...figures } = await onPage(deps, actor, request)
    return { json: JSON.parse(JSON.stringify(figures)) as JsonValue, name: 'protections.json' }
  })
  on('/rounds/:id/protections.csv', async (actor, request) => ({
    csv: csvOf(rowsOf(await onPage(deps, actor, request))),
    name: 'protections.csv',
  }))
  return router
}

/** One fact a row: of which section, about what, the figure or the words, and its unit. Source of the form: RFC 4180. */
function rowsOf({ dilution, grants, sale, riskTable, changeOfControl }: ProtectionsPage): readonly string[][] {
  const row = (section: string, about: string, what: string, value: string, unit: string): string[] => [
    section,
    words(about),
    words(what),
    unit === 'words' ? words(value) : value,
    unit,
  ]
  return [
    ['section', 'about', 'what', 'value', 'unit'],
    ...('cannotTell' in dilution
      ? [row('dilution', '', 'cannot be told', dilution.cannotTell, 'words')]
      : [
          row('dilution', 'present holders', 'if nothing is used', dilution.ifNothingUsed, 'part of 1'),
          row('dilution', 'present holders', 'at what is earned', dilution.atEarned, 'part of 1'),
          row('dilution', 'present holders', 'at the maximum', dilution.atMaximum, 'part of 1'),
        ]),
    ...grants.flatMap((grant, at) => {
      const about = `grant ${at + 1}`
      const unit = grant.currency ?? 'shares'
      return [
        row('grant', about, 'granted', grant.granted, 'tokens'),
        row('grant', about, 'not used', grant.unused, 'tokens'),
        row('grant', about, 'earned', grant.earned, unit),
        row('grant', about, grant.currency === null ? 'vested' : 'accrued', grant.vested, unit),
        row('grant', about, 'not earned', grant.unearned, unit),
        row('grant', about, 'long-stop', grant.longStop, 'date'),
        row('grant', about, 'at the long-stop', grant.outlook, 'words'),
        row('grant', about, 'price protection', grant.priceProtection, 'words'),
        ...(grant.topUp === null ? [] : [row('grant', about, 'top-up today', grant.topUp, 'tokens')]),
      ]
    }),
    row('change of control', '', 'by the terms', changeOfControl, 'words'),
    ...('cannotTell' in sale
      ? [row('sale', '', 'cannot be told', sale.cannotTell, 'words')]
      : sale.holders.flatMap(({ holder, amounts }) =>
          sale.exits.map((exit, at) => row('sale', holder, `at ${exit}`, amounts[at] ?? '0', sale.currency)),
        )),
    ...riskTable.flatMap(({ title, tokens, unearned, earned, cash, bears }) =>
      Object.entries({ tokens, unearned, earned, cash, 'borne by': bears }).map(([what, value]) =>
        row('who bears what', title, what, value, 'words'),
      ),
    ),
  ]
}

const SALE_WORDS: Readonly<Record<ChangeOfControl, string>> = {
  ASSUMED_OR_FORFEIT:
    'Unearned shares go on with a successor that assumes the agreement, and else go back at zero; proceeds are divided on earned shares. Tokens pass to such a successor, and else are cancelled.',
  FORFEIT: 'Unearned shares go back at zero, and tokens are cancelled; proceeds are divided on earned shares.',
  VEST: 'Unearned shares vest at the completion, and proceeds are divided on all shares. Tokens pass to a successor that assumes the agreement, and else are cancelled.',
}

async function onPage(deps: Deps, actor: Actor, { params: { id } }: Request): Promise<ProtectionsPage> {
  const roundId = String(id)
  const companyId = parseGlobalId(roundId)?.keys[0]
  if (companyId === undefined || !roundId.startsWith('Round:')) throw new NotFound('round', roundId)
  const found = await roundProtections(deps.db, actor, { roundId })
  const [company] = await companiesById(deps.db, actor, [companyId])
  if (company === undefined) throw new NotFound('round', roundId)
  return {
    ...{ person: personOf(actor), companyName: company.legalName, roundName: found.round.terms.name, asOf: found.asOf },
    ...{ path: `/rounds/${roundId}/protections`, proFormaPath: `/rounds/${roundId}/pro-forma` },
    dilution: dilutionOnPage(found.dilution),
    grants: found.grants.map((grant) => grantOnPage(grant, found.round.terms.preMoney.currency)),
    outlookMethod: OUTLOOK_METHOD,
    changeOfControl: SALE_WORDS[found.changeOfControl],
    sale: saleOnPage(found.sale),
    riskTable: found.riskTable.map(({ event, ...row }) => ({ ...row, title: RISK_EVENT_TITLES[event] })),
  }
}

function dilutionOnPage(dilution: RoundProtections['dilution']): ProtectionsPage['dilution'] {
  if (dilution instanceof DomainError) return { cannotTell: dilution.message }
  const { ifNothingUsed, atEarned, atMaximum } = dilution
  return {
    ifNothingUsed: formatNumeric(ifNothingUsed),
    atEarned: formatNumeric(atEarned),
    atMaximum: formatNumeric(atMaximum),
  }
}

/** A number in the unit of a grant: shares as they are, cents as money. */
const inUnit = ({ unit }: GrantProtections, count: bigint): string =>
  unit === 'SHARE' ? String(count) : formatDecimal(count, 2)

const grantOnPage = (grant: GrantProtections, currency: string): ProtectionsPage['grants'][number] => ({
  granted: formatTokens(grant.granted),
  unused: formatTokens(grant.unused),
  currency: grant.unit === 'SHARE' ? null : currency,
  earned: inUnit(grant, grant.earned),
  vested: inUnit(grant, grant.vested),
  unearned: inUnit(grant, grant.unearned),
  longStop: grant.longStop.effective,
  outlook: outlookWords(grant, currency),
  priceProtection:
    grant.priceProtection.kind === 'level' ? grant.priceProtection.words : whyNone(grant.priceProtection),
  topUp: grant.priceProtection.kind === 'level' ? formatTokens(grant.priceProtection.topUp) : null,
})

const whyNone = ({ kind, why }: Exclude<GrantProtections['priceProtection'], { kind: 'level' }>): string =>
  kind === 'cannot_tell' ? `Cannot tell: the index ${why}.` : why

function outlookWords(grant: GrantProtections, currency: string): string {
  const { outlook } = grant
  if (outlook.kind === 'settled') return 'The grant has ended.'
  if (outlook.kind === 'cannot_tell') return `Cannot tell: ${outlook.why}.`
  const { basis, earned, vests, forfeits } = outlook
  const pace = `At the present pace ${grouped(formatTokens(basis))} tokens count by then`
  if (grant.unit === 'CENT') {
    const inMoney = (cents: bigint) => money({ amount: inUnit(grant, cents), currency })
    const rest =
      vests > 0n
        ? `${inMoney(vests)} accrue then without use, by the signed clause`
        : `${inMoney(forfeits)} never accrue`
    return `${pace} and ${inMoney(earned)} of the purchase amount are earned; ${rest}.`
  }
  const rest =
    vests > 0n
      ? `${grouped(String(vests))} vest then without use, by the signed clause`
      : `${grouped(String(forfeits))} go back at zero`
  return `${pace} and ${grouped(String(earned))} shares are earned; ${rest}.`
}

function saleOnPage(sale: WaterfallView | DomainError): ProtectionsPage['sale'] {
  if (sale instanceof DomainError) return { cannotTell: sale.message }
  const holders = [...new Set(sale.exits.flatMap(({ payouts }) => payouts.map(({ holder }) => holder)))]
  return {
    currency: sale.currency,
    exits: sale.exits.map(({ exit }) => formatNumeric(exit)),
    holders: holders
      .map((holder) => ({
        holder,
        amounts: sale.exits.map(({ payouts }) =>
          formatNumeric(payouts.reduce((sum, paid) => (paid.holder === holder ? sum + paid.amount : sum), 0n)),
        ),
      }))
      .filter(({ amounts }) => amounts.some((paid) => paid !== '0')),
  }
}
