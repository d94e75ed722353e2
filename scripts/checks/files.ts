import { fileURLToPath } from 'node:url'

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The checkout's folder. */
export const ROOT = inRoot('')
/** Generated from the migrated database. */
export const DATABASE_TYPES = inRoot('api/platform/database-types.ts')
/** Exports `schema`, the GraphQL schema. */
export const SCHEMA = inRoot('schema/index.ts')
/** Printed from it. */
export const PRINTED_SCHEMA = inRoot('schema/schema.graphql')
/** Lists the breaking changes that are meant. */
export const BREAKING_CHANGES = inRoot('docs/breaking-changes.md')
