/** A short binding document: what it does in one sentence, numbered clauses, its data attached as JSON, and who signs. */
import { createHash } from 'node:crypto'
import { date } from '../format.ts'
import { Clauses } from './clauses.ts'
import { INK, MARGIN, Paper } from './paper.ts'
import { defined, type Rich, rich } from './rich-text.ts'
import type { Table } from './table.ts'
import type { Party } from './term-sheet-input.ts'
import { formWords } from './term-sheet-words.ts'

/** Somebody who signs, and the word by which the document calls them. */
export type Signatory = Party & { readonly role: string }

export type BindingDocument = {
  /** "Amendment". */
  readonly kind: string
  /** "Series Seed". */
  readonly subject: string
  /** What it does, in one sentence. */
  readonly headline: string
  /** Instant of issue in UTC: the file's only date. */
  readonly issuedAt: string
  readonly parties: readonly [Signatory, ...Signatory[]]
  readonly sections: readonly {
    readonly title: string
    readonly clauses: readonly { readonly text: Rich; readonly table?: Table }[]
  }[]
  /** Canonical JSON (RFC 8785) of what it binds to, and the file's name inside the PDF. */
  readonly attached: { readonly name: string; readonly json: string; readonly description: string }
  /** US letter where the parties print there. */
  readonly paper?: 'A4' | 'LETTER'
}

/**
 * The document as PDF/A-3a: tagged, the same bytes for the same input in every process.
 *
 * @throws {NotPrintable} for a number or date that is none
 * @throws {CharactersNotInTypeface} for text that the typeface cannot show
 */
export async function bindingDocumentPdf(document: BindingDocument): Promise<Uint8Array> {
  const madeAt = new Date(document.issuedAt)
  if (Number.isNaN(madeAt.getTime())) throw new RangeError(`issuedAt is no instant: ${document.issuedAt}`)
  const { name: attached, json, description } = document.attached
  const hash = createHash('sha256').update(json, 'utf8').digest('hex')
  const [first] = document.parties
  const name = `${document.kind}: ${document.subject}, ${first.name}`
  const paper = new Paper({
    title: name,
    author: document.parties.at(-1)?.name ?? first.name,
    subject: `${document.kind} of ${date(document.issuedAt)}`,
    keywords: `${attached} sha256 ${hash}`,
    madeAt,
    size: document.paper ?? 'A4',
  })
  paper.attach({ name: attached, mediaType: 'application/json', text: json, description }, madeAt)
  opening(paper, document)
  const clauses = new Clauses(paper)
  clauses.section('Parties')
  for (const party of document.parties)
    clauses.clause(rich`${party.name}${formWords(party)} (the ${defined(party.role)}).`)
  for (const { title, clauses: texts } of document.sections) {
    clauses.section(title)
    for (const { text, table } of texts) clauses.clause(text, table)
  }
  clauses.section('Signing')
  clauses.clause(
    'Each party signs by confirming, through a person authorised to act for it, the SHA-256 hash of exactly this file. A file with another hash is another document. Nothing binds before every party named below has signed.',
  )
  signatureBlocks(paper, document.parties)
  return paper.finish(name, `${attached} ${hash.slice(0, 16)}… · ${date(document.issuedAt)}`)
}

function opening(paper: Paper, document: BindingDocument): void {
  const wide = { x: paper.left, width: paper.width }
  const kicker = `${document.kind} · ${document.subject}`
  paper.paragraph(kicker, { ...wide, weight: 'semibold', color: INK.accent, after: 10 })
  paper.paragraph(document.headline, {
    ...wide,
    width: paper.width * 0.92,
    tag: 'H1',
    size: 19,
    leading: 25,
    weight: 'semibold',
    after: 10,
  })
  paper.paragraph(
    `Issued ${date(document.issuedAt)}. What it binds to is attached to this file as ${document.attached.name}.`,
    { ...wide, color: INK.muted, after: 4 },
  )
}

/** Places for signatures, two in a row. */
export function signatureBlocks(
  paper: Paper,
  parties: readonly { readonly role: string; readonly name: string }[],
): void {
  paper.space(8)
  const gap = 28
  const width = (paper.width - gap) / 2
  for (let row = 0; row < parties.length; row += 2) {
    paper.room(150)
    const top = paper.y
    for (const [i, { role, name }] of parties.slice(row, row + 2).entries()) {
      const x = paper.left + i * (width + gap)
      paper.y = top
      paper.paragraph(`For the ${role}`, { x, width, size: 8.5, color: INK.muted, after: 0 })
      paper.paragraph(name, { x, width, weight: 'semibold', after: 30 })
      for (const line of ['Signature', 'Name and title', 'Date']) {
        paper.rule(x, x + width, paper.y, INK.strong)
        paper.space(3)
        paper.paragraph(line, { x, width, size: 7.5, color: INK.muted, after: line === 'Date' ? 0 : 22 })
      }
    }
    paper.space(MARGIN.hang)
  }
}
