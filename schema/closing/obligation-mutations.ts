/** Obligations of side letters are raised, and recorded as met. */
import { raiseObligation, recordObligation } from '../../api/closing/index.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { after, DealDocument } from './deal-documents.ts'
import { RaisedKind } from './obligations.ts'

const RecordObligationInput = builder.inputType('RecordObligationInput', {
  description: 'An obligation of a side letter that was met.',
  fields: (t) => ({
    dealDocumentId: t.id({ description: 'The side letter.' }),
    occasion: t.string({ description: 'Which, as the obligations of the side letter name it.' }),
    doneOn: t.field({ type: 'Date', description: 'When it was done; not in the future.' }),
    evidence: t.string({ description: 'What shows it, at most 500 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const RaiseObligationInput = builder.inputType('RaiseObligationInput', {
  description: 'An obligation of a side letter that no calendar dates.',
  fields: (t) => ({
    dealDocumentId: t.id({ description: 'The side letter.' }),
    kind: t.field({ type: RaisedKind, description: 'Which kind.' }),
    about: t.string({ description: 'Which meeting, or what is to be inspected. At most 300 characters.' }),
    dueOn: t.field({
      type: 'Date',
      description: 'The day of the meeting or of the inspection; today at the earliest.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  recordObligation: t.field({
    type: DealDocument,
    description:
      'Record that the company has met an obligation of a side letter: what was done, when, and what shows it.',
    ...may(['analyst', 'partner', 'operations']),
    args: { input: t.arg({ type: RecordObligationInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await recordObligation(context.deps, context.actor, input)),
  }),
  raiseObligation: t.field({
    type: DealDocument,
    description:
      'Raise an obligation that no calendar dates: a meeting of the board that an observer is invited to, or an inspection that the holder asks for.',
    ...may(['analyst', 'partner', 'operations']),
    args: { input: t.arg({ type: RaiseObligationInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await raiseObligation(context.deps, context.actor, input)),
  }),
}))
