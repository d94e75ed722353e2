/** Who acts where nobody does: a job that time started. */
export const NOBODY = { id: '00000000-0000-0000-0000-000000000000' } as const
