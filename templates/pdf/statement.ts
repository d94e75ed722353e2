/** A month's statement on paper: the same figures, the same bytes. */
import { lineChart } from '../charts/index.ts'
import { drawScene } from '../charts/pdf.ts'
import { column, date, grouped, sum } from '../format.ts'
import type { ClassAccount, GrantLine, StatementSheet } from '../statement-input.ts'
import {
  dayBefore,
  earnedInMonth,
  exactWords,
  forecastWords,
  IDLE_WORDS,
  isSafe,
  monthName,
  planChart,
  priceWords,
  statementHeadline,
} from '../statement-words.ts'
import { Clauses } from './clauses.ts'
import { INK, Paper } from './paper.ts'
import type { Table } from './table.ts'

/** Name of the attached file that holds the hashed figures. */
export const FIGURES_FILE = 'statement.json'

/**
 * The statement as PDF/A-3a: tagged, with the hashed figures attached as JSON. The same sheet gives the same bytes in every
 * process: the file's only date is the instant of stating.
 *
 * @throws {NotPrintable} {CharactersNotInTypeface}
 */
export async function statementPdf(sheet: StatementSheet): Promise<Uint8Array> {
  const madeAt = new Date(sheet.statedAt)
  if (Number.isNaN(madeAt.getTime())) throw new RangeError(`statedAt is no instant: ${sheet.statedAt}`)
  const name = `Statement of ${monthName(sheet.month)}: ${sheet.company}`
  const paper = new Paper({
    title: name,
    author: sheet.fund,
    subject: `Version ${sheet.version}, stated ${date(sheet.statedAt)}`,
    keywords: `statement sha256 ${sheet.sha256}`,
    madeAt,
    size: 'A4',
  })
  const description = 'The figures of this statement as canonical JSON (RFC 8785), as they are hashed'
  paper.attach({ name: FIGURES_FILE, mediaType: 'application/json', text: sheet.figuresJson, description }, madeAt)
  opening(paper, sheet)
  const parts = new Clauses(paper)
  for (const account of sheet.classes) classAccount(paper, parts, account, sheet)
  charges(parts, sheet)
  if (sheet.corrections.length > 0) corrections(parts, sheet)
  shares(parts, sheet)
  answering(parts, sheet)
  return paper.finish(
    name,
    `Statement ${sheet.sha256.slice(0, 16)}… · version ${sheet.version} · ${date(sheet.statedAt)}`,
  )
}

function opening(paper: Paper, sheet: StatementSheet): void {
  const wide = { x: paper.left, width: paper.width }
  paper.paragraph(`Statement · ${sheet.company}`, { ...wide, weight: 'semibold', color: INK.accent, after: 10 })
  paper.paragraph(statementHeadline(sheet), {
    ...wide,
    width: paper.width * 0.92,
    tag: 'H1',
    size: 19,
    leading: 25,
    weight: 'semibold',
    after: 10,
  })
  paper.paragraph(
    `${date(sheet.from)} to ${dayBefore(sheet.until)}, in UTC. Stated ${date(sheet.statedAt)}, version ${sheet.version}. The company may dispute it up to and including ${date(sheet.disputeUntil)}. The figures are attached to this file as ${FIGURES_FILE}; their SHA-256 is ${sheet.sha256}.`,
    { ...wide, color: INK.muted, after: 4 },
  )
}

function classAccount(paper: Paper, parts: Clauses, account: ClassAccount, sheet: StatementSheet): void {
  parts.section(`Tokens of ${account.name}`)
  const expected = column([
    account.opening,
    account.released,
    ...account.charged.map((row) => row.tokens),
    account.expired,
    account.held,
    account.closing,
  ])
  parts.table({
    summary: `What became of the tokens of ${account.name}`,
    headless: true,
    columns: [{ head: '' }, { head: 'Tokens', number: true }],
    rows: [
      'Opening: locked, available or held',
      'Released in the month, of what was locked',
      ...account.charged.map((row) => `Charged: ${row.cause}`),
      'Expired',
      'Held for reservations at the close',
      'Closing: locked, available or held',
    ].map((name, i) => ({ cells: [name, expected[i] ?? ''] })),
  })
  parts.table(balanceTable(account))
  parts.note('Opening, what came and what went make the closing, to the micro-token, in every account.')
  if (account.movements.length > 0) parts.table(movementTable(account))
  const run = forecastWords(account.runOut, 'Nothing is left to use')
  parts.clause(
    `Run-out: ${run}. In the last ${account.pace.days} days ${grouped(account.pace.tokens)} tokens were charged. ${sheet.forecastMethod}`,
  )
  if (account.points.length > 1) {
    paper.space(4)
    const scene = lineChart(planChart(account.name, account.points, sheet.until), { width: paper.width, text: 7.5 })
    drawScene(paper, scene)
    parts.table(pointTable(account))
  }
}

