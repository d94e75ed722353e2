/** A month's statement on a page: what was charged and earned in the first line, the account as the proof. */
import { lineChart } from '../charts/index.ts'
import { column, date, grouped } from '../format.ts'
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
import { disputeStateWords } from './dispute.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { hashWords, layout, type Person } from './layout.ts'
import { type Answerable, answerForms } from './statement-answer.ts'

export type StatementOnPage = {
  readonly person: Person
  readonly sheet: StatementSheet
  readonly state: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  /** For who may answer; left out for who only reads. */
  readonly answerable: Answerable | undefined
  /** The disputes over the month, newest first. */
  readonly disputes: readonly { readonly path: string; readonly state: string; readonly reason: string }[]
}

const STATES: Readonly<Record<string, string>> = {
  stated: '◷ Stated, not answered yet',
  disputed: '✗ Disputed',
  accepted: '✓ Accepted',
  deemed_accepted: '✓ Accepted: not disputed in time',
  final: '■ Final: its shares have vested',
  superseded: '↷ Replaced by a later version',
}

/** Where a statement stands, as a word with a sign. */
export const stateWords = (state: string): string => STATES[state] ?? state

export const statementPage = ({ person, sheet, state, path, answerable, disputes }: StatementOnPage): string =>
  layout({
    title: `Statement of ${monthName(sheet.month)}`,
    person,
    main: html`
      <p class="over">${sheet.company}</p>
      <h1>${statementHeadline(sheet)}</h1>
      <p class="lead">${stateWords(state)}.${state === 'stated' && html` It may be disputed up to and including ${date(sheet.disputeUntil)}.`}
        ${answerable !== undefined && (state === 'stated' || state === 'disputed') && html`<a href="#answer">Answer it below.</a>`}</p>
      ${
        answerable?.refused !== undefined &&
        html`<div class="note refused" role="alert"><p><strong>Not answered.</strong> ${answerable.refused}</p></div>`
      }
      ${
        disputes.length > 0 &&
        html`<section class="card">
        <h2>Disputes over the month</h2>
        <table>${disputes.map(
          (dispute) => html`
          <tr><th scope="row"><a href="${dispute.path}">${dispute.reason}</a></th><td>${disputeStateWords(dispute.state)}</td></tr>`,
        )}</table>
      </section>`
      }
      <section class="card">
        <h2>Statement</h2>
        <table>
          <tr><th scope="row">Accounts for</th><td>${date(sheet.from)} to ${dayBefore(sheet.until)}, in UTC</td></tr>
          <tr><th scope="row">Stated</th><td>${date(sheet.statedAt)}, version ${sheet.version}</td></tr>
          <tr><th scope="row">SHA-256 of the figures</th><td>${hashWords(sheet.sha256)}</td></tr>
        </table>
        <p class="actions"><a class="button plain" href="${path}.pdf">Download as PDF</a> <a class="button plain" href="${path}.csv">CSV</a> <a class="button plain" href="${path}.json">JSON, as hashed</a></p>
      </section>
      ${sheet.classes.map((account, i) => classCard(account, sheet, i))}
      ${chargesCard(sheet)}
      ${sheet.corrections.length > 0 && correctionsCard(sheet)}
      ${sharesCard(sheet)}
      ${answerable !== undefined && (state === 'stated' || state === 'disputed') && answerForms(sheet, state, answerable)}
      <p class="quiet"><a href="/">Start page</a></p>`,
  })

function classCard(account: ClassAccount, sheet: StatementSheet, place: number): Html {
  const cells = column([
    account.opening,
    account.released,
    ...account.charged.map((row) => row.tokens),
    account.expired,
    account.held,
    account.closing,
  ])
  const names = [
    'Opening: locked, available or held',
    'Released in the month, of what was locked',
    ...account.charged.map((row) => `Charged: ${row.cause}`),
    'Expired',
    'Held for reservations at the close',
    'Closing: locked, available or held',
  ]
  const openings = column(account.balances.map((row) => row.opening))
  const closings = column(account.balances.map((row) => row.closing))
  const moved = column(account.movements.map((row) => row.tokens))
  const number = { number: true }
  return html`<section class="card">
        <h2>Tokens of ${account.name}</h2>
        ${dataTable({
          caption: 'What became of them',
          columns: [{ head: 'In the month' }, { head: 'Tokens', ...number }],
          rows: names.map((name, i) => ({ cells: [name, cells[i]] })),
        })}
        <p>Run-out: <strong>${forecastWords(account.runOut, 'Nothing is left to use')}</strong>. In the last ${account.pace.days} days
          ${grouped(account.pace.tokens)} tokens were charged. <span class="quiet">${sheet.forecastMethod}</span></p>
        ${
          account.points.length > 1 &&
          html`${figure({
            id: `plan-${place + 1}`,
            draw: (canvas) => lineChart(planChart(account.name, account.points, sheet.until), canvas),
            note: 'Dashed: released as planned. Solid: what was really charged, and of it what was delivered.',
          })}${dataTable({
            caption: 'Plan and use',
            columns: [
              { head: 'On' },
              { head: 'Released as planned', ...number },
              { head: 'Charged before', ...number },
              { head: 'Delivered before', ...number },
            ],
            rows: account.points.map((point) => ({
              cells: [
                date(point.on),
                grouped(point.planned),
                point.charged === null ? '–' : grouped(point.charged),
                point.delivered === null ? '–' : grouped(point.delivered),
              ],
            })),
          })}`
        }
        ${dataTable({
          caption: 'Balances by account: opening and movements make the closing, to the micro-token',
          columns: [{ head: 'Account' }, { head: 'Opening', ...number }, { head: 'Closing', ...number }],
          rows: account.balances.map((row, i) => ({ cells: [row.name, openings[i], closings[i]] })),
        })}
        ${
          account.movements.length > 0 &&
          dataTable({
            caption: 'Movements of the month',
            columns: [{ head: 'Movement' }, { head: 'Tokens', ...number }],
            rows: account.movements.map((row, i) => ({ cells: [row.name, moved[i]] })),
          })
        }
      </section>`
}

