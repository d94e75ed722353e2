/** What rules may ask of the compute that a deal promises. The composition root registers it. */
import { coverageOf, type Promised } from '../clusters/index.ts'
import type { FactProvider } from '../flags/index.ts'
import {
  formatNumeric,
  formatTokens,
  globalId,
  parseGlobalId,
  type Reader,
  type Ref,
  type Uuid,
} from '../platform/index.ts'
import { RoundTerms } from '../rounds/index.ts'
import { tokenClassesById } from '../tokens/index.ts'
import { closingsOf, roundOfClosing } from './later-closing/later-closing.store.ts'
import { earningOf } from './later-closing/later-closing.ts'

type Added = Promised & { readonly tokenClassId: Uuid }

/** `coverage.outlook` of a round that is not closed, and of a further closing: with the tokens that it would grant. */
export const coverageOfDeal: FactProvider = async (reader, { companyId, subject, onDate }) => {
  const parsed = parseGlobalId(subject)
  const [owner, id] = parsed?.keys ?? []
  if (owner !== companyId || id === undefined) return undefined
  const added = await addedBy(reader, parsed?.type, { companyId, id })
  if (added === undefined) return undefined
  const classes = [...new Set(added.map(({ tokenClassId }) => tokenClassId))]
  const coverage = await coverageOf(
    reader,
    classes,
    Map.groupBy(added, ({ tokenClassId }) => tokenClassId),
  )
  const names = new Map((await tokenClassesById(reader, classes)).map((each) => [each.tokenClassId, each.name]))
  return {
    name: 'coverage.outlook',
    value: [...coverage.values()].map(({ tokenClassId, poolIds, months, unknown }) => ({
      tokenClass: names.get(tokenClassId) ?? '',
      added: formatTokens(
        added.filter((each) => each.tokenClassId === tokenClassId).reduce((sum, { amount }) => sum + amount, 0n),
      ),
      pools: poolIds.map((poolId) => globalId('Pool', poolId)),
      months: months.map(({ month, expiring, promised, deliverable, ratio }) => ({
        month,
        expiring: formatTokens(expiring),
        promised: formatTokens(promised),
        deliverable: deliverable === null ? null : formatTokens(deliverable),
        ratio: ratio === null ? null : formatNumeric(ratio),
      })),
      unknown,
    })),
    source: 'lots, pools, maintenance, dedications and factors as they stand, and the terms of this deal',
    asOf: onDate,
  }
}

/** What a deal would add to the promises; nothing once it is closed, since its lots are counted then. */
async function addedBy(reader: Reader, type: string | undefined, ref: Ref): Promise<readonly Added[] | undefined> {
  if (type === 'Round') {
    const round = await termsOf(reader, ref)
    if (round === undefined) return undefined
    const { compute, tokenExpiry } = round.terms
    const amount = round.state === 'closed' ? 0n : compute.tokens
    return [{ companyId: ref.companyId, tokenClassId: compute.tokenClassId, expiresOn: tokenExpiry, amount }]
  }
  if (type !== 'Closing') return undefined
  const roundRef = await roundOfClosing(reader, ref).catch(() => undefined)
  const round = roundRef && (await termsOf(reader, roundRef))
  if (roundRef === undefined || round === undefined) return undefined
  const closing = (await closingsOf(reader, roundRef)).find((each) => each.id === ref.id)
  if (closing === undefined) return undefined
  const { state } = await reader
    .selectFrom('closing')
    .select('state')
    .where('company_id', '=', ref.companyId)
    .where('closing_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  return closing.content.grants.map((leg) => ({
    companyId: ref.companyId,
    tokenClassId: leg.tokenClassId,
    expiresOn: earningOf(round.terms, leg).tokenExpiry,
    amount: state === 'closed' ? 0n : leg.tokens,
  }))
}

async function termsOf(reader: Reader, { companyId, id }: Ref) {
  const row = await reader
    .selectFrom('round')
    .innerJoin('round_terms', (on) =>
      on
        .onRef('round_terms.company_id', '=', 'round.company_id')
        .onRef('round_terms.round_id', '=', 'round.round_id')
        .onRef('round_terms.version', '=', 'round.terms_version'),
    )
    .select(['round.state', 'round_terms.terms'])
    .where('round.company_id', '=', companyId)
    .where('round.round_id', '=', id)
    .executeTakeFirst()
  return row && { state: row.state, terms: RoundTerms.parse(row.terms) }
}
