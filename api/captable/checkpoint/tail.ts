/**
 * What was recorded after a checkpoint, replayed on what the checkpoint says: its own transactions are applied to the classes,
 * the plans and the few securities that they are about, and nothing else is read. Pure.
 */
import type { Numeric } from '../../platform/index.ts'
import { notCounted } from '../replay/counted.ts'
import { type History, replay, tableOf } from '../replay/replay.ts'
import { type CapTable, type Security, type StockClass, type StockPlan, vestedOutstanding } from '../replay/state.ts'
import { frozen, NOTHING, SUMS, type Sums, sumsOf } from './line.ts'

/** A security that the tail issued or changed: as the checkpoint has it, and as it stands now. */
export type Change = { readonly before: Security | undefined; readonly now: Security }

export type Tail = {
  /** By id, in the order of issuance those that are new. */
  readonly changes: ReadonlyMap<string, Change>
  /** Stakeholders who were recorded after the checkpoint, in the order of recording. */
  readonly newcomers: readonly string[]
  /** Classes and plans as they stand after the tail, in the order that tables show. */
  readonly classes: ReadonlyMap<string, StockClass>
  readonly plans: ReadonlyMap<string, StockPlan>
  readonly terms: CapTable['terms']
}

/** What a tail is replayed on, and what was recorded. */
export type TailInput = {
  /** The issuer, every plan, the terms of the securities, and each object that was recorded after the checkpoint. */
  readonly history: History
  /** Ids of the objects among them that the checkpoint does not know. */
  readonly added: ReadonlySet<string>
  readonly classes: readonly StockClass[]
  readonly plans: readonly StockPlan[]
  /** Those that the transactions name and that the checkpoint has, as they stand in its end. */
  readonly securities: readonly Security[]
  readonly through: string
}

/**
 * Transactions after which a table is replayed as a whole: a split changes securities that no transaction names, and one dated
 * before the last day of the checkpoint changes the middle of its timeline.
 */
export const continues = (transactions: History['transactions'], lastDate: string): boolean =>
  transactions.every(({ item }) => item.object_type !== 'TX_STOCK_CLASS_SPLIT' && item.date >= lastDate)

/** Replays a tail that {@link continues} a checkpoint and was checked when it was recorded. */
export function replayTail({ history, added, classes, plans, securities, through }: TailInput): Tail {
  const objects = tableOf(history.objects)
  const table: CapTable = {
    issuer: history.issuer.item,
    issuerAuthorized: history.issuer.item.initial_shares_authorized,
    through,
    firstDate: undefined,
    stakeholders: new Map(
      holdersIn(history).map((id) => [id, { id, name: id, kind: undefined, founder: false, placeholder: false }]),
    ),
    classes: byId([...classes, ...[...objects.classes.values()].filter(({ id }) => added.has(id))]),
    plans: byId([
      // How cancelled shares return to a plan is not in a checkpoint.
      ...plans.map((plan) => ({ ...plan, cancellation: objects.plans.get(plan.id)?.cancellation })),
      ...[...objects.plans.values()].filter(({ id }) => added.has(id)),
    ]),
    terms: objects.terms,
    securities: byId(securities.map(frozen)),
  }
  replay(history, { trusted: true, through, onto: table })
  const before = byId(securities)
  return {
    changes: new Map([...table.securities].map(([id, now]) => [id, { before: before.get(id), now }])),
    newcomers: history.objects
      .filter(({ item }) => item.object_type === 'STAKEHOLDER' && added.has(item.id))
      .map(({ item }) => item.id),
    classes: table.classes,
    plans: table.plans,
    terms: table.terms,
  }
}

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]): Map<string, Thing> =>
  new Map(things.map((thing) => [thing.id, thing]))

/** Every holder whom an issuance names is there: that was checked when it was recorded. */
const holdersIn = ({ transactions }: History): string[] =>
  transactions.flatMap(({ item }) => ('stakeholder_id' in item ? [item.stakeholder_id] : []))

/** What changes add to sums, and to what has vested of them by `day`. */
export type Added = { readonly sums: Sums; readonly vested: Numeric }

/** What changes add to those of a checkpoint. */
export function addedBy(changes: Iterable<Change>, terms: CapTable['terms'], day: string): Added {
  const sums: { -readonly [Key in keyof Sums]: Sums[Key] } = { ...NOTHING }
  let vested = 0n
  const vestedOf = (security: Security | undefined): Numeric =>
    security === undefined || security.kind === 'convertible' || notCounted(security, day) !== undefined
      ? 0n
      : vestedOutstanding({ terms }, security, day)
  for (const { before, now } of changes) {
    const [old, next] = [before === undefined ? NOTHING : sumsOf(before, day), sumsOf(now, day)]
    for (const key of SUMS) sums[key] += next[key] - old[key]
    vested += vestedOf(now) - vestedOf(before)
  }
  return { sums, vested }
}

/** Sums of both. */
export function sumOf(left: Sums, right: Sums): Sums {
  const sums = { ...left }
  for (const key of SUMS) sums[key] += right[key]
  return sums
}
