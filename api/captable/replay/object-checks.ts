/** What the objects of a package must keep among themselves: references that lead somewhere, terms that can be walked. */
import type { GapEffect } from '../ocf/fault.ts'
import type { ObjectOf, VestingCondition, VestingTerms } from '../ocf/objects.ts'

/** Tells of something that is wrong with an item: the pointer inside it, why, and what is done about it. */
export type Report = (pointer: string, reason: string, effect: GapEffect) => void
/** Whether there is an object (or an issuance) of this id. */
export type Known = {
  readonly stockClass: (id: string) => boolean
  readonly issuance: (transactionId: string) => boolean
  readonly any: (objectType: string, id: string) => boolean
}

const NOT_HERE = 'is not in the package'

export function checkStockClass(item: ObjectOf<'STOCK_CLASS'>, known: Known, report: Report): void {
  for (const [index, right] of (item.conversion_rights ?? []).entries()) {
    const target = right.converts_to_stock_class_id
    if (target !== undefined && !known.stockClass(target)) {
      report(`/conversion_rights/${index}/converts_to_stock_class_id`, `names a stock class that ${NOT_HERE}`, 'KEPT')
    }
  }
}

export function checkFinancing(item: ObjectOf<'FINANCING'>, known: Known, report: Report): void {
  for (const [index, id] of item.issuance_ids.entries()) {
    if (!known.issuance(id)) report(`/issuance_ids/${index}`, `names an issuance that ${NOT_HERE}`, 'KEPT')
  }
}

export function checkDocument(item: ObjectOf<'DOCUMENT'>, known: Known, report: Report): void {
  for (const [index, { object_type: type, object_id: id }] of (item.related_objects ?? []).entries()) {
    if (!known.any(type, id)) report(`/related_objects/${index}/object_id`, `names a ${type} that ${NOT_HERE}`, 'KEPT')
  }
}

export function checkValuation(item: ObjectOf<'VALUATION'>, known: Known, report: Report): void {
  if (!known.stockClass(item.stock_class_id)) report('/stock_class_id', `names a stock class that ${NOT_HERE}`, 'KEPT')
}

/** Checks the graph of vesting conditions: references, no cycle, and no path that vests more than everything. */
export function checkVestingTerms(item: VestingTerms, report: Report): void {
  const byId = new Map<string, VestingCondition>()
  for (const [index, condition] of item.vesting_conditions.entries()) {
    const at = `/vesting_conditions/${index}`
    if (byId.has(condition.id)) report(`${at}/id`, 'is the id of another condition too', 'KEPT')
    else byId.set(condition.id, condition)
  }
  for (const [index, condition] of item.vesting_conditions.entries()) {
    checkReferences(condition, `/vesting_conditions/${index}`, byId, report)
  }
  checkPaths(item, byId, report)
}

function checkReferences(
  { trigger, next_condition_ids: next }: VestingCondition,
  at: string,
  byId: ReadonlyMap<string, VestingCondition>,
  report: Report,
): void {
  for (const [index, id] of next.entries()) {
    if (!byId.has(id))
      report(`${at}/next_condition_ids/${index}`, 'names a condition that these terms do not have', 'KEPT')
  }
  if (trigger.type === 'VESTING_SCHEDULE_RELATIVE' && !byId.has(trigger.relative_to_condition_id)) {
    // Nothing is assumed in its place: the condition never fires, and what hangs on it stays unvested.
    const reason = 'names a condition that these terms do not have, so that this one never fires'
    report(`${at}/trigger/relative_to_condition_id`, reason, 'KEPT')
  }
}

type Reach = { readonly numerator: bigint; readonly denominator: bigint }

const bounded = new WeakMap<VestingTerms, boolean>()

/**
 * Whether no walk of the terms can vest more than was issued, whatever fires when: their portions reach at most the whole on
 * every path, and they name neither a number nor a remainder, which depends on what vested before. Found once for terms: many thousand grants may vest by them.
 */
export function neverOverflow(terms: VestingTerms): boolean {
  const known = bounded.get(terms)
  if (known !== undefined) return known
  let sound = terms.vesting_conditions.every(({ quantity = 0n, portion }) => quantity === 0n && !portion?.remainder)
  const byId = new Map(terms.vesting_conditions.map((condition) => [condition.id, condition]))
  checkPaths(terms, byId, () => {
    sound = false
  })
  bounded.set(terms, sound)
  return sound
}

/** The largest portion that any path can reach, by depth-first search with the results kept: linear in the graph. */
function checkPaths(item: VestingTerms, byId: ReadonlyMap<string, VestingCondition>, report: Report): void {
  const reached = new Map<string, Reach>()
  const open = new Set<string>()
  let cyclic = false
  const visit = (condition: VestingCondition): Reach => {
    const known = reached.get(condition.id)
    if (known !== undefined) return known
    if (open.has(condition.id)) {
      cyclic = true
      return { numerator: 0n, denominator: 1n }
    }
    open.add(condition.id)
    let best: Reach = { numerator: 0n, denominator: 1n }
    for (const id of condition.next_condition_ids) {
      const next = byId.get(id)
      if (next === undefined) continue
      const reach = visit(next)
      if (reach.numerator * best.denominator > best.numerator * reach.denominator) best = reach
    }
    open.delete(condition.id)
    const total = addPortion(condition, best)
    reached.set(condition.id, total)
    return total
  }
  let overflows = false
  for (const [index, condition] of item.vesting_conditions.entries()) {
    const before = cyclic
    const reach = visit(condition)
    if (cyclic && !before) report(`/vesting_conditions/${index}`, 'lies on a cycle of conditions', 'KEPT')
    overflows ||= reach.numerator > reach.denominator
  }
  if (overflows) report('/vesting_conditions', 'vest more than 100% on one path', 'KEPT')
}

function addPortion({ portion, trigger }: VestingCondition, rest: Reach): Reach {
  if (portion === undefined || portion.remainder === true) return rest
  const times = trigger.type === 'VESTING_SCHEDULE_RELATIVE' ? BigInt(trigger.period.occurrences) : 1n
  const numerator = portion.numerator * times * rest.denominator + rest.numerator * portion.denominator
  const denominator = portion.denominator * rest.denominator
  const divisor = greatestCommonDivisor(numerator, denominator)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x === 0n ? 1n : x
}
