/** Text in two weights, and how it breaks into lines. */
import { printable, type Weight } from './typeface.ts'

/** A stretch of text in one weight. */
export type Run = { readonly text: string; readonly bold?: boolean }
/** Plain text, or text in runs. */
export type Rich = string | readonly Run[]
/** One line of wrapped text: its pieces from left to right, each with its width in points. */
export type Line = { readonly pieces: readonly Piece[]; readonly width: number }
type Piece = { readonly text: string; readonly weight: Weight; readonly width: number }
/** Width of a text in points. */
export type Measure = (text: string, weight: Weight) => number

/** A defined term at its definition: bold, in quotation marks. */
export const defined = (term: string): Run => ({ text: `“${term}”`, bold: true })
export const bold = (text: string): Run => ({ text, bold: true })

/** Text with bold stretches: rich`the ${defined('Company')} issues ${shares}`. */
export function rich(strings: TemplateStringsArray, ...values: readonly (string | Run)[]): readonly Run[] {
  return strings.flatMap((text, i) => {
    const value = values[i]
    return value === undefined ? [{ text }] : [{ text }, typeof value === 'string' ? { text: value } : value]
  })
}

type Word = { pieces: { text: string; weight: Weight }[]; spaceBefore: boolean; breakBefore: boolean }

/**
 * Breaks text into lines no wider than `width` points: at spaces, after a hyphen or slash between letters, at every line
 * break, and inside a word only where the word alone is wider than the line.
 *
 * @throws {CharactersNotInTypeface}
 */
export function wrap(text: Rich, width: number, measure: Measure, weight: Weight = 'regular'): Line[] {
  const lines: Line[] = []
  let line: Word['pieces'] = []
  const flush = (): void => {
    lines.push(finished(line, measure))
    line = []
  }
  for (const word of words(text, weight)) {
    if (word.breakBefore) flush()
    const joined = merge(line, word.pieces, word.spaceBefore && line.length > 0)
    if (widthOf(joined, measure) <= width) {
      line = joined
      continue
    }
    if (line.length > 0) flush()
    line = word.pieces
    while (widthOf(line, measure) > width) {
      const [head, rest] = cut(line, width, measure)
      lines.push(finished(head, measure))
      line = rest
    }
  }
  flush()
  return lines
}

/** Width in points that a text takes on its longest line when nothing forces it to wrap. */
export function naturalWidth(text: Rich, measure: Measure, weight: Weight = 'regular'): number {
  return Math.max(0, ...wrap(text, Number.POSITIVE_INFINITY, measure, weight).map((line) => line.width))
}

/** The text without its weights. */
export const plainText = (text: Rich): string =>
  typeof text === 'string' ? text : text.map((run) => run.text).join('')

// A date and an amount with its currency are each one token: "20 Nov 2026", "USD 2.85".
const TOKENS =
  /\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}[^ \n]*|[A-Z]{3} \d[^ \n]*|\n| +|[^ \n]+/g

function words(text: Rich, weight: Weight): Word[] {
  const found: Word[] = []
  let fresh: Pick<Word, 'spaceBefore' | 'breakBefore'> | undefined = { spaceBefore: false, breakBefore: false }
  for (const run of typeof text === 'string' ? [{ text }] : text) {
    const its: Weight = run.bold ? 'semibold' : weight
    for (const token of printable(run.text).match(TOKENS) ?? []) {
      if (token === '\n') fresh = { spaceBefore: false, breakBefore: true }
      else if (token.startsWith(' ')) fresh ??= { spaceBefore: true, breakBefore: false }
      else {
        for (const part of token.split(/(?<=\p{L}{2}[-–—/])(?=\p{L}{2})/u)) {
          const last = found.at(-1)
          if (fresh === undefined && last !== undefined) last.pieces = merge(last.pieces, [{ text: part, weight: its }])
          else
            found.push({
              pieces: [{ text: part, weight: its }],
              ...(fresh ?? { spaceBefore: false, breakBefore: false }),
            })
          // The parts of one token may be torn apart, so the next part is a word of its own without a space before it.
          fresh = { spaceBefore: false, breakBefore: false }
        }
        fresh = undefined
      }
    }
  }
  return found
}

function merge(left: Word['pieces'], right: Word['pieces'], space = false): Word['pieces'] {
  const merged = left.map((piece) => ({ ...piece }))
  for (const [i, piece] of right.entries()) {
    const last = merged.at(-1)
    const gap = space && i === 0 ? ' ' : ''
    if (last === undefined) merged.push({ ...piece })
    else if (last.weight === piece.weight) last.text += gap + piece.text
    else {
      last.text += gap
      merged.push({ ...piece })
    }
  }
  return merged
}

const widthOf = (pieces: Word['pieces'], measure: Measure): number =>
  pieces.reduce((total, piece) => total + measure(piece.text, piece.weight), 0)

function finished(pieces: Word['pieces'], measure: Measure): Line {
  const measured = pieces.map((piece) => ({ ...piece, width: measure(piece.text, piece.weight) }))
  return { pieces: measured, width: measured.reduce((total, piece) => total + piece.width, 0) }
}

/** The longest beginning of `pieces` that fits, at least one character, and the rest. */
function cut(pieces: Word['pieces'], width: number, measure: Measure): [Word['pieces'], Word['pieces']] {
  const characters = pieces.flatMap(({ text, weight }) => [...text].map((character) => ({ text: character, weight })))
  let fits = 1
  while (fits < characters.length && widthOf(merge([], joined(characters.slice(0, fits + 1))), measure) <= width) fits++
  return [joined(characters.slice(0, fits)), joined(characters.slice(fits))]
}

const joined = (pieces: Word['pieces']): Word['pieces'] =>
  pieces.reduce<Word['pieces']>((done, piece) => merge(done, [piece]), [])
