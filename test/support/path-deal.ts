/** The deal of a company that goes the whole way: drafted, accepted, closed, amended, settled. */
import type { Actor } from '../../api/access/index.ts'
import {
  acceptAmendment,
  acceptClosing,
  acceptDealDocument,
  acceptTermSheet,
  approveSettlement,
  closeRound,
  dealDocumentsById,
  draftAssignment,
  draftExtension,
  draftSideLetter,
  electMfn,
  holdClosing,
  issueTermSheet,
  offerClosing,
  planClosing,
  proposeAmendment,
  proposeDealDocument,
  recordObligation,
  satisfyCondition,
  proposeSettlement as settleGrant,
  signAmendment,
  signDealDocument,
  waiveCondition,
} from '../../api/closing/index.ts'
import { changeCompanyIdentity } from '../../api/parties/index.ts'
import { globalId, type Ref } from '../../api/platform/index.ts'
import { draftRound, proposeRound, saveChain, saveScenario } from '../../api/rounds/index.ts'
import { approveMark, proposeMark } from '../../api/tokens/index.ts'
import type { Travelled } from './path.ts'

import type { Stage } from './path-stage.ts'
import { FUND, fundIn, safeOf, terms } from './path-terms.ts'
import type { World } from './world.ts'

export type Way = { readonly world: World; readonly stage: Stage; readonly companyId: string; readonly founder: Actor }

/** Gives up ten tokens of the grant, and proposes to give up five more. */
export async function giveUp({ world, companyId }: Way): Promise<Pick<Travelled, 'settlementId' | 'grantId'>> {
  const { deps, staff } = world
  const { grant_id: grant } = await deps.db
    .selectFrom('vesting_grant')
    .select('grant_id')
    .where('company_id', '=', companyId.slice('Company:'.length))
    .executeTakeFirstOrThrow()
  const grantId = globalId('Grant', companyId.slice('Company:'.length), grant)
  const propose = async (tokens: string) => {
    const { ref } = await settleGrant(deps, staff.partner.actor, {
      grantId,
      event: 'partial_termination',
      happenedOn: '2026-11-19',
      evidence: 'A letter of 19 Nov 2026',
      tokens,
    })
    const { plan_sha256 } = await deps.db
      .selectFrom('settlement')
      .select('plan_sha256')
      .where('company_id', '=', ref.companyId)
      .where('settlement_id', '=', ref.id)
      .executeTakeFirstOrThrow()
    return { settlementId: idOf('Settlement', ref), planSha256: plan_sha256.toString('hex') }
  }
  await approveSettlement(deps, staff.secondPartner.actor, await propose('10'))
  return { grantId, settlementId: (await propose('5')).settlementId }
}

/** A fair value of a share, approved; and one of the company, which waits. The latter's id. */
export async function mark({ world, companyId }: Way): Promise<string> {
  const propose = (stockClassId: string | null, amount: string) =>
    proposeMark(world.deps, world.staff.analyst.actor, {
      of: companyId,
      stockClassId,
      basis: 'fair_value',
      value: { amount, currency: 'USD' },
      markedOn: '2026-11-01',
      expiresOn: '2027-02-01',
      method: 'Backsolve from the last round',
      level: 3,
      source: 'Valuation memorandum of 1 Nov 2026',
    })
  const share = await propose('series-seed', '1.75')
  const markId = idOf('Mark', share.ref)
  await approveMark(world.deps, world.staff.compliance.actor, { markId })
  return idOf('Mark', (await propose(null, '31000000')).ref)
}

export const idOf = (type: string, { companyId, id }: Ref): string => globalId(type, companyId, id)

export async function draft({ world, stage, companyId }: Way, name: string, tokens: string): Promise<Ref> {
  const made = await draftRound(world.deps, world.staff.analyst.actor, {
    companyId,
    terms: terms(stage, name, tokens, await fundIn(world, companyId)),
  })
  return { companyId: made.companyId, id: made.roundId }
}

