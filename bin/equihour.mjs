#!/usr/bin/env node
// Plain JavaScript, for any Node from 18 on: finds a Node that runs the TypeScript of the rest, and says clearly what is
// missing.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const NEEDED = 24
const root = fileURLToPath(new URL('..', import.meta.url))
const running = Number(process.versions.node.split('.')[0])

function refuse(message) {
  console.error(message)
  process.exit(1)
}

if (!existsSync(`${root}node_modules/kysely`)) refuse('The dependencies are missing. Run "npm ci" first.')

if (running >= NEEDED) {
  // GraphQL else looks at every value of every type for another copy of itself in node_modules.
  process.env.NODE_ENV ??= 'production'
  // Keeps compiled modules between starts; a little less than half of a start is compiling.
  nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? `${root}node_modules/.cache/equihour`)
  await import('../api/cli/main.ts')
} else {
  liftTo(`${root}node_modules/node/bin/node`)
}

// The flag halves what the start leaves behind in memory; package.json gives it too.
function liftTo(node) {
  if (!existsSync(node)) {
    refuse(
      `Equihour needs Node ${NEEDED}; this is Node ${process.versions.node}. Run "npm ci" without --omit=dev and with install ` +
        `scripts allowed, which brings Node ${NEEDED}, or install Node ${NEEDED}.`,
    )
  }
  const child = spawn(node, ['--max-semi-space-size=8', fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // Ctrl-C reaches both of us: the child decides when it is done. What only we get is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => refuse(`${node} could not be run: ${error.message}`))
  child.once('exit', (code, signal) => process.exit(signal === null ? code : 1))
}