const balanceTable = (account: ClassAccount): Table => {
  const openings = column(account.balances.map((row) => row.opening))
  const closings = column(account.balances.map((row) => row.closing))
  return {
    summary: 'Balances by account',
    columns: [{ head: 'Account' }, { head: 'Opening', number: true }, { head: 'Closing', number: true }],
    rows: account.balances.map((row, i) => ({ cells: [row.name, openings[i] ?? '', closings[i] ?? ''] })),
  }
}

const movementTable = (account: ClassAccount): Table => {
  const tokens = column(account.movements.map((row) => row.tokens))
  return {
    summary: 'Movements of the month',
    columns: [
      { head: 'Movement', share: 3 },
      { head: 'Tokens', number: true },
    ],
    rows: account.movements.map((row, i) => ({ cells: [row.name, tokens[i] ?? ''] })),
  }
}

/** Points of the table beside the chart: the last two years at most, so that a long plan stays readable. */
const POINTS_SHOWN = 24

const pointTable = (account: ClassAccount): Table => {
  const actual = account.points.filter((point) => point.charged !== null)
  const shown = [...actual.slice(-POINTS_SHOWN), ...account.points.slice(actual.length).slice(0, POINTS_SHOWN)]
  return {
    summary: 'Plan and use at the chart’s points',
    columns: [
      { head: 'On' },
      { head: 'Released as planned', number: true },
      { head: 'Charged before', number: true },
      { head: 'Delivered before', number: true },
    ],
    rows: shown.map((point) => ({
      cells: [
        date(point.on),
        grouped(point.planned),
        point.charged === null ? '–' : grouped(point.charged),
        point.delivered === null ? '–' : grouped(point.delivered),
      ],
    })),
  }
}

function charges(parts: Clauses, sheet: StatementSheet): void {
  parts.section('Charged by cause, pool and job')
  if (sheet.charged.length === 0) {
    parts.clause('Nothing was charged.')
    return
  }
  const tokens = column([...sheet.charged.map((row) => row.tokens), sum(sheet.charged.map((row) => row.tokens))])
  parts.table({
    summary: 'Tokens charged by pool, grant and cause',
    columns: [{ head: 'Pool' }, { head: 'Grant', share: 1.4 }, { head: 'Cause' }, { head: 'Tokens', number: true }],
    rows: [
      ...sheet.charged.map((row, i) => ({ cells: [row.pool, row.grant, row.cause, tokens[i] ?? ''] })),
      { cells: ['All', '', '', tokens.at(-1) ?? ''], total: true },
    ],
  })
  parts.clause(IDLE_WORDS)
  const jobTokens = column([...sheet.jobs.map((row) => row.tokens), sheet.otherJobs.tokens])
  parts.table({
    summary: 'Tokens charged by job',
    columns: [
      { head: 'Job', share: 1.5 },
      { head: 'Pool' },
      { head: 'Cause' },
      { head: 'GPU-seconds', number: true },
      { head: 'Records', number: true },
      { head: 'Tokens', number: true },
    ],
    rows: [
      ...sheet.jobs.map((row, i) => ({
        cells: [
          row.job,
          row.pool,
          row.cause,
          grouped(row.gpuSeconds),
          grouped(String(row.records)),
          jobTokens[i] ?? '',
        ],
      })),
      ...(sheet.otherJobs.count === 0
        ? []
        : [
            {
              cells: [`${grouped(String(sheet.otherJobs.count))} smaller jobs`, '', '', '', '', jobTokens.at(-1) ?? ''],
            },
          ]),
    ],
  })
}

