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

let known: ReadonlySet<number> | undefined

/**
 * `text` with its white space made plain and its letters composed (NFC), once every character is known to have a glyph.
 * Line breaks stay.
 *
 * @throws {CharactersNotInTypeface}
 */
export function printable(text: string): string {
  known ??= codePoints(readFileSync(FONT_FILES.regular))
  const plain = text.normalize('NFC').replace(/\r\n?/g, '\n').replace(/\t/g, ' ')
  const missing = new Set([...plain].filter((c) => c !== '\n' && !known?.has(c.codePointAt(0) ?? 0)))
  if (missing.size > 0) throw new CharactersNotInTypeface(text, [...missing])
  return plain
}

/** Code points that a TrueType font maps to a glyph: its `cmap` subtable of format 4. Source: OpenType 1.9, `cmap`. */
function codePoints(font: Buffer): Set<number> {
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

function format4(font: Buffer, at: number): Set<number> {
  const doubled = font.readUInt16BE(at + 6)
  const ends = at + 14
  const starts = ends + doubled + 2
  const deltas = starts + doubled
  const offsets = deltas + doubled
  const found = new Set<number>()
  for (let i = 0; i < doubled; i += 2) {
    const [start, end] = [font.readUInt16BE(starts + i), font.readUInt16BE(ends + i)]
    const [delta, offset] = [font.readUInt16BE(deltas + i), font.readUInt16BE(offsets + i)]
    for (let code = start; code <= end && code !== 0xffff; code++) {
      const glyph = offset === 0 ? code + delta : font.readUInt16BE(offsets + i + offset + (code - start) * 2)
      if ((glyph & 0xffff) !== 0) found.add(code)
    }
  }
  return found
}
