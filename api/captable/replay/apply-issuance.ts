/** Issuances: each opens one security. */
import type { Money, Numeric } from '../../platform/index.ts'
import type { Issuance, TransactionOf } from '../ocf/transactions.ts'
import { type Context, classOf, consume, holderOf, moveOutstanding, planOf, type Step } from './replay-context.ts'
import type { Security } from './state.ts'
import type { VestingSource } from './vesting.ts'

/** Opens the security. False when it is set aside. */
export function applyIssuance(context: Context, step: Step<Issuance>): boolean {
  const { item } = step
  const { table } = context
  const before = table.securities.get(item.security_id)
  if (before !== undefined) {
    const reason = `is the id of another security, issued by ${before.issuanceId} on ${before.issuedOn}`
    context.gap(step, '/security_id', reason, 'SET_ASIDE')
    return false
  }
  const number = numberOf(item)
  if (number !== undefined && number.quantity <= 0n) {
    context.gap(step, number.pointer, 'is not more than zero', 'SET_ASIDE')
    context.unreadable.add(item.security_id)
    return false
  }
  holderOf(context, step, item.stakeholder_id)
  const planId = 'stock_plan_id' in item ? item.stock_plan_id : undefined
  if (planId !== undefined) planOf(context, step, planId, '/stock_plan_id')
  const security = openSecurity(context, step, planId)
  table.securities.set(security.id, security)
  moveOutstanding(context, step, security, security.issued)
  if (planId !== undefined && drawsOnPlan(context, security.id)) consume(context, step, planId, security.issued)
  return true
}

/** Shares that come out of an exercise, a release or a conversion were taken from the plan when they were granted. */
function drawsOnPlan(context: Context, securityId: string): boolean {
  const origin = context.index.origins.get(securityId)
  return origin !== 'exercise' && origin !== 'release' && origin !== 'conversion'
}

function openSecurity(context: Context, step: Step<Issuance>, planId: string | undefined): Security {
  const { item } = step
  return {
    id: item.security_id,
    kind: kindOfIssuance(item),
    issuanceId: item.id,
    customId: item.custom_id,
    stakeholderId: item.stakeholder_id,
    classId: classIdOf(context, step, planId),
    planId,
    issuedOn: item.date,
    fixed: isFixed(item),
    price: priceOf(item),
    convertible: item.object_type === 'TX_CONVERTIBLE_ISSUANCE' ? item.convertible_type : undefined,
    triggers: triggersOf(item),
    seniority: item.object_type === 'TX_CONVERTIBLE_ISSUANCE' ? item.seniority : undefined,
    lastDay: lastDayOf(item, context.lastDays.get(item.security_id)),
    settledInCash: 'compensation_type' in item && item.compensation_type === 'CSAR',
    vesting: vestingOf(context, step),
    fired: new Map(),
    accelerations: [],
    splitNumerator: 1n,
    splitDenominator: 1n,
    issued: numberOf(item)?.pointer === '/quantity' ? (numberOf(item)?.quantity ?? 0n) : fixedByMechanism(item),
    outstanding: 0n,
    amount: item.object_type === 'TX_CONVERTIBLE_ISSUANCE' ? item.investment_amount : undefined,
    cancelled: 0n,
    returnedByRule: 0n,
    returnedByTransaction: 0n,
    acceptedOn: undefined,
    closedOn: undefined,
    closedBy: undefined,
  }
}

/** A warrant may say its last day by its triggers alone: where each of them ends, the last of those days. */
function lastDayOf(item: Issuance, extended: string | undefined): string | undefined {
  if (item.object_type === 'TX_WARRANT_ISSUANCE') {
    const own = item.warrant_expiration_date ?? lastTriggerOf(item)
    return own !== undefined && extended !== undefined && extended > own ? extended : own
  }
  return 'expiration_date' in item ? (item.expiration_date ?? undefined) : undefined
}

function lastTriggerOf({ exercise_triggers: triggers }: TransactionOf<'TX_WARRANT_ISSUANCE'>): string | undefined {
  const ends = triggers.map((trigger) => (trigger.type === 'ELECTIVE_IN_RANGE' ? trigger.end_date : undefined))
  const days = ends.filter((end) => end !== undefined)
  return days.length < ends.length ? undefined : days.sort().at(-1)
}

function triggersOf(item: Issuance): Security['triggers'] {
  if (item.object_type === 'TX_CONVERTIBLE_ISSUANCE') return item.conversion_triggers
  return item.object_type === 'TX_WARRANT_ISSUANCE' ? item.exercise_triggers : undefined
}

function kindOfIssuance(item: Issuance): Security['kind'] {
  switch (item.object_type) {
    case 'TX_STOCK_ISSUANCE':
      return 'stock'
    case 'TX_WARRANT_ISSUANCE':
      return 'warrant'
    case 'TX_CONVERTIBLE_ISSUANCE':
      return 'convertible'
    default:
      return 'equity'
  }
}

