/** Pages of compute and of operations with invented content: with little, with nothing, with very much. */
import { type ComputeOnPage, computePage } from '../../templates/pages/compute.ts'
import { operationsPage } from '../../templates/pages/operations.ts'
import type { PoolOnPage } from '../../templates/pages/operations-pool.ts'
import { type KeptAside, quarantinePage } from '../../templates/pages/quarantine.ts'
import { type ReservationOnPage, reservationPage } from '../../templates/pages/reservation.ts'
import { statementDeskPage } from '../../templates/pages/statement-desk.ts'

const RESTART = {
  company: 'Lumen Robotics, Inc.',
  path: '',
  node: 'gpu5',
  gpus: 8,
  possibleFrom: '2026-12-01T09:55:00Z',
  possibleUntil: '2026-12-01T10:04:12Z',
  certainFrom: '2026-12-01T10:03:01Z',
  certainUntil: '2026-12-01T10:04:12Z',
  evidence: 'gpu5 was booted at 2026-12-01T10:03:01Z, and answered from 2026-12-01T10:04:12Z on',
  answer: null,
  answeredFrom: null,
  answeredUntil: null,
  note: null,
  completePath: '/operations/restarts/NodeRestart:1:2/complete',
}

const HOUR = 3_600_000
const START = Date.parse('2026-12-01T00:00:00Z')
const at = (hours: number): string => new Date(START + hours * HOUR).toISOString().replace('.000Z', 'Z')
const person = { name: 'Ada Lindqvist', role: 'founder of Northwind Robotics, Inc.' }
const path = '/companies/Company:x/compute'
const pool = { id: 'Pool:one', name: 'H100-SXM on fjord-1' }
const STATES = ['held', 'confirmed', 'active', 'completed', 'cancelled', 'waitlisted', 'no_show', 'declined'] as const

const reservations = (count: number): ComputeOnPage['reservations']['rows'] =>
  Array.from({ length: count }, (_, index) => ({
    id: `Reservation:x:${index}`,
    pool: index % 3 === 0 ? 'H200-SXM-141GB on midnight-sun-cluster-2' : pool.name,
    gpus: 8 * (1 + (index % 4)),
    startsAt: at(index * 6),
    endsAt: at(index * 6 + 24),
    state: STATES[index % STATES.length] ?? 'held',
    tokens: {
      setAside: `${192 * (1 + (index % 4))}.5`,
      held: index % 2 === 0 ? `${192 * (1 + (index % 4))}.5` : '0',
      delivered: index % 2 === 0 ? '0' : '171.666666',
      idle: '0',
      noShow: '0',
      cancelFee: '0',
      returned: index % 2 === 0 ? '0' : `${192 * (1 + (index % 4)) - 172}.833334`,
      credited: '0',
    },
    path: `${path}/reservations/Reservation:x:${index}`,
    waitsForCompany: index === 0,
    changeAsked: index === 1,
  }))
