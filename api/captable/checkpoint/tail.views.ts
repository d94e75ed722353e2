/** Reads what was recorded after checkpoints, for as many companies as are asked for in one query each. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../../platform/index.ts'
import { type ObjectRow, readObject, readTransaction, type TransactionRow } from '../history.views.ts'
import { nodeKey } from '../node-key.ts'
import type { ObjectOf, OcfObject } from '../ocf/objects.ts'
import type { Placed } from '../ocf/package.ts'
import type { OcfTransaction } from '../ocf/transactions.ts'
import type { Security } from '../replay/state.ts'
import { FORMAT, readLife } from './pack.ts'
import { classesOn, type Found, plansOn } from './spine.ts'
import { continues, replayTail, type Tail } from './tail.ts'

/** Transactions, or objects, that a tail may have: above, the next checkpoint is awaited by replaying as a whole. */
export const TAIL_MOST = 1_000

/** A checkpoint after which something was recorded that counts on the day. */
export type Grown = Found & { readonly objectPosition: number; readonly lastDate: string }

/**
 * The tails of checkpoints. Those have no entry whose table is to be replayed as a whole: what was recorded does not simply go
 * on from them, or is too much.
 */
export async function tailsOf(reader: Reader, grown: readonly Grown[]): Promise<ReadonlyMap<Uuid, Tail>> {
  if (grown.length === 0) return new Map()
  const transactions = await recorded(reader, grown)
  const fitting = grown.filter(({ companyId, lastDate }) => {
    const added = transactions.get(companyId) ?? []
    return added.length <= TAIL_MOST && continues(added, lastDate)
  })
  const known = await securitiesNamed(reader, fitting, transactions)
  const termsOf = (companyId: Uuid) =>
    (known.get(companyId) ?? []).flatMap(({ vesting }) => (vesting.kind === 'terms' ? [vesting.termsId] : []))
  const objects = await objectsFor(reader, fitting, termsOf)
  return new Map(
    fitting.flatMap((found): [Uuid, Tail][] => {
      const { companyId, asOf } = found
      const own = objects.get(companyId)
      if (own === undefined || !own.fits || (found.month.standIns && own.added.size > 0)) return []
      const history = { issuer: own.issuer, objects: own.objects, transactions: transactions.get(companyId) ?? [] }
      const state = { classes: classesOn(found), plans: plansOn(found), securities: known.get(companyId) ?? [] }
      return [[companyId, replayTail({ history, added: own.added, ...state, through: asOf })]]
    }),
  )
}

/** Transactions after each checkpoint and up to the day, one more than {@link TAIL_MOST} at most. */
async function recorded(
  reader: Reader,
  grown: readonly Grown[],
): Promise<ReadonlyMap<Uuid, readonly Placed<OcfTransaction>[]>> {
  const { rows } = await sql<TransactionRow>`
    SELECT tail.company_id, tail.item, tail.place
    FROM unnest(${grown.map((it) => it.companyId)}::uuid[], ${grown.map((it) => it.position)}::bigint[],
      ${grown.map((it) => it.asOf)}::date[]) AS wanted (company_id, position, as_of)
    CROSS JOIN LATERAL (
      SELECT company_id, item, position::text AS place, position FROM securities_transaction AS added
      WHERE added.company_id = wanted.company_id AND added.position > wanted.position AND added.status = 'APPLIED'
        AND added.date <= wanted.as_of
      ORDER BY added.position LIMIT ${TAIL_MOST + 1}
    ) AS tail ORDER BY tail.company_id, tail.position`.execute(reader)
  return grouped(rows, readTransaction)
}

/** The securities that transactions name and the checkpoint has, as they stand in its end. */
async function securitiesNamed(
  reader: Reader,
  grown: readonly Grown[],
  transactions: ReadonlyMap<Uuid, readonly Placed<OcfTransaction>[]>,
): Promise<ReadonlyMap<Uuid, readonly Security[]>> {
  const wanted = grown.flatMap((found) => {
    const items = (transactions.get(found.companyId) ?? []).map(({ item }) => item)
    const issued = new Set(
      items.flatMap((item) =>
        item.object_type.endsWith('_ISSUANCE') && 'security_id' in item ? [item.security_id] : [],
      ),
    )
    const named = new Set(items.flatMap((item) => ('security_id' in item ? [item.security_id] : [])))
    return [...named].filter((id) => !issued.has(id)).map((id) => ({ found, key: nodeKey(id) }))
  })
  return securitiesByKey(reader, wanted)
}

type WantedSecurity = { readonly found: Pick<Found, 'companyId' | 'position'>; readonly key: Uuid }

