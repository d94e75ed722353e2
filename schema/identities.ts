/** What a company is called, by date. */
import {
  changeCompanyIdentity,
  IDENTITY_CAUSES,
  type IdentityView,
  identitiesOf,
  identityOn,
} from '../api/parties/index.ts'
import { batch } from './kernel/batch.ts'
import { builder } from './kernel/builder.ts'
import type { Context } from './kernel/context.ts'
import { idempotencyKey, may } from './kernel/mutation.ts'
import { Company, companyOrNotFound } from './parties.ts'

const IdentityCause = builder.enumType('IdentityCause', {
  description: 'Why a company is called otherwise, without anybody else in its place.',
  values: IDENTITY_CAUSES,
})

const CompanyIdentity = builder.objectRef<IdentityView>('CompanyIdentity').implement({
  description: 'What a company is called, its form and where it is organised, from a day on.',
  fields: (t) => ({
    legalName: t.exposeString('legalName', { description: 'Legal name.' }),
    legalForm: t.exposeString('legalForm', { description: 'Legal form, such as "Corporation".' }),
    jurisdiction: t.exposeString('jurisdiction', { description: 'Jurisdiction, ISO 3166: "US-DE".' }),
    validFrom: t.expose('validFrom', { type: 'Date', description: 'The first day on which it holds.' }),
    cause: t.exposeString('cause', {
      description:
        'registered, name_change, conversion, domestication, merger, assignment or correction. After a merger or an assignment another stands in the place of the company.',
    }),
    source: t.exposeString('source', { nullable: true, description: 'What shows it; null for the first.' }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
    superseded: t.exposeBoolean('superseded', {
      description: 'True where a row for the same day, recorded later, holds in its place.',
    }),
  }),
})

const load =
  ({ deps }: Context) =>
  (ids: readonly string[]) =>
    identitiesOf(deps.db, ids)

builder.objectFields(Company, (t) => ({
  identities: t.field({
    type: [CompanyIdentity],
    description: 'What it was, is and will be called, the latest first. Its id never changes.',
    complexity: { field: 2, multiplier: 4 },
    resolve: async ({ companyId }, _args, context) =>
      (await batch(context, ['Company.identities'], companyId, load(context))) ?? [],
  }),
  identityOn: t.field({
    type: CompanyIdentity,
    nullable: true,
    description: 'What it was called on a day, as documents of that day name it.',
    args: { date: t.arg({ type: 'Date', description: 'The day.' }) },
    resolve: async ({ companyId }, { date }, context) =>
      identityOn((await batch(context, ['Company.identities'], companyId, load(context))) ?? [], date) ?? null,
  }),
}))

const ChangeCompanyIdentityInput = builder.inputType('ChangeCompanyIdentityInput', {
  description: 'What a company is called from a day on.',
  fields: (t) => ({
    companyId: t.id({ description: 'The company.' }),
    legalName: t.string({ description: 'Legal name, at most 200 characters.' }),
    legalForm: t.string({ description: 'Legal form, such as "Corporation".' }),
    jurisdiction: t.string({ description: 'Jurisdiction of formation, ISO 3166-1 or 3166-2: "US-DE".' }),
    validFrom: t.field({ type: 'Date', description: 'The first day on which it holds; it may lie ahead.' }),
    cause: t.field({ type: IdentityCause, description: 'Why.' }),
    source: t.string({ description: 'What shows it: a filed certificate, at most 500 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationField('changeCompanyIdentity', (t) =>
  t.field({
    type: Company,
    description:
      'Record that a company is called otherwise, has another form or is organised elsewhere from a day on. It stays the same company.',
    ...may(['analyst', 'partner', 'compliance']),
    args: { input: t.arg({ type: ChangeCompanyIdentityInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { companyId } = await changeCompanyIdentity(deps, actor, input)
      return companyOrNotFound(deps, actor, companyId)
    },
  }),
)
