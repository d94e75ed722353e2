/** Every page with invented content, for looking at them. */

import { failedPage, forbiddenPage, notFoundPage, otherSitePage, unreadablePage } from '../../templates/pages/error.ts'
import { type FounderNext, founderHomePage, type TermSheetOnPage } from '../../templates/pages/founder-home.ts'
import { type PaperOnPage, paperPage } from '../../templates/pages/paper.ts'
import { linkOverPage, signedOutPage, signInPage } from '../../templates/pages/sign-in.ts'
import { type DealOnPage, staffHomePage } from '../../templates/pages/staff-home.ts'
import { chainPages } from './given-chains.ts'
import { computePages } from './given-compute.ts'

const termSheet: TermSheetOnPage = {
  headline:
    'Issues 1,140,000 unearned Series Seed shares to Meridian Compute Fund LP and grants 100,000 tokens to Northwind Robotics, Inc.',
  roundName: 'Series Seed',
  fileName: 'term-sheet-series-seed-v3.pdf',
  downloadPath: '/documents/Document:x:y',
  roundPath: '/rounds/Round:x:y',
  sha256: 'c6773ac19fc6522e8a1fd0a1b6c3f0b7f6f7d0a97ad3f5ff2b3a2f7f0f4a9e11',
  size: 85_348,
  version: 3,
  issuedAt: '2026-11-20T09:30:00.000000Z',
}
const home = (next: FounderNext): string =>
  founderHomePage({
    person: { name: 'Ada Lindqvist', role: 'founder of Northwind Robotics, Inc.' },
    companyName: 'Northwind Robotics, Inc.',
    next,
    figures: [
      { name: 'Tokens available', value: '40,000' },
      { name: 'Shares earned, provisional', value: '12,345' },
    ],
  })

const paper: PaperOnPage = {
  person: { name: 'Amara Okafor', role: 'signatory' },
  companyName: 'Lumen Robotics, Inc.',
  fundName: 'Northgrid Ventures I, L.P.',
  roundName: 'Series Seed-2',
  kind: 'amendment',
  title: '',
  state: 'proposed',
  effectiveOn: '2027-01-01',
  reason: 'The provider was late with its new cluster.',
  changes: [{ title: 'Long-stop', from: '15 Jun 2028', to: '15 Dec 2028' }],
  signatures: [{ side: 'fund', at: '2026-11-21T10:00:00Z' }],
  file: {
    name: 'amendment-1.pdf',
    path: '/documents/Document:x:y',
    sha256: 'c6773ac19fc6522e4b0e3d9f8c7481f10b276cf492f84e77e15ebbe46ba48b48',
    size: 48_312,
  },
  sign: { side: 'company', action: '/papers/Amendment:x:y/sign' },
}

const deals: readonly DealOnPage[] = [
  {
    company: 'Lumen Robotics, Inc.',
    capTablePath: '/companies/Company:x/cap-table',
    computePath: '/companies/Company:x/compute',
    plansPath: '/companies/Company:x/chains',
    round: { name: 'Series Seed-2', state: 'closed', path: '/rounds/Round:x:y/pro-forma' },
    openFlags: 0,
    statement: { name: 'August 2026', state: '✓ Accepted', path: '/statements/Statement:x:y' },
  },
  {
    company: 'A Company With Quite a Long Legal Name of Delaware, Inc.',
    capTablePath: '/companies/Company:z/cap-table',
    computePath: '/companies/Company:z/compute',
    plansPath: '/companies/Company:z/chains',
    openFlags: 2,
  },
]

export const givenPages: ReadonlyMap<string, string> = new Map([
  ...computePages,
  ...chainPages,
  ['/sign-in', signInPage({ name: 'Priya Raman', role: 'partner', action: '/sign-in/abc' })],
  ['/link-over', linkOverPage()],
  ['/signed-out', signedOutPage()],
  ['/accept', home({ kind: 'accept', termSheet, action: '/rounds/Round:x:y/accept' })],
  [
    '/refused',
    home({
      kind: 'accept',
      termSheet,
      action: '/rounds/Round:x:y/accept',
      refused: 'This is not the hash of the document, which begins with c6773ac19fc6522e. Nothing was accepted.',
    }),
  ],
  ['/accepted', home({ kind: 'accepted', termSheet, acceptedAt: '2026-11-21T00:00:00Z' })],
  ['/closed', home({ kind: 'closed', termSheet, closedAt: '2026-12-15T00:00:00Z' })],
  ['/nothing', home({ kind: 'nothing' })],
  ['/console-only', staffHomePage({ operations: false, person: { name: 'Daniel Osei', role: 'regulator' } })],
  ['/staff', staffHomePage({ operations: true, person: { name: 'Priya Raman', role: 'partner' }, deals, more: 12 })],
  ['/no-deals', staffHomePage({ operations: true, person: { name: 'Priya Raman', role: 'partner' }, deals: [] })],
  ['/paper', paperPage(paper)],
  [
    '/paper-signed',
    paperPage({
      ...paper,
      state: 'in_force',
      sign: undefined,
      signatures: [...paper.signatures, { side: 'company', at: '2026-11-22T10:00:00Z' }],
    }),
  ],
  [
    '/paper-closing',
    paperPage({
      ...paper,
      kind: 'closing',
      title: 'number 2',
      state: 'offered',
      changes: [],
      signatures: [],
      refused: { done: 'signed', why: 'This is not the hash of the document. Nothing was accepted.' },
    }),
  ],
  [
    '/paper-draft',
    paperPage({
      ...paper,
      kind: 'side_letter',
      title: 'Information rights',
      state: 'draft',
      file: undefined,
      sign: undefined,
      effectiveOn: null,
      reason: undefined,
      changes: [],
      signatures: [],
    }),
  ],
  ['/not-found', notFoundPage()],
  ['/forbidden', forbiddenPage(['founder', 'signatory'], { name: 'Priya Raman', role: 'partner' })],
  ['/failed', failedPage('019a9d57-65b2-7a3c-9d27-1f6c22a7e001')],
  ['/other-site', otherSitePage()],
  ['/unreadable', unreadablePage()],
])
