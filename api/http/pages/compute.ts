/** A company's compute: the page on which a founder books, its forms, and downloads of the reservations. */
import express, { type Request, type Response, Router } from 'express'
import { counted } from '../../../templates/format.ts'
import {
  type ComputeOnPage,
  computePage,
  type QuoteOnPage,
  type RequestForm,
} from '../../../templates/pages/compute.ts'
import { otherSitePage } from '../../../templates/pages/error.ts'
import { type Actor, is } from '../../access/index.ts'
import { grantNames } from '../../closing/index.ts'
import {
  freeCapacity,
  type PoolView,
  poolPage,
  quoteForCompany,
  quoteReservation,
  requestReservation,
  reservationPages,
  reservationsById,
  revisionsOf,
  usageByJob,
} from '../../clusters/index.ts'
import { onDemandOfCompanies } from '../../drawdown/index.ts'
import type { FlagsDeps } from '../../flags/index.ts'
import { type CompanyView, companiesById } from '../../parties/index.ts'
import {
  BadInput,
  csvOf,
  DomainError,
  divide,
  formatDecimal,
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  parseGlobalId,
} from '../../platform/index.ts'
import {
  allTokenClasses,
  balances,
  byDatesOnly,
  expiryNoticesOf,
  NO_RELEASE_TERMS,
  releaseTermsByLot,
  sumBalances,
} from '../../tokens/index.ts'
import { calendarFeed } from '../calendar-feed.ts'
import type { DocumentPages } from './documents.ts'
import { ruleWords } from './quote-words.ts'
import { type ListPart, reservationList, tokensInWords, tokensOf } from './reservations-on-page.ts'
import { roleWords, sameSite } from './sign-in.ts'

type ActorOf = (request: Request) => Promise<Actor | undefined>
type Handler = (actor: Actor, company: CompanyView, request: Request, response: Response) => Promise<unknown>

/** Days of free capacity that the page shows. */
const DAYS_SHOWN = 14
/** Rows that a download holds. */
const DOWNLOADED = 5000
const JOBS = 50

/**
 * `GET /companies/<global id>/compute`: the page; `.../estimate`: what a request would take, as text. `POST .../quote` and `.../reservations`: its
 * forms. `GET .../reservations.ics`, `.csv`, `.json`: what is booked. A company
 * that the actor may not see answers like one that does not exist.
 */
export function computeRoutes(deps: FlagsDeps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  const about = (handler: Handler) => async (request: Request, response: Response) => {
    response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' }).type('html')
    const actor = await actorOf(request)
    // The same for every id, so that it tells nothing about any.
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    const id = typeof request.params.id === 'string' ? parseGlobalId(request.params.id) : undefined
    const [company] = id?.type === 'Company' && id.keys.length === 1 ? await companiesById(deps.db, actor, id.keys) : []
    if (company === undefined) return response.status(404).send(pages.notFound())
    return handler(actor, company, request, response)
  }
  const form = express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 })
  const own = (handler: Handler) =>
    about(async (actor, company, request, response) =>
      sameSite(request) ? handler(actor, company, request, response) : response.status(403).send(otherSitePage()),
    )
  router.get(
    '/companies/:id/compute',
    about(async (actor, company, request, response) =>
      response.send(await page(deps, actor, company, formOf(request.query), { part: partOf(request.query) })),
    ),
  )
  router.get(
    '/companies/:id/compute/estimate',
    about(async (...call) => estimate(deps, ...call)),
  )
  router.post(
    '/companies/:id/compute/quote',
    form,
    own((...call) => showQuote(deps, ...call)),
  )
  router.post(
    '/companies/:id/compute/reservations',
    form,
    own((...call) => book(deps, ...call)),
  )
  for (const ending of ['ics', 'csv', 'json'] as const) {
    router.get(
      `/companies/:id/compute/reservations.${ending}`,
      about(async (actor, company, _request, response) => download(deps, actor, company, response, ending)),
    )
  }
  return router
}

const text = (from: unknown, name: string): string => {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value.slice(0, 200) : ''
}
const partOf = (from: unknown): ListPart => ({ older: text(from, 'older'), newer: text(from, 'newer') })
const NEWEST: ListPart = { older: '', newer: '' }
const formOf = (from: unknown): RequestForm => ({
  pool: text(from, 'pool'),
  gpus: text(from, 'gpus'),
  startsAt: text(from, 'startsAt'),
  hours: text(from, 'hours'),
})

