/** Determinants of four rows of integers, for Cramer's rule. */

/** Coefficients of four unknowns, and the constant that they equal. */
export type Row = readonly [bigint, bigint, bigint, bigint, bigint]
/** A column of a {@link Row}. */
export type Five = 0 | 1 | 2 | 3 | 4

/** The determinant of these columns, by the minors of the first two rows and those of the last two (Laplace). */
export function determinant(
  [a, b, c, d]: readonly [Row, Row, Row, Row],
  [p, q, r, s]: readonly [Five, Five, Five, Five],
): bigint {
  const top = (m: Five, n: Five): bigint => a[m] * b[n] - a[n] * b[m]
  const low = (m: Five, n: Five): bigint => c[m] * d[n] - c[n] * d[m]
  return (
    top(p, q) * low(r, s) -
    top(p, r) * low(q, s) +
    top(p, s) * low(q, r) +
    top(q, r) * low(p, s) -
    top(q, s) * low(p, r) +
    top(r, s) * low(p, q)
  )
}
