/** Statements: a month's account, stated, answered, final; and where people read it. */

import { TransactionRefused } from '../../api/captable/index.ts'
import {
  answerStatement,
  DISPUTE_REASONS,
  finaliseStatement,
  MonthNotStatable,
  STATEMENT_ANSWERS,
  STATEMENT_STATES,
  StatementChanged,
  type StatementLine,
  type StatementState,
  type StatementView,
  statementLines,
  statementPages,
  statementsById,
  stateStatement,
} from '../../api/drawdown/index.ts'
import { globalId, NotFound, numericOfWhole, type Ref } from '../../api/platform/index.ts'
import { pageOfParent } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'

builder.objectType(MonthNotStatable, {
  name: 'MonthNotStatable',
  description: 'The month is not over, is stated already, or has nothing to state.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    month: t.expose('month', { type: 'Date', description: 'First day of the month.' }),
    reason: t.exposeString('reason', { description: 'Why it cannot be stated.' }),
  }),
})
builder.objectType(StatementChanged, {
  name: 'StatementChanged',
  description: 'The hash that the caller answers is not that of the statement.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({ sha256: t.exposeString('sha256', { description: 'SHA-256 of the statement, in hex.' }) }),
})

const StatementStateEnum = builder.enumType('StatementState', {
  description:
    'Where a statement is on its way: stated, disputed, accepted or deemed accepted, final; or superseded by a later version.',
  values: STATEMENT_STATES,
})
const Line = builder.objectRef<StatementLine>('StatementLine').implement({
  description: 'What a statement says of one grant.',
  fields: (t) => ({
    grantId: t.exposeID('grantId', { description: 'The grant.' }),
    basisAtOpen: t.expose('basisFrom', { type: 'Tokens', description: 'Vest basis with which the statement opens.' }),
    basisAtClose: t.expose('basisTo', { type: 'Tokens', description: 'Vest basis with which it closes.' }),
    earnedAtOpen: t.field({
      type: 'Shares',
      description: 'Shares earned at its opening; of a SAFE cents of its purchase amount.',
      resolve: (line) => numericOfWhole(line.sharesFrom),
    }),
    earnedAtClose: t.field({
      type: 'Shares',
      description: 'Shares earned at its close; of a SAFE cents of its purchase amount.',
      resolve: (line) => numericOfWhole(line.sharesTo),
    }),
  }),
})

const refOf = (id: string): Ref => ({ companyId: id.slice(0, 36), id: id.slice(37) })

const pathOf =
  (ending: string) =>
  ({ ref }: StatementView): string =>
    `/statements/${globalId('Statement', ref.companyId, ref.id)}${ending}`

/** A statement, loaded by id. */
export const Statement = builder.loadableNodeRef(nodeName('Statement', 2), {
  id: { resolve: (statement: StatementView) => `${statement.ref.companyId}:${statement.ref.id}` },
  load: async (ids: string[], { deps, actor }: Context) => {
    const rows = await statementsById(deps.db, actor, ids.map(refOf))
    const byId = new Map(rows.map((row) => [row.ref.id, row]))
    return ids.map((id) => byId.get(refOf(id).id) ?? null)
  },
})
Statement.implement({
  description: "A month's account for one company, frozen as it was stated.",
  fields: (t) => ({
    month: t.expose('month', { type: 'Date', description: 'First day of the month.' }),
    version: t.exposeInt('version', { description: 'From 1. A correction before it is final makes a new version.' }),
    state: t.field({
      type: StatementStateEnum,
      description: 'Where it is on its way to final.',
      resolve: (statement) => stateOf(statement.state),
    }),
    sha256: t.string({
      description: 'SHA-256 of its canonical JSON (RFC 8785), in hex: what the company answers.',
      resolve: (statement) => statement.sha256.toString('hex'),
    }),
    disputeUntil: t.expose('disputeUntil', { type: 'Date', description: 'Last day on which it may be disputed.' }),
    statedAt: t.expose('statedAt', { type: 'DateTime', description: 'When it was stated.' }),
    figures: t.field({
      type: 'JSON',
      description:
        'Every figure, as hashed: opening and closing balances by token class and every movement between them; tokens charged by grant, pool, job and cause; GPU-seconds delivered by pool; basis and shares of each grant; what an hour has cost in equity; plan, actual and forecast; the names that the ids had.',
      resolve: (statement) => statement.figures,
    }),
    page: t.string({
      description:
        'Where people read and answer it: a path for GET on this server, with the same sign-in as this call.',
      resolve: pathOf(''),
    }),
    pdf: t.string({
      description: 'Where it is as PDF/A-3a, the same to the byte each time, with the hashed figures attached.',
      resolve: pathOf('.pdf'),
    }),
    csv: t.string({ description: 'Where it is as CSV, one figure a row.', resolve: pathOf('.csv') }),
    json: t.string({ description: 'Where its figures are exactly as they are hashed.', resolve: pathOf('.json') }),
    lines: t.loadableList({
      type: Line,
      description: 'One line for each grant.',
      complexity: { field: 1, multiplier: 5 },
      resolve: (statement) => `${statement.ref.companyId}:${statement.ref.id}`,
      load: async (ids: string[], { deps }: Context) => {
        const lines = await statementLines(deps.db, ids.map(refOf))
        return ids.map((id) => lines.get(refOf(id).id) ?? [])
      },
    }),
  }),
})

