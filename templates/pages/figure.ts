/** A chart with its data table beside: drawn for wide and for narrow screens, of which one is shown. */
import { PAGE_TEXT, type Scene } from '../charts/scene.ts'
import { sceneSvg } from '../charts/svg.ts'
import { type Content, type Html, html } from './html.ts'

/** Widths in pixels: that of a card on a wide page, and of one on a telephone. */
const WIDE = 860
const NARROW = 320

export type Figure = {
  /** Letters, digits and hyphens; unique on the page. */
  readonly id: string
  /** Draws the chart for a width. */
  readonly draw: (canvas: { readonly width: number; readonly text: number }) => Scene
  /** One line below the chart: what is hatched, what a marker means. */
  readonly note?: Content
}

/** The chart alone; the caller puts the table below it. */
export function figure({ id, draw, note }: Figure): Html {
  return html`<figure class="figure">
      ${sceneSvg(draw({ width: WIDE, text: PAGE_TEXT }), `${id}-w`, 'chart chart-wide')}
      ${sceneSvg(draw({ width: NARROW, text: PAGE_TEXT }), `${id}-n`, 'chart chart-narrow')}
      ${note !== undefined && note !== false && html`<figcaption class="quiet">${note}</figcaption>`}
    </figure>`
}

export type DataColumn = { readonly head: string; readonly number?: boolean }
export type DataTable = {
  readonly caption: string
  readonly columns: readonly DataColumn[]
  readonly rows: readonly { readonly cells: readonly Content[]; readonly total?: boolean }[]
  /** On a narrow screen each row becomes a list under its first cell: for rows that are read, not compared. */
  readonly stacks?: boolean
}

/** A table of exact figures; wider than the screen, it scrolls in itself and the first column stays. */
export const dataTable = ({ caption, columns, rows, stacks = false }: DataTable): Html =>
  html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table class="data${stacks && ' stacks'}">
        <caption>${caption}</caption>
        <thead><tr>${columns.map((column) => html`<th scope="col"${column.number === true && html` class="number"`}>${column.head}</th>`)}</tr></thead>
        <tbody>${rows.map(
          (row) =>
            html`<tr${row.total === true && html` class="total"`}>${row.cells.map((cell, i) =>
              i === 0
                ? html`<th scope="row">${cell}</th>`
                : html`<td${columns[i]?.number === true && html` class="number"`}${stacks && html` data-head="${cell === '' ? '' : columns[i]?.head}"`}>${cell}</td>`,
            )}</tr>`,
        )}</tbody>
      </table></div>`
