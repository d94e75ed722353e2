/** What became of the tokens of a reservation. */
import { type ReservationTokens, reservationTokens } from '../../api/drawdown/index.ts'
import { keyOf, Reservation, refOf } from '../clusters/reservations.ts'
import { batch, mustHave } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'

const Tokens = builder.objectRef<ReservationTokens>('ReservationTokens').implement({
  description:
    'Tokens of one reservation, net of corrections. What was set aside is the sum of what is held, was charged and returned.',
  fields: (t) => ({
    setAside: t.expose('setAside', {
      type: 'Tokens',
      description: 'All that was set aside: its hold as it is or was last, and what it was charged beyond that.',
    }),
    held: t.expose('held', {
      type: 'Tokens',
      description: 'Held now, with what waits for a change of it. None once it has ended.',
    }),
    delivered: t.expose('delivered', { type: 'Tokens', description: 'Charged for compute really received.' }),
    idleReserved: t.expose('idle', { type: 'Tokens', description: 'Charged for reserved time that was not used.' }),
    noShow: t.expose('noShow', { type: 'Tokens', description: 'Charged since nobody came.' }),
    cancelFee: t.expose('cancelFee', { type: 'Tokens', description: 'Charged for cancelling it, or a part of it.' }),
    returned: t.expose('returned', {
      type: 'Tokens',
      description: 'Given back: what its hold left when it ended, and what corrections took back of charges.',
    }),
    credited: t.expose('credited', {
      type: 'Tokens',
      description: 'The part of what returned, or was not charged, that outages of its GPUs were credited.',
    }),
  }),
})
builder.objectField(Reservation, 'tokens', (t) =>
  t.field({
    type: Tokens,
    description: 'What became of its tokens.',
    resolve: async (row, _args, context) => {
      const load = async (keys: readonly string[]) =>
        new Map((await reservationTokens(context.deps.db, keys.map(refOf))).map((each) => [keyOf(each), each]))
      return mustHave(await batch(context, ['Reservation.tokens'], keyOf(row), load))
    },
  }),
)
