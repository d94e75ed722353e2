/** Releases that no date gives: milestones that somebody confirmed, and what the company asked for. Writes, locks, reads. */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { instant, type MicroTokens, type Reader, type Ref, type Trx, type Uuid } from '../platform/index.ts'

/** `waiting` for who must confirm it; `due` from its day on; `lapsed` when its tokens were cancelled or expired, or their grant settled, before. */
export const ASKED_RELEASE_STATES = ['waiting', 'due', 'released', 'refused', 'withdrawn', 'lapsed'] as const
export type AskedReleaseState = (typeof ASKED_RELEASE_STATES)[number]

export type AskedRelease = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly releaseId: Uuid
  readonly kind: 'milestone' | 'on_demand'
  /** Code of the milestone. */
  readonly code: string | null
  readonly amount: MicroTokens
  readonly dueOn: string
  readonly needs: 'nobody' | 'fund' | 'provider'
  readonly evidence: string | null
  readonly evidenceDate: string | null
  readonly reason: string | null
  readonly askedBy: Uuid
  readonly askedAt: string
  /** Why it was refused. */
  readonly reasonCode: string | null
  readonly note: string | null
  readonly decidedAt: string | null
  readonly transferId: Uuid | null
  readonly state: AskedReleaseState
}

/** Whether it was not refused, taken back, or overtaken by the end of its tokens. */
export const stands = ({ state }: Pick<AskedRelease, 'state'>): boolean =>
  state === 'waiting' || state === 'due' || state === 'released'

/** Whether it stands and is not released. */
export const isOpen = ({ state }: Pick<AskedRelease, 'state'>): boolean => state === 'waiting' || state === 'due'

export const STATE_OF_ASKED = sql<AskedReleaseState>`CASE
  WHEN asked.released_transfer_id IS NOT NULL THEN 'released'
  WHEN asked.lapsed_at IS NOT NULL THEN 'lapsed'
  WHEN decision.decision IN ('refused', 'withdrawn') THEN decision.decision
  WHEN asked.needs = 'nobody' OR decision.decision = 'confirmed' THEN 'due'
  ELSE 'waiting' END`

const asked = (reader: Reader) =>
  reader
    .selectFrom('asked_release as asked')
    .leftJoin('asked_release_decision as decision', (on) =>
      on
        .onRef('decision.company_id', '=', 'asked.company_id')
        .onRef('decision.lot_id', '=', 'asked.lot_id')
        .onRef('decision.release_id', '=', 'asked.release_id'),
    )
    .select([
      'asked.company_id as companyId',
      'asked.lot_id as lotId',
      'asked.release_id as releaseId',
      'asked.kind',
      'asked.code',
      'asked.amount_micro as amount',
      'asked.due_on as dueOn',
      'asked.needs',
      'asked.evidence',
      'asked.evidence_date as evidenceDate',
      'asked.reason',
      'asked.asked_by as askedBy',
      'asked.asked_at as askedAt',
      'decision.reason_code as reasonCode',
      'decision.note',
      'decision.decided_at as decidedAt',
      'asked.released_transfer_id as transferId',
      STATE_OF_ASKED.as('state'),
    ])
    .$narrowType<{ kind: AskedRelease['kind']; needs: AskedRelease['needs'] }>()

/** All of a company, oldest first. */
export const askedReleases = (reader: Reader, companyId: Uuid): Promise<AskedRelease[]> =>
  asked(reader).where('asked.company_id', '=', companyId).orderBy('asked.release_id').execute()

/** Most that are listed of one company, and of all that wait. */
const [OF_COMPANY, WAITING] = [200, 500]

/** Those of each of these companies, newest first, at most 200 of each, however many another has. One query. */
export async function askedReleasesOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, AskedRelease[]>> {
  const lists = new Map<Uuid, AskedRelease[]>(companyIds.map((id) => [id, []]))
  if (lists.size === 0) return lists
  const newest = sql<SqlBool>`(asked.company_id, asked.release_id) IN (
    SELECT parent.id, mine.release_id FROM unnest(${[...lists.keys()]}::uuid[]) AS parent (id) CROSS JOIN LATERAL (
      SELECT release_id FROM asked_release WHERE company_id = parent.id ORDER BY release_id DESC LIMIT ${OF_COMPANY}) AS mine)`
  const rows = await asked(reader).where(newest).orderBy('asked.release_id', 'desc').execute()
  for (const row of rows) lists.get(row.companyId)?.push(row)
  return lists
}

