/** What rules may ask of flags themselves. The composition root registers these. */
import type { FactProvider } from './fact.ts'
import { recordedFacts } from './recorded-fact.views.ts'

/** Whether bookings are suspended: what was recorded last, and where nothing was ever recorded, that nobody suspended them. */
export const bookingSuspension: FactProvider = async (reader, question) => {
  const [recorded] = await recordedFacts(reader, ['company.bookings_suspended'], question)
  if (recorded !== undefined) return recorded
  return {
    name: 'company.bookings_suspended',
    value: { suspended: false, why: 'no suspension was ever recorded' },
    source: 'the facts on record',
    asOf: question.onDate,
  }
}
