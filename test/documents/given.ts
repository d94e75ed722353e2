/** Documents for tests: stored the way another capability stores them. */
import { type StoreDocument, type Stored, storeDocument } from '../../api/documents/index.ts'
import { globalId, inTransaction, newId } from '../../api/platform/index.ts'
import type { World } from '../support/world.ts'

/** A subject that documents knows nothing about but its id. */
export const aSubject = (companyId: string): string => globalId('Round', companyId, newId())

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Stores a term sheet of a company, by default about a subject of its own. */
export const storedDocument = (world: World, companyId: string, with_: Partial<StoreDocument> = {}): Promise<Stored> =>
  inTransaction(world.deps.db, (trx) =>
    storeDocument(trx, {
      companyId,
      subject: aSubject(companyId),
      kind: 'term_sheet',
      bytes: bytesOf('what is agreed'),
      mediaType: 'application/pdf',
      fileName: 'Term sheet.pdf',
      madeBy: world.staff.partner.id,
      ...with_,
    }),
  )
