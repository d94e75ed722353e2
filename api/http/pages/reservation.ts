/** One reservation of a company: its page, and the forms by which a founder changes it, answers, cancels. */
import express, { type Request, type Response, Router } from 'express'
import { otherSitePage } from '../../../templates/pages/error.ts'
import { type ReservationOnPage, reservationPage } from '../../../templates/pages/reservation.ts'
import { type Actor, is } from '../../access/index.ts'
import {
  addMinutes,
  answerOffer,
  answerToChange,
  CANCELLABLE_STATES,
  eventsOf,
  microsecondsOf,
  minutesUntil,
  nextMinute,
  offersOf,
  openChangesOf,
  outageCreditsOf,
  outagesOf,
  type PoolView,
  poolsById,
  type ReservationView,
  reservationsById,
  restartsOf,
  withdrawChange,
} from '../../clusters/index.ts'
import { cancelFee, cancelReservation, changeReservation, quoteChange } from '../../drawdown/index.ts'
import type { FlagsDeps } from '../../flags/index.ts'
import { type CompanyView, companiesById } from '../../parties/index.ts'
import {
  BadInput,
  DomainError,
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  parseGlobalId,
  Refused,
} from '../../platform/index.ts'
import type { DocumentPages } from './documents.ts'
import { formKey } from './form-key.ts'
import { changeWords } from './quote-words.ts'
import { roleWords, sameSite } from './sign-in.ts'

type Found = { readonly actor: Actor; readonly company: CompanyView; readonly reservation: ReservationView }

/**
 * `GET /companies/<global id>/compute/reservations/<global id>`: the page. `POST .../quote-change`, `.../change`, `.../withdraw-change`,
 * `.../offer`, `.../cancel`: its forms. What the actor may not see answers like what does not exist.
 */
export function reservationRoutes(
  deps: FlagsDeps,
  pages: DocumentPages,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Router {
  const router = Router()
  const path = '/companies/:id/compute/reservations/:reservation'
  const about =
    (work: (found: Found, request: Request, response: Response) => Promise<unknown>) =>
    async (request: Request, response: Response) => {
      response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' }).type('html')
      const actor = await actorOf(request)
      // The same for every id, so that it tells nothing about any.
      if (actor === undefined) return response.status(401).send(pages.signedOut())
      const found = await find(deps, actor, request)
      if (found === undefined) return response.status(404).send(pages.notFound())
      if (request.method === 'POST' && !sameSite(request)) return response.status(403).send(otherSitePage())
      return work(found, request, response)
    }
  router.get(
    path,
    about(async (found, _request, response) => response.send(await page(deps, found))),
  )
  const form = express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 })
  for (const [name, act] of Object.entries(ACTS)) {
    router.post(
      `${path}/${name}`,
      form,
      about(async (found, request, response) => {
        try {
          const ended = await act(deps, found, request.body)
          if (ended !== undefined) return response.status(409).send(await askAnew(deps, found, request.body, ended))
          return response.redirect(303, pathOf(found))
        } catch (error) {
          return refused(deps, found, response, error)
        }
      }),
    )
  }
  router.post(
    `${path}/quote-change`,
    form,
    about(async (found, request, response) => {
      try {
        return response.send(await showQuote(deps, found, request.body))
      } catch (error) {
        return refused(deps, found, response, error)
      }
    }),
  )
  return router
}

/** What the domain refuses stands on the page, in its own words. */
async function refused(deps: FlagsDeps, found: Found, response: Response, error: unknown) {
  if (!(error instanceof DomainError || error instanceof BadInput)) throw error
  const status = error instanceof BadInput ? 400 : 409
  return response.status(status).send(await page(deps, found, { refused: error.message }))
}

const idOf = ({ reservation }: Found): string =>
  globalId('Reservation', reservation.companyId, reservation.reservationId)
const computePathOf = ({ company }: Found): string => `/companies/${globalId('Company', company.companyId)}/compute`
const pathOf = (found: Found): string => `${computePathOf(found)}/reservations/${idOf(found)}`

const text = (from: unknown, name: string): string => {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value.slice(0, 200) : ''
}
/** A time of a form, in UTC. Nonsense stays nonsense: the use case names it. */
const time = (value: string): string =>
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$/.test(value) ? `${value}:00Z` : value

const wishOf = (found: Found, body: unknown) => ({
  reservationId: idOf(found),
  gpus: /^[0-9]{1,7}$/.test(text(body, 'gpus')) ? Number(text(body, 'gpus')) : Number.NaN,
  startsAt: time(text(body, 'startsAt')),
  endsAt: time(text(body, 'endsAt')),
})

/** What a change would take, on the page of the reservation. */
async function showQuote(deps: FlagsDeps, found: Found, body: unknown, refused?: string): Promise<string> {
  const quote = await quoteChange(deps, found.actor, wishOf(found, body))
  const difference = quote.hold - quote.before
  return page(deps, found, {
    refused,
    quote: {
      ...timeOf(quote),
      quoteId: globalId('ChangeQuote', quote.ref.companyId, quote.quoteId),
      before: formatTokens(quote.before),
      difference: formatTokens(difference < 0n ? -difference : difference),
      more: difference > 0n,
      fee: formatTokens(quote.fee),
      waits: quote.waits,
      free: quote.free,
      validUntil: quote.validUntil,
      rules: changeWords(quote),
    },
  })
}

