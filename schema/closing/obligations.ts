/** What a side letter obliges the company to, by when, what it was reminded of, and how it was met. */
import {
  DATED_REPORTS,
  DUE_BY,
  type GivenNotice,
  NOTICE_KINDS,
  OBLIGATION_KINDS,
  OBLIGATION_STATES,
  type Obligation,
  RAISED_OBLIGATIONS,
  type RecordedAct,
} from '../../api/closing/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { builder } from '../kernel/builder.ts'

const ObligationKind = builder.enumType('SideObligationKind', {
  description:
    'What a side letter obliges the company to. BOARD_MEETING and INSPECTION are raised; reports have dates.',
  values: OBLIGATION_KINDS,
})
export const RaisedKind = builder.enumType('RaisedObligationKind', {
  description: 'BOARD_MEETING: an observer is invited to it. INSPECTION: the holder asks for one.',
  values: RAISED_OBLIGATIONS,
})
const ObligationState = builder.enumType('SideObligationState', {
  description:
    'DUE: not done, and not late. OVERDUE: not done, and its day has passed. DONE: recorded, in time or late.',
  values: OBLIGATION_STATES,
})
const DueBy = builder.enumType('SideObligationDueBy', {
  description:
    'Who says by when. LETTER; USUAL_FORM: the days of the usual form of agreement, since the letter is silent; RAISED.',
  values: DUE_BY,
})
export const DatedReport = builder.enumType('DatedReport', {
  description: 'A report that the calendar dates.',
  values: DATED_REPORTS,
})
const Act = builder.objectRef<RecordedAct>('SideObligationAct').implement({
  description: 'How an obligation was met.',
  fields: (t) => ({
    doneOn: t.expose('doneOn', { type: 'Date', description: 'The day on which it was done.' }),
    evidence: t.exposeString('evidence', { description: 'What shows it.' }),
    recordedBy: t.id({
      description: 'Global id of the person who recorded it.',
      resolve: ({ recordedBy }) => globalId('Person', recordedBy),
    }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
  }),
})
const ReminderKind = builder.enumType('SideObligationReminderKind', {
  description: 'AHEAD: before it is due. OVERDUE: once it is.',
  values: NOTICE_KINDS,
})
const Reminder = builder.objectRef<GivenNotice>('SideObligationReminder').implement({
  description: 'That the company was reminded.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ReminderKind, description: 'Which.' }),
    givenAt: t.expose('givenAt', { type: 'DateTime', description: 'When.' }),
  }),
})
export const SideObligation = builder.objectRef<Obligation>('SideObligation').implement({
  description: 'Something that a side letter obliges the company to, towards its holder.',
  fields: (t) => ({
    occasion: t.exposeString('occasion', { description: 'Its name within the side letter: "annual 2026-12".' }),
    kind: t.expose('kind', { type: ObligationKind, description: 'To what.' }),
    about: t.exposeString('about', {
      description: 'Of reports the last month of the period, "2026-12"; of others what was raised, in words.',
    }),
    dueOn: t.expose('dueOn', { type: 'Date', description: 'The last day on which it is in time.' }),
    dueBy: t.expose('dueBy', { type: DueBy, description: 'Who says by when.' }),
    state: t.expose('state', { type: ObligationState, description: 'Where it stands today.' }),
    remindFrom: t.expose('remindFrom', { type: 'Date', description: 'From this day on the company is reminded.' }),
    reminders: t.field({
      type: [Reminder],
      description: 'Reminders that were given: one before it is due, one once it is overdue.',
      complexity: { field: 1, multiplier: 1 },
      resolve: ({ notices }) => [...notices],
    }),
    act: t.expose('act', { type: Act, nullable: true, description: 'How it was met; null before.' }),
  }),
})
