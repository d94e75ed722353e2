/** Writes and drops checkpoints. */
import { sql } from 'kysely'
import { instant, sha256, type Trx, type Uuid } from '../../platform/index.ts'
import { nodeKey } from '../node-key.ts'
import { FORMAT, type Part } from './pack.ts'

/**
 * Up to which transaction and which version of an object a checkpoint, or a history, goes, and how many last days of warrants
 * had been moved by then.
 */
export type Position = { readonly position: bigint; readonly objectPosition: number; readonly movedCount: number }

/** Parts of one INSERT. */
const CHUNK = 100

/** SHA-256 over the hashes of parts, in order of kind and ordinal. */
export function hashOf(parts: readonly Part[]): Buffer {
  const ordered = [...parts].sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.ordinal - b.ordinal))
  return sha256(Buffer.concat(ordered.map((part) => sha256(part.content))))
}

/** Stores a checkpoint in place of those before it and those of other formats. Nothing where another job stores it too. */
export async function insertCheckpoint(
  trx: Trx,
  companyId: Uuid,
  { position, objectPosition, movedCount }: Position,
  days: { readonly firstDate: string; readonly lastDate: string },
  parts: readonly Part[],
): Promise<void> {
  for (const table of ['cap_table_checkpoint_part', 'cap_table_checkpoint'] as const) {
    await sql`DELETE FROM ${sql.table(table)} WHERE company_id = ${companyId}
      AND (position <= ${position} OR format <> ${FORMAT})`.execute(trx)
  }
  const made = await trx
    .insertInto('cap_table_checkpoint')
    .values({
      company_id: companyId,
      position,
      format: FORMAT,
      object_position: objectPosition,
      moved_count: movedCount,
      first_date: days.firstDate,
      last_date: days.lastDate,
      part_count: parts.length,
      sha256: hashOf(parts),
      recorded_at: await instant(trx),
    })
    .onConflict((conflict) => conflict.constraint('cap_table_checkpoint_pkey').doNothing())
    .returning('position')
    .executeTakeFirst()
  if (made === undefined) return
  for (let at = 0; at < parts.length; at += CHUNK)
    await insertParts(trx, companyId, position, parts.slice(at, at + CHUNK))
}

async function insertParts(trx: Trx, companyId: Uuid, position: bigint, parts: readonly Part[]): Promise<void> {
  await sql`
    INSERT INTO cap_table_checkpoint_part (company_id, position, format, kind, ordinal, opened_on, closed_on, keys, content, sha256)
    SELECT ${companyId}::uuid, ${position}::bigint, ${FORMAT}::integer, kind, ordinal, opened_on, closed_on,
      keys::uuid[], content, sha256(convert_to(content, 'UTF8'))
    FROM unnest(${parts.map((part) => part.kind)}::text[], ${parts.map((part) => part.ordinal)}::integer[],
      ${parts.map((part) => part.openedOn ?? null)}::date[], ${parts.map((part) => part.closedOn ?? null)}::date[],
      ${parts.map((part) => `{${part.ids.map(nodeKey).join(',')}}`)}::text[], ${parts.map((part) => part.content)}::text[])
      AS new (kind, ordinal, opened_on, closed_on, keys, content)`.execute(trx)
}
