/** A deal whose compute buys a SAFE, its use by months, and a priced round that comes later. */
import assert from 'node:assert/strict'
import { type CapTableView, capTableAsOf, exportCapTable, importCapTable } from '../../api/captable/index.ts'
import { acceptTermSheet, closeRound, issueTermSheet } from '../../api/closing/index.ts'
import { OpenFlags, submitEvidence } from '../../api/flags/index.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { draftRound, proposeRound, type RoundTermsWire } from '../../api/rounds/index.ts'
import { type Drawdown, givenDrawdown, usage } from '../drawdown/given-drawdown.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { assertValid } from '../support/ocf-schemas.ts'
import { sharedData } from '../support/shared.ts'
import type { World } from '../support/world.ts'
import { type Deal, FUND, givenDeal } from './given-deal.ts'

const schemas = sharedData('ocf-schema-v1.2.0/schema')

type Change = Omit<Partial<RoundTermsWire>, 'compute'> & { compute?: Partial<RoundTermsWire['compute']> }

/** 100,000 tokens at 2.35: a SAFE of 235,000.00, capped at 20,000,000 post-money unless it is said otherwise. */
export async function givenSafe(world: World, { compute, ...change }: Change = {}): Promise<Drawdown> {
  const deal = await givenDeal(world, '1000000', ownPackage())
  const terms: Partial<RoundTermsWire> = {
    instrument: {
      kind: 'SAFE',
      cap: { amount: '20000000', currency: 'USD' },
      capBase: 'POST_MONEY',
      discount: '0.2',
      rest: 'NEW_SAFE',
    },
    cashInvestors: [],
    ...change,
    compute: { ...deal.terms().compute, ...compute },
  }
  const left = { preMoney: change.preMoney, security: undefined, unearned: undefined }
  return givenDrawdown(world, { ...terms, ...left } as unknown as Partial<RoundTermsWire>, { deal })
}

/**
 * 8 GPUs for 1,250 hours are 10,000 H100-hours, 36,000,000 GPU-seconds, unless said otherwise: `one` in January and February,
 * everything else in July and August; every month of it stated and final.
 */
export async function used(
  it: Drawdown,
  name: string,
  { gpus = 8, minutes = 1250 * 60, later = name !== 'one' && name !== 'half' } = {},
): Promise<void> {
  const from = later ? 180 * 24 * 60 : 0
  const reservation = await it.reserved(gpus, minutes, from)
  const startedAt = later ? '2027-07-04T00:00:00Z' : '2027-01-05T00:00:00Z'
  const endedAt = new Date(Date.parse(startedAt) + minutes * 60_000).toISOString().replace('.000Z', 'Z')
  await it.told(reservation, [usage(name, gpus * minutes * 60, { startedAt, endedAt })], true)
  if (!later) return it.settled(await it.stated('2027-02-01', '2027-03-02T08:00:00Z'))
  for (const month of ['03', '04', '05', '06', '07', '08'])
    await it.settled(await it.stated(`2027-${month}-01`, '2027-09-02T08:00:00Z'))
}

/** Open SAFEs with their amounts. */
export const safesIn = ({ securities }: CapTableView): readonly string[] =>
  securities
    .filter((row) => row.kind === 'convertible')
    .map(({ customId, amount }) => `${customId} ${amount === undefined ? '' : formatNumeric(amount.amount)}`)

/** The way from units of a security back to usage. */
export async function traceOf(it: Drawdown, security: string, first: bigint, last: bigint) {
  const { data, errors } = await it.founder.graphql(
    `query ($company: ID!, $security: String!, $first: BigInt!, $last: BigInt!) {
      shareTrace(companyId: $company, securityId: $security, firstShare: $first, lastShare: $last) {
        __typename ... on DomainError { message }
        ... on ShareTrace { unit vestedShares links { externalId gpuSeconds } clauses { clause } } } }`,
    { company: it.id, security, first: String(first), last: String(last) },
  )
  assert.deepEqual(errors, [])
  return data.shareTrace
}

