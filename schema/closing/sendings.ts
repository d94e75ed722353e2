/** Tokens on their way from one company to another. */
import {
  decideSending,
  mustSeeSending,
  SENDING_DECISIONS,
  sendingsToDecide,
  sendTokens,
} from '../../api/closing/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { SENDING_STATES, type Sending, WouldOverdraw } from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { TokenClass } from '../tokens/tokens.ts'

const State = builder.enumType('TokenSendingState', {
  description:
    'ASKED: set aside, waits for the provider. ON_ITS_WAY: consented. COMPLETED: the receiver has them. DECLINED by the provider, or RETURNED because the receiver could not take them: available again.',
  values: Object.fromEntries(SENDING_STATES.map((state) => [state.toUpperCase(), { value: state }])) as Record<
    string,
    { value: (typeof SENDING_STATES)[number] }
  >,
})

const TokenSending = builder.objectRef<Sending>('TokenSending').implement({
  description: 'Tokens that one company sends to another.',
  fields: (t) => ({
    sendingId: t.id({ description: 'Its id.', resolve: ({ ref }) => globalId('TokenSending', ref.companyId, ref.id) }),
    fromCompanyId: t.id({ description: 'Who sends.', resolve: ({ ref }) => globalId('Company', ref.companyId) }),
    toCompanyId: t.id({ description: 'Who receives.', resolve: (row) => globalId('Company', row.toCompanyId) }),
    tokenClass: t.field({ type: TokenClass, description: 'The token.', resolve: (row) => row.tokenClassId }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many tokens.' }),
    reason: t.exposeString('reason', { description: 'Why.' }),
    state: t.expose('state', { type: State, description: 'Where it is.' }),
    askedAt: t.expose('askedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    endedBecause: t.exposeString('endedBecause', {
      nullable: true,
      description: 'Why it was declined or returned: DECLINED_BY_PROVIDER, EXPIRED, OPEN_FLAGS.',
    }),
  }),
})

builder.queryField('tokenSendingsToDecide', (t) =>
  t.field({
    type: [TokenSending],
    description: 'Sendings that wait for the consent of the provider of their tokens, oldest first, at most 100.',
    complexity: { field: 5, multiplier: 5 },
    resolve: (_root, _args, { deps, actor }) => sendingsToDecide(deps.db, actor),
  }),
)

const SendTokensInput = builder.inputType('SendTokensInput', {
  description: 'Tokens for another company. Their lots must allow it, and their provider must consent.',
  fields: (t) => ({
    companyId: t.id({ description: 'The company that sends.' }),
    toCompanyId: t.id({ description: 'The company that receives.' }),
    tokenClassId: t.id({ description: 'The token.' }),
    amount: t.field({ type: 'Tokens', description: 'How many tokens. They are set aside at once.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DecideSendingInput = builder.inputType('DecideSendingInput', {
  description: 'What the provider says.',
  fields: (t) => ({
    sendingId: t.id({ description: 'The sending.' }),
    decision: t.field({
      type: builder.enumType('SendingDecision', { description: 'Consent, or decline.', values: SENDING_DECISIONS }),
      description: 'The decision.',
    }),
    reason: t.string({ required: false, description: 'Why. Required to decline.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  sendTokens: t.field({
    type: TokenSending,
    description: 'Ask to send a company’s tokens to another company. Runs the rules of the gate "transfer" for both.',
    ...may(['operations'], [WouldOverdraw, OpenFlags]),
    args: { input: t.arg({ type: SendTokensInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      mustSeeSending(deps.db, actor, (await sendTokens(deps, actor, input)).ref),
  }),
  decideSending: t.field({
    type: TokenSending,
    description:
      'Consent to tokens going to another holder: a job brings them there. Or decline: they are available again.',
    ...may(['provider'], [OpenFlags]),
    args: { input: t.arg({ type: DecideSendingInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      mustSeeSending(deps.db, actor, (await decideSending(deps, actor, input)).ref),
  }),
}))
