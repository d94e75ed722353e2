/** Every page with invented content, for looking at them. */
import { failedPage, forbiddenPage, notFoundPage, otherSitePage, unreadablePage } from '../../templates/pages/error.ts'
import { type FounderNext, founderHomePage, type TermSheetOnPage } from '../../templates/pages/founder-home.ts'
import { linkOverPage, signedOutPage, signInPage } from '../../templates/pages/sign-in.ts'
import { staffHomePage } from '../../templates/pages/staff-home.ts'

const termSheet: TermSheetOnPage = {
  headline:
    'Issues 1,140,000 unearned Series Seed shares to Meridian Compute Fund LP and grants 100,000 tokens to Northwind Robotics, Inc.',
  roundName: 'Series Seed',
  fileName: 'term-sheet-series-seed-v3.pdf',
  downloadPath: '/documents/Document:x:y',
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

export const givenPages: ReadonlyMap<string, string> = new Map([
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
  ['/staff', staffHomePage({ operations: true, person: { name: 'Priya Raman', role: 'partner' } })],
  ['/not-found', notFoundPage()],
  ['/forbidden', forbiddenPage(['founder', 'signatory'], { name: 'Priya Raman', role: 'partner' })],
  ['/failed', failedPage('019a9d57-65b2-7a3c-9d27-1f6c22a7e001')],
  ['/other-site', otherSitePage()],
  ['/unreadable', unreadablePage()],
])