/** Milliseconds since 1970 of the last instant that a date can be (ECMA-262, 21.4.1.1). */
const LAST_INSTANT = 8.64e15

/** What a form means. Nonsense stays nonsense: the use case names it. */
function wishOf(company: CompanyView, { pool, gpus, startsAt, hours }: RequestForm) {
  const start = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$/.test(startsAt) ? `${startsAt}:00Z` : startsAt
  // To the minute: a part of an hour need not be a finite decimal.
  const until = Date.parse(start) + Math.round(Number(hours) * 60) * 60_000
  return {
    companyId: globalId('Company', company.companyId),
    poolId: pool,
    gpus: /^[0-9]{1,7}$/.test(gpus) ? Number(gpus) : Number.NaN,
    startsAt: start,
    endsAt: Math.abs(until) <= LAST_INSTANT ? new Date(until).toISOString().replace('.000Z', 'Z') : '',
  }
}

/** What a request would take, in a sentence, while the form is filled in. Nothing is stored, and nothing is promised. */
async function estimate({ db }: FlagsDeps, actor: Actor, company: CompanyView, request: Request, response: Response) {
  response.type('text/plain; charset=utf-8')
  const wish = wishOf(company, formOf(request.query))
  try {
    const { hold, free } = await quoteReservation(db, actor, wish)
    const room = `${counted(String(free), 'GPU')} ${free === 1 ? 'is' : 'are'} free then.`
    return response.send(
      `It would take ${counted(formatTokens(hold), 'token')}. ${free >= wish.gpus ? room : `Only ${room}`}`,
    )
  } catch (error) {
    if (!(error instanceof DomainError || error instanceof BadInput)) throw error
    return response.status(error instanceof BadInput ? 400 : 409).send(error.message)
  }
}

async function showQuote(deps: FlagsDeps, actor: Actor, company: CompanyView, request: Request, response: Response) {
  const filled = formOf(request.body)
  try {
    const quote = await quoteOf(deps, actor, company, filled)
    return response.send(await page(deps, actor, company, filled, { quote }))
  } catch (error) {
    return refuse(deps, actor, company, filled, response, error)
  }
}

async function quoteOf(deps: FlagsDeps, actor: Actor, company: CompanyView, filled: RequestForm): Promise<QuoteOnPage> {
  const quote = await quoteForCompany(deps, actor, wishOf(company, filled))
  return {
    quoteId: globalId('Quote', company.companyId, quote.quoteId),
    tokens: formatTokens(quote.hold),
    factor: formatNumeric(quote.factor),
    free: quote.free,
    validUntil: quote.validUntil,
    rules: ruleWords(quote),
  }
}

/** How a request ended that was made by this form before: it is not made again by pressing the form again. */
const ENDED: Readonly<Record<string, string>> = {
  declined: 'The provider has declined this request.',
  expired: 'The provider did not decide on this request in time.',
  cancelled: 'This request was made, and was cancelled.',
}

async function book(deps: FlagsDeps, actor: Actor, company: CompanyView, request: Request, response: Response) {
  const filled = formOf(request.body)
  try {
    const { ref } = await requestReservation(deps, actor, {
      ...wishOf(company, filled),
      quoteId: text(request.body, 'quoteId'),
      waitlist: text(request.body, 'waitlist') === '1',
      // A form that is sent twice asks once.
      idempotencyKey: text(request.body, 'quoteId'),
    })
    const [made] = await reservationsById(deps.db, actor, [ref])
    const ended = ENDED[made?.state ?? '']
    if (ended !== undefined) return askAnew(deps, actor, company, filled, response, ended)
    return response.redirect(303, `/companies/${globalId('Company', company.companyId)}/compute`)
  } catch (error) {
    return refuse(deps, actor, company, filled, response, error)
  }
}

