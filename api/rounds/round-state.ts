/** The life of a round. The database's trigger `round_step` holds the same list. */
export const ROUND_STATES = ['draft', 'proposed', 'term_sheet_issued', 'accepted', 'closed', 'withdrawn'] as const
export type RoundState = (typeof ROUND_STATES)[number]

/** States from which a round can still be given up. */
export const WITHDRAWABLE = [
  'draft',
  'proposed',
  'term_sheet_issued',
  'accepted',
] as const satisfies readonly RoundState[]

/** Which state may follow which. */
export const NEXT_STATES: Readonly<Record<RoundState, readonly RoundState[]>> = {
  draft: ['proposed', 'withdrawn'],
  proposed: ['term_sheet_issued', 'withdrawn'],
  term_sheet_issued: ['accepted', 'withdrawn'],
  accepted: ['closed', 'withdrawn'],
  closed: [],
  withdrawn: [],
}

/** A state as the database gives it. @throws {RangeError} for another text: a fault of ours */
export function roundState(text: string): RoundState {
  const state = ROUND_STATES.find((known) => known === text)
  if (state === undefined) throw new RangeError(`"${text}" is not a state of a round`)
  return state
}
