/** Who holds what over the closings of a round. Parts are fractions of 1 ("0.1" is ten percent). */
import {
  type ClosingStep,
  type HolderAfterStep,
  type HolderOverClosings,
  type HoldersOverClosings,
  holdersOfRounds,
} from '../../api/closing/index.ts'
import { Refused } from '../../api/platform/index.ts'
import type { RoundView } from '../../api/rounds/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { Round } from '../rounds/rounds.ts'

const StepKind = builder.enumType('ClosingStepKind', {
  description:
    'BEFORE: the day before the first closing. HELD: the end of the day on which a closing was held. TODAY: where planned closings start from. PLANNED: that with this closing and every planned one before it; the last is all closings together.',
  values: ['BEFORE', 'HELD', 'TODAY', 'PLANNED'] as const,
})
const WITHIN = { field: 1, multiplier: 3 } as const

const Step = builder.objectRef<ClosingStep>('ClosingStep').implement({
  description: 'A point in the life of a round at which it is said who holds what.',
  fields: (t) => ({
    kind: t.expose('kind', { type: StepKind, description: 'What it is.' }),
    ordinal: t.exposeInt('ordinal', { nullable: true, description: 'Which closing of the round, from 1.' }),
    on: t.expose('on', {
      type: 'Date',
      description: 'The day of the cap table; of a planned closing, its planned day.',
    }),
    total: t.expose('total', { type: 'Shares', description: 'All shares, fully diluted, unearned ones included.' }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Of these, issued for compute and not vested.' }),
  }),
})
const After = builder.objectRef<HolderAfterStep>('HolderAfterStep').implement({
  description: 'What one holder has after a step.',
  fields: (t) => ({
    shares: t.expose('shares', { type: 'Shares', description: 'Shares, unearned ones included.' }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Of these, not vested by compute yet.' }),
    part: t.expose('part', {
      type: 'Decimal',
      description: 'Part of the company. Over the holders of a step they add up to exactly 1.',
    }),
  }),
})
const Holder = builder.objectRef<HolderOverClosings>('HolderOverClosings').implement({
  description: 'One holder, or one pool of shares reserved and not granted, over the closings of a round.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Name of the holder or the plan.' }),
    holderId: t.exposeString('holderId', {
      nullable: true,
      description: 'Id of the stakeholder or plan in the OCF data; null for whom a planned closing brings in.',
    }),
    isPool: t.exposeBoolean('isPool', { description: 'True for shares reserved and not granted.' }),
    after: t.field({
      type: [After],
      complexity: WITHIN,
      description: 'What it has after each step, in the order of the steps.',
      resolve: ({ after }) => [...after],
    }),
  }),
})
const Over = builder.objectRef<HoldersOverClosings>('HoldersOverClosings').implement({
  description:
    'Who holds what before a round, after each closing that was held, today, and after each further one that is planned. The company sees a further closing once it was offered to it.',
  fields: (t) => ({
    steps: t.field({
      type: [Step],
      complexity: WITHIN,
      description: 'The steps in order; the last one is after all closings.',
      resolve: ({ steps }) => [...steps],
    }),
    holders: t.field({
      type: [Holder],
      complexity: WITHIN,
      description: 'One row for each holder and each pool.',
      resolve: ({ holders }) => [...holders],
    }),
  }),
})

builder.objectField(Round, 'holdersOverClosings', (t) =>
  t.field({
    type: Over,
    description: 'Who holds what over its closings; refused before the first was held.',
    errors: { types: [Refused] },
    complexity: { field: 500 },
    resolve: async (round: RoundView, _args, context) => {
      const load = (rounds: readonly RoundView[]) => holdersOfRounds(context.deps.db, context.actor, rounds)
      const found = await batch(context, ['Round.holdersOverClosings'], round, load)
      if (found === undefined || found instanceof Error) throw found ?? new Error('a round has no answer')
      return found
    },
  }),
)
