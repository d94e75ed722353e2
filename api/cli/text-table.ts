/** Tables of plain text for a terminal: texts to the left, numbers to the right, two spaces between columns. */

export type TextColumn = { readonly title: string; readonly align: 'left' | 'right' }

/** Lines of a table under its titles, each indented by two spaces. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) => row.map(printable))
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => width(row[index] ?? ''))))
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const text = row[index] ?? ''
        const space = ' '.repeat((widths[index] ?? 0) - width(text))
        return align === 'left' ? text + space : space + text
      })
      .join('  ')
  const rule = widths.map((count) => '-'.repeat(count)).join('  ')
  const [titles = [], ...body] = cells
  return [line(titles), rule, ...body.map(line)].map((text) => `  ${text}`.trimEnd())
}

/** Text from a file, with nothing in it that a terminal would obey. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\u{fffd}')

const width = (text: string): number => [...text].length
