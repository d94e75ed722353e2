/** Dates, milestones, requests and cancellations of one lot in any order, against a model in memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DomainError, formatTokens, newId, parseTokens } from '../../api/platform/index.ts'
import {
  cancelTokens,
  confirmMilestone,
  decideRelease,
  freezeReleaseTerms,
  releaseDue,
  requestRelease,
} from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { assertConserved, commit, grant, tokenClass, where } from './given.ts'

const world = await makeWorld()
const { operations } = world.staff
const { deps } = world
const tokenClassId = await tokenClass(world)
/** The lot is of no grant that ends. */
const goesOn = async () => undefined
const START = Date.parse('2026-12-01T10:00:00Z')
const dayOf = (day: number): string => new Date(START + day * 86_400_000).toISOString().slice(0, 10)

/** Of 100 tokens: 40 by dates, 35 by milestones, 25 as the company asks and the fund confirms. */
const DATES = [
  { day: 2, tokens: 10 },
  { day: 4, tokens: 20 },
  { day: 6, tokens: 10 },
]
const MILESTONES = [
  { code: 'ONE', tokens: 15 },
  { code: 'TWO', tokens: 20 },
]

type Step =
  | { readonly kind: 'ask'; readonly tokens: number }
  | { readonly kind: 'cancel'; readonly tokens: number }
  | { readonly kind: 'reach'; readonly which: number }
  | { readonly kind: 'confirm' | 'refuse'; readonly which: number }
  | { readonly kind: 'day' }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), tokens: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), tokens: fc.integer({ min: 1, max: 25 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reach' as const), which: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('confirm' as const, 'refuse' as const), which: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'day' as const }) },
)

/** What should be: in whole tokens. */
class Model {
  locked = 100
  available = 0
  day = 0
  plan = DATES.map((each) => ({ ...each }))
  open = [...MILESTONES]
  asked: { id: string; tokens: number; state: 'waiting' | 'released' | 'refused' | 'lapsed' }[] = []

  get waiting() {
    return this.asked.filter(({ state }) => state === 'waiting')
  }
  room(): number {
    return Math.max(0, this.locked - sum(this.plan) - sum(this.open) - sum(this.waiting))
  }
  release(tokens: number): void {
    this.locked -= tokens
    this.available += tokens
  }
  cancel(tokens: number): void {
    this.locked -= Math.min(tokens, this.locked)
    const fits = () => sum(this.plan) + sum(this.open) + sum(this.waiting) <= this.locked
    for (const last of this.plan.toReversed()) while (last.tokens > 0 && !fits()) last.tokens -= 1
    this.plan = this.plan.filter(({ tokens: left }) => left > 0)
    for (const latest of this.waiting.toReversed()) if (sum(this.waiting) > this.locked) latest.state = 'lapsed'
  }
  tomorrow(): void {
    this.day += 1
    for (const due of this.plan.filter(({ day }) => day <= this.day)) this.release(due.tokens)
    this.plan = this.plan.filter(({ day }) => day > this.day)
  }
}
const sum = (rows: readonly { readonly tokens: number }[]): number => rows.reduce((all, { tokens }) => all + tokens, 0)

async function givenLot() {
  await world.setClock(`${dayOf(0)}T10:00:00Z`)
  const company = await world.company()
  const { companyId } = company
  const releases = DATES.map(({ day, tokens }) => ({ on: dayOf(day), amount: parseTokens(String(tokens)) }))
  const { lotId } = await grant(world, { companyId, tokenClassId }, '100', { releases })
  const milestones = MILESTONES.map(({ code, tokens }) => ({
    code,
    text: code,
    amount: parseTokens(String(tokens)),
    confirmedBy: 'fund' as const,
  }))
  const onDemand = { perRequest: null, perPeriod: null, noticeDays: 0, confirmedBy: 'fund' as const }
  await commit(world, (trx) =>
    freezeReleaseTerms(trx, {
      companyId,
      lotId,
      effectiveOn: dayOf(0),
      terms: { milestones, onDemand },
      source: company.id,
    }),
  )
  return { ...company, lotId, lot: `Lot:${companyId}:${lotId}` }
}

/** Does a step and tells the model; whether it is refused must be what the model says. */
async function run(of: Awaited<ReturnType<typeof givenLot>>, model: Model, each: Step): Promise<void> {
  const { companyId, lotId, lot } = of
  const refused = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return false
    } catch (error) {
      if (error instanceof DomainError) return true
      throw error
    }
  }
  if (each.kind === 'day') {
    model.tomorrow()
    const on = dayOf(model.day)
    await world.setClock(`${on}T10:00:00Z`)
    await commit(world, (trx) => releaseDue(trx, companyId, on))
  } else if (each.kind === 'cancel') {
    model.cancel(each.tokens)
    const atMost = parseTokens(String(each.tokens))
    await commit(world, (trx) =>
      cancelTokens(trx, { companyId, lotId, from: ['locked'], cause: newId(), subject: lot, atMost }),
    )
  } else if (each.kind === 'ask') {
    const fits = each.tokens <= model.room()
    let id = ''
    const no = await refused(async () => {
      id = (await requestRelease(deps, of.founder.actor, { lotId: lot, amount: String(each.tokens) }, goesOn)).ref.id
    })
    assert.equal(no, !fits, `asked for ${each.tokens} of ${model.room()}`)
    if (fits) model.asked.push({ id, tokens: each.tokens, state: 'waiting' })
  } else if (each.kind === 'reach') {
    const { code, tokens } = MILESTONES[each.which % MILESTONES.length] ?? assert.fail()
    const fits = model.open.some((open) => open.code === code) && tokens + sum(model.waiting) <= model.locked
    const said = { lotId: lot, code, evidence: 'A report', reachedOn: dayOf(model.day) }
    assert.equal(
      await refused(() => confirmMilestone(deps, operations.actor, said, goesOn)),
      !fits,
      `${code} is reached`,
    )
    if (!fits) return
    model.open = model.open.filter((open) => open.code !== code)
    model.release(tokens)
  } else {
    const about = model.asked[each.which]
    if (about === undefined) return
    const releaseId = `TokenRelease:${companyId}:${about.id}`
    const said =
      each.kind === 'confirm'
        ? { releaseId, decision: 'CONFIRM' as const }
        : { releaseId, decision: 'REFUSE' as const, note: 'No.' }
    const waits = about.state === 'waiting'
    assert.equal(
      await refused(() => decideRelease(deps, operations.actor, said, goesOn)),
      !waits,
      `${each.kind} ${about.state}`,
    )
    if (!waits) return
    about.state = each.kind === 'confirm' ? 'released' : 'refused'
    if (each.kind === 'confirm') model.release(about.tokens)
  }
}