/** The number that an issuance states and where it stands, or `undefined` for a warrant that states none. */
function numberOf(item: Issuance): { readonly quantity: Numeric; readonly pointer: string } | undefined {
  if (item.object_type === 'TX_CONVERTIBLE_ISSUANCE') {
    return { quantity: item.investment_amount.amount, pointer: '/investment_amount/amount' }
  }
  return item.quantity === undefined ? undefined : { quantity: item.quantity, pointer: '/quantity' }
}

/** A warrant that states no number may still convert into a fixed one, where it has a single way to. */
function fixedByMechanism(item: Issuance): Numeric {
  if (item.object_type !== 'TX_WARRANT_ISSUANCE' || item.exercise_triggers.length !== 1) return 0n
  const mechanism = item.exercise_triggers[0]?.conversion_right.conversion_mechanism
  return mechanism?.type === 'FIXED_AMOUNT_CONVERSION' ? mechanism.converts_to_quantity : 0n
}

/** An estimate is no number to dilute anybody by. */
function isFixed(item: Issuance): boolean {
  if (item.object_type === 'TX_CONVERTIBLE_ISSUANCE') return false
  if (item.object_type !== 'TX_WARRANT_ISSUANCE') return true
  if (item.quantity === undefined) return fixedByMechanism(item) > 0n
  return item.quantity_source !== 'HUMAN_ESTIMATED' && item.quantity_source !== 'MACHINE_ESTIMATED'
}

function priceOf(item: Issuance): Money | undefined {
  switch (item.object_type) {
    case 'TX_STOCK_ISSUANCE':
      return item.share_price
    case 'TX_CONVERTIBLE_ISSUANCE':
      return undefined
    case 'TX_WARRANT_ISSUANCE':
      return item.exercise_price
    default:
      return item.exercise_price ?? item.base_price
  }
}

function classIdOf(context: Context, step: Step<Issuance>, planId: string | undefined): string | undefined {
  const { item } = step
  if (item.object_type === 'TX_STOCK_ISSUANCE') {
    checkLegends(context, step, item.stock_legend_ids)
    return classOf(context, step, item.stock_class_id, '/stock_class_id').id
  }
  if (item.object_type === 'TX_CONVERTIBLE_ISSUANCE') {
    checkTargets(context, step, item.conversion_triggers, '/conversion_triggers')
    return undefined
  }
  if (item.object_type === 'TX_WARRANT_ISSUANCE') {
    const targets = checkTargets(context, step, item.exercise_triggers, '/exercise_triggers')
    return targets.size === 1 ? [...targets][0] : undefined
  }
  if (item.stock_class_id !== undefined) return classOf(context, step, item.stock_class_id, '/stock_class_id').id
  const ofPlan = planId === undefined ? undefined : context.table.plans.get(planId)?.classIds
  return ofPlan?.length === 1 ? ofPlan[0] : undefined
}

function checkLegends(context: Context, step: Step, ids: readonly string[]): void {
  if (context.trusted) return
  for (const [index, id] of ids.entries()) {
    if (context.legends.has(id) || context.unreadable.has(id)) continue
    context.gap(step, `/stock_legend_ids/${index}`, 'names a legend that is not in the package', 'KEPT')
  }
}

type Triggers = readonly { readonly conversion_right: { readonly converts_to_stock_class_id?: string | undefined } }[]

/** The classes that triggers convert into. */
function checkTargets(context: Context, step: Step, triggers: Triggers, at: string): ReadonlySet<string> {
  const targets = new Set<string>()
  for (const [index, trigger] of triggers.entries()) {
    const id = trigger.conversion_right.converts_to_stock_class_id
    if (id === undefined) continue
    targets.add(classOf(context, step, id, `${at}/${index}/conversion_right/converts_to_stock_class_id`).id)
  }
  return targets
}

/** `vestings` go before terms; neither means fully vested when issued. Source: OCF, `vesting_terms_id`. */
function vestingOf(context: Context, step: Step<Issuance>): VestingSource {
  const { item } = step
  if (item.object_type === 'TX_CONVERTIBLE_ISSUANCE') return { kind: 'none' }
  const { vestings, vesting_terms_id: termsId, quantity } = item
  if (termsId !== undefined && !context.table.terms.has(termsId) && !context.unreadable.has(termsId)) {
    const rest = vestings === undefined ? ': it is counted as not vested' : ''
    context.gap(step, '/vesting_terms_id', `names vesting terms that are not in the package${rest}`, 'KEPT')
  }
  if (vestings !== undefined) {
    let sum = 0n
    for (const [index, { amount }] of vestings.entries()) {
      if (amount < 0n) context.gap(step, `/vestings/${index}/amount`, 'is negative', 'KEPT')
      sum += amount
    }
    if (quantity !== undefined && sum > quantity) context.gap(step, '/vestings', 'vest more than 100%', 'KEPT')
    return { kind: 'dates', vestings }
  }
  if (termsId === undefined) return { kind: 'none' }
  return context.table.terms.has(termsId) ? { kind: 'terms', termsId } : { kind: 'missing' }
}
