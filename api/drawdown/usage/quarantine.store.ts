/** Keeps usage aside that could not be used. Nothing here touches a company's rows. */
import { z } from 'zod'
import {
  audit,
  canonicalJson,
  type Db,
  type DomainError,
  globalId,
  instant,
  inTransaction,
  newId,
  sha256,
  toStored,
  type Uuid,
} from '../../platform/index.ts'

export const QUARANTINE_STATES = ['open', 'discard_asked', 'recorded', 'discarded'] as const
/** `discard_asked`: somebody wants it discarded, and another person has to agree. */
export type QuarantineState = (typeof QUARANTINE_STATES)[number]

/** A record in its own words: what it is known by again. */
export type UsageWords = {
  readonly source: string
  readonly externalId: string
  readonly gpuSeconds: string
  readonly startedAt: string
  readonly endedAt: string
  readonly job: string | null
  /** Of a reservation; or of a company and a pool, where it ran outside any. */
  readonly reservationId?: string | undefined
  readonly companyId?: string | undefined
  readonly poolId?: string | undefined
}

export type Unusable = { readonly words: UsageWords; readonly companyId: Uuid; readonly why: DomainError }

/** What is kept of one record. */
export type Aside = {
  readonly quarantineId: Uuid
  readonly state: QuarantineState
  /** The record that came of it, where it was recorded after all. */
  readonly usageId: Uuid | null
}

/** Why, without what a call that refuses says of itself: this record is kept. */
export const reasonOf = (why: DomainError): string =>
  why.message.replace(/ (No record of this call was stored|Nothing was (changed|charged))\b.*$/, '')

/** What a record is known by: its own words, in canonical form. */
export const hashOfWords = (words: UsageWords): Buffer => sha256(canonicalJson(toStored(words)))

/**
 * Keeps records aside for their provider, and tells of each where it is now. The same record again is the same row, whatever
 * has become of it. In a transaction of its own, in the provider's group.
 */
export async function putAside(
  db: Db,
  { providerId, actorId, requestId }: { providerId: Uuid; actorId: Uuid; requestId?: Uuid | undefined },
  records: readonly Unusable[],
): Promise<Aside[]> {
  const items = records.map((record) => ({ ...record, id: newId(), hash: hashOfWords(record.words) }))
  const once = new Map(items.map((item) => [item.hash.toString('hex'), item]))
  const distinct = [...once.values()].sort((a, b) => a.hash.compare(b.hash))
  return inTransaction(db, async (trx) => {
    const at = await instant(trx)
    const made = await trx
      .insertInto('quarantined_usage')
      .values(
        distinct.map(({ id, words, hash, companyId, why }) => ({
          scope_id: providerId,
          quarantine_id: id,
          company_id: companyId,
          record: JSON.stringify(words),
          record_sha256: hash,
          source: words.source,
          external_id: words.externalId,
          reason_code: why.code,
          detail: reasonOf(why),
          reported_by: actorId,
          request_id: requestId ?? null,
          reported_at: at,
        })),
      )
      .onConflict((conflict) => conflict.constraint('quarantined_usage_once').doNothing())
      .returning('quarantine_id')
      .execute()
    if (made.length > 0) {
      const ids = made.map((row) => row.quarantine_id)
      await trx
        .insertInto('quarantine_state')
        .values(ids.map((id) => ({ scope_id: providerId, quarantine_id: id, state: 'open', reported_at: at })))
        .execute()
      await audit(
        trx,
        { id: actorId },
        {
          scope: { kind: 'provider', id: providerId },
          kind: 'usage.quarantined',
          subject: globalId('Provider', providerId),
          payload: { quarantineIds: ids.sort() },
        },
      )
    }
    const rows = await trx
      .selectFrom('quarantined_usage as kept')
      .innerJoin('quarantine_state as at', (join) =>
        join.onRef('at.scope_id', '=', 'kept.scope_id').onRef('at.quarantine_id', '=', 'kept.quarantine_id'),
      )
      .leftJoin('quarantine_event as done', (join) =>
        join
          .onRef('done.scope_id', '=', 'kept.scope_id')
          .onRef('done.quarantine_id', '=', 'kept.quarantine_id')
          .on('done.kind', '=', 'recorded'),
      )
      .select(['kept.quarantine_id', 'kept.record_sha256', 'at.state', 'done.usage_id'])
      .where('kept.scope_id', '=', providerId)
      .where(
        'kept.record_sha256',
        'in',
        distinct.map(({ hash }) => hash),
      )
      .execute()
    const byHash = new Map(rows.map((row) => [row.record_sha256.toString('hex'), row]))
    return items.map(({ hash }) => {
      const row = byHash.get(hash.toString('hex'))
      if (row === undefined) throw new Error('a record was neither kept aside nor found')
      return { quarantineId: row.quarantine_id, state: State.parse(row.state), usageId: row.usage_id }
    })
  })
}

const State = z.enum(QUARANTINE_STATES)
