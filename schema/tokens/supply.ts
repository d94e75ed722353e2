/** The supply of token classes: by whose authority, where every token is, what may still be granted. */
import {
  type AuthorisationView,
  CHARGE_CAUSES,
  type ChargeCause,
  type SupplyView,
  suppliesFor,
} from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'

const Authorisation = builder.objectRef<AuthorisationView>('SupplyAuthorisation').implement({
  description: 'An act of authority over the supply of a token class.',
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description: '"authorise", or "lapse": what an authorisation left unspent when its period ended.',
    }),
    amount: t.string({
      description: 'Micro-tokens (millionths of a token) by which the authority changed; negative for a lapse.',
      resolve: (row) => row.amount.toString(),
    }),
    validFrom: t.expose('validFrom', { type: 'Date', description: 'First day of its period.' }),
    validUntil: t.expose('validUntil', { type: 'Date', description: 'First day after its period.' }),
    approvedBy: t.exposeString('approvedBy', {
      nullable: true,
      description: 'Who approved it, by name; null for a lapse.',
    }),
    reason: t.exposeString('reason', { description: 'Why.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was recorded.' }),
  }),
})

const Charged = builder.objectRef<{ cause: ChargeCause; amount: bigint }>('ChargedSupply').implement({
  description: 'Tokens of a class that were charged by one cause.',
  fields: (t) => ({
    cause: t.exposeString('cause', {
      description: 'delivered, idle_reserved, no_show or cancel_fee. Charged is not delivered.',
    }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many.' }),
  }),
})

/** Read in one query, whatever is asked of it. */
export const Supply = builder.objectRef<SupplyView>('TokenSupply').implement({
  description:
    'Where every token of a class is, over all holders, and how many more may be granted. granted = outstanding + charged + expired + cancelled.',
  fields: (t) => ({
    tokenClassId: t.id({
      description: 'Id of the token class.',
      resolve: ({ tokenClassId }) => `TokenClass:${tokenClassId}`,
    }),
    name: t.exposeString('name', { description: 'Name of the token class.' }),
    authorised: t.expose('authorised', {
      type: 'Tokens',
      description: 'Tokens that may be granted in all; what was unspent at the end of its period has lapsed.',
    }),
    granted: t.expose('granted', { type: 'Tokens', description: 'Tokens granted so far.' }),
    left: t.expose('remaining', { type: 'Tokens', description: 'Tokens that may still be granted.' }),
    outstanding: t.expose('outstanding', {
      type: 'Tokens',
      description: 'Promised, and neither charged nor ended: locked + available + held + escrow.',
    }),
    locked: t.expose('locked', { type: 'Tokens', description: 'Of these, not released yet.' }),
    available: t.expose('available', { type: 'Tokens', description: 'Of these, ready to be booked with.' }),
    held: t.expose('held', { type: 'Tokens', description: 'Of these, set aside for reservations, decided or not.' }),
    escrow: t.expose('escrow', { type: 'Tokens', description: 'Of these, on the way to another holder.' }),
    charged: t.field({
      type: [Charged],
      description: 'Charged, one entry for each cause.',
      resolve: ({ charged }) => CHARGE_CAUSES.map((cause) => ({ cause, amount: charged[cause] })),
    }),
    expired: t.expose('expired', { type: 'Tokens', description: 'Expired.' }),
    cancelled: t.expose('cancelled', { type: 'Tokens', description: 'Cancelled.' }),
    authorisations: t.field({
      type: [Authorisation],
      description: 'By whose authority, newest first; at most 100.',
      complexity: { field: 2, multiplier: 5 },
      resolve: ({ authorisations }) => [...authorisations],
    }),
  }),
})

builder.queryField('tokenSupplies', (t) =>
  t.field({
    type: [Supply],
    description:
      'The supply of every token class, by name: all for the fund’s staff, a provider’s own for its staff, none for others.',
    complexity: { field: 20, multiplier: 5 },
    resolve: (_root, _args, { deps, actor }) => suppliesFor(deps.db, actor),
  }),
)
