/** The cap table of a company on a day: by security, by class, by stakeholder. */
import { GraphQLError } from 'graphql'
import {
  type Authorized,
  BeforeFirstTransaction,
  type ClassRow,
  type CompanyCapTable,
  capTablesAsOf,
  issuedSecurityPages,
  NoCapTable,
  type NotCounted,
  nodeKey,
  openSecurityPages,
  type PlanRow,
  pageOfRows,
  type SecurityRow,
  type SecurityView,
  type StakeholderRow,
  securitiesByRef,
  securityView,
  stakeholderPages,
  type VestingStep,
  vestingSteps,
} from '../../api/captable/index.ts'
import { formatNumeric, globalId, type Ref, type Uuid } from '../../api/platform/index.ts'
import { batch, instantOf } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import './captable-errors.ts'
import type { Context } from '../kernel/context.ts'
import { type PageArgs, type PageQuery, pageById } from '../kernel/pages.ts'
import { Company, inOrder } from '../parties.ts'

const KINDS = {
  stock: { description: 'Issued stock.' },
  equity: { description: 'Equity compensation: options, restricted stock units, appreciation rights.' },
  warrant: { description: 'A warrant.' },
  convertible: { description: 'A SAFE, a note or another convertible. It has an amount, no number of shares.' },
} as const
const SecurityKind = builder.enumType('SecurityKind', { description: 'What a security is.', values: KINDS })
const NotCountedReason = builder.enumType('NotCounted', {
  description: 'Why what is open stands for no shares, and counts in no number of shares.',
  values: {
    EXPIRED: {
      description: 'Its last day is over. Nobody has cancelled it: a cancellation is missing on the cap table.',
    },
    CASH_SETTLED: { description: 'A right to appreciation that is settled in cash. A sale pays it.' },
  } as const satisfies Record<NotCounted, object>,
})
const StockClassKind = builder.enumType('StockClassKind', {
  description: 'Common or preferred.',
  values: ['COMMON', 'PREFERRED'] as const,
})

const authorizedText = (authorized: Authorized): string =>
  typeof authorized === 'bigint' ? formatNumeric(authorized) : authorized
const onDate = 'on the day of the table'

const VestingStepType = builder.objectRef<VestingStep>('VestingStep').implement({
  description: 'Shares of a security that vest on a day.',
  fields: (t) => ({
    date: t.expose('date', { type: 'Date', description: 'The day.' }),
    quantity: t.expose('quantity', {
      type: 'Shares',
      description: 'Shares (or shares under the instrument) that vest then.',
    }),
    conditionId: t.exposeString('conditionId', {
      nullable: true,
      description: 'The condition of the vesting terms that fires; null for a listed date or an acceleration.',
    }),
    accelerated: t.exposeBoolean('accelerated', { description: 'True where they vest ahead of schedule.' }),
  }),
})

