/** What information and observer rights oblige the company to, by when, and whether it was done. Pure. */
import { Temporal } from 'temporal-polyfill'
import type { Uuid } from '../../platform/index.ts'

/** Reports that a calendar dates. */
export const DATED_REPORTS = ['annual', 'quarterly', 'monthly', 'budget'] as const
export type DatedReport = (typeof DATED_REPORTS)[number]
/** What somebody must raise, because no calendar dates it. */
export const RAISED_OBLIGATIONS = ['BOARD_MEETING', 'INSPECTION'] as const
export type RaisedKind = (typeof RAISED_OBLIGATIONS)[number]

export const OBLIGATION_KINDS = [
  'ANNUAL_REPORT',
  'QUARTERLY_REPORT',
  'MONTHLY_REPORT',
  'BUDGET',
  ...RAISED_OBLIGATIONS,
] as const
export type ObligationKind = (typeof OBLIGATION_KINDS)[number]
export const OBLIGATION_STATES = ['DUE', 'OVERDUE', 'DONE'] as const
export type ObligationState = (typeof OBLIGATION_STATES)[number]
/** Who says by when: the side letter; the usual form, where the letter is silent; whoever raised it. */
export const DUE_BY = ['LETTER', 'USUAL_FORM', 'RAISED'] as const

/** How an obligation was met, as it was recorded. */
export type RecordedAct = {
  readonly occasion: string
  readonly doneOn: string
  readonly evidence: string
  readonly recordedBy: Uuid
  readonly recordedAt: string
}
export type RaisedObligation = {
  readonly obligationId: Uuid
  readonly kind: RaisedKind
  readonly text: string
  readonly dueOn: string
}
/** Reminders of the company: the agreed days before the due date, and once it is past. */
export const NOTICE_KINDS = ['AHEAD', 'OVERDUE'] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]
export type GivenNotice = { readonly occasion: string; readonly kind: NoticeKind; readonly givenAt: string }

export type Obligation = {
  /** Its name within the side letter: "annual 2026-12", "raised <id>". */
  readonly occasion: string
  readonly kind: ObligationKind
  /** Of reports the last month of the period, `2026-12`; of others what was raised, in words. */
  readonly about: string
  readonly dueOn: string
  readonly dueBy: (typeof DUE_BY)[number]
  /** The day from which the company is reminded. */
  readonly remindFrom: string
  readonly notices: readonly GivenNotice[]
  readonly state: ObligationState
  readonly act: RecordedAct | null
}

/**
 * Days after the end of a period, of a budget before the end of the year, where a side letter does not say.
 *
 * Source: NVCA model investors' rights agreement, section 3.1, with the longest of the days in brackets.
 */
const USUAL_DAYS: Readonly<Record<DatedReport, number>> = { annual: 120, quarterly: 45, monthly: 30, budget: 30 }
/** Days before the due date from which the company is reminded, where the side letter does not say. */
export const USUAL_REMINDER_DAYS = 14

const KINDS = {
  annual: 'ANNUAL_REPORT',
  quarterly: 'QUARTERLY_REPORT',
  monthly: 'MONTHLY_REPORT',
  budget: 'BUDGET',
} as const

/** Rights that hold from a day on, until before another; `null`: with no end. */
export type RightsFrom = {
  readonly from: string
  readonly before: string | null
  readonly rights: readonly { readonly kind?: unknown; readonly [field: string]: unknown }[]
}

type InformationRight = {
  readonly reports: readonly string[]
  readonly days: ReadonlyMap<string, number>
  /** 1 to 12. */
  readonly yearEnd: number
  readonly reminderDays: number
  readonly from: string
  readonly last: string | null
}

/**
 * Everything that is due or was, and the next of each kind, by due date. A report is owed for a period whose last day falls
 * within the right; a budget where its due date does. What two rights ask for alike is owed once.
 *
 * @param on today
 */
export function obligationsOf(
  spans: readonly RightsFrom[],
  raised: readonly RaisedObligation[],
  acts: readonly RecordedAct[],
  on: string,
  given: readonly GivenNotice[] = [],
): readonly Obligation[] {
  const done = new Map(acts.map((act) => [act.occasion, act]))
  const told = Map.groupBy(given, ({ occasion }) => occasion)
  const found = new Map<string, Obligation>()
  const add = ({ reminderDays = USUAL_REMINDER_DAYS, ...one }: Owed) => {
    const act = done.get(one.occasion) ?? null
    const state = act !== null ? 'DONE' : one.dueOn < on ? 'OVERDUE' : 'DUE'
    if (found.has(one.occasion)) return
    const remindFrom = Temporal.PlainDate.from(one.dueOn).subtract({ days: reminderDays }).toString()
    found.set(one.occasion, { ...one, remindFrom, state, act, notices: told.get(one.occasion) ?? [] })
  }
  for (const right of spans.flatMap(informationRights)) {
    for (const report of DATED_REPORTS) {
      if (right.reports.includes(report)) for (const one of dated(right, report, on)) add(one)
    }
  }
  for (const { obligationId, kind, text, dueOn } of raised) {
    add({ occasion: `raised ${obligationId}`, kind, about: text, dueOn, dueBy: 'RAISED' })
  }
  return [...found.values()].sort((one, other) =>
    `${one.dueOn} ${one.occasion}` < `${other.dueOn} ${other.occasion}` ? -1 : 1,
  )
}

