/** An assignment: another entity stands in the place of a party, with everything that it owes and is owed. Its content. */
import { z } from 'zod'
import { zJurisdiction } from '../../parties/index.ts'
import { zIsoDate, zText } from '../../platform/index.ts'

/** How the successor comes into the place. By law in a merger or a conversion; by contract in an assignment. */
export const ASSIGNMENT_KINDS = ['merger', 'conversion', 'assignment'] as const
/** In whose place. */
export const ASSIGNED_SIDES = ['company', 'fund', 'provider'] as const
export type AssignedSide = (typeof ASSIGNED_SIDES)[number]

/** What an assignment says, as it is stored. */
export const AssignmentContent = z.strictObject({
  side: z.enum(ASSIGNED_SIDES),
  kind: z.enum(ASSIGNMENT_KINDS),
  /** What the predecessor is called on the day of the draft. */
  predecessor: zText(200),
  successor: z.strictObject({
    name: zText(200),
    form: zText(100),
    jurisdiction: zJurisdiction,
  }),
  /** What shows it: the certificate of merger, the assumption agreement. */
  evidence: zText(500),
  evidenceDate: zIsoDate,
})
export type AssignmentContent = z.output<typeof AssignmentContent>
