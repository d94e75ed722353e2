/** Variables of the saved operations: what the person who opens the console can use next, of what they see. */
import { z } from 'zod'

/** What is read, as the person themselves, to fill variables in. */
export const SITUATION = `query ConsoleSituation {
  companies(first: 50) { edges { node {
    id legalName
    capTable { __typename }
    progress { securityId vestedShares }
    statements(first: 1) { edges { node { id sha256 state month } } }
  } } }
  rounds(first: 50) { edges { node { id name state termsVersion company { id } termSheet { sha256 } conditions { code state } } } }
  pools(first: 5) { edges { node { id reservations(first: 50) { edges { node { id state startsAt endsAt gpus } } } } } }
  tokenClasses { id }
}`

const id = z.string()
const edges = <T>(node: z.ZodType<T>) =>
  z.object({ edges: z.array(z.object({ node })) }).transform((list): T[] => list.edges.map((edge) => edge.node))
export const ConsoleSituation = z.object({
  companies: edges(
    z.object({
      id,
      legalName: z.string(),
      capTable: z.object({ __typename: z.string() }),
      progress: z.array(z.object({ securityId: z.string(), vestedShares: z.string() })),
      statements: edges(z.object({ id, sha256: z.string(), state: z.string(), month: z.string() })),
    }),
  ),
  rounds: edges(
    z.object({
      id,
      name: z.string(),
      state: z.string(),
      termsVersion: z.number(),
      company: z.object({ id }),
      termSheet: z.object({ sha256: z.string() }).nullable(),
      conditions: z.array(z.object({ code: z.string(), state: z.string() })),
    }),
  ),
  pools: edges(
    z.object({
      id,
      reservations: edges(
        z.object({ id, state: z.string(), startsAt: z.string(), endsAt: z.string(), gpus: z.number() }),
      ),
    }),
  ),
  tokenClasses: z.array(z.object({ id })),
  /** Files of a package for a company whose cap table is not imported yet. */
  packageFiles: z.array(z.object({ name: z.string(), content: z.string() })).default([]),
  /** Today, `YYYY-MM-DD`. */
  today: z.string(),
})
export type ConsoleSituation = z.output<typeof ConsoleSituation>

/** What stands where this person sees nothing that fits. */
const NOTHING = 'nothing here that you see fits: sign in as the person whom the first line names'
/** What stands where an answer of an earlier operation goes. */
const FROM = (what: string): string => `put in ${what}`