/** Securities of checkpoints by key, as they stand in their ends. */
export async function securitiesByKey(
  reader: Reader,
  wanted: readonly WantedSecurity[],
): Promise<ReadonlyMap<Uuid, readonly Security[]>> {
  if (wanted.length === 0) return new Map()
  const { rows } = await sql<{ company_id: Uuid; life: unknown }>`
    SELECT part.company_id, part.content::json -> (array_position(part.keys, wanted.key) - 1) AS life
    FROM unnest(${wanted.map(({ found }) => found.companyId)}::uuid[], ${wanted.map(({ found }) => found.position)}::bigint[],
      ${wanted.map(({ key }) => key)}::uuid[]) AS wanted (company_id, position, key)
    JOIN cap_table_checkpoint_part AS part ON part.company_id = wanted.company_id AND part.position = wanted.position
      AND part.format = ${FORMAT} AND part.kind = 'security' AND part.keys @> ARRAY[wanted.key]`.execute(reader)
  return grouped(rows, ({ life }) => readLife(life).versions.at(-1)?.security)
}

type ObjectsFor = {
  readonly issuer: Placed<ObjectOf<'ISSUER'>>
  readonly objects: readonly Placed<OcfObject>[]
  /** Ids of those that the checkpoint does not know. */
  readonly added: ReadonlySet<string>
  /** False where an object that the checkpoint holds was changed, or there are too many. */
  readonly fits: boolean
}
type AddedObjectRow = ObjectRow & { readonly version: number; readonly added: boolean }

/** The issuer, every plan, terms, and each object recorded after the checkpoint: the latest version, without personal data. */
async function objectsFor(
  reader: Reader,
  grown: readonly Grown[],
  termsOf: (companyId: Uuid) => readonly string[],
): Promise<ReadonlyMap<Uuid, ObjectsFor>> {
  const terms = grown.flatMap(({ companyId }) => [...new Set(termsOf(companyId))].map((id) => ({ companyId, id })))
  const { rows } = await sql<AddedObjectRow>`
    SELECT found.company_id, found.item, NULL AS personal, found.version, found.added
    FROM unnest(${grown.map((it) => it.companyId)}::uuid[], ${grown.map((it) => it.objectPosition)}::integer[])
      AS wanted (company_id, position)
    CROSS JOIN LATERAL (
      SELECT company_id, item, version, position, position > wanted.position AS added FROM ocf_object AS latest
      WHERE latest.company_id = wanted.company_id AND latest.status = 'APPLIED'
        AND (latest.position > wanted.position OR latest.object_type IN ('ISSUER', 'STOCK_PLAN')
          OR latest.object_type = 'VESTING_TERMS' AND latest.object_id IN (
            SELECT id FROM unnest(${terms.map(({ companyId }) => companyId)}::uuid[], ${terms.map(({ id }) => id)}::text[])
              AS term (company_id, id) WHERE term.company_id = wanted.company_id))
      ORDER BY position LIMIT ${2 * TAIL_MOST}
    ) AS found ORDER BY found.company_id, found.position`.execute(reader)
  const byCompany = grouped(rows, (row) => ({ ...row, placed: readObject(row) }))
  return new Map(
    [...byCompany].flatMap(([companyId, own]): [Uuid, ObjectsFor][] => {
      const placed = own.map((row) => row.placed)
      const issuer = placed.findLast((it): it is Placed<ObjectOf<'ISSUER'>> => it.item.object_type === 'ISSUER')
      if (issuer === undefined) return []
      const changed = own.some((row) => row.added && row.version > 1 && IN_TABLES.has(row.placed.item.object_type))
      const added = new Set(own.flatMap((row) => (row.added && row.version === 1 ? [row.placed.item.id] : [])))
      return [[companyId, { issuer, objects: placed, added, fits: !changed && own.length < 2 * TAIL_MOST }]]
    }),
  )
}

/** Objects whose content a table shows, apart from names of holders, which are joined when they are read. */
const IN_TABLES: ReadonlySet<string> = new Set(['STOCK_CLASS', 'STOCK_PLAN', 'VESTING_TERMS'])

function grouped<Row extends { readonly company_id: Uuid }, Thing>(
  rows: readonly Row[],
  read: (row: Row) => Thing | undefined,
): Map<Uuid, Thing[]> {
  const groups = new Map<Uuid, Thing[]>()
  for (const row of rows) {
    const thing = read(row)
    if (thing === undefined) continue
    const group = groups.get(row.company_id)
    if (group === undefined) groups.set(row.company_id, [thing])
    else group.push(thing)
  }
  return groups
}
