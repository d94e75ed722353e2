/** Writes what is generated and committed: the database types and the printed schema. `npm run check` compares them. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { openTestCluster } from '../test/support/cluster.ts'
import { databaseTypes } from './checks/database-types.ts'
import { DATABASE_TYPES, PRINTED_SCHEMA, SCHEMA } from './checks/files.ts'
import { printedSchema } from './checks/printed-schema.ts'

const cluster = await openTestCluster()
try {
  await writeFile(DATABASE_TYPES, await databaseTypes(cluster.templateUrl))
} finally {
  await cluster.stop()
}
if (existsSync(SCHEMA)) await writeFile(PRINTED_SCHEMA, await printedSchema(SCHEMA))
