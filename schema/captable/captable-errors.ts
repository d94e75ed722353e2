/** Typed refusals of cap tables, and what is told about a package. */
import {
  BeforeFirstTransaction,
  BrokenPackage,
  CapTableExists,
  NoCapTable,
  type PackageFault,
  type PackageGap,
  TransactionRefused,
} from '../../api/captable/index.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'

const PLACE = {
  file: 'The file, as the manifest names it; empty for the package as a whole.',
  itemId: 'Id of the item, where it bears one.',
  pointer: 'JSON pointer (RFC 6901) into the file, such as "/items/12/share_price/amount".',
}

export const PackageFaultType = builder.objectRef<PackageFault>('PackageFault').implement({
  description: 'Something about a package: where, and what.',
  fields: (t) => ({
    file: t.exposeString('file', { description: PLACE.file }),
    itemId: t.exposeString('itemId', { nullable: true, description: PLACE.itemId }),
    pointer: t.exposeString('pointer', { description: PLACE.pointer }),
    reason: t.exposeString('reason', {
      description: 'What it is. Reads on after the pointer: "is not a date that exists".',
    }),
  }),
})

const GapEffect = builder.enumType('PackageGapEffect', {
  description: 'What was done about a gap.',
  values: {
    PLACEHOLDER: { description: 'What is missing was made, and is marked as a placeholder.' },
    SET_ASIDE: { description: 'The item is kept as it came, and does not count.' },
    KEPT: { description: 'The item counts; only the reference leads nowhere.' },
  } as const,
})

export const PackageGapType = builder.objectRef<PackageGap>('PackageGap').implement({
  description:
    'Something that a package refers to and does not have, or that cannot be applied, and what was done about it.',
  fields: (t) => ({
    file: t.exposeString('file', { description: PLACE.file }),
    itemId: t.exposeString('itemId', { nullable: true, description: PLACE.itemId }),
    pointer: t.exposeString('pointer', { description: PLACE.pointer }),
    reason: t.exposeString('reason', { description: 'What it is.' }),
    effect: t.expose('effect', { type: GapEffect, description: 'What was done about it.' }),
  }),
})

builder.objectType(BrokenPackage, {
  name: 'BrokenPackage',
  description: 'The package was refused as a whole; nothing of it was stored.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    faultCount: t.exposeInt('faultCount', { description: 'How many faults there are, also beyond those listed.' }),
    faults: t.field({
      type: [PackageFaultType],
      description: 'Every fault, up to 1,000.',
      resolve: ({ faults }) => [...faults],
    }),
  }),
})
builder.objectType(CapTableExists, {
  name: 'CapTableExists',
  description: 'The company has a cap table already: a second one would count every share twice.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    samePackage: t.exposeBoolean('samePackage', { description: 'Whether the very same package was imported before.' }),
  }),
})
builder.objectType(NoCapTable, {
  name: 'NoCapTable',
  description: 'The company has no cap table here yet.',
  interfaces: [DomainErrorInterface],
})
builder.objectType(BeforeFirstTransaction, {
  name: 'BeforeFirstTransaction',
  description: 'Nothing is known of a day before the first transaction.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'The day that was asked for.' }),
    first: t.expose('first', { type: 'Date', description: 'The day of the first transaction.' }),
  }),
})
builder.objectType(TransactionRefused, {
  name: 'TransactionRefused',
  description: 'The cap table does not allow it: too few authorised shares, a closed security, more than 100% vested.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    reasons: t.exposeStringList('reasons', { description: 'All of them.' }),
  }),
})
