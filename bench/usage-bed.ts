/** What the bench of usage stands on: a company with one large reservation, whose tokens earn shares, and who may meter it. */
import type pg from 'pg'
import { admit, openSession } from '../api/access/index.ts'
import { insertFactor, insertPool } from '../api/clusters/pool/pool.store.ts'
import { insertReservation, lockReservation, moveReservation } from '../api/clusters/reservation/reservation.store.ts'
import { openVesting } from '../api/drawdown/index.ts'
import { insertCompany, insertIdentity, insertInstallation, insertProvider } from '../api/parties/index.ts'
import { type Db, globalId, inTransaction, newId, type Uuid } from '../api/platform/index.ts'
import { hold, openGrant } from '../api/tokens/index.ts'

/** GPUs of the reservation, which runs over 2025: 10^12 GPU-seconds and more. */
const GPUS = 50_000
const YEAR = { startsAt: '2025-01-01T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }
const SECONDS = 365n * 86_400n
const FACTOR = 10n ** 10n

export type Bed = {
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly poolId: Uuid
  /** Of the provider's staff, and a session of theirs. */
  readonly personId: Uuid
  readonly token: string
}

/** Makes the bed. The clock is set back for the hold, and given back. */
export async function makeBed(owner: pg.Client, db: Db): Promise<Bed> {
  const [companyId, providerId, personId, tokenClassId] = [newId(), newId(), newId(), newId()]
  const [reservationId, holdId, grantId, securityId] = [newId(), newId(), newId(), newId()]
  await setClock(owner, '2024-12-31T00:00:00Z')
  const token = await inTransaction(db, async (trx) => {
    await insertInstallation(trx, {
      installationId: newId(),
      demo: false,
      fundName: 'Bench',
      fundUltimateParent: 'Bench',
    })
    await insertProvider(trx, { providerId, name: 'Bench compute', affiliation: 'none' })
    await admit(
      trx,
      { id: personId, name: 'Bench', email: 'bench@example.com' },
      { id: newId(), role: 'provider', providerId },
    )
    await insertCompany(trx, { companyId, createdBy: personId })
    const identity = {
      legalName: 'Bench, Inc.',
      legalForm: 'Corporation',
      jurisdiction: 'US-DE',
      validFrom: '2024-12-31',
    }
    await insertIdentity(trx, companyId, identity, personId)
    return openSession(trx, personId, 'bearer')
  })
  await owner.query(
    `INSERT INTO token_class (token_class_id, provider_id, name, unit, transfer_rule, created_by, created_at)
     VALUES ($1, $2, 'H100-hours', 'H100-hour', 'NOT_TRANSFERABLE', $3, now())`,
    [tokenClassId, providerId, personId],
  )
  await owner.query('INSERT INTO token_supply VALUES ($1, $2, 0)', [tokenClassId, 10n ** 16n])
  const amount = (BigInt(GPUS) * SECONDS * 1_000_000n) / 3600n
  const poolId = await makePool(db, { providerId, tokenClassId, personId })
  await inTransaction(db, async (trx) => {
    const { lotId } = await openGrant(trx, {
      companyId,
      grantId,
      roundId: newId(),
      tokenClassId,
      amount,
      expiresOn: '2035-01-01',
      vests: securityId,
      releases: [{ on: '2024-12-31', amount }],
    })
    await openVesting(trx, {
      companyId,
      grantId,
      lotId,
      roundId: newId(),
      termsDocumentId: newId(),
      securityId,
      unit: 'SHARE',
      terms: { total: 1_000_000n, granted: amount, allocation: 'CUMULATIVE_ROUND_DOWN', tranches: null, cliff: 0n },
      basis: 'delivered',
      charging: 'RESERVED',
      disputeWindowDays: 15,
      longStop: '2035-01-01',
    })
    const holdExpiresAt = '2030-01-01T00:00:00Z'
    await hold(trx, { companyId, holdId, tokenClassId, amount, expiresAt: holdExpiresAt })
    const ref = { companyId, id: reservationId }
    await insertReservation(trx, {
      ref,
      poolId,
      tokenClassId,
      gpus: GPUS,
      interval: YEAR,
      factorId: newId(),
      quote: { gpuSeconds: BigInt(GPUS) * SECONDS, factor: FACTOR, hold: amount },
      holdId,
      holdExpiresAt,
      requestedBy: personId,
    })
    const reservation = await lockReservation(trx, ref)
    await moveReservation(trx, reservation, { to: 'confirmed', reason: 'APPROVED', actor: { id: personId } })
  })
  await setClock(owner, undefined)
  return { companyId, reservationId, poolId, personId, token }
}

async function makePool(
  db: Db,
  { providerId, tokenClassId, personId }: { providerId: Uuid; tokenClassId: Uuid; personId: Uuid },
): Promise<Uuid> {
  const poolId = newId()
  await inTransaction(db, async (trx) => {
    await insertPool(trx, {
      poolId,
      providerId,
      tokenClassId,
      cluster: 'bench',
      gpuModel: 'H100-SXM',
      capacity: GPUS,
      opensAt: YEAR.startsAt,
      minLeadMinutes: 0,
      maxLeadMinutes: 5_000_000,
      minLengthMinutes: 1,
      maxLengthMinutes: 5_000_000,
      lockMinutes: 0,
      decisionMinutes: 60,
      createdBy: personId,
      createdAs: 'provider',
    })
    await insertFactor(trx, {
      poolId,
      factorId: newId(),
      factor: FACTOR,
      basis: 'contract',
      source: 'the bench',
      validFrom: YEAR.startsAt,
      validUntil: null,
      approvedBy: personId,
      approvedAs: 'provider',
    })
  })
  return poolId
}

async function setClock(owner: pg.Client, at: string | undefined): Promise<void> {
  const instant = at === undefined ? 'transaction_timestamp()' : `timestamptz '${at}'`
  await owner.query(
    `CREATE OR REPLACE FUNCTION equihour_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT ${instant} $$`,
  )
}

/** A usage record of the bench as the doors take it: one GPU for one minute, of which there is room for ten thousand million. */
export const benchRecord = (bed: Bed, externalId: string, minute: number) => {
  const start = Date.parse(YEAR.startsAt) + (minute % 500_000) * 60_000
  const iso = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
  return {
    reservationId: globalId('Reservation', bed.companyId, bed.reservationId),
    source: 'slurm/bench',
    externalId,
    gpuSeconds: '60',
    startedAt: iso(start),
    endedAt: iso(start + 60_000),
    job: 'train.sh',
  }
}