/** The same form after its request has ended: says how, and what the same would take now. */
async function askAnew(
  deps: FlagsDeps,
  actor: Actor,
  company: CompanyView,
  filled: RequestForm,
  response: Response,
  ended: string,
) {
  try {
    const quote = await quoteOf(deps, actor, company, filled)
    const refused = `${ended} A new quote for the same is below.`
    return response.status(409).send(await page(deps, actor, company, filled, { quote, refused }))
  } catch (error) {
    if (!(error instanceof DomainError || error instanceof BadInput)) throw error
    return response.status(409).send(await page(deps, actor, company, filled, { refused: `${ended} ${error.message}` }))
  }
}

/** What the domain refuses stands on the page, in its own words. */
async function refuse(
  deps: FlagsDeps,
  actor: Actor,
  company: CompanyView,
  form: RequestForm,
  response: Response,
  error: unknown,
) {
  if (!(error instanceof DomainError || error instanceof BadInput)) throw error
  return response
    .status(error instanceof BadInput ? 400 : 409)
    .send(await page(deps, actor, company, form, { refused: error.message }))
}

async function page(
  deps: FlagsDeps,
  actor: Actor,
  company: CompanyView,
  asked: RequestForm,
  { part = NEWEST, ...more }: Pick<ComputeOnPage, 'quote' | 'refused'> & { readonly part?: ListPart } = {},
): Promise<string> {
  const { companyId } = company
  const path = `/companies/${globalId('Company', companyId)}/compute`
  const held = await balances(deps.db, companyId)
  const classes = new Set(held.lots.map(({ tokenClassId }) => tokenClassId))
  const pools = (await poolPage(deps.db, actor, { limit: 100 })).filter((pool) => classes.has(pool.tokenClassId))
  const names = new Map((await allTokenClasses(deps.db)).map((each) => [each.tokenClassId, each.name]))
  const now = await instant(deps.db)
  const pool = pools.find(({ poolId }) => globalId('Pool', poolId) === asked.pool) ?? pools[0]
  const books = is(actor, 'founder') && actor.companyIds.has(companyId)
  const notices = (await expiryNoticesOf(deps.db, [companyId])).get(companyId) ?? []
  const onDemand = (await onDemandOfCompanies(deps.db, [companyId])).get(companyId) ?? []
  const releaseTerms = await releaseTermsByLot(deps.db, [companyId])
  const grants = await grantNames(deps.db, actor, [companyId])
  const poolNames = new Map(pools.map((each) => [each.poolId, poolName(each)]))
  return computePage({
    person: { name: actor.name, role: roleWords(actor) },
    companyName: company.legalName,
    path,
    balances: [...classes].map((tokenClassId) => ({
      name: names.get(tokenClassId) ?? 'tokens',
      ...amountsOf(held.lots.filter((lot) => lot.tokenClassId === tokenClassId)),
    })),
    releases: held.lots.flatMap((lot) => {
      const locked = lot.accounts.find(({ kind }) => kind === 'locked')?.amount ?? 0n
      if (locked === 0n || byDatesOnly(releaseTerms.get(lot.lotId)?.now ?? NO_RELEASE_TERMS)) return []
      const name = names.get(lot.tokenClassId) ?? 'tokens'
      const path = `/lots/${globalId('Lot', companyId, lot.lotId)}/releases`
      return [{ name, grant: grants.get(lot.lotId), locked: formatTokens(locked), path }]
    }),
    expiring: notices
      .filter(({ state }) => state === 'open')
      .sort((a, b) => a.daysLeft - b.daysLeft)
      .map(({ tokenClassId, left, expiresOn, daysLeft }) => ({
        name: names.get(tokenClassId) ?? 'tokens',
        tokens: formatTokens(left),
        expiresOn,
        daysLeft,
      })),
    pools: pools.map(choiceOf),
    pool: pool === undefined ? undefined : choiceOf(pool),
    capacity: pool === undefined ? undefined : await capacityOf(deps, pool, now),
    form: filledIn(asked, pool, now),
    books,
    reservations: await reservationList(deps, actor, companyId, { asked: part, path, poolNames }),
    jobs: (await usageByJob(deps.db, companyId, JOBS)).map((each) => ({
      job: each.job ?? 'without a name',
      pool: poolNames.get(each.poolId) ?? 'another pool',
      onDemand: each.onDemand,
      gpuHours: gpuHours(each.gpuSeconds),
      tokens: formatTokens(each.charged),
      lastEnded: each.lastEnded,
    })),
    onDemand: onDemand.map((each) => ({
      month: each.month,
      pool: poolNames.get(each.poolId) ?? 'another pool',
      gpuHours: gpuHours(each.gpuSeconds),
      tokens: formatTokens(each.charged),
      owed: formatTokens(each.owed),
    })),
    ...more,
  })
}

