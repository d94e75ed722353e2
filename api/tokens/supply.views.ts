/** The supply of token classes, all of it in one query: by whose authority, where every token is, what may still be granted. */
import { sql } from 'kysely'
import { z } from 'zod'
import { type Actor, isStaff } from '../access/index.ts'
import { csvOf, formatTokens, globalId, type MicroTokens, type Reader, type Uuid, words } from '../platform/index.ts'
import { ACCOUNT_KINDS, type AccountKind, CHARGE_CAUSES, type ChargeCause, chargedKind } from './account-kind.ts'

/** One act of authority over the supply of a class. A lapse has a negative amount and no approver. */
export type AuthorisationView = {
  readonly authorisationId: Uuid
  readonly kind: string
  readonly amount: MicroTokens
  readonly validFrom: string
  readonly validUntil: string
  /** Who approved it, by name; `null` for a lapse, and where the name was erased. */
  readonly approvedBy: string | null
  readonly reason: string
  readonly createdAt: string
}

/** Micro-tokens. granted = outstanding + charged + expired + cancelled: what left a holder is with another. */
export type SupplyView = {
  readonly tokenClassId: Uuid
  readonly providerId: Uuid
  readonly name: string
  /** What may be granted in all. What an authorisation left unspent at the end of its period has lapsed. */
  readonly authorised: MicroTokens
  readonly granted: MicroTokens
  /** Promised and neither charged nor ended: locked, available, held, escrow. */
  readonly outstanding: MicroTokens
  readonly locked: MicroTokens
  readonly available: MicroTokens
  /** Set aside for reservations, decided or not. */
  readonly held: MicroTokens
  /** On the way to another holder, or set aside by operations. */
  readonly escrow: MicroTokens
  readonly charged: Readonly<Record<ChargeCause, MicroTokens>>
  readonly expired: MicroTokens
  readonly cancelled: MicroTokens
  /** What may still be granted. */
  readonly remaining: MicroTokens
  /** Newest first, at most 100. */
  readonly authorisations: readonly AuthorisationView[]
}

const Authorisations = z.array(
  z.object({
    authorisationId: z.string(),
    kind: z.string(),
    amount: z.string().transform(BigInt),
    validFrom: z.string(),
    validUntil: z.string(),
    approvedBy: z.string().nullable(),
    reason: z.string(),
    createdAt: z.string(),
  }),
)
const Balances = z.record(z.enum(ACCOUNT_KINDS), z.string().transform(BigInt).optional())

/** The supply of these classes, in no order. One query. */
export const suppliesByClass = (reader: Reader, ids: readonly Uuid[]): Promise<SupplyView[]> =>
  ids.length === 0 ? Promise.resolve([]) : supplies(reader, sql`class.token_class_id = ANY(${[...ids]}::uuid[])`)

/** The supply of every class that the actor may know it of, by name: the fund's staff of all, a provider's of its own. One query. */
export async function suppliesFor(reader: Reader, actor: Actor): Promise<SupplyView[]> {
  if (isStaff(actor)) return supplies(reader, sql`true`)
  if (actor.providerIds.size === 0) return []
  return supplies(reader, sql`class.provider_id = ANY(${[...actor.providerIds]}::uuid[])`)
}