/** The variables of each operation, by the name of its file. */
export function variablesOf(now: ConsoleSituation): Record<string, Record<string, unknown>> {
  const bare = now.companies.find((company) => company.capTable.__typename === 'NoCapTable')
  const round =
    now.rounds.find((each) => ['accepted', 'term_sheet_issued', 'proposed'].includes(each.state)) ??
    now.rounds.find((each) => each.state === 'draft')
  const withTokens = now.companies.filter((company) => company.progress.length > 0)
  // What is furthest along has the most to try: a statement under way, then shares that have vested, then any tokens.
  const drawing =
    withTokens.find((company) => company.statements.some((statement) => statement.state !== 'final')) ??
    withTokens.find((company) => company.progress.some((grant) => grant.vestedShares !== '0')) ??
    withTokens[0]
  const company = round?.company.id ?? drawing?.id ?? now.companies[0]?.id ?? NOTHING
  const roundId = round?.id ?? NOTHING
  return {
    '01-import': {
      import: { companyId: bare?.id ?? NOTHING, gaps: 'REFUSE', files: now.packageFiles },
    },
    '02-cap-table': { company: drawing?.id ?? company, asOf: now.today },
    '03-draft': { draft: draftInput(company, now) },
    '04-pro-forma': { round: roundId },
    '05-propose': {
      fact: {
        companyId: company,
        name: 'holding.value',
        value: '{"amount":"0","currency":"USD"}',
        source: "The fund's register of holdings",
        asOf: now.today,
      },
      propose: { roundId, expectedVersion: round?.termsVersion ?? 1 },
      company,
      waive: {
        flagId: FROM('the id of a flag'),
        findingId: FROM('the id of its finding'),
        reason: 'Information barrier at the provider; undertaking on capacity of today.',
      },
      evidence: {
        flagId: FROM('the id of a flag'),
        findingId: FROM('the id of its finding'),
        kind: FROM('the kind of evidence that clears it'),
        reference: FROM('where the evidence is kept'),
        source: FROM('who made it'),
        date: now.today,
      },
    },
    '06-term-sheet': {
      issue: { roundId },
      round: roundId,
      accept: { roundId, sha256: round?.termSheet?.sha256 ?? FROM('the sha256 of the term sheet'), typedName: null },
    },
    '07-close': {
      condition: {
        roundId,
        code: round?.conditions.find((condition) => condition.state === 'open')?.code ?? 'BOARD_CONSENT',
        evidence: 'Unanimous written consent of the board',
        evidenceDate: now.today,
      },
      close: { roundId },
      round: roundId,
      raised: {
        dealDocumentId: FROM('the id of a side letter in force that gives an observer'),
        kind: 'BOARD_MEETING',
        about: 'Regular meeting of the board',
        dueOn: now.today,
      },
      done: {
        dealDocumentId: FROM('the id of a side letter in force'),
        occasion: FROM('the occasion of one of its obligations'),
        doneOn: now.today,
        evidence: 'Sent to the holder by mail',
      },
    },
    ...drawdownVariables(now, drawing),
    '11-who-gets-what': saleVariables(now, drawing?.id ?? company, roundId),
    '12-what-if': whatIfVariables(now, company, roundId),
  }
}

function saleVariables(now: ConsoleSituation, company: string, round: string) {
  const issue = {
    classId: FROM('the id of a preferred class in Open Cap Format'),
    method: 'WEIGHTED_AVERAGE',
    base: 'BROAD',
    issued: '1000000',
    consideration: { amount: '500000', currency: 'USD' },
  }
  return {
    company,
    round,
    asOf: now.today,
    sale: { exits: ['10000000', '50000000', '250000000'], carveOut: null, debts: [], unearned: 'NO_PREFERENCE' },
    count: { promised: '0', poolIncrease: '0', method: 'PERCENT_OWNERSHIP' },
    issue,
    players: { classId: issue.classId, portion: 'PROPORTIONAL', holders: [] },
    adjust: {
      companyId: company,
      asOf: now.today,
      date: now.today,
      issue,
      expectedPrice: '1',
      reason: FROM('why'),
    },
  }
}

function whatIfVariables(now: ConsoleSituation, company: string, round: string) {
  const { terms } = draftInput(company, now)
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const rounds = [
    { compute: terms, delivered: '50000' },
    {
      cash: {
        name: 'The round after it',
        closingDate: `${Number(now.today.slice(0, 4)) + 1}${now.today.slice(4)}`.replace('-02-29', '-02-28'),
        security: { className: 'Next Preferred', newClass: true },
        preMoney: usd('30000000'),
        priceRounding: { direction: 'DOWN', places: 4 },
        pool: { kind: 'NONE' },
        cashInvestors: [{ name: 'A fund that is new to the company', amount: usd('6000000') }],
      },
    },
  ]
  const offer = { shares: '100000', hourPriceSource: FROM('who says so') }
  return {
    company,
    round,
    terms: { terms },
    goal: { terms, goal: { kind: 'TOKENS_FOR_PART', part: '0.1' } },
    scenario: { companyId: company, name: 'As tried in the console', terms },
    chain: { rounds },
    kept: { companyId: company, name: 'As tried in the console', rounds },
    others: [{ kind: 'CASH', name: 'Venture money', amount: usd('235000'), hourPrice: usd('3.00'), ...offer }],
  }
}

/** A day after today, so many days on, at midnight. */
const on = (today: string, days: number): string =>
  `${new Date(Date.parse(today) + days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`