export async function keep({ world, stage, companyId }: Way): Promise<string> {
  const saved = await saveScenario(world.deps, world.staff.analyst.actor, {
    companyId,
    name: 'More tokens',
    terms: terms(stage, 'Series F', '200000', await fundIn(world, companyId)),
  })
  return idOf('Scenario', { companyId: saved.companyId, id: saved.scenarioId })
}

export async function keepChain({ world, stage, companyId }: Way): Promise<string> {
  const of = (name: string, tokens: string, fund: string | undefined) => terms(stage, name, tokens, fund)
  const fund = await fundIn(world, companyId)
  const saved = await saveChain(world.deps, world.staff.analyst.actor, {
    companyId,
    name: 'Two rounds',
    rounds: [
      { compute: safeOf(of('Bridge', '10000', fund)), delivered: '4000' },
      { compute: of('Series F', '200000', fund ?? FUND) },
    ],
  })
  return idOf('RoundChain', { companyId: saved.companyId, id: saved.scenarioId })
}

export const propose = ({ world }: Way, round: Ref, expectedVersion: number) =>
  proposeRound(world.deps, world.staff.analyst.actor, { roundId: idOf('Round', round), expectedVersion })

export async function accept({ world, founder }: Way, round: Ref): Promise<void> {
  const roundId = idOf('Round', round)
  const { sha256 } = await issueTermSheet(world.deps, world.staff.partner.actor, { roundId })
  await acceptTermSheet(world.deps, founder, { roundId, sha256, typedName: founder.name })
}

export async function close(way: Way, round: Ref, version: number): Promise<void> {
  const { deps, staff } = way.world
  const roundId = idOf('Round', round)
  await way.world.setClock('2026-05-20T09:30:00Z')
  await propose(way, round, version)
  await accept(way, round)
  await way.world.setClock('2026-06-12T15:00:00Z')
  for (const code of ['BOARD_CONSENT', 'STOCKHOLDER_CONSENT', 'AUTHORIZED_SHARES', 'WAITING_PERIOD']) {
    await satisfyCondition(deps, staff.operations.actor, {
      roundId,
      code,
      evidence: 'a written consent',
      evidenceDate: '2026-06-12',
    })
  }
  await way.world.setClock('2026-06-15T17:00:00Z')
  await closeRound(deps, staff.partner.actor, { roundId })
}

/** The first closing of a round that the company does not see. */
export async function firstClosingOf({ deps }: World, round: Ref): Promise<string> {
  const row = await deps.db
    .selectFrom('closing')
    .select('closing_id')
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .executeTakeFirstOrThrow()
  return globalId('Closing', round.companyId, row.closing_id)
}

/** A further closing that was held, one that the company may accept, and one that it does not see. */
export async function closeAgain(
  way: Way,
  round: Ref,
  signatory: Actor,
): Promise<Omit<Travelled['closings'], 'ofStopped'>> {
  const { deps, staff } = way.world
  const planned = async (name: string) => {
    const { ref } = await planClosing(deps, staff.analyst.actor, {
      roundId: idOf('Round', round),
      closingDate: '2026-10-05',
      cashInvestors: [{ name, amount: { amount: '1000', currency: 'USD' } }],
      grants: [{ tokenClassId: way.stage.tokenClassId, tokens: '10' }],
      conditions: [{ code: `CONSENT_${name.toUpperCase()}`, text: 'The board consents.', waivableBy: 'fund' }],
    })
    return idOf('Closing', ref)
  }
  const offered = async (closingId: string) => ({
    closingId,
    sha256: (await offerClosing(deps, staff.analyst.actor, { closingId })).sha256,
  })
  const second = await offered(await planned('Second'))
  await acceptClosing(deps, signatory, second)
  await waiveCondition(deps, staff.partner.actor, {
    roundId: idOf('Round', round),
    code: 'CONSENT_SECOND',
    reason: 'the test',
  })
  await holdClosing(deps, staff.partner.actor, { closingId: second.closingId })
  const { closingId } = await offered(await planned('Third'))
  return { held: second.closingId, offered: closingId, planned: await planned('Fourth') }
}

