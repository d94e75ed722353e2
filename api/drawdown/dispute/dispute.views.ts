/** Disputes as screens read them. Visibility is the company's. */
import type { Actor } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { globalId, listOfEach, NotFound, type Reader, type Ref, type Uuid } from '../../platform/index.ts'

export type DisputeView = {
  readonly ref: Ref
  readonly statementId: Uuid
  readonly month: string
  readonly state: string
  readonly reasonCode: string
  readonly reason: string
  readonly whole: boolean
  readonly resolveBy: string
  readonly openedAt: string
  readonly settledAt: string | null
}
export type ProposalView = {
  readonly proposalId: Uuid
  readonly side: string
  readonly outcome: string
  readonly records: unknown
  readonly note: string
  readonly evidence: string | null
  readonly proposedAt: string
  readonly confirmedAt: string | null
}

/** Most disputes that are listed of each company, newest first. */
const LISTED = 100

const disputes = (reader: Reader) =>
  reader
    .selectFrom('dispute')
    .innerJoin('dispute_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'dispute.company_id')
        .onRef('progress.dispute_id', '=', 'dispute.dispute_id'),
    )
    .select([
      'dispute.company_id',
      'dispute.dispute_id',
      'dispute.statement_id',
      'dispute.month',
      'progress.state',
      'dispute.reason_code',
      'dispute.reason',
      'dispute.whole',
      'dispute.resolve_by',
      'dispute.opened_at',
      'progress.settled_at',
    ])
type Row = Awaited<ReturnType<ReturnType<typeof disputes>['execute']>>[number]
const view = (row: Row): DisputeView => ({
  ref: { companyId: row.company_id, id: row.dispute_id },
  statementId: row.statement_id,
  month: row.month,
  state: row.state,
  reasonCode: row.reason_code,
  reason: row.reason,
  whole: row.whole,
  resolveBy: row.resolve_by,
  openedAt: row.opened_at,
  settledAt: row.settled_at,
})

/** The disputes of these companies, newest first; the caller decided who sees them. */
export async function disputesOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, DisputeView[]>> {
  const found = await listOfEach(reader, companyIds, (company) =>
    disputes(reader).where('dispute.company_id', '=', company.id).orderBy('dispute.dispute_id', 'desc').limit(LISTED),
  )
  return new Map([...found].map(([companyId, rows]) => [companyId, rows.map(view)]))
}

/** One dispute of a company that the actor sees. @throws {NotFound} */
export async function mustSeeDispute(reader: Reader, actor: Actor, ref: Ref): Promise<DisputeView> {
  const row = seesCompany(actor, ref.companyId)
    ? await disputes(reader)
        .where('dispute.company_id', '=', ref.companyId)
        .where('dispute.dispute_id', '=', ref.id)
        .executeTakeFirst()
    : undefined
  if (row === undefined) throw new NotFound('dispute', globalId('Dispute', ref.companyId, ref.id))
  return view(row)
}

/** The proposals of these disputes, in order, by dispute. One query. */
export async function proposalsOf(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, ProposalView[]>> {
  if (refs.length === 0) return new Map()
  const rows = await reader
    .selectFrom('dispute_proposal as proposal')
    .leftJoin('dispute_confirmation as confirmed', (join) =>
      join
        .onRef('confirmed.company_id', '=', 'proposal.company_id')
        .onRef('confirmed.proposal_id', '=', 'proposal.proposal_id'),
    )
    .select([
      'proposal.dispute_id',
      'proposal.proposal_id as proposalId',
      'proposal.side',
      'proposal.outcome',
      'proposal.records',
      'proposal.note',
      'proposal.evidence',
      'proposal.proposed_at as proposedAt',
      'confirmed.confirmed_at as confirmedAt',
    ])
    .where('proposal.company_id', 'in', [...new Set(refs.map((ref) => ref.companyId))])
    .where('proposal.dispute_id', 'in', [...new Set(refs.map((ref) => ref.id))])
    .orderBy('proposal.proposal_id')
    .execute()
  return Map.groupBy(rows, (row) => row.dispute_id)
}
