/** A headless browser that reports whatever a page complains about: refused by policy, failed to load, thrown in a script. */
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executable = PLACES.find((path) => existsSync(path))

/** `{ skip: reason }` for node:test where no browser is installed, with a loud line; `{}` where there is one. */
export function needsBrowser(): { skip?: string } {
  if (executable !== undefined) return {}
  const skip = 'no Chromium installed: run scripts/install-test-tools.sh as root'
  console.warn(`\n  SKIPPED, UNTESTED HERE: ${skip}\n`)
  return { skip }
}

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export type Visit = { readonly page: Page; readonly complaints: string[] }

/** Opens pages for one test. Requests to anywhere but this machine are refused and reported. */
export async function openBrowser(t: TestContext): Promise<(options?: BrowserContextOptions) => Promise<Visit>> {
  if (executable === undefined) throw new Error('no browser: use needsBrowser()')
  const browser: Browser = await chromium.launch({ executablePath: executable, args: FLAGS, headless: true })
  t.after(() => browser.close())
  return async (options = {}) => {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Pacific/Auckland', ...options })
    const complaints: string[] = []
    await context.route(/^(?!http:\/\/127\.0\.0\.1[:/]|data:)/, (route) => {
      complaints.push(`asked for ${route.request().url()}`)
      return route.abort()
    })
    const page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))
    return { page, complaints }
  }
}
