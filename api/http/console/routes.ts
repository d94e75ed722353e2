/** The console: GraphiQL from our own files under a strict content security policy, with the saved operations as tabs. */
import { createHash } from 'node:crypto'
import { type RequestHandler, Router } from 'express'
import type { Actor } from '../../access/index.ts'
import { type Deps, today } from '../../platform/index.ts'
import { savedOperations } from './operations.ts'
import { ConsoleSituation, SITUATION } from './variables.ts'

/**
 * Scripts and workers only from here. Monaco, the editor inside GraphiQL, writes style elements: styles alone may be in line.
 */
const CONSOLE_CSP =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Equihour console</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/assets/console/graphiql.css" />
    <link rel="stylesheet" href="/assets/console/console.css" />
  </head>
  <body class="no-focus-outline">
    <noscript>The console needs JavaScript. The same operations can be sent to /graphql by any GraphQL client.</noscript>
    <div id="root"><p class="loading">Loading the console…</p></div>
    <script src="/assets/console/graphiql.js"></script>
    <script src="/assets/console/console.js"></script>
  </body>
</html>
`

const CONSOLE_CSS = `html, body, #root { height: 100%; margin: 0; }
.loading { font: 16px/1.5 system-ui, sans-serif; padding: 2rem; }
`

/** Starts GraphiQL with one tab for each saved operation. */
const CONSOLE_JS = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => '/assets/console/worker-' + (label === 'graphql' || label === 'json' ? label : 'editor') + '.js',
}
const root = document.querySelector('#root')
fetch('/console/operations.json', { headers: { accept: 'application/json' } })
  .then((answer) => { if (!answer.ok) throw new Error('HTTP ' + answer.status); return answer.json() })
  .then(({ tabs, title, storage }) => {
    if (localStorage.getItem('equihour:tabs') !== storage) {
      for (const key of Object.keys(localStorage)) if (key.startsWith('graphiql:')) localStorage.removeItem(key)
      localStorage.setItem('equihour:tabs', storage)
    }
    YogaGraphiQL.renderYogaGraphiQL(root, {
      endpoint: '/graphql',
      title,
      logo: '',
      defaultTabs: tabs,
      shouldPersistHeaders: false,
      isHeadersEditorEnabled: false,
      additionalHeaders: { 'x-graphql-yoga-csrf': '1' },
      credentials: 'same-origin',
    })
  })
  .catch((error) => { root.textContent = 'The console could not start: ' + error.message + '. Reload the page, or sign in again.' })
`

/** GraphiQL's own files, from its package. Loaded when first asked for: they are large. */
async function graphiqlFile(name: string): Promise<{ type: string; body: string } | undefined> {
  const files = await import('@graphql-yoga/render-graphiql/graphiql')
  const script = (body: string) => ({ type: 'text/javascript', body })
  switch (name) {
    case 'graphiql.js':
      return script(files.js)
    case 'graphiql.css':
      return { type: 'text/css', body: files.css }
    case 'worker-editor.js':
      return script(files.editorWorkerService)
    case 'worker-json.js':
      return script(files.jsonWorker)
    case 'worker-graphql.js':
      return script(files.graphqlWorker)
    case 'console.js':
      return script(CONSOLE_JS)
    case 'console.css':
      return { type: 'text/css', body: CONSOLE_CSS }
    default:
      return undefined
  }
}

export type ConsoleOptions = {
  readonly actorOf: (request: Parameters<RequestHandler>[0]) => Promise<Actor | undefined>
  /** Runs a query as a person: variables are filled from what they see, and from nothing else. */
  readonly query: (actor: Actor, document: string) => Promise<Readonly<Record<string, unknown>>>
  /** A package to import, for a demo. */
  readonly packageFiles: () => Promise<readonly { name: string; content: string }[]>
}

/** `/console`, its saved operations and its files. Without a session it leads to the sign-in page. */
export function consoleRoutes(deps: Deps, { actorOf, query, packageFiles }: ConsoleOptions): Router {
  const router = Router()
  router.get('/console', async (request, response) => {
    if ((await actorOf(request)) === undefined) return response.redirect(303, '/')
    return response.set('content-security-policy', CONSOLE_CSP).type('html').send(PAGE)
  })
  router.get('/console/operations.json', async (request, response) => {
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).json({ error: 'Sign in first.' })
    const seen = { ...(await query(actor, SITUATION)), packageFiles: await packageFiles(), today: await today(deps.db) }
    const tabs = await savedOperations(ConsoleSituation.parse(seen))
    const storage = createHash('sha256')
      .update(JSON.stringify([actor.id, tabs]))
      .digest('hex')
    return response.set('cache-control', 'no-store').json({ title: `Equihour — ${actor.name}`, tabs, storage })
  })
  router.get('/assets/console/:name', async (request, response) => {
    const file = await graphiqlFile(request.params.name)
    if (file === undefined) return response.status(404).end()
    return response.set('cache-control', 'public, max-age=86400').type(file.type).send(file.body)
  })
  return router
}
