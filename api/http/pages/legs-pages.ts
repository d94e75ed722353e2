/** Tokens beside cash and cloud credits, as a page and as files: for whoever sees the round. */
import type { Request, Router } from 'express'
import { LEG_FIELDS, type LegOnPage, type LegsAsked, type LegsPage, legsPage } from '../../../templates/pages/legs.ts'
import type { Actor } from '../../access/index.ts'
import { companiesById } from '../../parties/index.ts'
import { type Deps, formatNumeric, formatTokens, NotFound, parseGlobalId } from '../../platform/index.ts'
import {
  type LegRow,
  legsCsv,
  legsJson,
  legsOfFound,
  type RoundLegs,
  type RoundView,
  roundsByRef,
} from '../../rounds/index.ts'
import type { DocumentPages } from './documents.ts'
import { type ActorOf, personOf, readingRoutes } from './reading-routes.ts'

/** `GET /rounds/<Round:id>/legs`, and with `.json` or `.csv` behind it the file. */
export function legsPageRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const { router, on } = readingRoutes(pages, actorOf)
  on('/rounds/:id/legs', async (actor, request) => {
    const { found, companyName, asked } = await legsOf(deps, actor, request)
    return { html: legsPage(legsOnPage(found, companyName, asked, personOf(actor))) }
  })
  on('/rounds/:id/legs.json', async (actor, request) => {
    const { found } = await legsOf(deps, actor, request)
    return { json: legsJson(found.asOf, found.legs), name: 'legs.json' }
  })
  on('/rounds/:id/legs.csv', async (actor, request) => {
    const { found } = await legsOf(deps, actor, request)
    return { csv: legsCsv(found.legs), name: 'legs.csv' }
  })
  return router
}

async function legsOf(deps: Deps, actor: Actor, request: Request) {
  const round = await roundOf(deps, actor, String(request.params.id))
  const [company] = await companiesById(deps.db, actor, [round.companyId])
  if (company === undefined) throw new NotFound('round', round.id)
  const asked = askedOf(request)
  const others = othersOf(asked, round)
  const found = await legsOfFound(deps.db, round, others.length === 0 ? undefined : others)
  return { found, companyName: company.legalName, asked }
}

async function roundOf(deps: Deps, actor: Actor, id: string): Promise<RoundView> {
  const parsed = parseGlobalId(id)
  const [companyId, roundId] = parsed?.type === 'Round' ? parsed.keys : []
  if (companyId === undefined || roundId === undefined) throw new NotFound('round', id)
  const [round] = await roundsByRef(deps.db, actor, [{ companyId, id: roundId }])
  if (round === undefined) throw new NotFound('round', id)
  return round
}

/** A field that is given twice is none: the parser refuses the text. */
function askedOf({ query }: Request): LegsAsked {
  const of = (name: keyof LegsAsked): string => {
    const value = query[name]
    return value === undefined ? '' : typeof value === 'string' ? value.trim() : 'twice'
  }
  return {
    ...{ cash: of('cash'), cashShares: of('cashShares'), cashHour: of('cashHour'), cashSource: of('cashSource') },
    ...{ credits: of('credits'), creditsHour: of('creditsHour'), creditsSource: of('creditsSource') },
    creditsUntil: of('creditsUntil'),
  }
}

/** A leg is asked for once any of its fields is filled in; what then is missing, the parser names. */
function othersOf(asked: LegsAsked, { terms }: RoundView): object[] {
  const money = (amount: string) => ({ amount: amount.replaceAll(',', ''), currency: terms.preMoney.currency })
  const cash = {
    kind: 'CASH',
    name: 'Cash',
    amount: money(asked.cash),
    shares: asked.cashShares.replaceAll(',', ''),
    hourPrice: { amount: money(asked.cashHour), source: asked.cashSource },
  }
  const credits = {
    kind: 'CREDITS',
    name: 'Cloud credits',
    amount: money(asked.credits),
    hourPrice: { amount: money(asked.creditsHour), source: asked.creditsSource },
    expiresOn: asked.creditsUntil,
  }
  const filled = (prefix: 'cash' | 'credits') =>
    LEG_FIELDS.some((name) => name.startsWith(prefix) && asked[name] !== '')
  return [...(filled('cash') ? [cash] : []), ...(filled('credits') ? [credits] : [])]
}

function legsOnPage(
  { round, asOf, legs }: RoundLegs,
  companyName: string,
  asked: LegsAsked,
  person: LegsPage['person'],
): LegsPage {
  const [tokens, ...others] = legs.map(legOnPage)
  if (tokens === undefined) throw new Error('a round without the leg of its tokens')
  const filled = LEG_FIELDS.flatMap((name) => (asked[name] === '' ? [] : [[name, asked[name]]]))
  return {
    ...{ person, companyName, roundName: round.terms.name, asOf, currency: round.terms.preMoney.currency, asked },
    ...{ path: `/rounds/${round.id}/legs`, proFormaPath: `/rounds/${round.id}/pro-forma` },
    query: filled.length === 0 ? '' : `?${new URLSearchParams(filled)}`,
    longStop: round.terms.longStop,
    safe: round.terms.instrument?.kind === 'SAFE',
    legs: [tokens, ...others],
  }
}

const legOnPage = (leg: LegRow): LegOnPage => ({
  ...{ kind: leg.kind, name: leg.name, liquidity: leg.liquidity, expiresOn: leg.expiresOn },
  ...{ earnedByUse: leg.earnedByUse, restrictions: leg.restrictions, shares: String(leg.shares) },
  equityPart: formatNumeric(leg.equityPart),
  hours: formatTokens(leg.hours),
  hourPrice:
    leg.hourPrice === null
      ? null
      : {
          amount: {
            amount: formatNumeric(leg.hourPrice.amount.amount),
            currency: leg.hourPrice.amount.currency,
          },
          source: leg.hourPrice.source,
        },
  sharesPerThousandHours: leg.sharesPerThousandHours === null ? null : formatNumeric(leg.sharesPerThousandHours),
})