type Owed = Omit<Obligation, 'state' | 'act' | 'remindFrom' | 'notices'> & { readonly reminderDays?: number }

/** The reminder that stands on a day and was not given; `undefined` where none does. */
export function noticeDue({ state, remindFrom, notices }: Obligation, on: string): NoticeKind | undefined {
  if (state === 'DONE' || on < remindFrom) return undefined
  const kind = state === 'OVERDUE' ? 'OVERDUE' : 'AHEAD'
  return notices.some((notice) => notice.kind === kind) ? undefined : kind
}

function informationRights({ from, before, rights }: RightsFrom): readonly InformationRight[] {
  const beforeEnd = before === null ? null : Temporal.PlainDate.from(before).subtract({ days: 1 }).toString()
  return rights.flatMap((right) => {
    const { kind, reports, days, until, fiscalYearEndMonth, reminderDays } = right
    if (kind !== 'INFORMATION' || !Array.isArray(reports)) return []
    const ends = [beforeEnd, typeof until === 'string' ? until : null].filter((end) => end !== null)
    return [
      {
        reports: reports.map(String),
        days: daysIn(days),
        yearEnd: typeof fiscalYearEndMonth === 'number' ? fiscalYearEndMonth : 12,
        reminderDays: typeof reminderDays === 'number' ? reminderDays : USUAL_REMINDER_DAYS,
        from,
        last: ends.toSorted()[0] ?? null,
      },
    ]
  })
}

function daysIn(stored: unknown): ReadonlyMap<string, number> {
  const list: unknown[] = Array.isArray(stored) ? stored : []
  return new Map(
    list.flatMap((one) =>
      typeof one === 'object' && one !== null && 'report' in one && 'days' in one && typeof one.days === 'number'
        ? [[String(one.report), one.days] as const]
        : [],
    ),
  )
}

function* dated(right: InformationRight, report: DatedReport, on: string): Iterable<Owed> {
  const days = right.days.get(report) ?? USUAL_DAYS[report]
  for (let month = Temporal.PlainYearMonth.from(right.from.slice(0, 7)); ; month = month.add({ months: 1 })) {
    if (!endsPeriod(month.month, report, right)) continue
    const end = month.toPlainDate({ day: month.daysInMonth })
    const dueOn = (report === 'budget' ? end.subtract({ days }) : end.add({ days })).toString()
    const owedFrom = report === 'budget' ? dueOn : end.toString()
    if (right.last !== null && owedFrom > right.last) return
    if (owedFrom >= right.from) {
      const about = month.toString()
      const dueBy = right.days.has(report) ? 'LETTER' : 'USUAL_FORM'
      const { reminderDays } = right
      yield { occasion: `${report} ${about}`, kind: KINDS[report], about, dueOn, dueBy, reminderDays }
    }
    // The first that lies ahead is the next one.
    if (owedFrom > on) return
  }
}

/** Of quarters the fourth is left to the annual report, where that is owed too. */
function endsPeriod(month: number, report: DatedReport, { yearEnd, reports }: InformationRight): boolean {
  const into = (month - yearEnd + 12) % 12
  if (report === 'monthly') return true
  if (report === 'quarterly') return into % 3 === 0 && !(into === 0 && reports.includes('annual'))
  return into === 0
}

/** Whether rights that hold on a day oblige to what somebody raises. */
export const mayBeRaised = (spans: readonly RightsFrom[], kind: RaisedKind, on: string): boolean =>
  spans.some(
    ({ from, before, rights }) =>
      from <= on &&
      (before === null || on < before) &&
      rights.some(
        (right) =>
          (right.until === undefined || String(right.until) >= on) &&
          (kind === 'BOARD_MEETING'
            ? right.kind === 'BOARD_OBSERVER'
            : right.kind === 'INFORMATION' && Array.isArray(right.reports) && right.reports.includes('inspection')),
      ),
  )