/** The same form after the change that it asked for has ended: says how, and what the same would take now. */
async function askAnew(deps: FlagsDeps, found: Found, body: unknown, ended: string): Promise<string> {
  try {
    return await showQuote(deps, found, body, `${ended} A new quote for the same is below.`)
  } catch (error) {
    if (!(error instanceof DomainError || error instanceof BadInput)) throw error
    return page(deps, found, { refused: `${ended} ${error.message}` })
  }
}

/** How a change ended that was asked for by this form before: it is not asked for again by pressing the form again. */
const ENDED: Readonly<Record<string, string>> = {
  DECLINED: 'The provider has declined this change.',
  LAPSED: 'The provider did not decide on this change in time.',
  WITHDRAWN: 'This change was asked for, and was taken back.',
}

/** Does what a form asks for. Answers, in words, how what it had asked for before has ended, where nothing was done. */
type Act = (deps: FlagsDeps, found: Found, body: unknown) => Promise<string | undefined>
const ACTS: Readonly<Record<string, Act>> = {
  change: async (deps, found, body) => {
    const wish = wishOf(found, body)
    const { ref, asked } = await changeReservation(deps, found.actor, {
      ...wish,
      // A form that is sent twice changes once.
      ...(text(body, 'quoteId') === ''
        ? {}
        : { quoteId: text(body, 'quoteId'), ...formKey(`change ${text(body, 'quoteId')}`, wish) }),
    })
    return asked ? ENDED[(await answerToChange(deps.db, ref, wish)) ?? ''] : undefined
  },
  'withdraw-change': async (deps, found) => {
    await withdrawChange(deps, found.actor, { reservationId: idOf(found) })
    return undefined
  },
  offer: async (deps, found, body) => {
    const answer = OFFER_ANSWERS.find((known) => known === text(body, 'answer'))
    if (answer === undefined) throw new Refused('answer', 'must be chosen')
    await answerOffer(deps, found.actor, { reservationId: idOf(found), answer })
    return undefined
  },
  cancel: async (deps, found, body) => {
    const shown = text(body, 'fee')
    const fee = isCancellable(found.reservation) ? formatTokens(await cancelFee(deps.db, found.reservation)) : shown
    if (shown !== '' && shown !== fee)
      throw new Refused('fee', `is ${fee} tokens by now, and was ${shown} when this page was shown: look again`)
    const said = { reservationId: idOf(found) }
    await cancelReservation(deps, found.actor, { ...said, ...formKey(`cancel ${said.reservationId}`, said) })
    return undefined
  },
}

const OFFER_ANSWERS = ['ACCEPT', 'REFUSE'] as const
const isCancellable = ({ state }: ReservationView): boolean => CANCELLABLE_STATES.some((each) => each === state)

async function find({ db }: FlagsDeps, actor: Actor, { params }: Request): Promise<Found | undefined> {
  const [company, reservation] = [params.id, params.reservation].map((id) =>
    typeof id === 'string' ? parseGlobalId(id) : undefined,
  )
  if (company?.type !== 'Company' || reservation?.type !== 'Reservation') return undefined
  const [companyId, id] = reservation.keys
  if (companyId === undefined || id === undefined || companyId !== company.keys[0]) return undefined
  const [about] = await companiesById(db, actor, [companyId])
  const [found] = about === undefined ? [] : await reservationsById(db, actor, [{ companyId, id }])
  return about === undefined || found === undefined ? undefined : { actor, company: about, reservation: found }
}

