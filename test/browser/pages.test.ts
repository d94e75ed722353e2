import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { after, before, test } from 'node:test'
import express from 'express'
import { assetRoutes } from '../../api/http/assets.ts'
import { needsBrowser, openBrowser } from './browser.ts'
import { givenPages } from './given-pages.ts'

/** As the application sends it. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

let server: Server
let origin = ''
before(async () => {
  const app = express().use(assetRoutes())
  app.use((request, response) => {
    const page = givenPages.get(request.path)
    response.set('content-security-policy', CSP).status(page === undefined ? 404 : 200)
    response.type('html').send(page ?? 'no such page')
  })
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
after(() => server.close())

test(
  'every page loads under the strict policy in light and dark, narrow and wide, and complains about nothing',
  needsBrowser(),
  async (t) => {
    const open = await openBrowser(t)
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 360],
    ] as const) {
      const { page, complaints } = await open({ colorScheme, viewport: { width, height: 800 } })
      for (const path of givenPages.keys()) {
        await page.goto(`${origin}${path}`)
        await page.evaluate('document.fonts.ready')
        assert.deepEqual(complaints, [], path)
        assert.equal(await page.locator('h1').count(), 1, `${path} has one heading`)
        assert.equal(await page.evaluate('document.fonts.check("600 16px IBM Plex Sans")'), true, path)
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        assert.equal(overflow, 0, `${path} is wider than ${width} pixels`)
      }
    }
  },
)

test('text stands out from its ground in light and dark', needsBrowser(), async (t) => {
  const open = await openBrowser(t)
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open({ colorScheme })
    for (const path of ['/accept', '/refused', '/nothing', '/chain-refused', '/chains']) {
      await page.goto(`${origin}${path}`)
      const poor = await page.evaluate(CONTRASTS)
      assert.deepEqual(poor, [], `${path} in ${colorScheme}`)
    }
  }
})

test(
  'the form is reached and filled by keyboard alone, and the browser holds back one that is not filled',
  needsBrowser(),
  async (t) => {
    const open = await openBrowser(t)
    const { page } = await open()
    await page.goto(`${origin}/accept`)
    const posted: string[] = []
    await page.route('**/accept', (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      posted.push(route.request().postData() ?? '')
      return route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>taken</h1>' })
    })
    await page.getByRole('button', { name: 'Accept version 3 of the term sheet' }).press('Enter')
    assert.deepEqual(posted, [])
    await page.getByRole('link', { name: 'The tokens beside cash and cloud credits' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.type('Ada Lindqvist')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('taken').waitFor()
    assert.deepEqual(posted, [
      'sha256=c6773ac19fc6522e8a1fd0a1b6c3f0b7f6f7d0a97ad3f5ff2b3a2f7f0f4a9e11&name=Ada+Lindqvist&read=yes',
    ])
  },
)

test(
  'rounds are drawn up by keyboard alone, every field has its name, and Enter tries and does not keep',
  needsBrowser(),
  async (t) => {
    const open = await openBrowser(t)
    const { page } = await open()
    await page.goto(`${origin}/chain-tried`)
    const posted: string[] = []
    await page.route('**/chains/new', (route) => {
      posted.push(route.request().postData() ?? '')
      return route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>taken</h1>' })
    })
    for (const label of [
      'Name',
      'Closes on',
      'Before the money, USD',
      'Tokens delivered by the next round/the one after/…',
      'Cash, USD',
    ])
      assert.equal(
        await page
          .getByRole('group', { name: /^Round 1/ })
          .getByLabel(label, { exact: true })
          .count(),
        1,
        label,
      )
    const nameless = await page.evaluate(
      '[...document.querySelectorAll("main input:not([type=hidden]), main select")].filter((it) => it.labels.length === 0 && !it.ariaLabel).map((it) => it.name)',
    )
    assert.deepEqual(nameless, [])
    await page.getByLabel('Tokens delivered by the next round/the one after/…').focus()
    await page.keyboard.type('60000')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await page.getByText('taken').waitFor()
    const fields = new URLSearchParams(posted[0])
    assert.deepEqual(
      ['do', 'delivered.0', 'leaveOut.0', 'round.0'].map((name) => fields.get(name)),
      ['try', '60000', 'yes', '{"compute":{}}'],
    )
  },
)

/** Runs in the page: texts whose contrast to the nearest opaque ground is below 4.5, WCAG 2.2 success criterion 1.4.3. */
const CONTRASTS = `(() => {
  const numbers = (color) => (color.match(/[0-9.]+/g) ?? []).map(Number)
  const light = (color) => {
    const [r, g, b] = numbers(color).map((n) => n / 255).map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (color !== 'transparent' && numbers(color)[3] !== 0) return color
    }
    return 'rgb(255, 255, 255)'
  }
  return [...document.querySelectorAll('main *, header *, footer')]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
    .map((element) => {
      const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x)
      return { text: element.textContent.trim().slice(0, 30), ratio: (a + 0.05) / (b + 0.05) }
    })
    .filter(({ ratio }) => ratio < 4.5)
})()`

test(
  'the request form says what it would take while it is filled in, and hides what was quoted for something else',
  needsBrowser(),
  async (t) => {
    const open = await openBrowser(t)
    const { page, complaints } = await open()
    const asked: string[] = []
    await page.route('**/estimate?*', (route) => {
      const gpus = new URL(route.request().url()).searchParams.get('gpus') ?? ''
      asked.push(gpus)
      return route.fulfill({ status: 200, contentType: 'text/plain', body: `It would take ${gpus} tokens.` })
    })
    // The page's own clock stands still until it is told: how fast this machine types says nothing.
    await page.clock.install()
    await page.goto(`${origin}/compute`)
    await page.clock.pauseAt(Date.now() + 60_000)
    assert.equal(await page.locator('#quote').isVisible(), true)
    const gpus = page.getByLabel('GPUs', { exact: true })
    await gpus.fill('')
    await gpus.pressSequentially('123')
    assert.deepEqual(asked, [])
    await page.clock.runFor(400)
    await page.getByText('It would take 123 tokens.').waitFor()
    // One question for what was typed at once; and nobody confirms the quote for other GPUs.
    assert.deepEqual(asked, ['123'])
    assert.equal(await page.locator('#quote').isVisible(), false)
    assert.deepEqual(complaints, [])
  },
)