function stateOf(text: string): StatementState {
  const state = STATEMENT_STATES.find((known) => known === text)
  if (state === undefined) throw new Error(`the statement state ${text} is unknown`)
  return state
}

builder.objectFields(Company, (t) => ({
  statements: t.connection(
    {
      type: Statement,
      description: `The company's statements, newest first; at most ${PAGE_MAX} a page.`,
      complexity: (args) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) }),
      resolve: ({ companyId }, args, context) =>
        pageOfParent(
          context,
          ['Company.statements'],
          companyId,
          args,
          (statement: StatementView) => statement.ref.id,
          (ids, page) => statementPages(context.deps.db, context.actor, ids, page),
        ),
    },
    { name: 'StatementConnection', description: 'A page of statements.' },
    { name: 'StatementEdge', description: 'One statement of a page.' },
  ),
}))

const StateStatementInput = builder.inputType('StateStatementInput', {
  description: 'Which month to state.',
  fields: (t) => ({
    companyId: t.id({ description: 'The company.' }),
    month: t.field({ type: 'Date', description: 'First day of the month. It must be over.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
/** What kind of dispute it is. */
export const DisputeReasonEnum = builder.enumType('DisputeReason', {
  description: 'What kind of dispute it is.',
  values: DISPUTE_REASONS,
})
const AnswerStatementInput = builder.inputType('AnswerStatementInput', {
  description: "The company's answer to a statement.",
  fields: (t) => ({
    statementId: t.id({ description: 'The statement.' }),
    sha256: t.string({ description: 'SHA-256 of the statement that was read, in hex.' }),
    answer: t.field({
      type: builder.enumType('StatementAnswer', {
        description: 'Accept, or dispute with a reason.',
        values: STATEMENT_ANSWERS,
      }),
      description: 'The answer.',
    }),
    reason: t.string({ required: false, description: 'What is disputed. Required to dispute.' }),
    reasonCode: t.field({
      type: DisputeReasonEnum,
      required: false,
      description: 'What kind of dispute it is; OTHER where it is left out.',
    }),
    usageIds: t.stringList({
      required: false,
      description: 'The usage records that are disputed. Left out: all that was charged in the month.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const FinaliseStatementInput = builder.inputType('FinaliseStatementInput', {
  description: 'Which statement to make final.',
  fields: (t) => ({
    statementId: t.id({ description: 'The statement.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const after = async ({ deps, actor }: Context, { ref }: { ref: Ref }): Promise<StatementView> => {
  const [statement] = await statementsById(deps.db, actor, [ref])
  if (statement === undefined) throw new NotFound('statement', globalId('Statement', ref.companyId, ref.id))
  return statement
}

builder.mutationField('stateStatement', (t) =>
  t.field({
    type: Statement,
    description: 'State the account of a month that is over. Its figures are frozen; the company can dispute them.',
    ...may(['operations'], [MonthNotStatable]),
    args: { input: t.arg({ type: StateStatementInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await stateStatement(context.deps, context.actor, input)),
  }),
)
builder.mutationField('answerStatement', (t) =>
  t.field({
    type: Statement,
    description: 'Accept a statement, or dispute it with a reason. Binds to exactly the hash that was read.',
    ...may(['founder', 'signatory'], [StatementChanged]),
    args: { input: t.arg({ type: AnswerStatementInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await answerStatement(context.deps, context.actor, input)),
  }),
)
builder.mutationField('finaliseStatement', (t) =>
  t.field({
    type: Statement,
    description: 'Make an accepted statement final: the whole shares earned by its end vest on the cap table.',
    ...may(['operations'], [TransactionRefused]),
    args: { input: t.arg({ type: FinaliseStatementInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await finaliseStatement(context.deps, context.actor, input)),
  }),
)
