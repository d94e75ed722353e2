import { z } from 'zod'
import { NotPrintable } from '../../templates/format.ts'
import { termSheetPdf } from '../../templates/pdf/term-sheet.ts'
import { CharactersNotInTypeface } from '../../templates/pdf/typeface.ts'
import { type Actor, must } from '../access/index.ts'
import { factorsToOffer, offerFactors } from '../clusters/index.ts'
import { storeDocument } from '../documents/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import { companiesById, mustSeeInstallation, providersById } from '../parties/index.ts'
import {
  audit,
  formatNumeric,
  globalId,
  instant,
  NotFound,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import {
  capitalizationBefore,
  grantsOf,
  type LockedRound,
  lockRound,
  markRound,
  mustNameFund,
  mustSeeRound,
  type ProForma,
  proForma,
  roundsByRef,
  type TermSheetParties,
  termSheetOf,
} from '../rounds/index.ts'
import { findMetric, findTokenClass } from '../tokens/index.ts'
import { insertConditions } from './condition.store.ts'
import { mustHonourRights } from './deal-document/rights-in-force.views.ts'

/** The kind under which the term sheet of a round is stored. */
export const TERM_SHEET = 'term_sheet'

export const IssueTermSheetInput = z.strictObject({ roundId: zRef('Round'), idempotencyKey: zIdempotencyKey })
export type IssueTermSheetInput = z.input<typeof IssueTermSheetInput>

/**
 * Renders the term sheet of a proposed round and stores it; from here on the company sees the round. The same terms on
 * the same cap table give the same bytes: the instant of issue is that of the proposal's terms, not of the rendering.
 */
export async function issueTermSheet(
  deps: FlagsDeps,
  actor: Actor,
  input: IssueTermSheetInput,
): Promise<{ ref: Ref; documentId: string; sha256: string }> {
  const { roundId: ref, idempotencyKey } = parse(IssueTermSheetInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const subject = globalId('Round', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  const [seen] = await roundsByRef(deps.db, actor, [ref])
  const gate = { gate: 'sign', companyId: ref.companyId, subject } as const
  if (seen?.state === 'proposed') await checkGate(deps, actor, { ...gate, onDate: seen.terms.closingDate })
  return once(deps, actor, { operation: 'issueTermSheet', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    if (round.state !== 'proposed') throw new WrongState('round', round.state, ['proposed'])
    await refuseWhileOpen(trx, { ...gate, onDate: round.terms.closingDate })
    // A side letter may have come into force since the proposal.
    await mustHonourRights(trx, round)
    const before = await capitalizationBefore(trx, ref.companyId, round.terms)
    await mustNameFund(trx, before, round.terms)
    const forma = proForma(before, round.terms)
    const classes = [...new Set(grantsOf(round.terms).map(({ tokenClassId }) => tokenClassId))]
    const factors = await factorsToOffer(trx, classes)
    const bytes = await render(trx, actor, round, { forma, factors })
    const stored = await storeDocument(trx, {
      companyId: ref.companyId,
      subject,
      kind: TERM_SHEET,
      bytes,
      mediaType: 'application/pdf',
      fileName: `term-sheet-${ref.id.slice(-12)}-v${round.termsVersion}.pdf`,
      madeBy: actor.id,
    })
    await insertIssued(trx, actor, round, forma, stored.documentId)
    await offerFactors(trx, { companyId: ref.companyId, documentId: stored.documentId, factors })
    await insertConditions(trx, ref, round.terms.conditions)
    await markRound(trx, round, 'proposed', 'term_sheet_issued')
    await audit(trx, actor, {
      scope,
      kind: 'round.term_sheet_issued',
      subject,
      payload: {
        document: globalId('Document', ref.companyId, stored.documentId),
        sha256: stored.sha256,
        shares: forma.computeShares.toString(),
        termsVersion: round.termsVersion,
      },
    })
    return { ref, documentId: stored.documentId, sha256: stored.sha256 }
  })
}

/** The PDF of a locked round's terms. */
async function render(
  trx: Trx,
  actor: Actor,
  round: LockedRound,
  { forma, factors }: { readonly forma: ProForma; readonly factors: Awaited<ReturnType<typeof factorsToOffer>> },
): Promise<Uint8Array> {
  const [company] = await companiesById(trx, actor, [round.companyId])
  if (company === undefined) throw new NotFound('company', globalId('Company', round.companyId))
  const [first, ...others] = grantsOf(round.terms)
  const { tokenClass, provider } = await partyBehind(trx, first.tokenClassId)
  const further: NonNullable<TermSheetParties['further']>[number][] = []
  for (const { tokenClassId } of others) {
    const other = await partyBehind(trx, tokenClassId)
    further.push(
      other.provider.name === provider.name
        ? { tokenClass: other.tokenClass.name }
        : { tokenClass: other.tokenClass.name, provider: named(other.provider) },
    )
  }
  const { fundName } = await mustSeeInstallation(trx)
  if (round.terms.compute.holderName !== fundName) {
    throw new Refused(
      'compute.holderName',
      `must be the fund as it is named here, "${fundName}": one document has one name for it`,
    )
  }
  return termSheetPdf(
    termSheetOf(round.terms, forma, {
      termsVersion: round.termsVersion,
      issuedAt: `${(await instant(trx)).slice(0, 10)}T00:00:00Z`,
      company: { name: company.legalName, form: company.legalForm, jurisdiction: company.jurisdiction },
      fund: { name: fundName },
      provider: named(provider),
      tokenClass: tokenClass.name,
      further,
      metric: await metricNameOf(trx, round.terms),
      factors: factors.map(({ gpuModel, cluster, factor, basis, source }) => ({
        pool: `${gpuModel} on ${cluster}`,
        factor: formatNumeric(factor),
        basis,
        source,
      })),
    }),
  ).catch((error: unknown) => {
    // A name that cannot be printed is a matter of the terms or of the company's name, not a fault of ours.
    if (error instanceof CharactersNotInTypeface || error instanceof NotPrintable)
      throw new Refused('terms', error.message)
    throw error
  })
}

const named = ({ name, affiliation }: { readonly name: string; readonly affiliation: string }) => ({
  name,
  affiliation,
})

/** A token class, and the provider that owes its compute. @throws {NotFound} */
async function partyBehind(trx: Trx, tokenClassId: Uuid) {
  const tokenClass = await findTokenClass(trx, tokenClassId)
  if (tokenClass === undefined) throw new NotFound('token class', globalId('TokenClass', tokenClassId))
  const [provider] = await providersById(trx, [tokenClass.providerId])
  if (provider === undefined)
    throw new Error(`the token class names the provider ${tokenClass.providerId}, which is not there`)
  return { tokenClass, provider }
}

/** Name of the metric that price protection goes by. @throws {NotFound} when there is none */
async function metricNameOf(trx: Trx, { settlement }: LockedRound['terms']): Promise<string | undefined> {
  if (settlement.priceProtection === undefined) return undefined
  const { metricId } = settlement.priceProtection
  const metric = await findMetric(trx, metricId)
  if (metric === undefined) throw new NotFound('metric', globalId('Metric', metricId))
  return metric.name
}

async function insertIssued(
  trx: Trx,
  actor: Actor,
  round: LockedRound,
  forma: ProForma,
  documentId: string,
): Promise<void> {
  await trx
    .insertInto('issued_term_sheet')
    .values({
      company_id: round.companyId,
      document_id: documentId,
      round_id: round.roundId,
      terms_version: round.termsVersion,
      equity_shares: forma.computeShares,
      price: formatNumeric(forma.price.amount),
      total_shares_after: formatNumeric(forma.sharesAfter),
      issued_by: actor.id,
      issued_at: await instant(trx),
    })
    .execute()
}
