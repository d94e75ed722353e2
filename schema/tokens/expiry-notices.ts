/** Notices that tokens will expire. */
import type { Uuid } from '../../api/platform/index.ts'
import { type ExpiryNoticeView, expiryNoticesOf, NOTICE_STATES, openExpiryNotices } from '../../api/tokens/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { Company } from '../parties.ts'
import { Lot } from './tokens.ts'

const State = builder.enumType('ExpiryNoticeState', {
  description:
    'OPEN while it stands; FOLLOWED by a later notice; EXTENDED or DRAWN_DOWN when the lot no longer expires so; EXPIRED.',
  values: Object.fromEntries(NOTICE_STATES.map((state) => [state.toUpperCase(), { value: state }])) as Record<
    string,
    { value: (typeof NOTICE_STATES)[number] }
  >,
})

const Notice = builder.objectRef<ExpiryNoticeView>('ExpiryNotice').implement({
  description: 'That tokens of a lot will expire: given once 90, 30 and 7 days before.',
  fields: (t) => ({
    company: t.field({ type: Company, description: 'Who holds them.', resolve: (row) => row.companyId }),
    lot: t.field({ type: Lot, description: 'Their lot.', resolve: (row) => `${row.companyId}:${row.lotId}` }),
    days: t.exposeInt('days', { description: 'Which notice: 90, 30 or 7 days before.' }),
    expiresOn: t.expose('expiresOn', {
      type: 'Date',
      description: 'First day on which they can no longer be drawn, as it was told.',
    }),
    daysLeft: t.exposeInt('daysLeft', { description: 'Days from today until then; negative afterwards.' }),
    told: t.expose('told', {
      type: 'Tokens',
      description: 'Tokens that would have expired when it was given: locked and available.',
    }),
    held: t.expose('held', {
      type: 'Tokens',
      description: 'Tokens held for reservations when it was given: what of them returns after the day expires, too.',
    }),
    left: t.expose('left', { type: 'Tokens', description: 'Tokens that would expire as it stands now.' }),
    givenAt: t.expose('givenAt', { type: 'DateTime', description: 'When it was given.' }),
    state: t.expose('state', { type: State, description: 'Whether it still stands.' }),
  }),
})

builder.objectField(Company, 'expiryNotices', (t) =>
  t.field({
    type: [Notice],
    description: 'Notices that its tokens will expire, the newest first; at most 100.',
    complexity: { field: 2, multiplier: 10 },
    resolve: async ({ companyId }, _args, context) => {
      const load = (ids: readonly Uuid[]) => expiryNoticesOf(context.deps.db, ids)
      return (await batch(context, ['Company.expiryNotices'], companyId, load)) ?? []
    },
  }),
)

builder.queryField('openExpiryNotices', (t) =>
  t.field({
    type: [Notice],
    description:
      'Notices of expiry that stand, over all companies that one sees, the nearest first; at most 500. For the fund’s staff; empty for others.',
    complexity: { field: 5, multiplier: 20 },
    resolve: (_root, _args, { deps, actor }) => openExpiryNotices(deps.db, actor),
  }),
)