const compute: ComputeOnPage = {
  person,
  companyName: 'Northwind Robotics, Inc.',
  path,
  balances: [
    { name: 'Fjord H100-hours', available: '40000', held: '1921.5', locked: '60000' },
    { name: 'Midnight Sun H100-hours', available: '0', held: '0', locked: '12500' },
  ],
  expiring: [{ name: 'Fjord H100-hours', tokens: '1200.5', expiresOn: '2026-12-28', daysLeft: 29 }],
  pools: [pool, { id: 'Pool:two', name: 'H200-SXM-141GB on midnight-sun-cluster-2' }],
  pool,
  capacity: {
    from: at(0),
    until: at(14 * 24),
    steps: Array.from({ length: 28 }, (_, index) => ({
      startsAt: at(index * 12),
      endsAt: at(index * 12 + 12),
      capacity: index > 18 ? 48 : 64,
      free: [64, 40, 40, 12, 0, 8, 24, 24, 64][index % 9] ?? 0,
    })).map((step) => ({ ...step, free: Math.min(step.free, step.capacity) })),
  },
  form: { pool: pool.id, gpus: '8', startsAt: '2026-12-05T00:00', hours: '24' },
  books: true,
  quote: {
    quoteId: 'Quote:x:y',
    tokens: '192',
    factor: '1',
    free: 40,
    validUntil: at(0.25),
    rules: [
      'The reserved time is charged, used or not; what is not used earns no shares unless the terms say so.',
      'Cancelled at least 168 hours before the start, 90% returns.',
      'Cancelled later, but at least 24 hours before the start, 50% returns.',
      'Cancelled less than 24 hours before the start, 25% returns.',
      'Unused for 60 minutes, the GPUs are given to others and 100% is charged.',
      'Time in which GPUs are down and nothing ran is credited.',
      'The meter tells of use within 30 minutes: whether anybody came is decided so long after that time. The provider may say so once that time is over. Use that is told late puts it right.',
      'What is given up of a confirmed reservation is charged like a cancellation of it. If the provider does not decide in time, or cancels, everything returns but what was used.',
    ],
  },
  reservations: { rows: reservations(8), count: 8 },
  jobs: [
    {
      job: '1234 pretrain-large-v7-checkpoint-restart',
      pool: pool.name,
      onDemand: false,
      gpuHours: '12800',
      tokens: '12800',
      lastEnded: at(-5),
    },
    {
      job: 'without a name',
      pool: pool.name,
      onDemand: true,
      gpuHours: '0.2778',
      tokens: '0.277777',
      lastEnded: at(-200),
    },
  ],
  onDemand: [{ month: '2026-11-01', pool: pool.name, gpuHours: '0.2778', tokens: '0.2', owed: '0.077777' }],
}
const { quote: _quote, ...unasked } = compute

const reservation: ReservationOnPage = {
  person,
  companyName: 'Northwind Robotics, Inc.',
  pool: pool.name,
  gpus: 8,
  startsAt: at(100),
  endsAt: at(124),
  state: 'confirmed',
  tokens: '192',
  delivered: '0',
  idle: '0',
  factor: '1',
  computePath: path,
  action: `${path}/reservations/Reservation:x:1`,
  changeable: true,
  outages: [
    {
      startsAt: '2026-12-01T10:03:00Z',
      endsAt: '2026-12-01T10:04:00Z',
      gpus: 8,
      node: 'gpu5',
      evidence: 'gpu5 was booted.',
    },
  ],
  credited: '0.2666667',
  restarts: [{ ...RESTART, company: '', completePath: undefined }],
  fee: '76.8',
  events: [
    { at: at(0), what: 'Asked for', note: '' },
    { at: at(2), what: 'Approved by the provider', note: 'Rack 12 from the second day on.' },
  ],
}