function chargesCard(sheet: StatementSheet): Html {
  const tokens = column(sheet.charged.map((row) => row.tokens))
  const jobTokens = column([...sheet.jobs.map((row) => row.tokens), sheet.otherJobs.tokens])
  const number = { number: true }
  return html`<section class="card">
        <h2>Charged by cause, pool and job</h2>
        ${
          sheet.charged.length === 0
            ? html`<p>Nothing was charged.</p>`
            : html`${dataTable({
                caption: 'By pool, grant and cause',
                columns: [{ head: 'Pool' }, { head: 'Grant' }, { head: 'Cause' }, { head: 'Tokens', ...number }],
                rows: sheet.charged.map((row, i) => ({ cells: [row.pool, row.grant, row.cause, tokens[i]] })),
              })}<p class="quiet">${IDLE_WORDS}</p>${dataTable({
                caption: 'By job',
                columns: [
                  { head: 'Job' },
                  { head: 'Pool' },
                  { head: 'Cause' },
                  { head: 'GPU-seconds', ...number },
                  { head: 'Records', ...number },
                  { head: 'Tokens', ...number },
                ],
                rows: [
                  ...sheet.jobs.map((row, i) => ({
                    cells: [row.job, row.pool, row.cause, grouped(row.gpuSeconds), row.records, jobTokens[i]],
                  })),
                  ...(sheet.otherJobs.count === 0
                    ? []
                    : [{ cells: [`${sheet.otherJobs.count} smaller jobs`, '', '', '', '', jobTokens.at(-1)] }]),
                ],
              })}`
        }
      </section>`
}

function correctionsCard(sheet: StatementSheet): Html {
  const tokens = column(sheet.corrections.map((row) => row.tokens))
  return html`<section class="card">
        <h2>Corrections and credits</h2>
        ${dataTable({
          caption: 'Of what was recorded before',
          columns: [
            { head: 'Record' },
            { head: 'Of' },
            { head: 'What' },
            { head: 'Why' },
            { head: 'Tokens', number: true },
          ],
          rows: sheet.corrections.map((row, i) => ({
            cells: [row.record, row.ofMonth, row.what, row.reason, tokens[i]],
          })),
        })}
      </section>`
}

function sharesCard(sheet: StatementSheet): Html {
  const number = { number: true }
  const stock = sheet.grants.filter((grant) => !isSafe(grant))
  const safes = sheet.grants.filter(isSafe)
  const table = (grants: readonly GrantLine[], caption: string, vested: string) =>
    dataTable({
      caption,
      columns: [
        { head: 'Security' },
        { head: 'Earned at opening', ...number },
        { head: 'Earned in the month', ...number },
        { head: 'Earned at closing', ...number },
        { head: vested, ...number },
        { head: 'Of', ...number },
      ],
      rows: grants.map((grant) => ({
        cells: [
          grant.security,
          ...[grant.earnedOpening, earnedInMonth(grant), grant.earnedClosing, grant.vested, grant.total].map((value) =>
            grouped(value, isSafe(grant) ? 2 : 0),
          ),
        ],
      })),
    })
  return html`<section class="card">
        <h2>${safes.length === 0 ? 'Shares' : stock.length === 0 ? 'Purchase amount' : 'Shares and purchase amounts'}</h2>
        ${(stock.length > 0 || safes.length === 0) && table(stock, 'Earned is provisional; it vests when this statement is final, and does not un-vest', 'Vested when stated')}
        ${safes.length > 0 && table(safes, `Amounts of SAFEs in ${safes[0]?.currency ?? ''}. Earned is provisional; it accrues when this statement is final, and stays`, 'Accrued when stated')}
        ${sheet.grants.map(grantWords)}
        <p class="quiet">Price of an hour in equity: ${sheet.priceDefinition}</p>
      </section>`
}

const grantWords = (grant: GrantLine): Html => html`
        <h2>${grant.security}</h2>
        <p>${grouped(grant.basisClosing)} of ${grouped(grant.granted)} tokens count towards vesting; what counts is ${grant.basis}.
          ${grant.inDispute !== '0' && html`<strong>${grouped(grant.inDispute)} are in dispute</strong> and do not count until it is settled.`}
          ${grant.deficit !== '0' && html`A deficit of ${grouped(grant.deficit)} is carried: later draws fill it first.`}
          Fully vested at this pace: <strong>${forecastWords(grant.fullyVested, 'everything is earned')}</strong>.</p>
        ${dataTable({
          caption: 'Price of an H100-hour in equity',
          columns: [{ head: 'Of' }, { head: 'Rounded', number: true }, { head: 'Exact' }],
          rows: [
            {
              cells: [
                'This statement',
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
        })}`