function drawdownVariables(now: ConsoleSituation, drawing: ConsoleSituation['companies'][number] | undefined) {
  const company = drawing?.id ?? NOTHING
  const pool = now.pools[0]?.id ?? NOTHING
  const interval = { startsAt: on(now.today, 7), endsAt: on(now.today, 8) }
  const reservations = now.pools.flatMap((each) => each.reservations)
  const waiting = reservations.find((each) => each.state === 'held')
  const usable = reservations.find(
    (each) => ['confirmed', 'provisioned', 'active'].includes(each.state) && each.endsAt < `${now.today}T00:00:00Z`,
  )
  const statement = drawing?.statements[0]
  return {
    '08-release-and-book': {
      release: { companyId: company },
      company,
      pool,
      gpus: 16,
      ...interval,
      request: { companyId: company, poolId: pool, gpus: 16, ...interval },
      decide: { reservationId: waiting?.id ?? FROM('the id of a reservation that waits'), decision: 'APPROVE' },
    },
    '09-usage': { usage: usageInput(usable) },
    '10-statement': {
      state: { companyId: company, month: nextMonth(statement?.month, now.today) },
      company,
      answer: {
        statementId: statement?.id ?? FROM('the id of a statement'),
        sha256: statement?.sha256 ?? FROM('its sha256'),
        answer: 'ACCEPT',
      },
      finalise: { statementId: statement?.id ?? FROM('the id of a statement') },
      security: drawing?.progress[0]?.securityId ?? NOTHING,
      firstShare: '1',
      lastShare: drawing?.progress[0]?.vestedShares === '0' ? '1' : (drawing?.progress[0]?.vestedShares ?? '1'),
    },
  }
}

function usageInput(reservation: ConsoleSituation['pools'][number]['reservations'][number] | undefined) {
  if (reservation === undefined)
    return { reservationId: FROM('the id of a confirmed reservation that is over'), records: [], complete: true }
  const seconds = (Date.parse(reservation.endsAt) - Date.parse(reservation.startsAt)) / 1000
  return {
    reservationId: reservation.id,
    records: [
      {
        source: 'slurm/reykjanes-1',
        externalId: 'job-1042',
        gpuSeconds: String(BigInt(reservation.gpus) * BigInt(Math.floor(seconds * 0.9))),
        startedAt: reservation.startsAt,
        endedAt: reservation.endsAt,
        job: 'finetune-1042',
      },
    ],
    complete: true,
  }
}

/** The month after the last one stated, or the one before this. */
function nextMonth(stated: string | undefined, today: string): string {
  const date = new Date(`${stated ?? today}T00:00:00Z`)
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + (stated === undefined ? -1 : 1))
  return date.toISOString().slice(0, 10)
}

function draftInput(companyId: string, now: ConsoleSituation) {
  return {
    companyId,
    terms: {
      name: 'Series Seed, compute',
      closingDate: now.today,
      security: { className: 'Series Seed Preferred', newClass: true, idPrefix: 'PS-', seniority: '2' },
      preMoney: { amount: '8000000', currency: 'USD' },
      priceRounding: { direction: 'DOWN', places: 4 },
      pool: { kind: 'TARGET', postRoundUnallocated: '0.10' },
      compute: {
        tokenClassId: now.tokenClasses[0]?.id ?? NOTHING,
        tokens: '100000',
        referencePrice: { amount: '2.35', currency: 'USD' },
        holderName: 'Northgrid Ventures I, L.P.',
      },
      cashInvestors: [{ name: 'Fernwood Seed Fund, L.P.', amount: { amount: '750000', currency: 'USD' } }],
      vesting: { basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN' },
      releases: { kind: 'AT_CLOSE' },
      charging: 'RESERVED',
      longStop: `${Number(now.today.slice(0, 4)) + 2}${now.today.slice(4)}`.replace('-02-29', '-02-28'),
      tokenExpiry: `${Number(now.today.slice(0, 4)) + 3}${now.today.slice(4)}`.replace('-02-29', '-02-28'),
      disputeWindowDays: 15,
    },
  }
}