function corrections(parts: Clauses, sheet: StatementSheet): void {
  parts.section('Corrections and credits')
  const tokens = column(sheet.corrections.map((row) => row.tokens))
  parts.table({
    summary: 'Corrections of what was recorded before, and credits',
    columns: [
      { head: 'Record', share: 1.4 },
      { head: 'Of' },
      { head: 'What', share: 1.4 },
      { head: 'Why', share: 1.6 },
      { head: 'Tokens', number: true },
    ],
    rows: sheet.corrections.map((row, i) => ({
      cells: [row.record, row.ofMonth, row.what, row.reason, tokens[i] ?? ''],
    })),
  })
}

function shares(parts: Clauses, sheet: StatementSheet): void {
  const stock = sheet.grants.filter((grant) => !isSafe(grant))
  const safes = sheet.grants.filter(isSafe)
  parts.section(safes.length === 0 ? 'Shares' : stock.length === 0 ? 'Purchase amount' : 'Shares and purchase amounts')
  if (stock.length > 0 || safes.length === 0) {
    earnedTable(parts, stock, {
      summary: 'Shares of each grant',
      group: 'Shares earned',
      vested: 'Vested\nwhen stated',
    })
    parts.clause('Shares that are earned are provisional. They vest when this statement is final, and do not un-vest.')
  }
  if (safes.length > 0) {
    const currency = safes[0]?.currency ?? ''
    const group = `Earned, ${currency}`
    earnedTable(parts, safes, { summary: 'Purchase amount of each SAFE', group, vested: 'Accrued\nwhen stated' })
    parts.clause(
      'Amounts that are earned are provisional. They accrue to the purchase amount of the SAFE when this statement is final, and stay.',
    )
  }
  for (const grant of sheet.grants) grantClauses(parts, grant)
  parts.clause(`Price of an hour in equity: ${sheet.priceDefinition}`)
}

/** One line for each grant: what it had earned, earns in the month, and may earn in all. */
function earnedTable(
  parts: Clauses,
  grants: readonly GrantLine[],
  { summary, group, vested }: { summary: string; group: string; vested: string },
): void {
  const shown = (grant: GrantLine, value: string) => grouped(value, isSafe(grant) ? 2 : 0)
  parts.table({
    summary,
    columns: [
      { head: 'Security', share: 2 },
      { head: 'Opening', number: true, group },
      { head: 'In the month', number: true, group },
      { head: 'Closing', number: true, group },
      { head: vested, number: true },
      { head: 'Of', number: true },
    ],
    rows: grants.map((grant) => ({
      cells: [
        grant.security,
        ...[grant.earnedOpening, earnedInMonth(grant), grant.earnedClosing, grant.vested, grant.total].map((value) =>
          shown(grant, value),
        ),
      ],
    })),
  })
}

function grantClauses(parts: Clauses, grant: GrantLine): void {
  parts.clause(
    `${grant.security}: ${grouped(grant.basisClosing)} of ${grouped(grant.granted)} tokens count towards vesting (basis: ${grant.basis}), ${grouped(grant.basisOpening)} at the opening.${grant.inDispute === '0' ? '' : ` ${grouped(grant.inDispute)} are in dispute and do not count until it is settled.`}${grant.deficit === '0' ? '' : ` A deficit of ${grouped(grant.deficit)} is carried: later draws fill it first.`} Fully vested at this pace: ${forecastWords(grant.fullyVested, 'everything is earned')}.`,
    {
      summary: 'Price per hour effectively paid in equity',
      columns: [
        { head: 'Price of an H100-hour in equity', share: 1.2 },
        { head: 'Rounded', share: 0.8 },
        { head: 'Exact', share: 2 },
      ],
      rows: [
        {
          cells: [
            'In this statement',
            priceWords(grant.inMonth),
            grant.inMonth === undefined ? '–' : exactWords(grant.inMonth),
          ],
        },
        {
          cells: [
            'Since the grant',
            priceWords(grant.sinceStart),
            grant.sinceStart === undefined ? '–' : exactWords(grant.sinceStart),
          ],
        },
      ],
    },
  )
}

function answering(parts: Clauses, sheet: StatementSheet): void {
  parts.section('Answer')
  parts.clause(
    `The Company accepts or disputes exactly the figures with the SHA-256 ${sheet.sha256.slice(0, 16)}… up to and including ${date(sheet.disputeUntil)}. What is not disputed by then counts as accepted. What is disputed does not vest before it is settled; the rest does.`,
  )
}