/** Those of a lot, newest first, at most 200. */
export const askedReleasesOfLot = (reader: Reader, lot: Ref): Promise<AskedRelease[]> =>
  asked(reader)
    .where('asked.company_id', '=', lot.companyId)
    .where('asked.lot_id', '=', lot.id)
    .orderBy('asked.release_id', 'desc')
    .limit(OF_COMPANY)
    .execute()

/** Milestones of each of these companies that somebody confirmed, whatever became of it. One query. */
export async function confirmedMilestones(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, AskedRelease[]>> {
  if (companyIds.length === 0) return new Map()
  const rows = await asked(reader)
    .where('asked.company_id', 'in', [...companyIds])
    .where('asked.kind', '=', 'milestone')
    .execute()
  return Map.groupBy(rows, ({ companyId }) => companyId)
}

/** One of them, or `undefined`. */
export async function findAskedRelease(reader: Reader, { companyId, id }: Ref): Promise<AskedRelease | undefined> {
  return asked(reader).where('asked.company_id', '=', companyId).where('asked.release_id', '=', id).executeTakeFirst()
}

/** All that wait for somebody, oldest first, at most 500, with the class of their tokens. */
export const waitingReleases = (reader: Reader, seen: RawBuilder<SqlBool>): Promise<AskedRelease[]> =>
  asked(reader)
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'asked.company_id').onRef('lot.lot_id', '=', 'asked.lot_id'),
    )
    .where(seen)
    .where('asked.needs', '<>', 'nobody')
    .where('decision.decision', 'is', null)
    .where('asked.lapsed_at', 'is', null)
    .orderBy('asked.release_id')
    .limit(WAITING)
    .execute()

export async function insertAskedRelease(
  trx: Trx,
  release: Omit<AskedRelease, 'state' | 'askedAt' | 'reasonCode' | 'note' | 'decidedAt' | 'transferId'>,
): Promise<void> {
  await trx
    .insertInto('asked_release')
    .values({
      company_id: release.companyId,
      lot_id: release.lotId,
      release_id: release.releaseId,
      kind: release.kind,
      code: release.code,
      amount_micro: release.amount,
      due_on: release.dueOn,
      needs: release.needs,
      evidence: release.evidence,
      evidence_date: release.evidenceDate,
      reason: release.reason,
      asked_by: release.askedBy,
      asked_at: await instant(trx),
    })
    .execute()
}

/** Decides one, once: the key refuses a second. */
export async function insertReleaseDecision(
  trx: Trx,
  release: Pick<AskedRelease, 'companyId' | 'lotId' | 'releaseId'>,
  decision: {
    readonly decision: 'confirmed' | 'refused' | 'withdrawn'
    readonly reasonCode: string | null
    readonly note: string | null
    readonly by: Uuid
  },
): Promise<void> {
  await trx
    .insertInto('asked_release_decision')
    .values({
      company_id: release.companyId,
      lot_id: release.lotId,
      release_id: release.releaseId,
      decision: decision.decision,
      reason_code: decision.reasonCode,
      note: decision.note,
      decided_by: decision.by,
      decided_at: await instant(trx),
    })
    .execute()
}

/** Its tokens are no longer there. */
export async function lapseAskedRelease(
  trx: Trx,
  { companyId, lotId, releaseId }: Pick<AskedRelease, 'companyId' | 'lotId' | 'releaseId'>,
): Promise<void> {
  await trx
    .updateTable('asked_release')
    .set({ lapsed_at: await instant(trx) })
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('release_id', '=', releaseId)
    .where('released_transfer_id', 'is', null)
    .execute()
}

/** Those that stand and are not released, oldest first. */
export const openAskedReleases = async (reader: Reader, companyId: Uuid): Promise<AskedRelease[]> =>
  (await askedReleases(reader, companyId)).filter(isOpen)

/** What was asked for of a lot and is not released lapses: nothing more of it is released. The company is locked. */
export async function lapseReleasesOfLot(trx: Trx, companyId: Uuid, lotId: Uuid): Promise<void> {
  for (const release of await openAskedReleases(trx, companyId)) {
    if (release.lotId === lotId) await lapseAskedRelease(trx, release)
  }
}
