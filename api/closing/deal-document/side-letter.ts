/** A side letter: rights that one party has beside the terms, and the right to a later one's instead. Content and pure rules. */
import { z } from 'zod'
import { DomainError, type Uuid, zIsoDate, zNumeric, zRef, zText } from '../../platform/index.ts'
import { DATED_REPORTS } from './obligations.ts'

const until = { until: zIsoDate.optional() }
const zPart = zNumeric.refine((part) => part > 0n && part <= 10n ** 10n, 'must be a part of 1, like "0.25"')

/** What a right is to. */
export const SIDE_RIGHTS = [
  'PRO_RATA',
  'PRO_RATA_WAIVER',
  'INFORMATION',
  'PRICE_PROTECTION',
  'BOARD_OBSERVER',
  'CO_SALE',
  'OTHER',
] as const
export type SideRightKind = (typeof SIDE_RIGHTS)[number]

/** One right. Parts of 1 are decimals. */
export const SideRight = z.discriminatedUnion(
  'kind',
  [
    /** To buy its part of later issues, or a multiple of it. */
    z.strictObject({ kind: z.literal('PRO_RATA'), multiple: zNumeric.prefault('1'), ...until }),
    /** The holder of another side letter gives its pro rata right up for one later round. */
    z.strictObject({
      kind: z.literal('PRO_RATA_WAIVER'),
      sideLetterId: zRef('DealDocument').transform(({ id }) => id),
      laterRoundId: zRef('Round').transform(({ id }) => id),
      ...until,
    }),
    /** What is reported, and how often. */
    z.strictObject({
      kind: z.literal('INFORMATION'),
      reports: z.array(z.enum(['annual', 'quarterly', 'monthly', 'budget', 'inspection'])).min(1),
      /** Days after the end of the period, of a budget before the end of the year; left out, those of the usual form. */
      days: z
        .array(z.strictObject({ report: z.enum(DATED_REPORTS), days: z.int().min(1).max(366) }))
        .min(1, { error: 'names no report: leave it out' })
        .max(DATED_REPORTS.length)
        .refine((all) => new Set(all.map(({ report }) => report)).size === all.length, 'names a report twice')
        .optional(),
      /** The month with which the fiscal year ends, 1 to 12; left out: December. */
      fiscalYearEndMonth: z.int().min(1).max(12).optional(),
      /** Days before each report is due at which the company is reminded; left out: 14. */
      reminderDays: z.int().min(1).max(90).optional(),
      ...until,
    }),
    /** Additional tokens where the index falls by more than this part. They earn no shares. */
    z.strictObject({ kind: z.literal('PRICE_PROTECTION'), threshold: zPart, ...until }),
    z.strictObject({ kind: z.literal('BOARD_OBSERVER'), ...until }),
    z.strictObject({ kind: z.literal('CO_SALE'), ...until }),
    /** Anything else, in words. */
    z.strictObject({ kind: z.literal('OTHER'), title: zText(120), text: zText(2000), ...until }),
  ],
  { error: 'must be PRO_RATA, PRO_RATA_WAIVER, INFORMATION, PRICE_PROTECTION, BOARD_OBSERVER, CO_SALE or OTHER' },
)
export type SideRight = z.output<typeof SideRight>

/** Most favoured nation: a later side letter of the deal may be taken over, whole, within so many days of its notice. */
export const Mfn = z.strictObject({
  windowDays: z.int().min(1).max(365),
  /** Only these side letters; left out: every later one of the round. They may not be later themselves. */
  over: z
    .array(zRef('DealDocument').transform(({ id }) => id))
    .min(1)
    .max(50)
    .optional(),
})

/** What a side letter says. */
export const SideLetterContent = z.strictObject({
  /** Who has the rights. */
  holder: zText(200),
  rights: z.array(SideRight).max(50),
  mfn: Mfn.optional(),
})
export type SideLetterContent = z.output<typeof SideLetterContent>

/** Side letters that defer to one another in a circle have no terms of their own. */
export class CyclicMfn extends DomainError {
  readonly code = 'CYCLIC_MFN'
  /** Titles in order; the last is the first again. */
  readonly cycle: readonly string[]
  constructor(cycle: readonly string[]) {
    super(
      `These side letters would each take over the next one's terms, in a circle: ${cycle.join(' -> ')}. Nothing was changed. Leave one of them out.`,
    )
    this.cycle = cycle
  }
}

/** A side letter among the others: which it may take over. */
export type MfnNode = { readonly id: Uuid; readonly title: string; readonly over: readonly Uuid[] }

/**
 * The first circle among side letters that defer to one another, as titles with the first repeated at the end; `undefined`
 * where there is none. Depth first, each node once: linear in nodes and references.
 */
export function mfnCycle(nodes: readonly MfnNode[]): readonly string[] | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const done = new Set<Uuid>()
  const path: MfnNode[] = []
  const visit = (node: MfnNode): readonly string[] | undefined => {
    const at = path.indexOf(node)
    if (at !== -1) return [...path.slice(at), node].map(({ title }) => title)
    if (done.has(node.id)) return undefined
    path.push(node)
    for (const id of node.over) {
      const next = byId.get(id)
      const found = next === undefined ? undefined : visit(next)
      if (found !== undefined) return found
    }
    path.pop()
    done.add(node.id)
    return undefined
  }
  for (const node of nodes) {
    const found = visit(node)
    if (found !== undefined) return found
  }
  return undefined
}

/** The side letter whose rights a holder has: its own, or those of the one at the end of its elections. */
export function electedTerms(id: Uuid, elections: ReadonlyMap<Uuid, Uuid>): Uuid {
  const seen = new Set<Uuid>()
  let at = id
  for (let next = elections.get(at); next !== undefined && !seen.has(at); next = elections.get(at)) {
    seen.add(at)
    at = next
  }
  return at
}
