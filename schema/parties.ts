/** Who acts, whose fund this is, providers, and companies. */
import type { Actor } from '../api/access/index.ts'
import {
  allProviders,
  type CompanyView,
  companiesById,
  companyCount,
  companyPage,
  createCompany,
  type InstallationView,
  mustSeeInstallation,
  type ProviderView,
  providersById,
} from '../api/parties/index.ts'
import { NotFound, type Uuid } from '../api/platform/index.ts'
import { builder, nodeName, PAGE_MAX } from './kernel/builder.ts'
import type { Context } from './kernel/context.ts'
import { idempotencyKey, may } from './kernel/mutation.ts'
import { pageById } from './kernel/pages.ts'

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'The person or machine that makes this call.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Display name.' }),
    roles: t.stringList({
      description:
        'What this person is here: analyst, partner, compliance, operations, admin, provider, founder, signatory, regulator or machine.',
      resolve: (actor) => [...actor.roles].sort(),
    }),
  }),
})

const Installation = builder.objectRef<InstallationView>('Installation').implement({
  description: 'The fund that this installation serves.',
  fields: (t) => ({
    fundName: t.exposeString('fundName', { description: 'Name of the investing entity.' }),
    fundUltimateParent: t.exposeString('fundUltimateParent', {
      description: 'Its ultimate parent entity (16 CFR 801.1(a)(3)).',
    }),
    demo: t.exposeBoolean('demo', { description: 'True when everything here is invented, for evaluation.' }),
  }),
})

/** A provider, loaded by id. */
export const Provider = builder.loadableNodeRef(nodeName('Provider', 1), {
  id: { resolve: (provider: ProviderView) => provider.providerId },
  load: async (ids: Uuid[], { deps }: Context) =>
    inOrder(ids, await providersById(deps.db, ids), (row) => row.providerId),
})
Provider.implement({
  description: 'Operates clusters and owes the hours. Not the same as the fund.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name.' }),
    affiliation: t.exposeString('affiliation', {
      description: 'How it is affiliated with the fund: a fact for the rules.',
    }),
  }),
})

/** A company, loaded by id; other capabilities add their fields to it. */
export const Company = builder.loadableNodeRef(nodeName('Company', 1), {
  id: { resolve: (company: CompanyView) => company.companyId },
  load: async (ids: Uuid[], { deps, actor }: Context) =>
    inOrder(ids, await companiesById(deps.db, actor, ids), (row) => row.companyId),
})
Company.implement({
  description:
    'A startup that issues equity (OCF "issuer"). Its id never changes; name, form and jurisdiction are dated.',
  fields: (t) => ({
    legalName: t.exposeString('legalName', { description: 'Legal name today.' }),
    legalForm: t.exposeString('legalForm', { description: 'Legal form today, such as "Corporation".' }),
    jurisdiction: t.exposeString('jurisdiction', {
      description: 'Jurisdiction of formation today, ISO 3166: "US-DE".',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was registered here.' }),
  }),
})

/** Rows in the order of the ids that were asked for; an id without a row gets `null`, which reads as "does not exist". */
export function inOrder<Row>(ids: readonly Uuid[], rows: readonly Row[], idOf: (row: Row) => Uuid): (Row | null)[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]))
  return ids.map((id) => byId.get(id) ?? null)
}

const CompanyConnection = builder.connectionObject({
  name: 'CompanyConnection',
  description: 'A page of companies, newest first.',
  type: Company,
  fields: (t) => ({
    totalCount: t.int({
      description: 'How many companies the actor sees.',
      resolve: (_page, _args, { deps, actor }) => companyCount(deps.db, actor),
    }),
  }),
})

builder.queryFields((t) => ({
  viewer: t.field({ type: Viewer, description: 'Who makes this call.', resolve: (_root, _args, { actor }) => actor }),
  installation: t.field({
    type: Installation,
    description: 'The fund that this installation serves.',
    resolve: (_root, _args, { deps }) => mustSeeInstallation(deps.db),
  }),
  providers: t.field({
    type: [Provider],
    description: 'All providers, by name.',
    complexity: { field: 1, multiplier: 5 },
    resolve: (_root, _args, { deps }) => allProviders(deps.db),
  }),
  companies: t.connection(
    {
      type: Company,
      description: `The companies that the actor sees, newest first; at most ${PAGE_MAX} a page.`,
      complexity: (args) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) }),
      resolve: (_root, args, { deps, actor }) =>
        pageById(
          args,
          (company: CompanyView) => company.companyId,
          (query) => companyPage(deps.db, actor, query),
        ),
    },
    CompanyConnection,
  ),
}))

const CreateCompanyInput = builder.inputType('CreateCompanyInput', {
  description: 'A company as it is registered.',
  fields: (t) => ({
    legalName: t.string({ description: 'Legal name, at most 200 characters.' }),
    legalForm: t.string({ description: 'Legal form, such as "Corporation".' }),
    jurisdiction: t.string({ description: 'Jurisdiction of formation, ISO 3166-1 or 3166-2: "US-DE".' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationField('createCompany', (t) =>
  t.field({
    type: Company,
    description: 'Register a company. Its cap table is imported next.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: CreateCompanyInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { companyId } = await createCompany(deps, actor, input)
      return companyOrNotFound(deps, actor, companyId)
    },
  }),
)

/** The company as it is after a mutation. @throws {NotFound} when a wall hides it from the actor meanwhile */
export async function companyOrNotFound(deps: Context['deps'], actor: Actor, companyId: Uuid): Promise<CompanyView> {
  const [company] = await companiesById(deps.db, actor, [companyId])
  if (company === undefined) throw new NotFound('company', `Company:${companyId}`)
  return company
}
