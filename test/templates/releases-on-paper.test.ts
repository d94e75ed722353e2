/** What releases the tokens of each grant, as the documents that are signed say it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { closingNoticePdf } from '../../templates/pdf/closing-notice.ts'
import { termSheetPdf } from '../../templates/pdf/term-sheet.ts'
import type { GrantOnPaper } from '../../templates/pdf/term-sheet-input.ts'
import { sampleTermSheet as sheet } from './sample-term-sheet.ts'
import { needs, run } from './tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'releases-on-paper-'))
after(() => rmSync(folder, { recursive: true, force: true }))
/** The words in the order in which they are read. */
function textOf(bytes: Uint8Array): string {
  const path = join(folder, 'document.pdf')
  writeFileSync(path, bytes)
  return run('pdftotext', ['-raw', '-enc', 'UTF-8', path, '-']).replaceAll('\u00a0', ' ').replace(/\s+/g, ' ')
}
const usd = (amount: string) => ({ amount, currency: 'USD' })
const pilot = (tokens: string, confirmedBy: 'fund' | 'provider' | 'both') => ({
  code: 'PILOT',
  text: 'The pilot runs.',
  tokens,
  confirmedBy,
})
const further: GrantOnPaper = {
  tokens: '50000',
  tokenClass: 'SUN-H100',
  shares: '37500',
  referencePerHour: usd('1.50'),
  impliedPerHour: usd('1.50'),
  consideration: usd('75000'),
  vesting: sheet.vesting,
  releases: [{ on: '2027-01-15', tokens: '5000' }],
  milestones: [pilot('15000', 'provider'), { ...pilot('10000', 'both'), code: 'FLEET' }],
  onDemand: {
    tokens: '20000',
    perRequest: '4000',
    perPeriod: { tokens: '8000', days: 30 },
    noticeDays: 5,
    confirmedBy: 'fund',
  },
  charging: 'RESERVED',
  longStop: '2029-06-15',
  expiresOn: '2029-06-15',
}
const DATED = 'The Tokens of grant 2 are released as follows. Release Date Tokens 1 15 Jan 2027 5,000 Total 5,000'
const MILESTONES =
  'These Tokens of grant 2 are released once it is confirmed in writing, with evidence and date, that the milestone is reached.'
const ROWS =
  'Milestone Confirmed by Tokens The pilot runs. (PILOT) The Provider 15,000 The pilot runs. (FLEET) The Fund and the Provider, each 10,000 Total 25,000'
const DEMAND =
  '20,000 Tokens of grant 2 are released as the Company asks for them, at most 4,000 Tokens in one request and at most 8,000 Tokens within any 30 days. They are released 5 days after the request. The Fund confirms each request first.'

test(
  'a term sheet says of each grant which dates, milestones and requests release it',
  needs('pdftotext'),
  async () => {
    const text = textOf(await termSheetPdf({ ...sheet, milestones: [pilot('1000', 'fund')], furtherGrants: [further] }))
    for (const words of [DATED, MILESTONES, ROWS, DEMAND]) assert.ok(text.includes(words), `${words}\n${text}`)
    assert.ok(text.includes('5,000 on 15 Jan 2027; 2 milestones; as the Company asks'), text)
    assert.match(text, /1 milestone Reserved time/)
    const plain = { ...further, releases: [{ on: '2027-01-15', tokens: '50000' }] }
    const { milestones: _, onDemand: __, ...dated } = plain
    const all = textOf(await termSheetPdf({ ...sheet, furtherGrants: [dated] }))
    assert.ok(all.includes('All on 15 Jan 2027') && !all.includes('The Tokens of grant 2 are released'), all)
  },
)

test(
  'the document of a further closing says it too, and of days of equal parts the first and the last',
  needs('pdftotext'),
  async () => {
    const grant = (more: Pick<GrantOnPaper, 'releases' | 'milestones' | 'onDemand'>, ownReleases: boolean) => ({
      tokenClass: 'SUN-H100',
      tokens: '50000',
      className: 'Series A Preferred Stock',
      shares: '37500',
      referencePrice: usd('1.50'),
      basis: 'delivered',
      longStop: '2029-06-15',
      tokenExpiry: '2029-06-15',
      releases: more,
      ownReleases,
    })
    const days = ['2027-01-15', '2027-02-15', '2027-03-15'].map((on) => ({ on, tokens: '10000' }))
    const { releases, milestones = [], onDemand } = further
    assert.ok(onDemand !== undefined)
    const notice = (grants: ReturnType<typeof grant>[]) =>
      closingNoticePdf({
        roundName: 'Series A',
        ordinal: 2,
        company: sheet.company,
        fund: sheet.fund,
        issuedAt: '2026-12-18T10:00:00Z',
        closingDate: '2026-12-20',
        price: usd('2'),
        cash: [],
        grants,
        before: '1000000',
        after: '1075000',
        conditions: [],
        json: '{}',
      })
    const [equal, own] = [grant({ releases: days }, false), grant({ releases, milestones, onDemand }, true)]
    const text = textOf(await notice([equal, own]))
    for (const words of [DATED, MILESTONES, ROWS, DEMAND, 'The Provider of a grant is the one that owes its Tokens.'])
      assert.ok(text.includes(words), `${words}\n${text}`)
    assert.ok(text.includes('Grant 1: 50,000 of class') && text.includes('Grant 2: 50,000 of class'), text)
    assert.ok(text.includes('released from 15 Jan 2027 to 15 Mar 2027; long-stop'), text)
    assert.ok(text.includes('released: 5,000 on 15 Jan 2027; 2 milestones; as the Company asks; long-stop'), text)
    const before = textOf(await notice([equal]))
    assert.ok(!before.includes('Grant 1:') && !before.includes('The Provider'), before)
  },
)
