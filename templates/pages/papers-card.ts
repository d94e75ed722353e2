/** Papers that a start page lists: what waits for the person's own signature is said first. */
import { type Html, html } from './html.ts'

export type PaperRow = {
  readonly name: string
  readonly state: string
  readonly path: string
  /** Whether it waits for the signature of whoever looks. */
  readonly waits: boolean
  /** Named where the page is about several companies. */
  readonly company?: string
}

export const papersCard = (papers: readonly PaperRow[]): Html => html`<section class="card">
        <h2>${heading(papers.filter(({ waits }) => waits).length)}</h2>
        <table>${papers.map(
          (paper) => html`
          <tr><th scope="row"><a href="${paper.path}">${paper.name}</a>${paper.company !== undefined && html`<br><span class="quiet">${paper.company}</span>`}</th>
            <td>${paper.waits ? html`<strong>▶ Waits for your signature</strong>` : paper.state}</td></tr>`,
        )}
        </table>
      </section>`

function heading(waiting: number): string {
  if (waiting === 0) return 'Papers beside the term sheet'
  return waiting === 1 ? 'One paper waits for your signature' : `${waiting} papers wait for your signature`
}
