/** What stands before a gate: anything of a company's, named by its global id. Flags knows no more of it. */
import { parseGlobalId, type Uuid } from '../platform/index.ts'

/** Whether the text is the global id of something that belongs to this company. */
export function belongsTo(companyId: Uuid, subject: string): boolean {
  const parsed = parseGlobalId(subject)
  return parsed !== undefined && parsed.keys[0] === companyId
}

/** The company that a subject belongs to by its global id, or `undefined` where the text is no global id. */
export const companyOf = (subject: string): Uuid | undefined => parseGlobalId(subject)?.keys[0]
