/** Rights to take part in a round, and promised options: as they are sent, as they are read, and what they came to. */
import { numericOfWhole } from '../../api/platform/index.ts'
import type { ProFormaRight, PromisedOptionsTerms, RightTerms } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { MoneyInput } from '../kernel/scalars.ts'

const RightOf = builder.enumType('ProRataOf', {
  description:
    'What a right is a part of. NEW_SECURITIES: all that the round sells, what is bought by rights included. COMPANY_AFTER: the company after the round, with all that the holder has.',
  values: ['NEW_SECURITIES', 'COMPANY_AFTER'] as const,
})
const ExerciseKind = builder.enumType('ProRataExerciseKind', {
  description: 'How far a right is exercised: not at all, in full, for an amount of money, or for a number of shares.',
  values: ['NONE', 'FULL', 'MONEY', 'SHARES'] as const,
})
const PromisedFrom = builder.enumType('PromisedOptionsFrom', {
  description: 'POOL: shares that plans hold already. ON_TOP: not reserved yet; the closing reserves them.',
  values: ['POOL', 'ON_TOP'] as const,
})

const ExerciseInput = builder.inputType('ProRataExerciseInput', {
  description: 'How far a right is exercised.',
  fields: (t) => ({
    kind: t.field({ type: ExerciseKind, description: 'Which way.' }),
    amount: t.field({ type: MoneyInput, required: false, description: 'With MONEY.' }),
    shares: t.field({ type: 'Shares', required: false, description: 'With SHARES: whole shares.' }),
  }),
})
export const ProRataRightInput = builder.inputType('ProRataRightInput', {
  description: 'A right of somebody who holds something to take part in the round.',
  fields: (t) => ({
    holder: t.string({ description: 'Its name as it is on the cap table.' }),
    stakeholderId: t.string({ description: 'Its id in the OCF data.' }),
    of: t.field({ type: RightOf, description: 'What the right is a part of.' }),
    part: t.field({
      type: 'Decimal',
      required: false,
      description: 'The part of 1. Default: its part of the fully diluted company before. More is super pro rata.',
    }),
    exercise: t.field({ type: ExerciseInput, description: 'How far it is exercised.' }),
  }),
})
export const PromisedOptionsInput = builder.inputType('PromisedOptionsInput', {
  description: 'Options that are promised and not granted yet. The price counts them.',
  fields: (t) => ({
    shares: t.field({ type: 'Shares', description: 'Whole shares.' }),
    from: t.field({ type: PromisedFrom, description: 'Where they come from.' }),
  }),
})

export const ProRataRight = builder.objectRef<RightTerms>('ProRataRight').implement({
  description: 'A right to take part in the round.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Whose.' }),
    stakeholderId: t.exposeString('stakeholderId', { description: 'Its id in the OCF data.' }),
    of: t.expose('of', { type: RightOf, description: 'What it is a part of.' }),
    part: t.expose('part', {
      type: 'Decimal',
      nullable: true,
      description: 'The part of 1; null: its part of the fully diluted company before.',
    }),
    exercise: t.field({
      type: ExerciseKind,
      description: 'How far it is exercised.',
      resolve: ({ exercise }) => exercise.kind,
    }),
  }),
})
export const PromisedOptionsType = builder.objectRef<PromisedOptionsTerms>('PromisedOptions').implement({
  description: 'Options that are promised and not granted yet.',
  fields: (t) => ({
    shares: t.field({ type: 'Shares', description: 'Whole shares.', resolve: ({ shares }) => numericOfWhole(shares) }),
    from: t.expose('from', { type: PromisedFrom, description: 'Where they come from.' }),
  }),
})
export const ProFormaRightType = builder.objectRef<ProFormaRight>('ProFormaRight').implement({
  description: 'A right and what it came to.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Whose.' }),
    holderId: t.exposeString('holderId', { description: 'Its id in the OCF data.' }),
    of: t.expose('of', { type: RightOf, description: 'What it is a part of.' }),
    part: t.expose('part', { type: 'Decimal', description: 'The part of 1.' }),
    superProRata: t.exposeBoolean('superProRata', { description: 'True where that is more than it has before.' }),
    exercise: t.expose('exercise', { type: ExerciseKind, description: 'How far it is exercised.' }),
    className: t.exposeString('className', { description: 'Class of the shares.' }),
    shares: t.field({ type: 'Shares', description: 'Whole shares.', resolve: ({ shares }) => numericOfWhole(shares) }),
    amount: t.expose('amount', { type: 'Money', description: 'What they cost.' }),
  }),
})