async function page(
  deps: FlagsDeps,
  found: Found,
  more: Pick<ReservationOnPage, 'quote' | 'refused'> = {},
): Promise<string> {
  const { actor, company } = found
  const { db } = deps
  const again = await reservationsById(db, actor, [
    { companyId: found.reservation.companyId, id: found.reservation.reservationId },
  ])
  const row = again[0] ?? found.reservation
  const ref = { companyId: row.companyId, id: row.reservationId }
  const [pool] = await poolsById(db, actor, [row.poolId])
  const now = await instant(db)
  const ahead = microsecondsOf(row.startsAt) > microsecondsOf(now)
  const [change] = await openChangesOf(db, [ref])
  const offer = (await offersOf(db, [ref])).find(({ answer }) => answer === null)
  const books = is(actor, 'founder') && actor.companyIds.has(company.companyId)
  const cancellable = isCancellable(row) && (ahead || row.state === 'waitlisted')
  return reservationPage({
    person: { name: actor.name, role: roleWords(actor) },
    companyName: company.legalName,
    pool: pool === undefined ? 'another pool' : `${pool.gpuModel} on ${pool.cluster}`,
    gpus: row.gpus,
    startsAt: row.startsAt,
    endsAt: row.endsAt,
    state: row.state,
    tokens: formatTokens(row.hold),
    delivered: formatTokens(row.delivered),
    idle: formatTokens(row.idle),
    factor: formatNumeric(row.factor),
    computePath: computePathOf(found),
    action: books ? pathOf(found) : undefined,
    offer: offer === undefined ? undefined : { ...timeOf(offer), answerBy: offer.answerBy, note: offer.note ?? '' },
    change: change === undefined ? undefined : { ...timeOf(change), answerBy: change.answerBy },
    changeable: change === undefined && offer === undefined && changeableNow(row, now),
    beside: books && pool !== undefined ? besideOf(row, pool, now) : undefined,
    fee: cancellable ? formatTokens(await cancelFee(db, row)) : undefined,
    events: (await eventsOf(db, [ref])).map(({ at, reasonCode, note }) => ({
      at,
      what: REASONS[reasonCode] ?? reasonCode,
      note: note ?? '',
    })),
    outages: await outagesOf(db, [ref]),
    credited: formatTokens((await outageCreditsOf(db, [ref])).reduce((sum, { amount }) => sum + amount, 0n)),
    restarts: (await restartsOf(db, [row])).map((restart) => ({ ...restart, company: '', path: '' })),
    ...more,
  })
}

/** Before the start anything may change; while it runs, its end. */
function changeableNow({ state, startsAt, endsAt }: ReservationView, now: string): boolean | 'END' {
  if (state === 'active') return microsecondsOf(endsAt) > microsecondsOf(now) && 'END'
  return ['held', 'confirmed', 'provisioned'].includes(state) && microsecondsOf(startsAt) > microsecondsOf(now)
}

/** Minutes beyond the lead time, in which the company asks. */
const MINUTES_TO_ASK = 15

/** When a second reservation beside one that runs could begin, to end with it; undefined where too little time is left. */
function besideOf(
  { state, endsAt }: ReservationView,
  pool: PoolView,
  now: string,
): NonNullable<ReservationOnPage['beside']> | undefined {
  const startsAt = nextMinute(addMinutes(now, pool.minLeadMinutes + MINUTES_TO_ASK))
  const minutes = minutesUntil(endsAt, startsAt)
  if (state !== 'active' || minutes < pool.minLengthMinutes) return undefined
  return { poolId: globalId('Pool', pool.poolId), startsAt, hours: String(Number((minutes / 60).toFixed(4))) }
}

const timeOf = ({
  gpus,
  startsAt,
  endsAt,
  hold,
}: Pick<ReservationView, 'gpus' | 'startsAt' | 'endsAt' | 'hold'>): Omit<
  NonNullable<ReservationOnPage['change']>,
  'answerBy'
> => ({ gpus, startsAt, endsAt, tokens: formatTokens(hold) })

/** Reason codes in words. */
const REASONS: Readonly<Record<string, string>> = {
  REQUESTED: 'Asked for',
  APPROVED: 'Approved by the provider',
  NO_CAPACITY: 'Declined: no capacity',
  MAINTENANCE: 'Declined: maintenance',
  POLICY: 'Declined: policy of the provider',
  CONTRACT: 'Declined: contract',
  OTHER: 'Declined',
  CANCELLED_BY_COMPANY: 'Cancelled by the company',
  NOT_DECIDED_IN_TIME: 'Not decided by the provider in time',
  FIRST_USAGE: 'First usage was told',
  RESERVED_CHARGED: 'Completed; the reserved time was charged',
  METERED_CHARGED: 'Completed; metered use was charged',
  WAITLISTED: 'Went to the waiting list',
  BACKFILLED: 'Got GPUs that became free',
  WAIT_ENDED: 'Its time to wait ended',
  OFFERED: 'The provider offered something else',
  OFFER_ACCEPTED: 'The offer was accepted',
  OFFER_REFUSED: 'The offer was refused',
  OFFER_LAPSED: 'The offer was not answered in time',
  STARTED: 'Started',
  PROVISIONED: 'Ready on the cluster',
  GONE_AT_SCHEDULER: 'Gone at the scheduler; it is told again',
  DIFFERS_AT_SCHEDULER: 'Differs at the scheduler; it is told again',
  NOBODY_CAME: 'Nobody came',
  CANCELLED_BY_PROVIDER: 'Taken back by the provider',
  FAILED_AT_PROVIDER: 'Failed at the provider',
  NO_MORE_USAGE: 'No more usage can come',
  EXTENDED: 'Extended',
  SHRUNK: 'Shrunk',
  MOVED: 'Moved',
  SPLIT: 'Split',
  GROUP_UNDONE: 'Given back with its group',
  CAME_AFTER_ALL: 'Usage told late: somebody had come',
  CHANGE_ASKED: 'A change was asked for',
  CHANGE_DECLINED: 'The change was declined',
  CHANGE_LAPSED: 'The change was not decided in time',
  CHANGE_WITHDRAWN: 'The change was taken back',
}
