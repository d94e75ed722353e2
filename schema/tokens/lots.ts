/** Lots that no grant opens, and transfers that are undone. */
import { globalId, NotFound } from '../../api/platform/index.ts'
import {
  AlreadyReversed,
  LOT_ORIGINS,
  lotsById,
  openLot,
  SupplyExceeded,
  type UndoneTransfer,
  undoTransfer,
  WouldOverdraw,
} from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { MoneyInput } from '../kernel/scalars.ts'
import { Company } from '../parties.ts'
import './transfer-errors.ts'
import { Lot, TransferRule } from './tokens.ts'

const OpenLotInput = builder.inputType('OpenLotInput', {
  description: 'Tokens beyond a company’s grants. They vest nothing.',
  fields: (t) => ({
    companyId: t.id({ description: 'The company.' }),
    tokenClassId: t.id({ description: 'The token.' }),
    origin: t.field({
      type: builder.enumType('LotOrigin', {
        description: 'TOP_UP: the fund gives them. PURCHASE: the company paid for them.',
        values: Object.fromEntries(LOT_ORIGINS.map((origin) => [origin.toUpperCase(), { value: origin }])) as Record<
          string,
          { value: (typeof LOT_ORIGINS)[number] }
        >,
      }),
      description: 'Where they come from.',
    }),
    amount: t.field({ type: 'Tokens', description: 'How many tokens. They are available at once.' }),
    cost: t.field({ type: MoneyInput, required: false, description: 'What was paid for all of them: of a purchase.' }),
    expiresOn: t.field({ type: 'Date', description: 'First day on which they can no longer be drawn.' }),
    transferRule: t.field({
      type: TransferRule,
      required: false,
      description: 'Whether they may go to another holder; the rule of the class unless said otherwise.',
    }),
    reason: t.string({ description: 'Why: the order, or the decision behind it, at most 1,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationField('openLot', (t) =>
  t.field({
    type: Lot,
    description: 'Give a company tokens beyond its grants, within the supply of their class: a top-up or a purchase.',
    ...may(['operations', 'partner'], [SupplyExceeded]),
    args: { input: t.arg({ type: OpenLotInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { companyId, lotId } = await openLot(deps, actor, input)
      const [lot] = await lotsById(deps.db, actor, [{ companyId, id: lotId }])
      if (lot === undefined) throw new NotFound('lot', globalId('Lot', companyId, lotId))
      return lot
    },
  }),
)

const Undone = builder.objectRef<UndoneTransfer>('ReversedTransfer').implement({
  description: 'What a reversal did. What was spent since stays spent: no balance becomes negative.',
  fields: (t) => ({
    company: t.field({ type: Company, description: 'The company.', resolve: ({ companyId }) => companyId }),
    reversalId: t.exposeID('reversalId', { description: 'The new transfer; of a chain, the first of them.' }),
    asked: t.expose('asked', { type: 'Tokens', description: 'Tokens that the transfer had moved, over its chain.' }),
    reversed: t.expose('reversed', { type: 'Tokens', description: 'Tokens that were taken back.' }),
    notReversed: t.field({
      type: 'Tokens',
      description: 'Tokens that were spent since and stay where they are: only when forced.',
      resolve: ({ asked, reversed }) => asked - reversed,
    }),
  }),
})
const ReverseTransferInput = builder.inputType('ReverseTransferInput', {
  description: 'Which transfer to undo.',
  fields: (t) => ({
    transferId: t.id({ description: 'TokenTransfer:<company>:<transfer>. Its linked chain is undone with it.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters.' }),
    force: t.boolean({
      required: false,
      description: 'True to take back what is still there when some was spent since. Partners only.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('reverseTransfer', (t) =>
  t.field({
    type: Undone,
    description:
      'Undo a transfer by a new one that names it, once. Refused when some of it was spent since, unless a partner forces it.',
    ...may(['operations', 'partner'], [AlreadyReversed, WouldOverdraw]),
    args: { input: t.arg({ type: ReverseTransferInput }) },
    resolve: (_root, { input }, { deps, actor }) => undoTransfer(deps, actor, input),
  }),
)