const poolName = ({ gpuModel, cluster }: PoolView): string => `${gpuModel} on ${cluster}`
const choiceOf = (pool: PoolView) => ({ id: globalId('Pool', pool.poolId), name: poolName(pool) })

function amountsOf(lots: Parameters<typeof sumBalances>[0]) {
  const of = new Map(sumBalances(lots).map(({ kind, amount }) => [kind, formatTokens(amount)]))
  return { available: of.get('available') ?? '0', held: of.get('held') ?? '0', locked: of.get('locked') ?? '0' }
}

/** Undefined where it cannot be told, as before the pool opens: the page has no chart then. */
async function capacityOf({ db }: FlagsDeps, pool: PoolView, now: string) {
  const from = `${now.slice(0, 13)}:00:00Z`
  const until = new Date(Date.parse(from) + DAYS_SHOWN * 86_400_000).toISOString().replace('.000Z', 'Z')
  try {
    const { steps } = await freeCapacity(db, pool.poolId, { startsAt: from, endsAt: until })
    return { from, until, steps }
  } catch (error) {
    if (error instanceof DomainError) return undefined
    throw error
  }
}

/** A form that nobody filled in asks for a day from tomorrow on. */
function filledIn(asked: RequestForm, pool: PoolView | undefined, now: string): RequestForm {
  const tomorrow = new Date(Date.parse(now) + 86_400_000).toISOString().slice(0, 10)
  return {
    pool: pool === undefined ? '' : globalId('Pool', pool.poolId),
    gpus: asked.gpus || '8',
    startsAt: asked.startsAt || `${tomorrow}T00:00`,
    hours: asked.hours || '24',
  }
}

/** GPU-hours of GPU-seconds, to the nearest of four places. */
const gpuHours = (seconds: bigint): string => formatDecimal(divide(seconds * 10_000n, 3600n, 'NEAREST'), 4)

const CSV_HEAD = [
  'reservation',
  'pool',
  'GPUs',
  'starts at',
  'ends at',
  'state',
  'tokens set aside',
  'tokens held',
  'tokens delivered',
  'tokens idle',
  'tokens no-show',
  'tokens cancellation',
  'tokens returned',
  'tokens credited',
]

async function download(
  { db }: FlagsDeps,
  actor: Actor,
  { companyId, legalName }: CompanyView,
  response: Response,
  ending: 'ics' | 'csv' | 'json',
): Promise<Response> {
  const rows = (await reservationPages(db, actor, [companyId], { limit: DOWNLOADED })).get(companyId) ?? []
  const names = new Map((await poolPage(db, actor, { limit: 1000 })).map((each) => [each.poolId, poolName(each)]))
  const tokens = await tokensInWords({ db }, rows)
  const entries = rows.map((row) => ({ ...row, pool: names.get(row.poolId) ?? 'another pool' }))
  const cells = entries.map((row) => ({
    reservation: globalId('Reservation', companyId, row.reservationId),
    pool: row.pool,
    gpus: String(row.gpus),
    startsAt: row.startsAt,
    endsAt: row.endsAt,
    state: row.state,
    ...tokensOf(tokens, row.reservationId),
  }))
  if (ending === 'json') return response.attachment('reservations.json').json({ reservations: cells })
  if (ending === 'csv') {
    const csv = csvOf([CSV_HEAD, ...cells.map((row) => Object.values(row))])
    return response.attachment('reservations.csv').type('text/csv; charset=utf-8; header=present').send(csv)
  }
  const revisions = await revisionsOf(
    db,
    rows.map((row) => ({ companyId, id: row.reservationId })),
  )
  const revised = entries.map((row) => ({
    ...row,
    ...(revisions.get(row.reservationId) ?? { changedAt: row.requestedAt, sequence: 0 }),
  }))
  return response.type('text/calendar; charset=utf-8').send(calendarFeed(legalName, revised))
}
