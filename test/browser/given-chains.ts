/** The pages of plans of rounds with invented content. */
import type { ChainSheet } from '../../templates/chain-sheet.ts'
import { chainPage } from '../../templates/pages/chain.ts'
import { type ChainWorkbench, chainWorkbenchPage } from '../../templates/pages/chain-workbench.ts'
import { chainsPage } from '../../templates/pages/chains.ts'
import { scenariosPage } from '../../templates/pages/scenarios.ts'

const person = { name: 'Priya Raman', role: 'partner' }
const usd = (amount: string) => ({ amount, currency: 'USD' })
const sheet: ChainSheet = {
  companyName: 'Lumen Robotics, Inc.',
  name: 'Two rounds',
  asOf: '2026-11-20',
  rounds: [
    {
      ...{ name: 'Series Seed-2', closingDate: '2026-12-15', preMoney: usd('23000000'), price: usd('2') },
      ...{ postMoney: usd('24235000'), tokens: '100000', computeShares: '117500', cashShares: '500000' },
      ...{
        converted: '0',
        poolIncrease: '0',
        firstHoldersPart: '0.9490406437',
        firstHoldersEarnedPart: '0.9583333333',
      },
      notes: ['Series Seed Preferred Stock: each share counts as one, whatever it converts into.'],
    },
  ],
  stages: [
    { name: 'Before', on: '2026-11-20', holdings: held('4000000', '7500000', '0') },
    { name: 'Series Seed-2', on: '2026-12-15', holdings: held('4000000', '8000000', '117500') },
  ],
}
function held(founder: string, others: string, fund: string) {
  return [
    { holder: 'Ada Lindqvist', shares: founder, unearned: '0' },
    { holder: 'A Fund With Quite a Long Legal Name of Delaware, L.P.', shares: others, unearned: '0' },
    { holder: 'Northgrid Ventures I, L.P.', shares: fund, unearned: fund },
  ]
}

const listed = {
  id: 'RoundChain:x:y',
  version: 2,
  savedAt: '2026-11-20T09:30:00.000000Z',
  path: '/chains/RoundChain:x:y',
}
const list = {
  ...{ person, companyName: 'Lumen Robotics, Inc.', path: '/companies/Company:x/chains' },
  scenariosPath: '/companies/Company:x/scenarios',
}
const desk: ChainWorkbench = {
  ...{ person, companyName: 'Lumen Robotics, Inc.', path: '/companies/Company:x/chains/new' },
  ...{ listPath: '/companies/Company:x/chains', source: '', asOf: '', name: '', mayKeep: true, key: 'k', refused: [] },
  rounds: [
    {
      ...{ json: '{"compute":{}}', name: 'Series Seed-2', closingDate: '2026-12-15', preMoney: '23000000' },
      ...{ currency: 'USD', compute: { tokens: '100000', delivered: '' }, cash: '1000000', investorId: '' },
    },
  ],
  sources: [{ group: 'Scenarios', options: [{ id: 'Scenario:x:y', name: 'More tokens: Series Seed-2, version 1' }] }],
  newCash: {
    ...{ newName: '', newClosingDate: '', newClass: '', newPreMoney: '', newCurrency: '', newInvestor: '' },
    ...{ newInvestorId: '', newCash: '', newPool: '' },
  },
}

export const chainPages: readonly (readonly [string, string])[] = [
  [
    '/chain',
    chainPage({ ...sheet, person, version: 2, path: '/chains/x', listPath: list.path, changePath: desk.path }),
  ],
  ['/chains-none', chainsPage({ ...list, chains: [] })],
  [
    '/chains',
    chainsPage({
      ...list,
      chains: [
        { ...listed, name: 'Two rounds', isBeside: true, sheet },
        { ...listed, name: 'Gone', isBeside: true, refused: 'There is no cap table before 1 Jan 2025.' },
      ],
    }),
  ],
  ['/scenarios-none', scenariosPage({ ...list, plansPath: list.path, scenarios: [] })],
  [
    '/scenarios',
    scenariosPage({
      ...{ ...list, path: list.scenariosPath, plansPath: list.path },
      scenarios: [
        {
          ...{
            name: 'As asked',
            version: 1,
            asOf: '2026-11-20',
            roundName: 'Series Seed-2',
            closingDate: '2026-12-15',
          },
          figures: {
            ...{ preMoney: usd('23000000'), pricePerShare: usd('2'), postMoney: usd('24235000'), tokens: '100000' },
            ...{
              computeShares: '117500',
              computePart: '0.0096967196',
              cashShares: '500000',
              impliedPrice: usd('2.35'),
            },
            ...{ dilution: '0.0509593563', dilutionIfNothingUsed: '0.0416666667' },
            ...{ foundersPart: null, foundersPartWithoutUnearned: null },
          },
          holdings: held('4000000', '8000000', '117500'),
        },
        {
          ...{
            name: 'Too much',
            version: 3,
            asOf: '2026-11-20',
            roundName: 'Series Seed-2',
            closingDate: '2026-12-15',
          },
          ...{ holdings: [], refused: 'pool.postRoundUnallocated cannot be met. Nothing was changed.' },
        },
      ],
    }),
  ],
  ['/chain-new', chainWorkbenchPage({ ...desk, rounds: [], mayKeep: false })],
  ['/chain-tried', chainWorkbenchPage({ ...desk, sheet })],
  [
    '/chain-refused',
    chainWorkbenchPage({
      ...desk,
      revises: { id: 'RoundChain:x:y', name: 'Two rounds', version: 2 },
      refused: ['Series Seed-2: preMoney.amount must not be negative.'],
    }),
  ],
]
