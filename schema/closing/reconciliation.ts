/** What the nightly reconciliation found. */
import { isStaff } from '../../api/access/index.ts'
import { lastReconciliations, type ReconciliationView } from '../../api/closing/index.ts'
import { seesCompany } from '../../api/parties/index.ts'
import type { Discrepancy } from '../../api/platform/index.ts'
import { builder } from '../kernel/builder.ts'

/** Most runs that are answered, and most differences of one. */
const RUNS = 30
const SHOWN = 100

const DiscrepancyType = builder.objectRef<Discrepancy>('Discrepancy').implement({
  description: 'Two figures that should be the same and are not.',
  fields: (t) => ({
    check: t.exposeString('check', {
      description:
        'Which check found it: BALANCES, CONSERVATION, PROMISES, HOLDS, RELEASES, SUPPLY, USAGE, CHARGES, EARNED, VESTED, STATEMENTS, CAP_TABLE, SENDING, AUDIT.',
    }),
    subject: t.exposeID('subject', { description: 'Global id of what it is about.' }),
    what: t.exposeString('what', { description: 'What was compared. Micro-tokens, whole shares.' }),
    expected: t.exposeString('expected', { description: 'What it should be.' }),
    found: t.exposeString('found', { description: 'What it is.' }),
  }),
})

type Shown = ReconciliationView & { readonly visible: readonly Discrepancy[] }
const Reconciliation = builder.objectRef<Shown>('Reconciliation').implement({
  description: 'A run of the reconciliation over all companies. Says only what concerns companies that the actor sees.',
  fields: (t) => ({
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', description: 'When it ended.' }),
    differenceCount: t.int({
      description: 'How many differences it kept; at most 1,000 of a run are.',
      resolve: ({ visible }) => visible.length,
    }),
    differences: t.field({
      type: [DiscrepancyType],
      description: `The first ${SHOWN} of them; none when all agree.`,
      resolve: ({ visible }) => visible.slice(0, SHOWN),
    }),
  }),
})

builder.queryField('reconciliations', (t) =>
  t.field({
    type: [Reconciliation],
    description: `The last ${RUNS} reconciliations, newest first; none for who is not staff of the fund.`,
    complexity: { field: 5, multiplier: 5 },
    resolve: async (_root, _args, { deps, actor }) => {
      if (!isStaff(actor)) return []
      const runs = await lastReconciliations(deps.db, RUNS)
      return runs.map((run) => ({
        ...run,
        visible: run.differences.filter(({ companyId }) => companyId === null || seesCompany(actor, companyId)),
      }))
    },
  }),
)
