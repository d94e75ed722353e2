/** A statement to take away for spreadsheets: one fact a row. Pure. */
import { csvOf, words } from '../../platform/index.ts'
import type { StatementView } from './statement.views.ts'
import { StatementFigures } from './statement-figures-shape.ts'

const COLUMNS = ['month', 'section', 'token class', 'what', 'of', 'cause', 'pool', 'job', 'quantity', 'unit'] as const

/**
 * One row for each figure: `section` says of what kind it is. Numbers are exact, with a point and without grouping; a
 * column never mixes units in one section. Source of the form: RFC 4180.
 */
export function statementCsv(statement: StatementView): string {
  const figures = StatementFigures.parse(statement.figures)
  const name = (id: string | null): string => words(id === null ? '' : (figures.names[id] ?? id))
  const row = (
    section: string,
    of: Partial<Record<'class' | 'what' | 'of' | 'cause' | 'pool' | 'job', string>>,
    quantity: string,
    unit: string,
  ): string[] => [
    figures.month,
    section,
    of.class ?? '',
    of.what ?? '',
    of.of ?? '',
    of.cause ?? '',
    of.pool ?? '',
    of.job ?? '',
    quantity,
    unit,
  ]
  const rows = [
    ...figures.balances.flatMap(({ tokenClass, accounts }) =>
      accounts.flatMap(({ kind, opening, closing }) => [
        row('opening balance', { class: name(tokenClass), what: kind }, opening, 'tokens'),
        row('closing balance', { class: name(tokenClass), what: kind }, closing, 'tokens'),
      ]),
    ),
    ...figures.movements.map((each) =>
      row(
        'movement',
        { class: name(each.tokenClass), what: `${each.from} to ${each.to}`, of: each.reason },
        each.tokens,
        'tokens',
      ),
    ),
    ...figures.charged.map((each) =>
      row('charged', { of: name(each.grant), cause: each.cause, pool: name(each.pool) }, each.tokens, 'tokens'),
    ),
    ...figures.jobs.listed.flatMap((each) => {
      const of = { cause: each.cause, pool: name(each.pool), job: words(each.job ?? '') }
      return [
        row('charged by job', of, each.tokens, 'tokens'),
        row('metered by job', of, each.gpuSeconds, 'GPU-seconds'),
      ]
    }),
    ...(figures.jobs.others.count === 0
      ? []
      : [
          row(
            'charged by job',
            { job: `${figures.jobs.others.count} smaller jobs` },
            figures.jobs.others.tokens,
            'tokens',
          ),
        ]),
    ...figures.delivered.map((each) => row('delivered', { pool: name(each.pool) }, each.gpuSeconds, 'GPU-seconds')),
    ...figures.corrections.map((each) =>
      row(
        'correction',
        {
          what: `${each.kind}: ${each.from} to ${each.to}`,
          of: words(each.externalId),
          cause: each.cause,
          pool: name(each.pool),
          job: words(each.reason),
        },
        each.tokens,
        'tokens',
      ),
    ),
    ...figures.grants.flatMap((grant) => {
      const of = name(grant.grant)
      return [
        row('vest basis', { what: 'opening', of }, grant.basis.opening, 'tokens'),
        row('vest basis', { what: 'closing', of }, grant.basis.closing, 'tokens'),
        row('shares earned', { what: 'opening', of }, grant.shares.earnedAtOpen, 'shares'),
        row('shares earned', { what: 'closing', of }, grant.shares.earnedAtClose, 'shares'),
        row('shares vested', { what: 'when stated', of }, grant.shares.vestedWhenStated, 'shares'),
        ...(['inMonth', 'sinceStart'] as const).flatMap((span) => {
          const price = grant.price[span]
          if (price === null) return []
          return [
            row(
              'price of an hour in equity',
              { what: span, of },
              price.perHour,
              `${price.currency} per H100-hour, rounded`,
            ),
            row(
              'price of an hour in equity',
              { what: span, of },
              price.fraction,
              `${price.currency} per H100-hour, exact`,
            ),
          ]
        }),
      ]
    }),
  ]
  return csvOf([[...COLUMNS], ...rows])
}
