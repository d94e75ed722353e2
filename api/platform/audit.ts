/** Audit events: what was done, in the transaction that did it, with the hash that later proves it. */
import { type Selectable, sql } from 'kysely'
import { type JsonValue, leafHash } from './canonical.ts'
import { instant } from './clock.ts'
import type { Reader, Trx } from './database.ts'
import type { DB } from './database-types.ts'
import { compare, type Discrepancy } from './discrepancy.ts'
import { newId, type Uuid } from './ids.ts'

/** Where an event or an idempotency record belongs: it is stored with that company, pool, token class or provider. */
export type Scope = {
  readonly kind: 'company' | 'pool' | 'provider' | 'token_class' | 'installation'
  readonly id: Uuid
}
/** Whoever acts, by id: history holds no names. */
export type ActorId = { readonly id: Uuid }

/** Who acts where nobody does: what happens by the mere passing of time. */
export const NOBODY: ActorId = { id: '00000000-0000-0000-0000-000000000000' }

export type AuditEvent = {
  readonly scope: Scope
  /** Subject and past participle: `round.closed`. */
  readonly kind: string
  /** Global id of what it happened to. */
  readonly subject: string
  readonly payload: JsonValue
}

/** Records an event. Its leaf hash covers every field, so that none can be changed unseen once it is sealed. */
export async function audit(trx: Trx, actor: ActorId, event: AuditEvent): Promise<void> {
  const id = newId()
  const at = await instant(trx)
  const leaf = leafHash(leafOf({ ...event, id, actorId: actor.id, at }))
  await trx
    .insertInto('audit_event')
    .values({
      scope_id: event.scope.id,
      event_id: id,
      scope_kind: event.scope.kind,
      actor_id: actor.id,
      kind: event.kind,
      subject: event.subject,
      at,
      payload: JSON.stringify(event.payload),
      leaf_hash: leaf,
    })
    .execute()
}

type Recorded = AuditEvent & { readonly id: Uuid; readonly actorId: Uuid; readonly at: string }

/** What the leaf of an event is the hash of. */
const leafOf = ({ id, actorId, at, kind, payload, scope, subject }: Recorded): JsonValue => ({
  actor: actorId,
  at,
  id,
  kind,
  payload,
  scope: { id: scope.id, kind: scope.kind },
  subject,
})

/** Most events that are read at once. */
const EVENTS_PAGE = 2_000

/** Events whose leaf is not the hash of what they say, and how many events there are. All of them, or those of some scopes. */
export async function auditDiscrepancies(
  reader: Reader,
  scopeIds?: readonly Uuid[],
): Promise<{ readonly events: number; readonly differences: readonly Discrepancy[] }> {
  const differences: Discrepancy[] = []
  let events = 0
  let after = { scope_id: '00000000-0000-0000-0000-000000000000', event_id: '00000000-0000-0000-0000-000000000000' }
  for (;;) {
    const rows = await reader
      .selectFrom('audit_event')
      .selectAll()
      .$if(scopeIds !== undefined, (query) => query.where('scope_id', 'in', [...(scopeIds ?? [])]))
      .where(sql<boolean>`(scope_id, event_id) > (${after.scope_id}::uuid, ${after.event_id}::uuid)`)
      .orderBy('scope_id')
      .orderBy('event_id')
      .limit(EVENTS_PAGE)
      .execute()
    for (const row of rows) differences.push(...eventDiscrepancies(row))
    events += rows.length
    const last = rows.at(-1)
    if (last === undefined || rows.length < EVENTS_PAGE) return { events, differences }
    after = last
  }
}

function eventDiscrepancies(row: Selectable<DB['audit_event']>): readonly Discrepancy[] {
  const scope = { kind: row.scope_kind as Scope['kind'], id: row.scope_id }
  const about = {
    check: 'AUDIT',
    companyId: scope.kind === 'company' ? scope.id : null,
    subject: row.subject,
    what: `leaf of the event ${row.event_id} (${row.kind})`,
  }
  const stored = row.leaf_hash.toString('hex')
  try {
    const { kind, subject, at } = row
    // What was written was JSON of ours; anything else that stands there now has no canonical text, and throws.
    const payload = row.payload as JsonValue
    const leaf = leafOf({ scope, kind, subject, at, payload, id: row.event_id, actorId: row.actor_id })
    return compare(about, stored, leafHash(leaf).toString('hex'))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return compare(about, stored, 'no canonical text')
  }
}
