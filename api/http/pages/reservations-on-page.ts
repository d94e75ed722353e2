/** A company's reservations as its compute page lists them: a part at a time, by the ids at its ends. */
import type {
  ReservationList,
  ReservationRow,
  TokensOfReservation,
} from '../../../templates/pages/compute-reservations.ts'
import type { Actor } from '../../access/index.ts'
import {
  offersOf,
  openChangesOf,
  type ReservationView,
  reservationCounts,
  reservationPages,
} from '../../clusters/index.ts'
import { type ReservationTokens, reservationTokens } from '../../drawdown/index.ts'
import type { FlagsDeps } from '../../flags/index.ts'
import { formatTokens, globalId, isUuid, type Uuid } from '../../platform/index.ts'

/** Rows of one part. */
const LISTED = 25

/** Which part is asked for: what is older than an id, or newer. Anything else is the newest. */
export type ListPart = { readonly older: string; readonly newer: string }

/** The part of the company's reservations that is asked for. Nothing of a company that the actor does not see. */
export async function reservationList(
  deps: FlagsDeps,
  actor: Actor,
  companyId: Uuid,
  { asked, path, poolNames }: { asked: ListPart; path: string; poolNames: ReadonlyMap<Uuid, string> },
): Promise<ReservationList> {
  const [after, before] = [asked.older, asked.newer].map((id) => (isUuid(id) ? id : undefined))
  const backwards = before !== undefined && after === undefined
  const query = { limit: LISTED + 1, after, before: backwards ? before : undefined, backwards }
  const found = (await reservationPages(deps.db, actor, [companyId], query)).get(companyId) ?? []
  const rows = found.slice(0, LISTED)
  if (backwards) rows.reverse()
  const more = found.length > LISTED
  const waits = await waitingAmong(deps, rows)
  const tokens = await tokensInWords(deps, rows)
  const [first, last] = [rows[0]?.reservationId, rows.at(-1)?.reservationId]
  const isMore = { newer: backwards ? more : after !== undefined, older: backwards || more }
  return {
    rows: rows.map((row) => reservationRow(row, poolNames, path, { ...waits, tokens })),
    count: (await reservationCounts(deps.db, actor, [companyId])).get(companyId) ?? rows.length,
    newer: isMore.newer && first !== undefined ? first : undefined,
    older: isMore.older && last !== undefined ? last : undefined,
  }
}

/** Of these reservations, those with an offer that the company answers, and with a change that the provider does. */
async function waitingAmong({ db }: FlagsDeps, rows: readonly ReservationView[]) {
  const refs = rows.map(({ companyId, reservationId: id }) => ({ companyId, id }))
  const offers = (await offersOf(db, refs)).filter(({ answer }) => answer === null)
  const ids = (of: readonly { readonly reservationId: Uuid }[]) => new Set(of.map(({ reservationId }) => reservationId))
  return { offered: ids(offers), changing: ids(await openChangesOf(db, refs)) }
}

/** The tokens of these reservations as pages and downloads show them, by the reservation's id. One query. */
export async function tokensInWords(
  { db }: Pick<FlagsDeps, 'db'>,
  rows: readonly ReservationView[],
): Promise<ReadonlyMap<Uuid, TokensOfReservation>> {
  const refs = rows.map(({ companyId, reservationId: id }) => ({ companyId, id }))
  return new Map((await reservationTokens(db, refs)).map((row) => [row.reservationId, inWords(row)]))
}

const inWords = (row: ReservationTokens): TokensOfReservation => ({
  setAside: formatTokens(row.setAside),
  held: formatTokens(row.held),
  delivered: formatTokens(row.delivered),
  idle: formatTokens(row.idle),
  noShow: formatTokens(row.noShow),
  cancelFee: formatTokens(row.cancelFee),
  returned: formatTokens(row.returned),
  credited: formatTokens(row.credited),
})

/** Every reservation has tokens, if none: one that is not there is a fault of ours. */
export function tokensOf(tokens: ReadonlyMap<Uuid, TokensOfReservation>, reservationId: Uuid): TokensOfReservation {
  const found = tokens.get(reservationId)
  if (found === undefined) throw new Error(`nothing is known of the tokens of reservation ${reservationId}`)
  return found
}

function reservationRow(
  row: ReservationView,
  pools: ReadonlyMap<Uuid, string>,
  path: string,
  more: {
    readonly offered: ReadonlySet<Uuid>
    readonly changing: ReadonlySet<Uuid>
    readonly tokens: ReadonlyMap<Uuid, TokensOfReservation>
  },
): ReservationRow {
  const id = globalId('Reservation', row.companyId, row.reservationId)
  return {
    id,
    pool: pools.get(row.poolId) ?? 'another pool',
    gpus: row.gpus,
    startsAt: row.startsAt,
    endsAt: row.endsAt,
    state: row.state,
    tokens: tokensOf(more.tokens, row.reservationId),
    path: `${path}/reservations/${id}`,
    waitsForCompany: more.offered.has(row.reservationId),
    changeAsked: more.changing.has(row.reservationId),
  }
}