const busy: PoolOnPage = {
  name: pool.name,
  anchor: 'pool-one',
  capacity: 8192,
  booked: '87.4',
  waiting: Array.from({ length: 6 }, (_, index) => ({
    company: index === 2 ? 'A Company With Quite a Long Legal Name of Delaware, Inc.' : 'Northwind Robotics, Inc.',
    what: index === 1 ? 'Change of 8 GPUs from 5 Jan 2027, 00:00 UTC' : 'New',
    decidePath: `/operations/reservations/Reservation:x:${index}/decide`,
    gpus: 8 * (index + 1),
    startsAt: at(100 + index),
    endsAt: at(124 + index),
    requestedAt: at(-index * 11),
    ageMinutes: (7 - index) * 660,
  })),
  conflicts: [
    'OVER_CAPACITY',
    'MAINTENANCE',
    'OVER_SHARE',
    'DEDICATED_TWICE',
    'PAST_TOKEN_EXPIRY',
    'PAST_LONG_STOP',
  ].map((kind, index) => ({
    kind,
    startsAt: at(index * 24),
    endsAt: at(index * 24 + 12),
    allowed: 32,
    wanted: 40,
    company: index > 1 ? 'Northwind Robotics, Inc.' : '',
    deadline: index > 3 ? '2026-12-05' : null,
    path: '#pool-one',
  })),
  restarts: [
    RESTART,
    {
      ...RESTART,
      node: 'gpu6',
      answer: 'OUTAGE',
      answeredFrom: '2026-12-01T10:01:00Z',
      answeredUntil: '2026-12-01T10:04:10Z',
      note: 'BMC log',
      completePath: undefined,
    },
  ],
  underNodesDown: [
    {
      company: 'Northwind Robotics, Inc.',
      reservation: 'Reservation:1:2',
      path: '/companies/Company:1/compute/reservations/Reservation:1:2',
      node: 'gpu3',
      gpus: 8,
      from: at(-3),
      seenUntil: at(0),
      over: false,
      reason: 'Not responding',
      outage: null,
      credited: '0',
    },
    {
      company: 'Lumen Robotics, Inc.',
      reservation: 'Reservation:1:3',
      path: '',
      node: 'gpu2',
      gpus: 8,
      from: at(-30),
      seenUntil: at(-28),
      over: true,
      reason: 'Kill task failed',
      outage: '16',
      credited: '12.5',
    },
  ],
  scheduler: {
    name: 'slurm fjord-1',
    up: false,
    downSince: at(-3),
    detail: 'connect ECONNREFUSED',
    checkedAt: at(-0.1),
    differences: [
      {
        what: 'Another size',
        name: '01975f3e-aaaa-7000-8000-000000000001',
        here: '16 GPUs',
        there: '8 GPUs',
      },
    ],
    nodesDown: [{ node: 'fjord-1-n07', gpus: 8, from: at(-9), reason: 'Not responding' }],
    waiting: [
      {
        id: 'Reservation:01975f3e-aaaa-7000-8000-000000000001:01975f3e-bbbb-7000-8000-000000000001',
        attempts: 4,
        why: 'connect ECONNREFUSED',
      },
    ],
  },
}
const calm: PoolOnPage = {
  ...busy,
  name: 'H200 on calm',
  anchor: 'pool-two',
  booked: null,
  waiting: [],
  conflicts: [],
  scheduler: undefined,
  underNodesDown: [],
}
const operator = { name: 'Amara Okafor', role: 'provider' }

const kept: KeptAside = {
  id: 'QuarantinedUsage:x:y',
  source: 'slurm/fjord-1',
  externalId: 'fjord.48213.1767571200',
  gpuSeconds: '1036800',
  startedAt: at(-30),
  endedAt: at(-6),
  job: '48213 pretrain',
  reservationId: 'Reservation:01975f3e-aaaa-7000-8000-000000000001:01975f3e-bbbb-7000-8000-000000000001',
  reasonCode: 'USAGE_BEYOND_RESERVATION',
  detail:
    'The usage record "fjord.48213.1767571200" is more than the reserved GPUs can do in its time (691200 GPU-seconds).',
  reportedAt: at(-5),
  ageMinutes: 300,
  replays: 2,
  events: [{ what: 'Tried again in vain', why: 'USAGE_BEYOND_RESERVATION', at: at(-2) }],
  action: '/operations/usage/QuarantinedUsage:x:y',
}