/** The package is valid by the published schemas, and gives the same cap table in another company, on each of these days. */
export async function exportsAlike(world: World, it: Pick<Drawdown, 'id' | 'companyId'>, days: readonly string[]) {
  const { analyst } = world.staff
  const { files, setAside } = await exportCapTable(world.deps.db, analyst.actor, { companyId: it.id })
  assert.deepEqual(setAside, [])
  if (schemas !== undefined) assertValid(schemas, files)
  const copy = await world.company('Copy, Inc.')
  await importCapTable(world.deps, analyst.actor, { companyId: copy.id, files: [...files] })
  for (const day of days) {
    const [one, other] = await Promise.all(
      [copy.companyId, it.companyId].map((companyId) => capTableAsOf(world.deps.db, companyId, day)),
    )
    assert.deepEqual(one, other, day)
  }
}

/** Tries a step, ends by an opinion of counsel whatever bars stop it, and tries again. */
export async function through<T>(world: World, { companyId }: Pick<Drawdown, 'companyId'>, step: () => Promise<T>) {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof OpenFlags)) throw error
  }
  await endBars(world, companyId)
  return step()
}

/** The thresholds of 2027 are not in the rules' tables, so they cannot tell: counsel's opinion ends the bar. */
export async function endBars(world: World, companyId: string): Promise<number> {
  const flags = await world.deps.db
    .selectFrom('flag')
    .select(['flag_id', 'finding_id'])
    .where('company_id', '=', companyId)
    .where('state', '=', 'open')
    .where('kind', '=', 'bar')
    .execute()
  for (const flag of flags) {
    await submitEvidence(world.deps, world.staff.compliance.actor, {
      flagId: `Flag:${companyId}:${flag.flag_id}`,
      findingId: `Finding:${companyId}:${flag.finding_id}`,
      kind: 'not_reportable_opinion',
      reference: 'Opinion of 1 March 2027',
      source: 'Counsel',
      date: '2027-03-01',
    })
  }
  return flags.length
}

/** Series B for 1,000,000 in cash and 100 tokens of the fund, at 23,000,000 before the money, accepted five days before. */
export async function acceptedRound(
  world: World,
  it: Drawdown,
  { asked = '2027-03-10', closedOn = '2027-03-15', ...change }: Partial<RoundTermsWire> & Days = {},
) {
  const { analyst, partner } = world.staff
  await world.setClock(`${asked}T09:00:00Z`)
  const holders = await capTableAsOf(world.deps.db, it.companyId, asked)
  const fund = holders.securities.find((row) => row.stakeholderName === FUND)?.stakeholderId
  const terms: RoundTermsWire = {
    ...it.terms(),
    name: 'Series B',
    closingDate: closedOn,
    security: { className: 'Series B Preferred Stock', newClass: true, idPrefix: 'PB-' },
    compute: { ...it.terms().compute, tokens: '100', ...(fund === undefined ? {} : { stakeholderId: fund }) },
    cashInvestors: [{ name: 'Harbour Ventures', amount: { amount: '1000000', currency: 'USD' } }],
    longStop: '2030-06-15',
    tokenExpiry: '2030-06-15',
    ...change,
  }
  const { companyId, roundId: id } = await draftRound(world.deps, analyst.actor, { companyId: it.id, terms })
  const roundId = `Round:${companyId}:${id}`
  await through(world, it, () => proposeRound(world.deps, partner.actor, { roundId, expectedVersion: 1 }))
  const { sha256 } = await issueTermSheet(world.deps, analyst.actor, { roundId })
  await acceptTermSheet(world.deps, it.founder.actor, { roundId, sha256 })
  await world.setClock(`${closedOn}T12:00:00Z`)
  return { roundId, closedOn }
}
type Days = { readonly asked?: string; readonly closedOn?: string }

/** The same, closed: on 15 March 2027 unless it is said otherwise. */
export async function laterRound(world: World, it: Drawdown, change: Partial<RoundTermsWire> & Days = {}) {
  const { roundId, closedOn } = await acceptedRound(world, it, change)
  const close = () => closeRound(world.deps, world.staff.secondPartner.actor, { roundId })
  return { roundId, closedOn, closed: await through(world, it, close) }
}

/** The same deal in another form: 117,500 shares at 2.00 for 100,000 tokens, unless it is said otherwise. */
export const givenStock = (world: World, deal: Deal, terms: Partial<RoundTermsWire>): Promise<Drawdown> =>
  givenDrawdown(world, { cashInvestors: [], ...terms }, { deal })
