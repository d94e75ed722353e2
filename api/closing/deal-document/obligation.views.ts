/** Obligations of side letters as screens read them: from the letters, their elections, what was raised and what was done. */
import { sql } from 'kysely'
import { z } from 'zod'
import type { Reader, Uuid } from '../../platform/index.ts'
import {
  mayBeRaised,
  NOTICE_KINDS,
  type Obligation,
  obligationsOf,
  RAISED_OBLIGATIONS,
  type RaisedKind,
  type RightsFrom,
} from './obligations.ts'

/** A side letter in force. */
export type LetterRow = {
  readonly companyId: Uuid
  readonly dealDocumentId: Uuid
  /** As it is stored. */
  readonly content: unknown
  readonly effectiveOn: string | null
}

const zContent = z.object({ rights: z.array(z.record(z.string(), z.unknown())) })
const zRaised = z.enum(RAISED_OBLIGATIONS)
const zNotice = z.enum(NOTICE_KINDS)

export type LetterObligations = {
  readonly obligations: readonly Obligation[]
  /** Whether its rights oblige today to what somebody raises. */
  readonly allows: (kind: RaisedKind) => boolean
}

/** What each of these side letters obliges the company to. As many queries as for one. */
export async function obligationsOfLetters(
  reader: Reader,
  letters: readonly LetterRow[],
): Promise<ReadonlyMap<Uuid, LetterObligations>> {
  if (letters.length === 0) return new Map()
  const companies = [...new Set(letters.map(({ companyId }) => companyId))]
  const ids = letters.map(({ dealDocumentId }) => dealDocumentId)
  const on = await reader
    .selectNoFrom(sql<string>`(equihour_now() AT TIME ZONE 'UTC')::date::text`.as('today'))
    .executeTakeFirstOrThrow()
  const elections = await reader
    .selectFrom('mfn_election')
    .innerJoin('deal_document', (join) =>
      join
        .onRef('deal_document.company_id', '=', 'mfn_election.company_id')
        .onRef('deal_document.deal_document_id', '=', 'mfn_election.elected_id'),
    )
    .select(['holder_id as holderId', 'elected_id as electedId', 'elected_on as electedOn', 'content'])
    .where('mfn_election.company_id', 'in', companies)
    .execute()
  const raised = await reader
    .selectFrom('side_obligation')
    .select(['deal_document_id as id', 'obligation_id as obligationId', 'kind', 'about as text', 'due_on as dueOn'])
    .where('company_id', 'in', companies)
    .where('deal_document_id', 'in', ids)
    .execute()
  const acts = await reader
    .selectFrom('side_obligation_act')
    .select([
      'deal_document_id as id',
      'occasion',
      'done_on as doneOn',
      'evidence',
      'recorded_by as recordedBy',
      'recorded_at as recordedAt',
    ])
    .where('company_id', 'in', companies)
    .where('deal_document_id', 'in', ids)
    .execute()
  const notices = await reader
    .selectFrom('side_obligation_notice')
    .select(['deal_document_id as id', 'occasion', 'kind', 'given_at as givenAt'])
    .where('company_id', 'in', companies)
    .where('deal_document_id', 'in', ids)
    .orderBy('given_at')
    .execute()
  const byHolder = new Map(elections.map((election) => [election.holderId, election]))
  const raisedOf = Map.groupBy(raised, ({ id }) => id)
  const actsOf = Map.groupBy(acts, ({ id }) => id)
  const noticesOf = Map.groupBy(notices, ({ id }) => id)
  return new Map(
    letters.map((letter) => {
      const spans = spansOf(letter, byHolder)
      const own = (raisedOf.get(letter.dealDocumentId) ?? []).map(({ id: _, kind, ...one }) => ({
        ...one,
        kind: zRaised.parse(kind),
      }))
      const done = (actsOf.get(letter.dealDocumentId) ?? []).map(({ id: _, ...act }) => act)
      const told = (noticesOf.get(letter.dealDocumentId) ?? []).map(({ id: _, kind, ...one }) => ({
        ...one,
        kind: zNotice.parse(kind),
      }))
      return [
        letter.dealDocumentId,
        {
          obligations: obligationsOf(spans, own, done, on.today, told),
          allows: (kind) => mayBeRaised(spans, kind, on.today),
        } satisfies LetterObligations,
      ]
    }),
  )
}

type Election = { readonly electedId: Uuid; readonly electedOn: string; readonly content: unknown }

/** Its own rights until it elected others, then theirs, until those elected others again. */
function spansOf(letter: LetterRow, elections: ReadonlyMap<Uuid, Election>): readonly RightsFrom[] {
  const spans: RightsFrom[] = []
  const seen = new Set<Uuid>()
  let at = { id: letter.dealDocumentId, content: letter.content, from: letter.effectiveOn ?? '9999-12-31' }
  for (;;) {
    seen.add(at.id)
    const next = elections.get(at.id)
    const { rights } = zContent.parse(at.content)
    if (next === undefined || seen.has(next.electedId)) {
      spans.push({ from: at.from, before: null, rights })
      return spans
    }
    const changed = next.electedOn > at.from ? next.electedOn : at.from
    if (changed > at.from) spans.push({ from: at.from, before: changed, rights })
    at = { id: next.electedId, content: next.content, from: changed }
  }
}