test('whatever happens to a lot in whatever order, no release is promised twice, and each that stands is made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
      const of = await givenLot()
      const model = new Model()
      const standing = async () => {
        const { locked = 0n, available = 0n } = await where(world, of.companyId)
        const plan = await deps.db
          .selectFrom('release_plan')
          .select(['release_on as on', 'amount_micro as amount'])
          .where('company_id', '=', of.companyId)
          .where('released_transfer_id', 'is', null)
          .orderBy('release_on')
          .execute()
        return {
          locked: formatTokens(locked),
          available: formatTokens(available),
          plan: plan.map(({ on, amount }) => `${on} ${formatTokens(amount)}`),
        }
      }
      for (const each of [...steps, ...DATES.flatMap((): Step[] => [{ kind: 'day' }, { kind: 'day' }])]) {
        await run(of, model, each)
        assert.deepEqual(await standing(), {
          locked: String(model.locked),
          available: String(model.available),
          plan: model.plan.map(({ day, tokens }) => `${dayOf(day)} ${tokens}`),
        })
      }
      assert.deepEqual(model.plan, [])
      for (const which of model.asked.keys()) await run(of, model, { kind: 'confirm', which })
      assert.equal((await standing()).available, String(model.available))
      await assertConserved(world, of.companyId)
    }),
    { numRuns: 25 },
  )
})