/** A side letter that was elected by an earlier one, an assignment that is proposed, and a letter that is not. */
export async function besideTerms(way: Way, round: Ref, signatory: Actor): Promise<Travelled['dealDocuments']> {
  const { deps, staff } = way.world
  const roundId = idOf('Round', round)
  const letter = async (title: string) => {
    const { ref } = await draftSideLetter(deps, staff.analyst.actor, {
      roundId,
      title,
      holder: FUND,
      rights: [{ kind: 'PRO_RATA' }, { kind: 'INFORMATION', reports: ['annual'] }, { kind: 'BOARD_OBSERVER' }],
      mfn: { windowDays: 365 },
    })
    return idOf('DealDocument', ref)
  }
  const proposed = async (dealDocumentId: string) => ({
    dealDocumentId,
    sha256: (await proposeDealDocument(deps, staff.analyst.actor, { dealDocumentId })).sha256,
  })
  const signed = async (title: string) => {
    const signing = await proposed(await letter(title))
    await signDealDocument(deps, staff.partner.actor, signing)
    await acceptDealDocument(deps, signatory, signing)
    return signing.dealDocumentId
  }
  await changeCompanyIdentity(deps, staff.analyst.actor, {
    companyId: way.companyId,
    legalName: 'A Later Name, Inc.',
    legalForm: 'Corporation',
    jurisdiction: 'US-DE',
    validFrom: '2035-01-01',
    cause: 'name_change',
    source: 'the test',
  })
  const inForce = await signed('Side letter of June')
  const later = await signed('Side letter of October')
  await electMfn(deps, staff.partner.actor, { dealDocumentId: inForce, electedId: later })
  const [annual] = (
    await dealDocumentsById(deps.db, staff.partner.actor, [
      { companyId: later.split(':')[1] ?? '', id: later.split(':')[2] ?? '' },
    ])
  ).flatMap((of) => of.obligations)
  await recordObligation(deps, staff.operations.actor, {
    ...{ dealDocumentId: later, occasion: annual?.occasion ?? '', evidence: 'Sent by mail' },
    doneOn: '2026-06-15',
  })
  const { ref } = await draftAssignment(deps, staff.analyst.actor, {
    roundId,
    side: 'company',
    kind: 'merger',
    successor: { name: 'Successor, Inc.', form: 'Corporation', jurisdiction: 'US-DE' },
    evidence: 'Certificate of merger',
    evidenceDate: '2026-10-01',
  })
  const { dealDocumentId } = await proposed(idOf('DealDocument', ref))
  return { inForce, later, proposed: dealDocumentId, drafted: await letter('Side letter to come') }
}

/** One amendment in force, one that waits for signatures, and one that is not proposed. */
export async function amend(way: Way, round: Ref, signatory: Actor): Promise<Travelled['amendments']> {
  const { deps, staff } = way.world
  const drafted = async (longStop: string) => {
    const { ref } = await draftExtension(deps, staff.analyst.actor, {
      roundId: idOf('Round', round),
      longStop,
      reason: 'the test',
    })
    return idOf('Amendment', ref)
  }
  const proposed = async (longStop: string) => {
    const amendmentId = await drafted(longStop)
    const { sha256 } = await proposeAmendment(deps, staff.analyst.actor, { amendmentId })
    return { amendmentId, sha256 }
  }
  const binding = await proposed('2028-12-15')
  await signAmendment(deps, staff.partner.actor, binding)
  await acceptAmendment(deps, signatory, binding)
  const { amendmentId } = await proposed('2029-01-15')
  return { inForce: binding.amendmentId, proposed: amendmentId, drafted: await drafted('2029-02-15') }
}
