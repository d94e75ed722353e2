/** Where instruments for compute stand: what is due, issued, exercised and accrued under each, for many companies at once. */
import { sql } from 'kysely'
import type { Reader, Uuid, WholeShares } from '../../platform/index.ts'
import { type ComputeInstrument, currentOf, instrumentOfRow, instrumentRows } from './instrument.store.ts'
import { type SafeNow, safeNowOf } from './safe.store.ts'

export type InstrumentState = {
  readonly companyId: Uuid
  readonly instrumentId: string
  readonly kind: ComputeInstrument['kind']
  readonly terms: ComputeInstrument
  /** Units in all: shares; of a SAFE cents. */
  readonly totalShares: WholeShares
  /** Of stock in tranches: shares that final statements have made due, issued or not. */
  readonly due: WholeShares
  /** The tranches that were issued, with their shares. */
  readonly tranches: readonly { readonly securityId: string; readonly shares: WholeShares }[]
  readonly exercised: WholeShares
  /** Units that were given up, and whether the instrument ended with that. */
  readonly retired: WholeShares
  readonly ended: boolean
  /** What a warrant is now; `null` once nothing is left. Of tranches, the id of the series. */
  readonly currentSecurityId: string | null
  /** Of a SAFE: where it stands; `null` of everything else. */
  readonly safe: SafeNow | null
}