const noTokens = { supplies: [], expiring: [], coverage: [] }
const tokens = {
  supplies: [
    {
      name: 'Fjord H100-hours',
      authorised: '1000000',
      granted: '240000',
      remaining: '760000',
      outstanding: '201000.5',
      locked: '60000',
      available: '139079',
      held: '1921.5',
      escrow: '0',
      charged: [
        { cause: 'delivered', tokens: '30999.5' },
        { cause: 'idle_reserved', tokens: '1000' },
      ],
      expired: '5000',
      cancelled: '2000',
      authority: [
        {
          tokens: '1000000',
          from: '2026-01-01',
          until: '2028-12-31',
          approvedBy: 'Sigrid Solberg',
          reason: 'Capacity that is reserved in the master agreement',
        },
      ],
    },
  ],
  expiring: [
    {
      company: 'Northwind Robotics, Inc.',
      tokenClass: 'Fjord H100-hours',
      expiresOn: '2026-12-28',
      daysLeft: 29,
      tokens: '1200.5',
      noticed: at(0),
    },
  ],
  coverage: [
    {
      name: 'Fjord H100-hours',
      unknown: null,
      least: '0.8',
      leastIn: '2027-01',
      months: [
        {
          month: '2026-12',
          expiring: '1200.5',
          hours: '4000',
          promised: '1200.5',
          deliverable: '4000',
          ratio: '3.3319450229',
        },
        { month: '2027-01', expiring: '8799.5', hours: '4000', promised: '10000', deliverable: '8000', ratio: '0.8' },
        { month: '2027-02', expiring: '0', hours: '4000', promised: '10000', deliverable: '12000', ratio: '1.2' },
      ],
    },
  ],
}
export const computePages: readonly (readonly [path: string, page: string])[] = [
  ['/compute', computePage(compute)],
  ['/compute-refused', computePage({ ...unasked, refused: 'Only 12 GPUs are free from 5 Dec 2026, 00:00 UTC.' })],
  [
    '/compute-many',
    computePage({
      ...unasked,
      reservations: { rows: reservations(25), count: 200, older: '0', newer: '1' },
    }),
  ],
  [
    '/compute-empty',
    computePage({
      ...unasked,
      balances: [],
      pools: [],
      pool: undefined,
      capacity: undefined,
      reservations: { rows: [], count: 0 },
      jobs: [],
      onDemand: [],
    }),
  ],
  ['/reservation', reservationPage(reservation)],
  [
    '/reservation-offer',
    reservationPage({
      ...reservation,
      state: 'held',
      changeable: false,
      fee: '0',
      offer: {
        gpus: 6,
        startsAt: at(112),
        endsAt: at(136),
        tokens: '144',
        answerBy: at(40),
        note: 'Rack 12 is in maintenance.',
      },
    }),
  ],
  [
    '/reservation-change',
    reservationPage({
      ...reservation,
      changeable: false,
      change: { gpus: 16, startsAt: at(100), endsAt: at(148), tokens: '768', answerBy: at(48) },
      refused: 'The reservation is in the state "change_asked"; this needs "confirmed".',
    }),
  ],
  [
    '/operations',
    operationsPage({
      ...tokens,
      person: operator,
      days: 7,
      pools: [busy, calm],
      keptAside: { count: 3, oldestMinutes: 300 },
      statements: { due: 2, accepted: 1 },
    }),
  ],
  [
    '/statements',
    statementDeskPage({
      person: operator,
      due: [
        { company: 'Lumen Robotics, Inc.', month: '2026-09-01', months: 3, companyId: 'Company:1' },
        { company: 'Tessellate Bio, Inc.', month: '2026-10-01', months: 1 },
      ],
      statements: (['stated', 'disputed', 'accepted', 'deemed_accepted'] as const).map((state, i) => ({
        company: 'Harborline Freight Systems, Inc.',
        month: `2026-0${5 + i}-01`,
        path: `/statements/Statement:${i}`,
        state,
        disputeUntil: '2026-12-15',
        waitsFor: state === 'accepted' ? '2026-05-01' : null,
        finalises: true,
      })),
      refused: 'The month 2026-09-01 cannot be stated: it is stated already.',
    }),
  ],
  [
    '/operations-calm',
    operationsPage({
      ...noTokens,
      person: operator,
      days: 7,
      pools: [calm],
      keptAside: { count: 0, oldestMinutes: 0 },
    }),
  ],
  [
    '/operations-empty',
    operationsPage({ ...noTokens, person: operator, days: 7, pools: [], keptAside: { count: 0, oldestMinutes: 0 } }),
  ],
  [
    '/usage-kept-aside',
    quarantinePage({
      person: operator,
      counts: [
        { reason: 'NOT_FOUND', count: 1, oldestMinutes: 90 },
        { reason: 'USAGE_BEYOND_RESERVATION', count: 41, oldestMinutes: 4000 },
      ],
      records: [kept, { ...kept, discardAsked: 'A test of the meter', reservationId: '', events: [] }],
      refused: 'Every act here needs a person of the provider.',
    }),
  ],
  ['/usage-none-aside', quarantinePage({ person: operator, counts: [], records: [] })],
]