const keyOf = (row: { companyId: Uuid; key: Uuid }): string => `${row.companyId}:${row.key}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** A security, loaded by id. */
export const Security = builder.loadableNodeRef(nodeName('Security', 2), {
  id: { resolve: (row: SecurityView) => keyOf(row) },
  load: async (keys: string[], { deps, actor }: Context) =>
    inOrder(keys, await securitiesByRef(deps.db, actor, keys.map(refOf)), keyOf),
})
Security.implement({
  description:
    'A security: stock, an option or other award, a warrant, a convertible. Facts that do not depend on a day.',
  fields: (t) => ({
    ocfId: t.string({ description: 'Its id in Open Cap Format.', resolve: ({ security }) => security.id }),
    customId: t.string({
      description: 'Its number on paper, such as "CS-1".',
      resolve: ({ security }) => security.customId,
    }),
    kind: t.field({ type: SecurityKind, description: 'What it is.', resolve: ({ security }) => security.kind }),
    stakeholderName: t.string({
      description: 'Legal name of the holder.',
      resolve: ({ security, names }) => names.stakeholders.get(security.stakeholderId)?.name ?? security.stakeholderId,
    }),
    className: t.string({
      nullable: true,
      description:
        'Name of the stock class; of options and warrants that of the stock they stand for, where it is one.',
      resolve: ({ security, names }) => names.classes.get(security.classId ?? '')?.name ?? null,
    }),
    planName: t.string({
      nullable: true,
      description: 'Name of the plan it was granted from.',
      resolve: ({ security, names }) => names.plans.get(security.planId ?? '')?.name ?? null,
    }),
    issuedOn: t.field({ type: 'Date', description: 'Day of issuance.', resolve: ({ security }) => security.issuedOn }),
    closedOn: t.field({
      type: 'Date',
      nullable: true,
      description: 'Day on which it ended, or null while it is open.',
      resolve: ({ security }) => security.closedOn ?? null,
    }),
    issued: t.field({
      type: 'Shares',
      description: 'Number issued, in shares as they are after later splits; 0 for a convertible.',
      resolve: ({ security }) => (security.kind === 'convertible' ? 0n : security.issued),
    }),
    price: t.field({
      type: 'Money',
      nullable: true,
      description: 'Price per share: paid for stock, to be paid for options and warrants.',
      resolve: ({ security }) => security.price ?? null,
    }),
    vesting: t.field({
      type: [VestingStepType],
      description:
        'How it vests, in order of date: by schedule, and by the events and accelerations recorded so far. What depends on events to come is not in it.',
      args: {
        through: t.arg({ type: 'Date', required: false, description: 'The last day to tell of; all by default.' }),
      },
      complexity: { field: 2, multiplier: 20 },
      resolve: (row, { through }) => [...vestingSteps(row, through ?? undefined)],
    }),
  }),
})

/**
 * The same page of a list of all tables of a day that a request asks for, in one go.
 */
const pageOfTables = <Row>(
  context: Context,
  list: string,
  table: CompanyCapTable,
  args: PageArgs,
  key: (row: Row) => Uuid,
  load: (
    reader: Context['deps']['db'],
    tables: readonly CompanyCapTable[],
    query: PageQuery,
  ) => Promise<ReadonlyMap<Uuid, readonly Row[] | undefined>>,
) =>
  pageById(args, key, async (query: PageQuery) => {
    const answer = await batch(context, [list, table.asOf, query], table, async (tables) => {
      const distinct = [...new Map(tables.map((one) => [one.companyId, one])).values()]
      const pages = await load(context.deps.db, distinct, query)
      return new Map(tables.map((one) => [one, { rows: pages.get(one.companyId) }]))
    })
    if (answer?.rows !== undefined) return [...answer.rows]
    throw notOfList(query.after === undefined ? 'before' : 'after')
  })

const notOfList = (name: string) =>
  new GraphQLError(`${name} is not a cursor of this list`, { extensions: { code: 'BAD_INPUT', path: [name] } })

/** A page of a list that is in memory. */
const pageOfList = <Row extends { readonly id: string }>(rows: readonly Row[], args: PageArgs) =>
  pageById(
    args,
    (row: Row) => nodeKey(row.id),
    async (query: PageQuery) => {
      const page = pageOfRows(rows, query)
      if (page === undefined) throw notOfList(query.after === undefined ? 'before' : 'after')
      return [...page]
    },
  )
const pageCost = (args: PageArgs) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) })

type OnTable<Row> = Row & { readonly companyId: Uuid }

const SecurityRowType = builder.objectRef<OnTable<SecurityRow>>('CapTableSecurity').implement({
  description: 'An open security on the day of the table.',
  fields: (t) => ({
    security: t.field({
      type: Security,
      description: 'The security.',
      resolve: (row) => `${row.companyId}:${nodeKey(row.id)}`,
    }),
    customId: t.exposeString('customId', { description: 'Its number on paper, such as "CS-1".' }),
    kind: t.expose('kind', { type: SecurityKind, description: 'What it is.' }),
    stakeholderName: t.exposeString('stakeholderName', { description: 'Legal name of the holder.' }),
    className: t.string({
      nullable: true,
      description: 'Name of the stock class, or of the class it stands for.',
      resolve: (row) => row.className ?? null,
    }),
    outstanding: t.expose('outstanding', { type: 'Shares', description: `Shares that are left of it ${onDate}.` }),
    vested: t.expose('vested', { type: 'Shares', description: 'Of those, shares that have vested.' }),
    unvested: t.expose('unvested', { type: 'Shares', description: 'Of those, shares that have not vested.' }),
    fullyDiluted: t.expose('fullyDiluted', {
      type: 'Shares',
      description: 'What it adds to the fully diluted number of shares.',
    }),
    notCounted: t.field({
      type: NotCountedReason,
      nullable: true,
      description:
        'Why it counts in no sum of shares, though `outstanding`, `vested` and `unvested` say what is under it; null where it counts.',
      resolve: (row) => row.notCounted ?? null,
    }),
    expiredOn: t.field({
      type: 'Date',
      nullable: true,
      description: 'Of what has expired, the last day on which it could be exercised; else null.',
      resolve: (row) => row.expiredOn ?? null,
    }),
    amount: t.field({
      type: 'Money',
      nullable: true,
      description: 'What is left of the amount of a convertible.',
      resolve: (row) => row.amount ?? null,
    }),
  }),
})

const ClassRowType = builder.objectRef<ClassRow>('CapTableClass').implement({
  description: 'A stock class on the day of the table.',
  fields: (t) => ({
    ocfId: t.exposeString('id', { description: 'Its id in Open Cap Format.' }),
    name: t.exposeString('name', { description: 'Name.' }),
    kind: t.expose('kind', { type: StockClassKind, description: 'Common or preferred.' }),
    placeholder: t.exposeBoolean('placeholder', {
      description: 'True where the imported package refers to it and does not have it: nothing but its id is known.',
    }),
    authorized: t.string({
      description: 'Authorised number of shares, or "UNLIMITED" or "NOT APPLICABLE".',
      resolve: (row) => authorizedText(row.authorized),
    }),
    outstanding: t.expose('outstanding', {
      type: 'Shares',
      description: 'Shares issued and still there, vested or not.',
    }),
    vested: t.expose('vested', { type: 'Shares', description: 'Of those, shares that have vested.' }),
    unvested: t.expose('unvested', { type: 'Shares', description: 'Of those, shares that have not vested.' }),
    granted: t.expose('granted', {
      type: 'Shares',
      description: 'Shares under outstanding options and awards over this class.',
    }),
    warrants: t.expose('warrants', {
      type: 'Shares',
      description: 'Shares under warrants over this class that name a number.',
    }),
    percentOfOutstanding: t.string({
      nullable: true,
      description:
        'Of all outstanding stock, in per cent, to 6 places, half away from zero; null where none is outstanding.',
      resolve: (row) => row.percentOfOutstanding ?? null,
    }),
  }),
})

const StakeholderRowType = builder.objectRef<StakeholderRow>('CapTableStakeholder').implement({
  description: 'A holder on the day of the table.',
  fields: (t) => ({
    ocfId: t.exposeString('id', { description: 'Their id in Open Cap Format.' }),
    name: t.exposeString('name', { description: 'Legal name.' }),
    placeholder: t.exposeBoolean('placeholder', {
      description:
        'True where the imported package refers to them and does not have them: nothing but the id is known.',
    }),
    outstanding: t.expose('outstanding', { type: 'Shares', description: 'Shares of stock, vested or not.' }),
    granted: t.expose('granted', { type: 'Shares', description: 'Shares under outstanding options and awards.' }),
    warrants: t.expose('warrants', { type: 'Shares', description: 'Shares under warrants that name a number.' }),
    vested: t.expose('vested', { type: 'Shares', description: 'Of all three, shares that have vested.' }),
    unvested: t.expose('unvested', { type: 'Shares', description: 'Of all three, shares that have not vested.' }),
    fullyDiluted: t.expose('fullyDiluted', { type: 'Shares', description: 'Sum of all three.' }),
    convertibles: t.field({
      type: ['Money'],
      description: 'What is left of the amounts of their convertibles, by currency.',
      resolve: (row) => [...row.convertibles],
    }),
    percentOfOutstanding: t.string({
      nullable: true,
      description: 'Of all outstanding stock, in per cent, to 6 places, half away from zero.',
      resolve: (row) => row.percentOfOutstanding ?? null,
    }),
    percentFullyDiluted: t.string({
      nullable: true,
      description: 'Of the fully diluted number, in per cent, to 6 places, half away from zero.',
      resolve: (row) => row.percentFullyDiluted ?? null,
    }),
  }),
})

const PlanRowType = builder.objectRef<PlanRow>('CapTablePlan').implement({
  description: 'A plan and its pool on the day of the table.',
  fields: (t) => ({
    ocfId: t.exposeString('id', { description: 'Its id in Open Cap Format.' }),
    name: t.exposeString('name', { description: 'Name.' }),
    placeholder: t.exposeBoolean('placeholder', {
      description: 'True where the imported package refers to it and does not have it: nothing but its id is known.',
    }),
    reserved: t.expose('reserved', { type: 'Shares', description: 'Shares reserved in all.' }),
    granted: t.expose('granted', { type: 'Shares', description: 'Shares under outstanding awards of the plan.' }),
    available: t.expose('available', { type: 'Shares', description: 'Shares reserved for grants not made yet.' }),
  }),
})

const CapTable = builder.objectRef<CompanyCapTable>('CapTable')
CapTable.implement({
  description:
    'Who holds what of a company on one day. Fully diluted = outstanding + granted + warrants that name a number + reserved; preferred counts as its own shares, and convertibles do not count.',
  fields: (t) => ({
    asOf: t.field({ type: 'Date', description: 'The day, inclusive.', resolve: ({ asOf }) => asOf }),
    outstanding: t.field({
      type: 'Shares',
      description: 'Shares of stock issued and still there, vested or not.',
      resolve: ({ totals }) => totals.outstanding,
    }),
    granted: t.field({
      type: 'Shares',
      description: 'Shares under outstanding options and awards, vested or not.',
      resolve: ({ totals }) => totals.granted,
    }),
    reserved: t.field({
      type: 'Shares',
      description: 'Shares that plans hold for grants not made yet.',
      resolve: ({ totals }) => totals.reserved,
    }),
    warrants: t.field({
      type: 'Shares',
      description: 'Shares under warrants that name a number.',
      resolve: ({ totals }) => totals.warrants,
    }),
    fullyDiluted: t.field({
      type: 'Shares',
      description: 'Sum of outstanding, granted, reserved and warrants.',
      resolve: ({ totals }) => totals.fullyDiluted,
    }),
    expired: t.field({
      type: 'Shares',
      description:
        'Shares under options, awards and warrants that have expired and that nobody has cancelled: in none of the other numbers.',
      resolve: ({ totals }) => totals.expired,
    }),
    cashSettled: t.field({
      type: 'Shares',
      description: 'Shares under rights to appreciation that are settled in cash: in none of the other numbers.',
      resolve: ({ totals }) => totals.cashSettled,
    }),
    plans: t.field({
      type: [PlanRowType],
      description: 'Plans and their pools.',
      complexity: { field: 1, multiplier: 5 },
      resolve: ({ plans }) => [...plans],
    }),
    securities: t.connection(
      {
        type: SecurityRowType,
        description: `Open securities, in the order they were issued; at most ${PAGE_MAX} a page.`,
        complexity: pageCost,
        resolve: (table, args, context) =>
          pageOfTables(
            context,
            'CapTable.securities',
            table,
            args,
            (row: OnTable<SecurityRow>) => nodeKey(row.id),
            async (reader, tables, query) => {
              const pages = await openSecurityPages(reader, tables, query)
              return new Map(
                [...pages].map(([companyId, rows]) => [companyId, rows?.map((row) => ({ ...row, companyId }))]),
              )
            },
          ),
      },
      { name: 'CapTableSecurityConnection', description: 'A page of open securities.' },
    ),
    classes: t.connection(
      {
        type: ClassRowType,
        description: `Stock classes; at most ${PAGE_MAX} a page.`,
        complexity: pageCost,
        resolve: ({ classes }, args) => pageOfList(classes, args),
      },
      { name: 'CapTableClassConnection', description: 'A page of stock classes.' },
    ),
    stakeholders: t.connection(
      {
        type: StakeholderRowType,
        description: `Holders of anything that is open; at most ${PAGE_MAX} a page.`,
        complexity: pageCost,
        resolve: (table, args, context) =>
          pageOfTables(context, 'CapTable.stakeholders', table, args, (row) => nodeKey(row.id), stakeholderPages),
      },
      { name: 'CapTableStakeholderConnection', description: 'A page of holders.' },
    ),
  }),
})

async function tableOf(context: Context, companyId: Uuid, asOf: string | null | undefined): Promise<CompanyCapTable> {
  const day = asOf ?? (await instantOf(context)).slice(0, 10)
  const load = (ids: readonly Uuid[]) => capTablesAsOf(context.deps.db, ids, day)
  const table = await batch(context, ['Company.capTable', day], companyId, load)
  if (table === undefined) throw new NoCapTable()
  return table
}

type Downloads = { readonly companyId: Uuid; readonly asOf: string | null | undefined }

const CapTableDownloads = builder.objectRef<Downloads>('CapTableDownloads').implement({
  description: 'Where a cap table can be downloaded, by whoever sees the company: paths of this server.',
  fields: (t) => ({
    ocfPath: t.string({
      description: 'The whole history as an Open Cap Format 1.2.0 package, `.ocf.zip`.',
      resolve: ({ companyId }) => `/companies/${globalId('Company', companyId)}/cap-table.ocf.zip`,
    }),
    pagePath: t.string({
      description: 'The table on the day as a page, with charts, and links to a sale and to rounds.',
      resolve: ({ companyId, asOf }) =>
        `/companies/${globalId('Company', companyId)}/cap-table${asOf == null ? '' : `?asOf=${asOf}`}`,
    }),
    jsonPath: t.string({
      description: 'The table on the day as JSON, exact.',
      resolve: ({ companyId, asOf }) =>
        `/companies/${globalId('Company', companyId)}/cap-table.json${asOf == null ? '' : `?asOf=${asOf}`}`,
    }),
    csvPath: t.string({
      description: 'The table on the day as CSV, one row for each open security.',
      resolve: ({ companyId, asOf }) =>
        `/companies/${globalId('Company', companyId)}/cap-table.csv${asOf == null ? '' : `?asOf=${asOf}`}`,
    }),
  }),
})

const asOfText = 'The day, inclusive; today (UTC) by default. A later day shows what vests until then by schedule.'

builder.objectFields(Company, (t) => ({
  capTable: t.field({
    type: CapTable,
    description: 'Its cap table on a day.',
    args: { asOf: t.arg({ type: 'Date', required: false, description: asOfText }) },
    errors: { types: [NoCapTable, BeforeFirstTransaction] },
    complexity: { field: 5 },
    resolve: ({ companyId }, { asOf }, context) => tableOf(context, companyId, asOf),
  }),
  capTableDownloads: t.field({
    type: CapTableDownloads,
    description: 'Paths to its cap table as files.',
    args: {
      asOf: t.arg({
        type: 'Date',
        required: false,
        description: 'The day of the CSV; the day of the download by default.',
      }),
    },
    resolve: ({ companyId }, { asOf }) => ({ companyId, asOf }),
  }),
  securities: t.connection(
    {
      type: Security,
      description: `Securities issued up to a day, open and closed; none where nothing is known. At most ${PAGE_MAX} a page.`,
      args: { asOf: t.arg({ type: 'Date', required: false, description: asOfText }) },
      complexity: pageCost,
      resolve: async ({ companyId }, args, context) => {
        const table = await tableOf(context, companyId, args.asOf).catch((error: unknown) => {
          if (error instanceof NoCapTable || error instanceof BeforeFirstTransaction) return undefined
          throw error
        })
        if (table === undefined)
          return pageById(
            args,
            (row: SecurityView) => row.key,
            async () => [],
          )
        return pageOfTables(
          context,
          'Company.securities',
          table,
          args,
          (row: SecurityView) => row.key,
          async (reader, tables, query) => {
            const pages = await issuedSecurityPages(reader, tables, query)
            return new Map([...pages].map(([id, rows]) => [id, rows?.map(securityView)]))
          },
        )
      },
    },
    { name: 'SecurityConnection', description: 'A page of securities.' },
  ),
}))
