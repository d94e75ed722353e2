/** Comma-separated files for spreadsheets. Source of the form: RFC 4180. */

/**
 * Text that somebody else wrote. Spreadsheets run what begins with one of these characters as a formula, also after blanks or
 * in full width: an apostrophe makes it text.
 */
export const words = (text: string): string =>
  /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u.test(text) ? `'${text}` : text

const cell = (text: string): string => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Rows of cells as one file. Numbers are written as they are; what people wrote goes through {@link words} first. */
export const csvOf = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
