/** The one typeface of every document: IBM Plex Sans in two weights. All its figures have the same width. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Regular, and semibold for headings, totals and defined terms. */
export type Weight = 'regular' | 'semibold'

const file = (path: string): string => fileURLToPath(import.meta.resolve(`@expo-google-fonts/ibm-plex-sans/${path}`))

/** Where the font files are. */
export const FONT_FILES: Readonly<Record<Weight, string>> = {
  regular: file('400Regular/IBMPlexSans_400Regular.ttf'),
  semibold: file('600SemiBold/IBMPlexSans_600SemiBold.ttf'),
}

/** Text with characters that the typeface cannot show. A box in a document that somebody signs is refused instead. */
export class CharactersNotInTypeface extends Error {
  readonly text: string
  readonly characters: readonly string[]
  constructor(text: string, characters: readonly string[]) {
    const named = characters.map((character) => `U+${codeOf(character)}`).join(', ')
    super(`"${text.slice(0, 80)}" has characters that the documents' typeface cannot show: ${named}`)
    this.name = 'CharactersNotInTypeface'
    this.text = text
    this.characters = characters
  }
}

const codeOf = (character: string): string =>
  (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')

let known: ReadonlyMap<number, number> | undefined

/**
 * `text` with its white space made plain and its letters composed (NFC), once every character is known to have a glyph.
 * Line breaks stay.
 *
 * @throws {CharactersNotInTypeface}
 */
export function printable(text: string): string {
  known ??= glyphs(readFileSync(FONT_FILES.regular))
  const plain = text.normalize('NFC').replace(/\r\n?/g, '\n').replace(/\t/g, ' ')
  const missing = new Set([...plain].filter((c) => c !== '\n' && !known?.has(c.codePointAt(0) ?? 0)))
  if (missing.size > 0) throw new CharactersNotInTypeface(text, [...missing])
  return plain
}

type Advances = (codePoint: number) => number
const advances = new Map<Weight, Advances>()

/**
 * Width of a text of one line, in the unit of `size`. Kerning is left out, and a character that the typeface lacks
 * counts as wide as it is high: charts place their labels by it, on pages too, where another typeface shows it.
 */
export function textWidth(text: string, size: number, weight: Weight = 'regular'): number {
  let advance = advances.get(weight)
  if (advance === undefined) {
    advance = advancesOf(readFileSync(FONT_FILES[weight]))
    advances.set(weight, advance)
  }
  let ems = 0
  for (const character of text) ems += advance(character.codePointAt(0) ?? 0)
  return ems * size
}

/** Advance widths in ems by code point. Source: OpenType 1.9, `head`, `hhea`, `hmtx`. */
function advancesOf(font: Buffer): Advances {
  const unitsPerEm = font.readUInt16BE(tableAt(font, 'head') + 18)
  const count = font.readUInt16BE(tableAt(font, 'hhea') + 34)
  const metrics = tableAt(font, 'hmtx')
  const glyphOf = glyphs(font)
  return (codePoint) => {
    const glyph = glyphOf.get(codePoint)
    return glyph === undefined ? 1 : font.readUInt16BE(metrics + Math.min(glyph, count - 1) * 4) / unitsPerEm
  }
}

/** The glyph of each code point: a TrueType font's `cmap` subtable of format 4. Source: OpenType 1.9, `cmap`. */
function glyphs(font: Buffer): Map<number, number> {
  const cmap = tableAt(font, 'cmap')
  const count = font.readUInt16BE(cmap + 2)
  for (let i = 0; i < count; i++) {
    const at = cmap + font.readUInt32BE(cmap + 4 + i * 8 + 4)
    if (font.readUInt16BE(at) === 4) return format4(font, at)
  }
  throw new Error('the font has no character map of format 4')
}

function tableAt(font: Buffer, tag: string): number {
  const count = font.readUInt16BE(4)
  for (let i = 0; i < count; i++) {
    const record = 12 + i * 16
    if (font.toString('latin1', record, record + 4) === tag) return font.readUInt32BE(record + 8)
  }
  throw new Error(`the font has no table ${tag}`)
}

function format4(font: Buffer, at: number): Map<number, number> {
  const doubled = font.readUInt16BE(at + 6)
  const ends = at + 14
  const starts = ends + doubled + 2
  const deltas = starts + doubled
  const offsets = deltas + doubled
  const found = new Map<number, number>()
  for (let i = 0; i < doubled; i += 2) {
    const [start, end] = [font.readUInt16BE(starts + i), font.readUInt16BE(ends + i)]
    const [delta, offset] = [font.readUInt16BE(deltas + i), font.readUInt16BE(offsets + i)]
    for (let code = start; code <= end && code !== 0xffff; code++) {
      // An offset leads to an index that the delta is added to as well, unless it is 0: no glyph.
      const index = offset === 0 ? code : font.readUInt16BE(offsets + i + offset + (code - start) * 2)
      const glyph = offset !== 0 && index === 0 ? 0 : (index + delta) & 0xffff
      if (glyph !== 0) found.set(code, glyph)
    }
  }
  return found
}
