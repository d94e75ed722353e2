/** Amounts in the text of a finding: grouped and exact, for a person who checks the sum by hand. */
import { formatNumeric, type Numeric } from '../platform/index.ts'

/** `133900000` as `133,900,000`; decimals are kept as they are. */
export function grouped(value: Numeric): string {
  const [whole = '', fraction] = formatNumeric(value).split('.')
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? text : `${text}.${fraction}`
}

export const dollars = (value: Numeric): string => `USD ${grouped(value)}`
