/** Transfers in batches: one answer for each event, in order. */
import type { DomainError } from '../../api/platform/index.ts'
import {
  type PostedTransfers,
  postTransfers,
  sumBalances,
  TRANSFER_KINDS,
  TRANSFERS_MAX,
  type TransferAnswer,
} from '../../api/tokens/index.ts'
import { builder, MUTATION_COST } from '../kernel/builder.ts'
import { may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import { BalancesType } from './tokens.ts'
import { TRANSFER_REFUSALS } from './transfer-errors.ts'

const TransferKind = builder.enumType('TokenTransferKind', {
  description: 'What an event does: move tokens at once, promise to, or resolve a promise by posting or voiding it.',
  values: Object.fromEntries(TRANSFER_KINDS.map((kind) => [kind.toUpperCase(), { value: kind }])) as Record<
    string,
    { value: (typeof TRANSFER_KINDS)[number] }
  >,
})
const Side = builder.enumType('TransferSide', {
  description: 'One of the two accounts of a transfer.',
  values: { DEBIT: { value: 'debit' }, CREDIT: { value: 'credit' } } as const,
})

const TransferInput = builder.inputType('TokenTransferInput', {
  description: 'One event of a batch.',
  fields: (t) => ({
    id: t.id({ description: 'A UUID, new for each intention: the same event again happens once.' }),
    kind: t.field({ type: TransferKind, description: 'What it does.' }),
    debit: t.id({
      required: false,
      description: 'The account that gives. May be left out to resolve a pending transfer.',
    }),
    credit: t.id({ required: false, description: 'The account that receives, of the same lot.' }),
    amount: t.field({
      type: 'Tokens',
      required: false,
      description: 'Tokens. Left out: a pending transfer in full; balancing, as much as there is.',
    }),
    pendingId: t.id({ required: false, description: 'The pending transfer that is posted or voided.' }),
    expiresAt: t.field({
      type: 'DateTime',
      required: false,
      description: 'From this instant on a pending transfer can only expire.',
    }),
    reason: t.string({ description: 'Why, as a code that begins with adjust: adjust_goodwill.' }),
    subject: t.id({ required: false, description: 'Id of what it is about.' }),
    linked: t.boolean({ required: false, description: 'Happens only together with the next event of the batch.' }),
    balancing: t.field({
      type: Side,
      required: false,
      description: 'Moves at most what this side has (debit), or lacks (credit).',
    }),
    closing: t.field({
      type: Side,
      required: false,
      description: 'Of a pending transfer: closes this account until it is voided.',
    }),
    reversesId: t.id({ required: false, description: 'The transfer that this one undoes, in whole or in part, once.' }),
  }),
})

type Done = Exclude<TransferAnswer, DomainError>
const PostedTransfer = builder.objectRef<Done>('PostedTransfer').implement({
  description: 'An event that was done.',
  fields: (t) => ({
    transferId: t.exposeID('id', { description: 'Its id.' }),
    amount: t.expose('amount', { type: 'Tokens', description: 'Tokens that it moved, promised, or freed.' }),
    existed: t.boolean({
      description: 'True when the very same event was posted before, and nothing was done now.',
      resolve: ({ outcome }) => outcome === 'EXISTS',
    }),
  }),
})
const Batch = builder.objectRef<PostedTransfers>('TransferBatch').implement({
  description: 'What became of a batch.',
  fields: (t) => ({
    company: t.field({ type: Company, description: 'The company.', resolve: ({ companyId }) => companyId }),
    answers: t.field({
      type: [PostedTransfer],
      description: 'One for each event, in order. A refusal does not hide the others.',
      complexity: { field: 1, multiplier: 1 },
      itemErrors: {
        types: [...TRANSFER_REFUSALS],
        union: {
          name: 'TransferAnswer',
          description: 'What became of one event: done, or one typed refusal. A refused event has changed nothing.',
        },
      },
      // Refusals among them become the union's other members: the errors plugin takes them out of the list.
      resolve: ({ answers }) => answers as Done[],
    }),
    resulting: t.field({
      type: BalancesType,
      nullable: true,
      description: 'Of a dry run, the balances that would result; null otherwise.',
      resolve: ({ companyId, balances }) =>
        balances === undefined ? null : { companyId, held: { ...balances, totals: sumBalances(balances.lots) } },
    }),
  }),
})

const PostTransfersInput = builder.inputType('PostTransfersInput', {
  description: 'Transfers between accounts of one company. The ids of the events make the call safe to repeat.',
  fields: (t) => ({
    companyId: t.id({ description: 'The company.' }),
    transfers: t.field({ type: [TransferInput], description: `At most ${TRANSFERS_MAX} events.` }),
    dryRun: t.boolean({ required: false, description: 'True to be told what would happen, and to change nothing.' }),
  }),
})

builder.mutationField('postTransfers', (t) =>
  t.field({
    type: Batch,
    description:
      'Post a batch of token transfers. Operations set tokens aside in escrow and free them; a partner also ends tokens and brings them back. Locked, held and charged tokens are moved by releases, reservations and usage only.',
    ...may(['operations', 'partner']),
    // Each event costs what its answer does; of more events than are taken the use case tells.
    complexity: ({ input }) => ({
      field: MUTATION_COST,
      multiplier: Math.max(1, Math.min(input.transfers.length, TRANSFERS_MAX) / 4),
    }),
    args: { input: t.arg({ type: PostTransfersInput }) },
    resolve: (_root, { input }, { deps, actor }) => postTransfers(deps, actor, input),
  }),
)
