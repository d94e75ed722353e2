/** A closed deal that draws: a pool, reservations that the provider approved, usage and statements sent over HTTP. */
import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { reconcile } from '../../api/closing/index.ts'
import { decideReservation, requestReservation } from '../../api/clusters/index.ts'
import { type ReservationTokens, reservationTokens } from '../../api/drawdown/index.ts'
import { zRef } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { type Deal, givenDeal } from '../closing/given-deal.ts'
import { pool as makePool } from '../clusters/given.ts'
import type { Person, World } from '../support/world.ts'

/** The first booking starts here; deals close on 15 December 2026. */
export const START = '2027-01-05T00:00:00Z'

/** The instant so many minutes after the start. */
export const at = (minutes: number): string =>
  new Date(Date.parse(START) + minutes * 60_000).toISOString().replace('.000Z', 'Z')

const document = (name: string, more: string) =>
  `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) {
    __typename ${more} ... on DomainError { code message } ... on Refused { field reason } ... on WrongState { wrong: state } } }`
const sender = (name: string, more: string) => {
  const text = document(name, more)
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const STATEMENT = `... on Statement { id month state sha256 disputeUntil figures
  lines { grantId basisAtOpen basisAtClose earnedAtOpen earnedAtClose } }`
export const report = sender(
  'reportUsage',
  `... on ReportedUsage { records { externalId outcome charged } charged { cause tokens } returned newlyEarnedShares }
   ... on UsageConflict { externalId field } ... on UsageBeyondReservation { externalId }`,
)
export const stateMonth = sender('stateStatement', `${STATEMENT} ... on MonthNotStatable { month reason }`)
export const answerIt = sender('answerStatement', STATEMENT)
export const finalise = sender('finaliseStatement', STATEMENT)

export type Usage = { externalId: string; gpuSeconds: string; source?: string; [field: string]: unknown }

/** A usage record of a reservation that runs from `from` to `until` minutes after the start. */
export const usage = (externalId: string, gpuSeconds: number | bigint, more: Record<string, unknown> = {}): Usage => ({
  source: 'slurm',
  externalId,
  gpuSeconds: String(gpuSeconds),
  startedAt: at(0),
  endedAt: at(60),
  job: 'train.sh',
  ...more,
})

/** Tokens by cause of a report, without the zeros. */
export const chargedOf = (reported: { charged: { cause: string; tokens: string }[] }): Record<string, string> =>
  Object.fromEntries(reported.charged.filter(({ tokens }) => tokens !== '0').map((row) => [row.cause, row.tokens]))

export async function givenDrawdown(
  world: World,
  change: Partial<RoundTermsWire> = {},
  more: { factor?: bigint; capacity?: number; deal?: Deal } = {},
) {
  const deal = more.deal ?? (await givenDeal(world))
  const closed = await deal.closed(change)
  const pool = await makePool(world, {
    tokenClassId: deal.tokenClassUuid,
    capacity: more.capacity ?? 64,
    ...(more.factor === undefined ? {} : { factor: more.factor }),
  })
  /** A reservation over minutes after the start, asked for and approved on 1 January; the clock then stands after its end. */
  const reserved = async (gpus: number, minutes = 60, from = 0, clock?: string): Promise<string> => {
    await world.setClock(from === 0 ? '2027-01-01T00:00:00Z' : at(from - 24 * 60))
    const { ref } = await requestReservation(world.deps, deal.founder.actor, {
      companyId: deal.id,
      poolId: pool.id,
      gpus,
      startsAt: at(from),
      endsAt: at(from + minutes),
    })
    const reservationId = `Reservation:${ref.companyId}:${ref.id}`
    await decideReservation(world.deps, world.staff.provider.actor, { reservationId, decision: 'APPROVE' })
    await world.setClock(clock ?? at(from + minutes + 10))
    return reservationId
  }
  /** Reports, and fails on a refusal. */
  const told = async (reservationId: string, records: readonly Usage[], complete = false) => {
    const answer = await report(world.staff.provider, { reservationId, records, complete })
    assert.equal(answer.__typename, 'ReportedUsage', JSON.stringify(answer))
    return answer
  }
  const stated = async (month: string, clock: string) => {
    await world.setClock(clock)
    const answer = await stateMonth(world.staff.operations, { companyId: deal.id, month })
    assert.equal(answer.__typename, 'Statement', JSON.stringify(answer))
    return answer
  }
  const settled = async (statement: { id: string; sha256: string }) => {
    const accepted = await answerIt(deal.founder, {
      statementId: statement.id,
      sha256: statement.sha256,
      answer: 'ACCEPT',
    })
    assert.equal(accepted.__typename, 'Statement', JSON.stringify(accepted))
    const final = await finalise(world.staff.operations, { statementId: statement.id })
    assert.equal(final.__typename, 'Statement', JSON.stringify(final))
    return final
  }
  return { ...deal, deal, closed, pool, reserved, told, stated, settled }
}
export type Drawdown = Awaited<ReturnType<typeof givenDrawdown>>

export const progressOf = (world: World, { companyId }: { companyId: string }) =>
  world.deps.db
    .selectFrom('grant_progress')
    .selectAll()
    .where('company_id', '=', companyId)
    .orderBy('grant_id')
    .execute()

type Booked = { readonly kind: string; readonly credits_posted: bigint; readonly debits_posted: bigint }

/** What the reservations' lists say, added up, is what the ledger has: held, and charged by cause beside use on demand. */
async function assertLists({ deps: { db } }: World, companyId: string, accounts: readonly Booked[]): Promise<void> {
  const reservations = await db
    .selectFrom('reservation')
    .select('reservation_id as id')
    .where('company_id', '=', companyId)
    .execute()
  const rows = await reservationTokens(
    db,
    reservations.map(({ id }) => ({ companyId, id })),
  )
  assert.equal(rows.length, reservations.length)
  const { outside } = await db
    .selectFrom('charge')
    .select((on) => on.fn.coalesce(on.fn.sum<string>('amount_micro'), sql<string>`0`).as('outside'))
    .where('company_id', '=', companyId)
    .where('reservation_id', 'is', null)
    .executeTakeFirstOrThrow()
  const total = (of: (row: ReservationTokens) => bigint) => rows.reduce((sum, row) => sum + of(row), 0n)
  const booked = (name: string) =>
    accounts.reduce(
      (sum, { kind, credits_posted: credits, debits_posted: debits }) => (kind === name ? sum + credits - debits : sum),
      0n,
    )
  const { pending } = await db
    .selectFrom('token_hold')
    .select((on) => on.fn.coalesce(on.fn.sum<string>('amount_micro'), sql<string>`0`).as('pending'))
    .where('company_id', '=', companyId)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  assert.deepEqual(
    [total((row) => row.held), total((row) => row.delivered) + BigInt(outside)],
    [booked('held') + BigInt(pending), booked('charged:delivered')],
    'held and delivered',
  )
  assert.deepEqual(
    [total((row) => row.idle), total((row) => row.noShow), total((row) => row.cancelFee)],
    [booked('charged:idle_reserved'), booked('charged:no_show'), booked('charged:cancel_fee')],
    'idle, no-show, cancellation',
  )
  for (const row of rows) assert.ok(row.returned >= 0n && row.credited <= row.returned, `${row.reservationId}`)
}

/**
 * What must hold of a company after whatever happened: reconciliation finds nothing; what is charged by cause is the same in the
 * ledger, in the charges, in the sums of the grants (for tokens that earn) and on the meters; vested <= earned <= total.
 */
export async function assertSound(world: World, { companyId }: { companyId: string }): Promise<void> {
  const { db } = world.deps
  const { differences } = await reconcile(db, companyId)
  // Some tests make grants without a deal: their securities are on no cap table.
  assert.deepEqual(
    differences.filter(({ found }) => found !== 'no such security'),
    [],
  )
  const accounts = await db
    .selectFrom('ledger_account')
    .select(['kind', 'lot_id', 'credits_posted', 'debits_posted'])
    .where('holder_id', '=', companyId)
    .execute()
  const charges = await db
    .selectFrom('charge')
    .select([
      'grant_id',
      'lot_id',
      'reservation_id',
      'usage_id',
      'cause',
      'amount_micro',
      'basis_from',
      'basis_to',
      'at',
      'charge_id',
      'correction_id',
      'corrects',
    ])
    .where('company_id', '=', companyId)
    .orderBy('at')
    .execute()
  const sum = (of: readonly bigint[]) => of.reduce((total, each) => total + each, 0n)
  const charged = (where: (charge: (typeof charges)[number]) => boolean) =>
    sum(charges.filter(where).map((charge) => charge.amount_micro))
  for (const account of accounts.filter(({ kind }) => kind.startsWith('charged:'))) {
    const cause = account.kind.slice('charged:'.length)
    assert.equal(
      account.credits_posted - account.debits_posted,
      charged((charge) => charge.cause === cause && charge.lot_id === account.lot_id),
      `ledger and charges of ${cause}`,
    )
  }
  await assertLists(world, companyId, accounts)
  const bookedAt = new Map(charges.map((charge) => [charge.charge_id, Date.parse(charge.at)]))
  for (const { corrects, amount_micro: amount, at } of charges) {
    if (corrects === null || amount >= 0n) continue
    assert.ok(Date.parse(at) >= (bookedAt.get(corrects) ?? Number.NaN), 'nothing is taken back before it was charged')
  }
  const meters = await db
    .selectFrom('meter')
    .select(['reservation_id', 'delivered_micro', 'idle_micro', 'gpu_seconds'])
    .where('company_id', '=', companyId)
    .execute()
  for (const meter of meters) {
    const own = (cause: string) => (charge: (typeof charges)[number]) =>
      charge.reservation_id === meter.reservation_id && charge.cause === cause
    assert.equal(meter.delivered_micro, charged(own('delivered')), 'meter and charges delivered')
    assert.equal(meter.idle_micro, charged(own('idle_reserved')), 'meter and charges idle')
  }
  const records = await db
    .selectFrom('usage_record')
    .select(['usage_id', 'gpu_seconds', 'charged_micro', 'reservation_id'])
    .where('company_id', '=', companyId)
    .execute()
  const corrections = await db
    .selectFrom('correction')
    .select(['reservation_id', 'gpu_seconds_before', 'gpu_seconds_after'])
    .where('company_id', '=', companyId)
    .where('ordinal', 'is not', null)
    .execute()
  for (const meter of meters) {
    const own = records.filter((record) => record.reservation_id === meter.reservation_id)
    const changed = corrections
      .filter((each) => each.reservation_id === meter.reservation_id)
      .map((each) => (each.gpu_seconds_after ?? 0n) - (each.gpu_seconds_before ?? 0n))
    const metered = sum(own.map((record) => record.gpu_seconds)) + sum(changed)
    assert.equal(meter.gpu_seconds, metered, 'meter, usage records and their corrections')
  }
  for (const record of records) {
    const own = charges.filter((charge) => charge.usage_id === record.usage_id && charge.correction_id === null)
    assert.ok(own.length > 0, 'each usage record leads to a lot')
    assert.equal(sum(own.map((charge) => charge.amount_micro)), record.charged_micro)
  }
  for (const grant of await progressOf(world, { companyId })) {
    const own = (cause: string) => charged((charge) => charge.grant_id === grant.grant_id && charge.cause === cause)
    assert.deepEqual(
      [grant.delivered_micro, grant.idle_reserved_micro, grant.no_show_micro, grant.cancel_fee_micro],
      [own('delivered'), own('idle_reserved'), own('no_show'), own('cancel_fee')],
      'sums of the grant and charges',
    )
    assert.ok(grant.vested_shares <= grant.earned_shares && grant.earned_shares <= grant.total_shares)
    // The parts of the basis that charges moved follow one another without gap; a correction moves them back.
    const rows = charges.filter((charge) => charge.grant_id === grant.grant_id)
    const moved = sum(rows.map((row) => row.basis_to - row.basis_from))
    assert.equal(moved, rows.length === 0 ? 0n : grant.basis_peak_micro, 'parts of the basis and its peak')
    const families = Map.groupBy(rows, (row) => row.corrects ?? row.charge_id)
    for (const family of families.values()) {
      assert.ok(sum(family.map((row) => row.amount_micro)) >= 0n, 'no charge is taken back more than once')
      assert.ok(sum(family.map((row) => row.basis_to - row.basis_from)) >= 0n)
    }
    if (rows.some((row) => row.correction_id !== null)) continue
    let reached = 0n
    for (const part of rows
      .filter((charge) => charge.basis_to > charge.basis_from)
      .sort((a, b) => (a.basis_from < b.basis_from ? -1 : 1))) {
      assert.equal(part.basis_from, reached)
      reached = part.basis_to
    }
  }
}

/** The part of a global id that the tables know. */
export const idOf = (type: string, id: string): string => zRef(type).parse(id).id
