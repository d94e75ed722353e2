import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { notFoundPage } from '../../templates/pages/error.ts'
import { founderHomePage } from '../../templates/pages/founder-home.ts'
import { html } from '../../templates/pages/html.ts'
import { layout } from '../../templates/pages/layout.ts'
import { signInPage } from '../../templates/pages/sign-in.ts'
import { givenPages } from '../browser/given-pages.ts'

test('words are escaped, and only HTML that html made is not', () => {
  const evil = `<script>alert("1")</script>&'`
  assert.equal(html`<p>${evil}</p>`.text, '<p>&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;</p>')
  // ghtml alone would let this one pass: the sentence ends in an exclamation mark.
  assert.equal(html`<p>Hello!${'<b>'}</p>`.text, '<p>Hello!&#60;b&#62;</p>')
  assert.equal(
    html`<ul>${[html`<li>${'<a>'}</li>`, html`<li>b</li>`]}</ul>`.text,
    '<ul><li>&#60;a&#62;</li><li>b</li></ul>',
  )
  assert.equal(html`${undefined}${null}${false}${0}${''}`.text, '0')
  assert.equal(html`<p>${['<', ['>']]}</p>`.text, '<p>&#60;&#62;</p>')
})

test('a figure stays on one line with its unit, and what a form sends is left as it is', () => {
  const page = layout({
    title: 'x',
    main: html`<p>USD 1,000.00 is 12.50 % of it, USD −5 is not; ABC is no amount, nor is usd 5. On 20 Nov 2026.</p><input value="USD 5 and 5 %">`,
  })
  assert.ok(
    page.includes(
      '<p>USD\u00a01,000.00 is 12.50\u00a0% of it, USD\u00a0−5 is not; ABC is no amount, nor is usd 5. On 20\u00a0Nov\u00a02026.</p>',
    ),
    page,
  )
  assert.ok(page.includes('value="USD 5 and 5 %"'))
})

test('names from outside cannot become markup or leave an attribute on any page', () => {
  const evil = `"><img src=x onerror=alert(1)> <script>`
  const termSheet = {
    headline: evil,
    roundName: evil,
    fileName: evil,
    downloadPath: `/documents/${evil}`,
    roundPath: `/rounds/${evil}`,
    sha256: evil,
    size: 1,
    version: 1,
    issuedAt: '2026-11-20T00:00:00Z',
  }
  const person = { name: evil, role: evil }
  for (const page of [
    signInPage({ name: evil, role: evil, action: evil }),
    notFoundPage(person),
    founderHomePage({
      person,
      companyName: evil,
      next: { kind: 'accept', termSheet, action: evil, refused: evil },
      figures: [{ name: evil, value: evil }],
      others: [{ name: evil, path: evil }],
    }),
  ]) {
    assert.ok(!/<img|<script| src=x/.test(page))
  }
})

test('no page has a script or a style in line, or loads anything from elsewhere', () => {
  for (const [path, page] of givenPages) {
    // A script is a file of our own, and nothing stands in it.
    const written = page.replaceAll(/<script src="\/assets\/[^"]+" defer><\/script>/g, '')
    assert.ok(!/<script|<style|\sstyle=|\son[a-z]+=|javascript:/i.test(written), path)
    for (const [, url = ''] of page.matchAll(/(?:href|src|action)="([^"]*)"/g)) {
      assert.match(url, /^(?:\/(?!\/)|#|data:,)/, `${path} points at ${url}`)
    }
    // One button a form; where there are two they are two answers, and each says which.
    for (const [form] of page.matchAll(/<form[\s\S]*?<\/form>/g)) {
      const buttons = form.match(/<button[^>]*>/g) ?? []
      assert.ok(buttons.length === 1 || buttons.every((button) => button.includes(' value="')), `${path}: ${form}`)
      assert.ok(buttons.length > 0, path)
    }
    assert.doesNotMatch(page.replace(/<form[\s\S]*?<\/form>/g, ''), /<button/, `${path}: a button beside a form`)
  }
})

test('a page says what happened, what was not changed and what to do', () => {
  for (const path of ['/not-found', '/forbidden', '/other-site', '/unreadable', '/failed', '/link-over']) {
    assert.match(givenPages.get(path) ?? '', /Nothing was changed|nothing of it was kept|Nobody was signed in/, path)
  }
})

test('no template passes words around the escaping', () => {
  const folder = new URL('../../templates/pages/', import.meta.url)
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'html.ts')) {
    const source = readFileSync(new URL(name, folder), 'utf8')
    assert.ok(!/new Html\(|from 'ghtml'/.test(source), `${name} makes HTML by hand`)
  }
})