async function supplies(reader: Reader, which: ReturnType<typeof sql>): Promise<SupplyView[]> {
  const { rows } = await sql<{
    tokenClassId: Uuid
    providerId: Uuid
    name: string
    authorised: MicroTokens
    granted: MicroTokens
    balances: unknown
    authorisations: unknown
  }>`
    WITH class AS (
      SELECT class.token_class_id, class.provider_id, class.name FROM token_class AS class WHERE ${which}
    ), balance AS (
      SELECT lot.token_class_id, account.kind,
        sum(account.credits_posted - account.debits_posted + account.credits_pending - account.debits_pending) AS amount
      FROM lot JOIN ledger_account AS account ON account.holder_id = lot.company_id AND account.lot_id = lot.lot_id
      WHERE lot.token_class_id IN (SELECT token_class_id FROM class) AND account.kind <> 'obligation'
      GROUP BY lot.token_class_id, account.kind
    ), kinds AS (
      SELECT token_class_id, json_object_agg(kind, amount::text) AS balances FROM balance GROUP BY token_class_id
    ), ended AS (
      -- Of periods that are over and whose lapse is not written yet: the next grant or authorisation writes it.
      SELECT ended.token_class_id, sum(ended.amount_micro) AS amount FROM supply_authorisation AS ended
      WHERE ended.kind = 'authorise' AND ended.valid_until <= (equihour_now() AT TIME ZONE 'UTC')::date
        AND NOT EXISTS (SELECT FROM supply_authorisation AS lapse
          WHERE lapse.token_class_id = ended.token_class_id AND lapse.lapses_id = ended.authorisation_id)
      GROUP BY ended.token_class_id
    )
    SELECT class.token_class_id AS "tokenClassId", class.provider_id AS "providerId", class.name,
      (supply.authorised_micro
        - least(coalesce(ended.amount, 0), supply.authorised_micro - supply.granted_micro))::bigint AS authorised,
      supply.granted_micro AS granted, coalesce(kinds.balances, '{}') AS balances, coalesce(acts.list, '[]') AS authorisations
    FROM class
    JOIN token_supply AS supply ON supply.token_class_id = class.token_class_id
    LEFT JOIN kinds ON kinds.token_class_id = class.token_class_id
    LEFT JOIN ended ON ended.token_class_id = class.token_class_id
    CROSS JOIN LATERAL (
      SELECT json_agg(json_build_object('authorisationId', act.authorisation_id, 'kind', act.kind,
          'amount', act.amount_micro::text, 'validFrom', act.valid_from, 'validUntil', act.valid_until,
          'approvedBy', act.name, 'reason', act.reason,
          'createdAt', to_char(act.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        ORDER BY act.authorisation_id DESC) AS list
      FROM (SELECT each.authorisation_id, each.kind, each.amount_micro, each.valid_from, each.valid_until, each.reason,
          each.created_at, person.display_name AS name
        FROM supply_authorisation AS each LEFT JOIN person_details AS person ON person.person_id = each.approved_by
        WHERE each.token_class_id = class.token_class_id ORDER BY each.authorisation_id DESC LIMIT 100) AS act
    ) AS acts
    ORDER BY class.name, class.token_class_id`.execute(reader)
  return rows.map(({ balances, authorisations, ...row }) => supplyOf(row, balances, authorisations))
}

function supplyOf(
  row: Pick<SupplyView, 'tokenClassId' | 'providerId' | 'name' | 'authorised' | 'granted'>,
  balances: unknown,
  authorisations: unknown,
): SupplyView {
  const by = Balances.parse(balances)
  const of = (kind: AccountKind): MicroTokens => by[kind] ?? 0n
  const [locked, available, held, escrow] = [of('locked'), of('available'), of('held'), of('escrow')]
  const [delivered, idle, noShow, fee] = CHARGE_CAUSES.map((cause) => of(chargedKind(cause)))
  return {
    ...row,
    outstanding: locked + available + held + escrow,
    locked,
    available,
    held,
    escrow,
    charged: { delivered: delivered ?? 0n, idle_reserved: idle ?? 0n, no_show: noShow ?? 0n, cancel_fee: fee ?? 0n },
    expired: of('expired'),
    cancelled: of('cancelled'),
    remaining: row.authorised - row.granted,
    authorisations: Authorisations.parse(authorisations),
  }
}

const FIGURES = ['authorised', 'granted', 'remaining', 'outstanding', 'locked', 'available', 'held', 'escrow'] as const

/** As it is sent: tokens as decimal strings. */
export const supplyJson = (supply: SupplyView) => ({
  tokenClass: globalId('TokenClass', supply.tokenClassId),
  name: supply.name,
  ...Object.fromEntries(FIGURES.map((figure) => [figure, formatTokens(supply[figure])])),
  charged: Object.fromEntries(CHARGE_CAUSES.map((cause) => [cause, formatTokens(supply.charged[cause])])),
  expired: formatTokens(supply.expired),
  cancelled: formatTokens(supply.cancelled),
  authorisations: supply.authorisations.map(({ amount, authorisationId: _, ...act }) => ({
    ...act,
    amount: amount < 0n ? `-${formatTokens(-amount)}` : formatTokens(amount),
  })),
})

/** One row for each class: the figures, without who authorised them. */
export const supplyCsv = (all: readonly SupplyView[]): string =>
  csvOf([
    ['token class', 'name', ...FIGURES, ...CHARGE_CAUSES.map((cause) => `charged ${cause}`), 'expired', 'cancelled'],
    ...all.map((supply) => [
      globalId('TokenClass', supply.tokenClassId),
      words(supply.name),
      ...FIGURES.map((figure) => formatTokens(supply[figure])),
      ...CHARGE_CAUSES.map((cause) => formatTokens(supply.charged[cause])),
      formatTokens(supply.expired),
      formatTokens(supply.cancelled),
    ]),
  ])
