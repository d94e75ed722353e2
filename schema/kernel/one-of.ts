/** A text of the database as the value of its list: the column's CHECK lists exactly these. */
export function oneOf<const T extends string>(values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text)
  if (value === undefined) throw new Error(`${text} is none of ${values.join(', ')}`)
  return value
}
