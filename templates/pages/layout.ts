/** What every page has: head, the bar at the top, one main part. */
import { FONT_PATH, STYLESHEET_PATH } from './assets.ts'
import { type Content, type Html, html } from './html.ts'

/** Whoever looks at a page. `role` is how they are known here, in words: "partner", "founder of Northwind Robotics, Inc.". */
export type Person = { readonly name: string; readonly role: string }

export type Layout = {
  /** The page's question, as the browser's tab shows it. */
  readonly title: string
  readonly person?: Person | undefined
  readonly main: Content
}

/** A whole page as text. Loads nothing from elsewhere, holds no script and no style in line. */
export const layout = ({ title, person, main }: Layout): string =>
  html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · Equihour</title>
    <link rel="icon" href="data:,">
    <link rel="preload" href="${FONT_PATH}" as="font" type="font/ttf" crossorigin>
    <link rel="stylesheet" href="${STYLESHEET_PATH}">
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top"><div><a class="mark" href="/">Equihour</a>${person !== undefined && bar(person)}</div></header>
    <main id="main">${keptTogether(html`${main}`)}</main>
    <footer class="foot">Equity for compute, traced to the GPU-second.</footer>
  </body>
</html>
`.text

/**
 * No line ends between a currency and its amount, a number and its per cent, or within a date: each is one figure. In text alone,
 * not in attributes, which hold what is sent.
 */
const keptTogether = (main: Html): Html =>
  main.replaceText((text) =>
    text
      .replaceAll(/\b([A-Z]{3}) (?=[−-]?[0-9])/g, '$1\u00a0')
      .replaceAll(/(?<=[0-9]) %/g, '\u00a0%')
      .replaceAll(
        /\b([0-9]{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?=[0-9]{4}\b)/g,
        '$1\u00a0$2\u00a0',
      ),
  )

const bar = (person: Person): Html =>
  html`<span class="person">${person.name}, ${person.role}</span>
      <form method="post" action="/sign-out"><button class="link">Sign out</button></form>`

/** What stands where nothing is yet: why it is empty, and what fills it. */
export const emptyState = (empty: {
  readonly heading: string
  readonly text: string
  readonly action?: { readonly label: string; readonly path: string }
}): Html =>
  html`<section class="empty">
      <h2>${empty.heading}</h2>
      <p>${empty.text}</p>
      ${empty.action !== undefined && html`<a class="button plain" href="${empty.action.path}">${empty.action.label}</a>`}
    </section>`

/** A hash in groups of eight, to compare by eye; copied, it is in one piece. */
export const hashWords = (sha256: string): Html =>
  html`<span class="hash">${(sha256.match(/.{1,8}/g) ?? []).map((group) => html`<span>${group}</span>`)}</span>`
