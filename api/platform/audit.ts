/** Audit events: what was done, in the transaction that did it, with the hash that later proves it. */
import { type JsonValue, leafHash } from './canonical.ts'
import { instant } from './clock.ts'
import type { Trx } from './database.ts'
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
  const leaf = leafHash({
    actor: actor.id,
    at,
    id,
    kind: event.kind,
    payload: event.payload,
    scope: { id: event.scope.id, kind: event.scope.kind },
    subject: event.subject,
  })
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