/** By company and instrument, as they stand; a fixed number of queries. */
export async function instrumentStates(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<ReadonlyMap<string, InstrumentState>> {
  const history = await instrumentHistory(reader, companyIds)
  return new Map(
    [...new Set(companyIds)]
      .flatMap((companyId) => statesOn(history, companyId))
      .map((state) => [stateKey(state.companyId, state.instrumentId), state]),
  )
}

export type InstrumentHistory = Steps & {
  readonly instruments: readonly { readonly terms: ComputeInstrument; readonly openedAt: string }[]
}

/** Everything that happened to the instruments of these companies, to be asked as of any day. */
export async function instrumentHistory(reader: Reader, companyIds: readonly Uuid[]): Promise<InstrumentHistory> {
  const rows = companyIds.length === 0 ? [] : await instrumentRows(reader, companyIds).execute()
  const instruments = rows.map((row) => ({ terms: instrumentOfRow(row), openedAt: row.opened_at }))
  if (rows.length === 0) {
    return { instruments, dues: [], exercises: [], retirements: [], accruals: [], conversions: [] }
  }
  return { instruments, ...(await stepsOf(reader, companyIds)) }
}

/**
 * The instruments of one company as they stood at the end of a day, in the order in which they were opened.
 *
 * @param through the last day that counts; left out, everything does
 */
export function statesOn(
  history: InstrumentHistory,
  companyId: Uuid,
  through = '9999-12-30',
): readonly InstrumentState[] {
  const before = (at: string) => at.slice(0, 10) <= through
  return history.instruments
    .filter(({ terms, openedAt }) => terms.companyId === companyId && before(openedAt))
    .map(({ terms }) => {
      const own = <T extends { company_id: string; instrument_id: string; at: string }>(all: readonly T[]) =>
        all.filter((one) => one.company_id === companyId && one.instrument_id === terms.instrumentId && before(one.at))
      return stateOf(terms, {
        dues: own(history.dues).map((due) => ({
          ...due,
          security_id: due.issued_at !== null && before(due.issued_at) ? due.security_id : null,
        })),
        exercises: own(history.exercises),
        retirements: own(history.retirements),
        accruals: own(history.accruals),
        conversions: own(history.conversions),
      })
    })
}

type Steps = Awaited<ReturnType<typeof stepsOf>>

function stateOf(terms: ComputeInstrument, of: Steps): InstrumentState {
  const { companyId, instrumentId, kind, totalShares } = terms
  const chain = [...of.exercises, ...of.retirements].map((row) => ({
    from: row.security_id,
    to: row.balance_security_id,
  }))
  return {
    companyId,
    instrumentId,
    kind,
    terms,
    totalShares,
    due: of.dues.at(-1)?.shares_to ?? 0n,
    tranches: of.dues.flatMap((due) =>
      due.security_id === null ? [] : [{ securityId: due.security_id, shares: due.shares_to - due.shares_from }],
    ),
    exercised: of.exercises.at(-1)?.shares_to ?? 0n,
    retired: of.retirements.reduce((sum, row) => sum + row.retired_shares, 0n),
    ended: of.retirements.some((row) => row.ends),
    currentSecurityId: currentOf(instrumentId, chain),
    safe: kind === 'SAFE' ? safeNowOf(of.accruals.at(-1), of.conversions.at(-1)) : null,
  }
}

/** One step of an instrument, of whichever kind: what a kind does not have is null. */
type StepRow = {
  readonly step: 'due' | 'exercise' | 'retirement' | 'accrual' | 'conversion'
  readonly company_id: Uuid
  readonly instrument_id: string
  readonly at: string
  /** Units, from which the step begins and to which it reaches; of a retirement only how many. */
  readonly from: bigint | null
  readonly to: bigint
  readonly security_id: string | null
  readonly balance_security_id: string | null
  readonly issued_at: string | null
  readonly ends: boolean | null
  readonly rest: string | null
  readonly series_id: string | null
}

/** Everything that happened to the instruments of these companies, each kind of it in order. One query. */
async function stepsOf(reader: Reader, companyIds: readonly Uuid[]) {
  const of = [...companyIds]
  const { rows } = await sql<StepRow>`
    SELECT 'due' AS step, due.company_id, due.instrument_id, due.at, due.shares_from AS "from", due.shares_to AS "to",
      tranche.security_id, NULL AS balance_security_id, tranche.issued_at, NULL::boolean AS ends, NULL AS rest,
      NULL AS series_id, due.shares_from AS place, '' AS tie
    FROM instrument_due AS due LEFT JOIN instrument_tranche AS tranche
      ON tranche.company_id = due.company_id AND tranche.due_id = due.due_id
    WHERE due.company_id = ANY(${of}::uuid[])
    UNION ALL
    SELECT 'exercise', company_id, instrument_id, exercised_at, NULL, shares_to, security_id, balance_security_id, NULL, NULL,
      NULL, NULL, shares_to, '' FROM warrant_exercise WHERE company_id = ANY(${of}::uuid[])
    UNION ALL
    SELECT 'retirement', company_id, instrument_id, retired_at, NULL, retired_shares, security_id, balance_security_id, NULL,
      ends, NULL, NULL, ordinal, '' FROM instrument_retirement WHERE company_id = ANY(${of}::uuid[])
    UNION ALL
    SELECT 'accrual', company_id, instrument_id, at, NULL, cents_to, security_id, NULL, NULL, NULL, NULL, NULL, cents_to, ''
    FROM safe_accrual WHERE company_id = ANY(${of}::uuid[])
    UNION ALL
    SELECT 'conversion', company_id, instrument_id, converted_at, NULL, cents_to, NULL, NULL, NULL, NULL, rest, series_id, 0,
      conversion_id::text FROM safe_conversion WHERE company_id = ANY(${of}::uuid[])
    ORDER BY step, place, at, tie`.execute(reader)
  const {
    due = [],
    exercise = [],
    retirement = [],
    accrual = [],
    conversion = [],
  } = Object.groupBy(rows, ({ step }) => step)
  return {
    dues: due.map(({ from, to, ...row }) => ({ ...row, shares_from: from ?? 0n, shares_to: to })),
    exercises: exercise.map(({ to, ...row }) => ({ ...row, shares_to: to })),
    retirements: retirement.map(({ to, ...row }) => ({ ...row, retired_shares: to, ends: row.ends === true })),
    accruals: accrual.map(({ to, ...row }) => ({ ...row, cents_to: to })),
    conversions: conversion.map(({ to, rest, ...row }) => ({ ...row, rest: rest ?? '', cents_to: to })),
  }
}

/** The key of {@link instrumentStates}. */
export const stateKey = (companyId: Uuid, instrumentId: string): string => `${companyId} ${instrumentId}`
