import { capTableAsOf } from '../../api/captable/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { OWN } from './ocf-package.ts'
import type { Stage } from './path-stage.ts'
import type { World } from './world.ts'

export const FUND = 'Northgrid Ventures I, L.P.'

/** Terms of a round over the test's own package. After a first round the fund is a stakeholder already. */
export const terms = (
  stage: Pick<Stage, 'tokenClassId' | 'metricId'>,
  name: string,
  tokens: string,
  stakeholderId?: string,
): RoundTermsWire => ({
  name,
  closingDate: name === 'Series Seed-2' ? '2026-06-15' : '2026-12-15',
  preMoney: { amount: '23000000', currency: 'USD' },
  priceRounding: { direction: 'DOWN', places: 4 },
  pool: { kind: 'TARGET', postRoundUnallocated: '0.10' },
  booking: { onDemand: { premium: '1.25', monthlyCapTokens: '5000' } },
  security: {
    className: `${name} Preferred`,
    newClass: true,
    idPrefix: 'PX-',
    seniority: '3',
    ...(name === 'Series Seed-2' ? { authorized: '9000000' } : {}),
  },
  ...(name === 'Series Seed-2'
    ? { rolling: { maximum: { amount: '9000000', currency: 'USD' }, outsideDate: '2027-06-15' } }
    : {}),
  compute: {
    tokenClassId: stage.tokenClassId,
    tokens,
    referencePrice: { amount: '2.35', currency: 'USD' },
    holderName: FUND,
    ...(stakeholderId === undefined ? {} : { stakeholderId }),
  },
  cashInvestors: [{ name: `${name} Partners, L.P.`, amount: { amount: '1500000', currency: 'USD' } }],
  ...(name === 'Series Seed-2'
    ? {}
    : {
        proRataRights: [
          {
            holder: 'Harbor Seed Fund II, L.P.',
            stakeholderId: OWN.seedFund,
            of: 'NEW_SECURITIES' as const,
            part: '0.05',
            exercise: { kind: 'FULL' as const },
          },
          // Its side letters of the first round give it the right; it is named, and not used.
          ...(stakeholderId === undefined
            ? []
            : [
                {
                  holder: FUND,
                  stakeholderId,
                  of: 'NEW_SECURITIES' as const,
                  exercise: { kind: 'NONE' as const },
                },
              ]),
        ],
        promisedOptions: { shares: '1000', from: 'ON_TOP' as const },
        conversions: {
          capBase: 'POST_MONEY',
          instruments: [
            {
              securityId: 'safe-1',
              cap: { amount: '20000000', currency: 'USD' },
              capBase: 'POST_MONEY',
              discount: '0.2',
            },
          ],
        },
      }),
  vesting: { basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN' },
  ...releasesOf(name, tokens),
  charging: 'RESERVED',
  longStop: '2028-06-15',
  tokenExpiry: '2035-06-15',
  disputeWindowDays: 15,
  settlement: {
    nonUse: 'EXTEND',
    extendDays: 180,
    partialTermination: true,
    priceProtection: {
      metricId: stage.metricId,
      baseLevel: { amount: '2.5', currency: 'USD' },
      threshold: '0.2',
      windowDays: 366,
      cap: '100000',
    },
  },
})

/** Each way in which tokens become available, by the round that has it. */
function releasesOf(name: string, tokens: string): Pick<RoundTermsWire, 'releases' | 'drawOrder'> {
  if (name === 'Series B') {
    const milestone = { code: 'PILOT', text: 'The pilot runs.', tokens, confirmedBy: 'both' as const }
    return { releases: { kind: 'MILESTONES', milestones: [milestone] }, drawOrder: 'GRANTS_FIRST' }
  }
  if (name === 'Series C') {
    const onDemand = { perRequest: '10', perPeriod: { tokens: '10', days: 30 }, noticeDays: 5 }
    return { releases: { kind: 'ON_DEMAND', onDemand } }
  }
  return { releases: { kind: 'MONTHLY', months: 12 } }
}

/** The fund's id among the stakeholders of a company, once it is one. */
export async function fundIn(world: World, companyId: string): Promise<string | undefined> {
  const { stakeholders } = await capTableAsOf(world.deps.db, companyId.slice('Company:'.length), '2026-11-20')
  return stakeholders.find((holder) => holder.name === FUND)?.id
}

/** The same as a SAFE, whose rest goes on at the price of the round that converts it. */
export function safeOf(wire: RoundTermsWire): RoundTermsWire {
  const { cashInvestors, preMoney, security, rolling, proRataRights, promisedOptions, conversions, ...left } = wire
  const cap = { amount: '20000000', currency: 'USD' }
  return {
    ...left,
    ...{
      pool: { kind: 'NONE' },
      unearned: {},
      preMoney: cap,
      security: { className: 'Next Preferred', newClass: true },
    },
    instrument: { kind: 'SAFE', cap, capBase: 'POST_MONEY', rest: 'ROUND_PRICE' },
  }
}
