/** Side letters whose day has come, with elections and waivers: which pro rata rights a new round stands before. */
import { asCommon } from '../../captable/index.ts'
import { globalId, parseNumeric, type Ref, type Trx } from '../../platform/index.ts'
import { capitalizationBefore, type LockedRound } from '../../rounds/index.ts'
import { StoredSideLetter } from './draft-deal-document.ts'
import { type ProRataInForce, RightsNotHonoured, unhonouredRights } from './rights-in-force.ts'
import { electedTerms } from './side-letter.ts'

/**
 * The pro rata rights that hold on a day and are not waived for this round, of side letters of the company's other rounds.
 * Who has elected another side letter has that one's rights, whole.
 */
export async function proRataInForce(trx: Trx, round: Ref, on: string): Promise<readonly ProRataInForce[]> {
  const rows = await trx
    .selectFrom('deal_document')
    .leftJoin('mfn_election', (join) =>
      join
        .onRef('mfn_election.company_id', '=', 'deal_document.company_id')
        .onRef('mfn_election.holder_id', '=', 'deal_document.deal_document_id'),
    )
    .select([
      'deal_document_id as id',
      'title',
      'content',
      'stakeholder_id as stakeholderId',
      'round_id as roundId',
      'elected_id as elected',
    ])
    .where('deal_document.company_id', '=', round.companyId)
    .where('kind', '=', 'side_letter')
    .where('state', 'in', ['accepted', 'in_force'])
    .where('effective_on', '<=', on)
    .orderBy('deal_document_id')
    .execute()
  const letters = new Map(rows.map((row) => [row.id, { ...row, ...StoredSideLetter.parse(row.content) }]))
  const elections = new Map(rows.flatMap(({ id, elected }) => (elected === null ? [] : [[id, elected] as const])))
  const waived = new Set(
    [...letters.values()].flatMap(({ rights }) =>
      rights.flatMap((right) =>
        right.kind === 'PRO_RATA_WAIVER' && right.laterRoundId === round.id ? [String(right.sideLetterId)] : [],
      ),
    ),
  )
  return [...letters.values()]
    .filter(({ id, roundId }) => roundId !== round.id && !waived.has(id))
    .flatMap(({ id, title, holder, stakeholderId }) => {
      const { rights = [] } = letters.get(electedTerms(id, elections)) ?? {}
      return rights
        .filter(({ kind, until }) => kind === 'PRO_RATA' && (until === undefined || String(until) >= on))
        .map(
          (right): ProRataInForce => ({
            holder,
            stakeholderId,
            multiple: parseNumeric(String(right.multiple)),
            sideLetter: globalId('DealDocument', round.companyId, id),
            title,
          }),
        )
    })
}

/** Refuses terms that leave out what side letters promise on their closing date. @throws {RightsNotHonoured} */
export async function mustHonourRights(trx: Trx, { companyId, roundId, terms }: LockedRound): Promise<void> {
  // A SAFE sells no shares: the priced round that converts it is asked.
  if (terms.instrument?.kind === 'SAFE') return
  const rights = await proRataInForce(trx, { companyId, id: roundId }, terms.closingDate)
  if (rights.length === 0) return
  const left = unhonouredRights(asCommon(await capitalizationBefore(trx, companyId, terms)), terms, rights)
  if (left.length > 0) throw new RightsNotHonoured(left)
}
