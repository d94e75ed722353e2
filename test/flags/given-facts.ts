/** Facts for tests of rules, written short. */
import type { Fact, FactName } from '../../api/flags/index.ts'
import { FactsAtHand } from '../../api/flags/index.ts'

export const usd = (amount: string) => ({ amount, currency: 'USD' })

/** Facts at hand from values by name; source and date are the test's. */
export const given = (values: Partial<Record<FactName, Fact['value']>>): FactsAtHand =>
  new FactsAtHand(
    Object.entries(values).map(([name, value]) => ({
      name: name as FactName,
      value: value as Fact['value'],
      source: 'the test',
      asOf: '2026-11-01',
    })),
  )
