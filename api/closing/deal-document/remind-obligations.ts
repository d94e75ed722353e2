/** Reminds companies of what side letters oblige them to, before it is due and once it is overdue: once each, also as mail. */
import { sql } from 'kysely'
import { tellCompany } from '../../messages/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  inTransaction,
  NOBODY,
  type Reader,
  type Trx,
  today,
  type Uuid,
} from '../../platform/index.ts'
import { bringIntoForce } from '../amendment/bring-into-force.ts'
import { type LetterRow, obligationsOfLetters } from './obligation.views.ts'
import { type NoticeKind, noticeDue, type Obligation } from './obligations.ts'

/** Companies whose side letters are looked up at once. */
const TOGETHER = 500

type Letter = LetterRow & { readonly title: string }
type Given = { readonly letter: Letter; readonly obligation: Obligation; readonly kind: NoticeKind }

/** The job of the day, over all companies. Harmless when repeated, also on the same day. */
export async function remindOfObligations(deps: Deps): Promise<void> {
  const faults: unknown[] = []
  let after: Uuid | undefined
  do {
    const companies = await companiesWithLetters(deps.db, after)
    for (const companyId of companies) {
      // What fails for one company must not keep the others waiting.
      await inTransaction(deps.db, (trx) => remind(trx, companyId)).catch((error: unknown) => faults.push(error))
    }
    after = companies.length === TOGETHER ? companies.at(-1) : undefined
  } while (after !== undefined)
  if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('; '))
}

async function companiesWithLetters(reader: Reader, after: Uuid | undefined): Promise<Uuid[]> {
  const { rows } = await sql<{ companyId: Uuid }>`
    SELECT DISTINCT company_id AS "companyId" FROM deal_document
    WHERE kind = 'side_letter' AND state IN ('accepted', 'in_force')
      AND (${after ?? null}::uuid IS NULL OR company_id > ${after ?? null}::uuid)
    ORDER BY company_id LIMIT ${TOGETHER}`.execute(reader)
  return rows.map((row) => row.companyId)
}

/** Gives the reminders of one company that stand today. */
async function remind(trx: Trx, companyId: Uuid): Promise<void> {
  await lockCompany(trx, companyId)
  await bringIntoForce(trx, companyId)
  const letters = await trx
    .selectFrom('deal_document')
    .select(['company_id as companyId', 'deal_document_id as dealDocumentId', 'title', 'content'])
    .select('effective_on as effectiveOn')
    .where('company_id', '=', companyId)
    .where('kind', '=', 'side_letter')
    .where('state', '=', 'in_force')
    .orderBy('deal_document_id')
    .execute()
  const owed = await obligationsOfLetters(trx, letters)
  const on = await today(trx)
  const given = letters.flatMap((letter) =>
    (owed.get(letter.dealDocumentId)?.obligations ?? []).flatMap((obligation): Given[] => {
      const kind = noticeDue(obligation, on)
      return kind === undefined ? [] : [{ letter, obligation, kind }]
    }),
  )
  if (given.length > 0) await give(trx, companyId, given)
}

async function give(trx: Trx, companyId: Uuid, given: readonly Given[]): Promise<void> {
  const at = await instant(trx)
  await trx
    .insertInto('side_obligation_notice')
    .values(
      given.map(({ letter, obligation, kind }) => ({
        company_id: companyId,
        deal_document_id: letter.dealDocumentId,
        ...{ occasion: obligation.occasion, kind, due_on: obligation.dueOn, given_at: at },
      })),
    )
    .execute()
  const subject = globalId('Company', companyId)
  const said = given.map(({ letter, obligation, kind }) => ({
    dealDocumentId: globalId('DealDocument', companyId, letter.dealDocumentId),
    letter: letter.title,
    ...{ what: obligation.kind, about: obligation.about, dueOn: obligation.dueOn, notice: kind },
  }))
  await tellCompany(trx, { companyId, kind: 'side_letter.obligations', subject, content: { obligations: said } })
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: companyId },
    kind: 'side_letter.obligations_noticed',
    subject,
    payload: said.map(({ dealDocumentId, what, about, dueOn, notice }) => ({
      ...{ dealDocumentId, what, about, dueOn, notice },
    })),
  })
}
