/** The import of a cap table from an Open Cap Format package. */
import { BrokenPackage, CapTableExists, type ImportedCapTable, importCapTable } from '../../api/captable/index.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company, companyOrNotFound } from '../parties.ts'
import { PackageFaultType, PackageGapType } from './captable-errors.ts'

const PackageFileInput = builder.inputType('PackageFileInput', {
  description: 'One file of an Open Cap Format package.',
  fields: (t) => ({
    name: t.string({ description: 'Its path inside the package, such as "Transactions.ocf.json".' }),
    content: t.string({ description: 'Its text.' }),
  }),
})
const GapsMode = builder.enumType('PackageGaps', {
  description: 'What to do about gaps: references that lead nowhere, transactions that cannot be applied.',
  values: {
    REFUSE: { description: 'Refuse the package as a whole.' },
    ACCEPT: {
      description:
        'Import it: missing holders, classes and plans become placeholders that are marked so, transactions that cannot be applied are kept and set aside, and every gap is told.',
    },
  } as const,
})
const ImportCapTableInput = builder.inputType('ImportCapTableInput', {
  description: 'An Open Cap Format 1.2.0 package, as a list of files or as an archive: exactly one of the two.',
  fields: (t) => ({
    companyId: t.id({ description: 'Global id of the company.' }),
    files: t.field({
      type: [PackageFileInput],
      required: false,
      description: 'The files, the manifest among them; at most 1,000.',
    }),
    zipBase64: t.string({
      required: false,
      description: 'The archive (.ocf.zip) in base64; at most 64 MiB before encoding.',
    }),
    gaps: t.field({ type: GapsMode, required: false, description: 'What to do about gaps; REFUSE by default.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const Imported = builder.objectRef<ImportedCapTable>('ImportedCapTable').implement({
  description: 'What came of an import.',
  fields: (t) => ({
    company: t.field({
      type: Company,
      description: 'The company.',
      resolve: ({ companyId }, _args, { deps, actor }) => companyOrNotFound(deps, actor, companyId),
    }),
    packageSha256: t.exposeString('packageSha256', {
      description: 'SHA-256 over the files that were read, in hexadecimal.',
    }),
    transactionCount: t.exposeInt('transactionCount', { description: 'Transactions that count.' }),
    setAsideCount: t.exposeInt('setAsideCount', { description: 'Transactions that are kept and do not count.' }),
    unknownCount: t.exposeInt('unknownCount', {
      description: 'Items of types that 1.2.0 does not have: kept, and do not count.',
    }),
    warningCount: t.exposeInt('warningCount', { description: 'How many warnings there are.' }),
    gapCount: t.exposeInt('gapCount', { description: 'How many gaps there are.' }),
    warnings: t.field({
      type: [PackageFaultType],
      description: 'What was odd, up to 1,000.',
      resolve: ({ warnings }) => [...warnings],
    }),
    gaps: t.field({
      type: [PackageGapType],
      description: 'Gaps that were accepted, up to 1,000.',
      resolve: ({ gaps }) => [...gaps],
    }),
  }),
})

builder.mutationField('importCapTable', (t) =>
  t.field({
    type: Imported,
    description: 'Import the cap table of a company from an Open Cap Format package, whole or not at all.',
    ...may(['analyst', 'partner'], [BrokenPackage, CapTableExists]),
    args: { input: t.arg({ type: ImportCapTableInput }) },
    resolve: (_root, { input }, { deps, actor }) => {
      const { gaps, ...rest } = input
      return importCapTable(deps, actor, { ...rest, ...(gaps == null ? {} : { gaps }) })
    },
  }),
)
