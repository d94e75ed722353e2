/** Files that pages load, all our own. A path names its content, so that it can be kept for ever. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { FONT_FILES } from '../pdf/typeface.ts'

export type Asset = { readonly path: string; readonly mediaType: string; readonly bytes: Buffer }

function asset(name: string, ending: string, mediaType: string, bytes: Buffer): Asset {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  return { path: `/assets/${name}.${hash}.${ending}`, mediaType, bytes }
}

const font = (weight: 'regular' | 'semibold'): Asset =>
  asset(`ibm-plex-sans-${weight}`, 'ttf', 'font/ttf', readFileSync(FONT_FILES[weight]))

const regular = font('regular')
const semibold = font('semibold')
const styles = readFileSync(new URL('./style.css', import.meta.url), 'utf8')
  .replace('url("font-regular")', `url("${regular.path}")`)
  .replace('url("font-semibold")', `url("${semibold.path}")`)
const stylesheet = asset('style', 'css', 'text/css; charset=utf-8', Buffer.from(styles))

const liveQuote = asset(
  'live-quote',
  'js',
  'text/javascript; charset=utf-8',
  readFileSync(new URL('./live-quote.js', import.meta.url)),
)

/** Every file that pages load, by path. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  [stylesheet, regular, semibold, liveQuote].map((file) => [file.path, file] as const),
)
/** What says beside the request form what it would take. */
export const LIVE_QUOTE_PATH = liveQuote.path
export const STYLESHEET_PATH = stylesheet.path
/** The font that the first text needs. */
export const FONT_PATH = regular.path
