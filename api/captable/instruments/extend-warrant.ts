/** The last day of a warrant for compute, which an amendment may move to a later one. */
import { instant, newId, type Reader, type Trx, type Uuid } from '../../platform/index.ts'
import { addCheckpointJob } from '../checkpoint/write-checkpoint.ts'
import type { ComputeInstrument } from './instrument.store.ts'

type Warrant = Extract<ComputeInstrument, { kind: 'PENNY_WARRANT' }>

/**
 * From a day on, the warrant can be exercised until a later one. The security stays: Open Cap Format says its last day once,
 * in the issuance, and has no transaction that changes it (ADR 53).
 */
export async function extendWarrant(
  trx: Trx,
  extension: {
    readonly companyId: Uuid
    readonly instrumentId: string
    readonly effectiveOn: string
    readonly expiresOn: string
    /** Global id of the amendment. */
    readonly source: string
  },
): Promise<void> {
  await trx
    .insertInto('warrant_extension')
    .values({
      company_id: extension.companyId,
      extension_id: newId(),
      instrument_id: extension.instrumentId,
      effective_on: extension.effectiveOn,
      expires_on: extension.expiresOn,
      source: extension.source,
      recorded_at: await instant(trx),
    })
    .execute()
  const { count } = await trx
    .selectFrom('securities_transaction')
    .select((on) => on.fn.countAll<bigint>().as('count'))
    .where('company_id', '=', extension.companyId)
    .executeTakeFirstOrThrow()
  await addCheckpointJob(trx, extension.companyId, Number(count))
}

/** The last day on which a warrant can be exercised, as agreed by `day`. */
export async function lastDayOf(reader: Reader, warrant: Warrant, day: string): Promise<string> {
  const row = await reader
    .selectFrom('warrant_extension')
    .select('expires_on as expiresOn')
    .where('company_id', '=', warrant.companyId)
    .where('instrument_id', '=', warrant.instrumentId)
    .where('effective_on', '<=', day)
    .orderBy('effective_on', 'desc')
    .orderBy('recorded_at', 'desc')
    .orderBy('extension_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.expiresOn ?? warrant.expiresOn
}
