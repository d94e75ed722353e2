/** Terms and a cap table that tests start from. Figures are chosen so that the arithmetic can be done by hand. */
import type { Capitalization } from '../../api/captable/index.ts'
import { parseNumeric } from '../../api/platform/index.ts'
import { RoundTerms, type RoundTermsWire } from '../../api/rounds/index.ts'

/** 235,000 of compute and 1,000,000 of cash at 16,000,000 before the money; the price comes out at 1.60. */
export const WIRE: RoundTermsWire = {
  name: 'Series Seed',
  closingDate: '2026-12-15',
  security: { className: 'Series Seed Preferred', newClass: true },
  preMoney: { amount: '16000000', currency: 'USD' },
  priceRounding: { direction: 'UP', places: 5 },
  pool: { kind: 'NONE' },
  compute: {
    tokenClassId: 'TokenClass:0190a3c8-0000-7000-8000-000000000001',
    tokens: '100000',
    referencePrice: { amount: '2.35', currency: 'USD' },
    holderName: 'Northgrid Ventures I, L.P.',
  },
  cashInvestors: [{ name: 'Harbour Ventures', amount: { amount: '1000000', currency: 'USD' } }],
  vesting: {},
  releases: { kind: 'MONTHLY', months: 24 },
  charging: 'RESERVED',
  // Tests set up pools as they need them, also after a closing.
  factors: { laterPools: 'BASIS', basis: 'contract' },
  longStop: '2029-06-15',
  tokenExpiry: '2029-06-15',
  unearned: {},
}

export const terms = (change: Partial<RoundTermsWire> = {}): RoundTerms => RoundTerms.parse({ ...WIRE, ...change })

const stock = (securityId: string, stakeholderId: string, stakeholderName: string, quantity: string) =>
  ({
    kind: 'stock',
    securityId,
    stakeholderId,
    stakeholderName,
    classId: 'common',
    quantity: parseNumeric(quantity),
    unvested: 0n,
  }) as const

/** 10,000,000 fully diluted: 9,000,000 common, 500,000 options, 500,000 reserved and not granted. */
export const CAPITALIZATION: Capitalization = {
  asOf: '2026-12-15',
  classes: [
    {
      id: 'common',
      name: 'Common',
      kind: 'COMMON',
      authorized: parseNumeric('20000000'),
      outstanding: parseNumeric('9000000'),
    },
  ],
  holdings: [
    stock('s1', 'ada', 'Ada', '5000000'),
    stock('s2', 'ben', 'Ben', '3000000'),
    stock('s3', 'ada', 'Ada', '1000000'),
    {
      kind: 'option',
      securityId: 'o1',
      stakeholderId: 'cem',
      stakeholderName: 'Cem',
      planId: 'plan',
      classId: 'common',
      quantity: parseNumeric('500000'),
      unvested: parseNumeric('400000'),
    },
  ],
  pools: [
    {
      planId: 'plan',
      name: '2024 Plan',
      classIds: ['common'],
      reserved: parseNumeric('1000000'),
      available: parseNumeric('500000'),
    },
  ],
  fullyDiluted: parseNumeric('10000000'),
}
