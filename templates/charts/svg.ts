/** A chart on a page. No style and no script in line: colours are attributes, which the page's classes override. */
import { type Html, html } from '../pages/html.ts'
import { INKS } from './palette.ts'
import { at, HATCH_GAP, type PathShape, type Scene, type Shape, type TextShape, type Tone } from './scene.ts'

/**
 * The scene as an `svg` element with its title and description. `id` begins every id in it: unique on the page, made of
 * letters, digits and hyphens.
 */
export function sceneSvg(scene: Scene, id: string, className = 'chart'): Html {
  const tones = new Set(scene.shapes.flatMap((shape) => (isHatched(shape) ? [shape.fill ?? 'accent'] : [])))
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="${className}" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${scene.width} ${scene.height}" width="${scene.width}" height="${scene.height}" font-family="IBM Plex Sans, system-ui, sans-serif">
<title id="${id}-t">${scene.title}</title><desc id="${id}-d">${scene.description}</desc>
${[...tones].map((tone) => pattern(id, tone))}${scene.shapes.map((shape) => drawn(shape, id))}</svg>`
}

/** The scene as a file of its own. */
export const svgFile = (scene: Scene): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${sceneSvg(scene, 'chart').text}\n`

const isHatched = (shape: Shape): shape is PathShape => shape.kind === 'path' && shape.hatched === true

const drawn = (shape: Shape, id: string): Html => (shape.kind === 'text' ? text(shape) : path(shape, id))

const text = ({ x, y, size, anchor = 'start', weight = 'regular', tone = 'text', text: words }: TextShape): Html =>
  html`<text x="${at(x)}" y="${at(y)}" font-size="${size}" text-anchor="${anchor}" fill="${INKS[tone]}" class="fill-${tone}"${weight === 'semibold' && html` font-weight="600"`}>${words}</text>
`

function path(shape: PathShape, id: string): Html {
  const { d, fill, hatched = false, stroke, thickness = 1, dash, hint } = shape
  const classes = [fill !== undefined && !hatched && `fill-${fill}`, stroke !== undefined && `stroke-${stroke}`]
  const paint = fill === undefined ? 'none' : hatched ? `url(#${id}-${fill})` : INKS[fill]
  return html`<path d="${d}" fill="${paint}" class="${classes.filter((name) => name !== false).join(' ')}"${
    stroke !== undefined && html` stroke="${INKS[stroke]}" stroke-width="${thickness}" stroke-linejoin="round"`
  }${dash !== undefined && html` stroke-dasharray="${dash.join(' ')}"`}>${
    hint !== undefined && html`<title>${hint}</title>`
  }</path>
`
}

/** Slanted lines on the paper's colour, so that what lies below does not show through. */
const pattern = (id: string, tone: Tone): Html =>
  html`<pattern id="${id}-${tone}" width="${HATCH_GAP}" height="${HATCH_GAP}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="${HATCH_GAP}" height="${HATCH_GAP}" fill="${INKS.paper}" class="fill-paper"/><rect width="${HATCH_GAP * 0.4}" height="${HATCH_GAP}" fill="${INKS[tone]}" class="fill-${tone}"/></pattern>
`
