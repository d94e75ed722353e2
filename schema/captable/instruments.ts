/** Instruments for compute that are not vesting stock: terms, tranches that are issued, warrants that are exercised. */
import { type IssuedTranche, TransactionRefused } from '../../api/captable/index.ts'
import { exerciseWarrant, issueTranche } from '../../api/closing/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, NotFound, numericOfWhole, type Ref } from '../../api/platform/index.ts'
import { type RoundView, roundsByRef } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Round } from '../rounds/rounds.ts'

const after = async ({ deps, actor }: Context, ref: Ref): Promise<RoundView> => {
  const [round] = await roundsByRef(deps.db, actor, [ref])
  if (round === undefined) throw new NotFound('round', globalId('Round', ref.companyId, ref.id))
  return round
}

const Tranche = builder.objectRef<IssuedTranche>('IssuedTranche').implement({
  description: 'Shares that one final statement earned, issued.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'The OCF security.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Whole shares.',
      resolve: ({ from, to }) => numericOfWhole(to - from),
    }),
  }),
})
const TrancheIssued = builder.objectRef<Awaited<ReturnType<typeof issueTranche>>>('TrancheIssued').implement({
  description: 'What was issued of a series.',
  fields: (t) => ({
    round: t.field({
      type: Round,
      description: 'The round.',
      resolve: ({ ref }, _args, context) => after(context, ref),
    }),
    tranches: t.field({
      type: [Tranche],
      description: 'One for each statement.',
      resolve: ({ tranches }) => [...tranches],
    }),
  }),
})
const IssueTrancheInput = builder.inputType('IssueTrancheInput', {
  description: 'Whose earned shares to issue.',
  fields: (t) => ({ roundId: t.id({ description: 'The round.' }), idempotencyKey: idempotencyKey(t) }),
})
builder.mutationField('issueTranche', (t) =>
  t.field({
    type: TrancheIssued,
    description:
      'Issue the shares that final statements have earned under a round whose stock is issued in tranches. Passes the gate "issue".',
    ...may(['operations', 'partner'], [OpenFlags, TransactionRefused]),
    args: { input: t.arg({ type: IssueTrancheInput }) },
    resolve: (_root, { input }, { deps, actor }) => issueTranche(deps, actor, input),
  }),
)

const WarrantExercised = builder.objectRef<Awaited<ReturnType<typeof exerciseWarrant>>>('WarrantExercised').implement({
  description: 'A warrant that was exercised, in whole or in part.',
  fields: (t) => ({
    round: t.field({
      type: Round,
      description: 'The round.',
      resolve: ({ ref }, _args, context) => after(context, ref),
    }),
    shares: t.field({ type: 'Shares', description: 'Whole shares.', resolve: ({ shares }) => numericOfWhole(shares) }),
    amount: t.expose('amount', { type: 'Money', description: 'Cash paid.' }),
    stockSecurityId: t.exposeString('stockSecurityId', { description: 'The OCF security that was issued.' }),
    balanceSecurityId: t.exposeString('balanceSecurityId', {
      nullable: true,
      description: 'What is left of the warrant; null for nothing.',
    }),
  }),
})
const ExerciseWarrantInput = builder.inputType('ExerciseWarrantInput', {
  description: 'How much of a warrant to exercise.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round that gave the warrant.' }),
    shares: t.field({ type: 'Shares', description: 'Whole shares; no more than have vested and are left.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('exerciseWarrant', (t) =>
  t.field({
    type: WarrantExercised,
    description:
      'Exercise vested shares of a round\'s warrant, for cash at its exercise price. By a partner. Passes the gate "issue".',
    ...may(['partner'], [OpenFlags, TransactionRefused]),
    args: { input: t.arg({ type: ExerciseWarrantInput }) },
    resolve: (_root, { input }, { deps, actor }) => exerciseWarrant(deps, actor, input),
  }),
)
