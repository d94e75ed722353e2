/** A client of `POST /usage`: sends lines and reads answers at the same time, and signs where it is told to. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { registerMachineKey } from '../../api/access/index.ts'
import type { World } from '../support/world.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads fields of lines that it knows
export type Answered = { readonly status: number; readonly lines: any[] }

/** The application on a port of its own, until the test is over. */
export async function serve(t: TestContext, world: World): Promise<number> {
  const server = createServer(world.app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export const ndjson = (records: readonly unknown[]): string =>
  records.map((record) => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`).join('')

/** Sends a whole body. */
export async function post(port: number, body: string, headers: Record<string, string>): Promise<Answered> {
  const request = send({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/usage',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  request.end(body)
  const [response] = await answered
  const text = await textOf(response)
  return {
    status: response.statusCode ?? 0,
    lines: text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)])),
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) text += String(chunk)
  return text
}

/** A machine with an Ed25519 key. */
export async function signer(world: World, providerId = world.providerId) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { keyId } = await registerMachineKey(world.deps, world.staff.admin.actor, {
    providerId: `Provider:${providerId}`,
    machine: 'metering',
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  })
  return { keyId, privateKey }
}

/** The headers of a signed body. The text that is signed is written out here by hand, as docs/usage.md tells it. */
export function signed(
  body: string,
  { keyId, privateKey }: { keyId: string; privateKey: KeyObject },
  {
    created,
    nonce = randomUUID(),
    components = '"@method" "@path" "content-digest"',
    more = '',
  }: {
    created: number
    nonce?: string
    components?: string
    more?: string
  },
): Record<string, string> {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const parameters = `(${components});created=${created};nonce="${nonce}";keyid="${keyId}";alg="ed25519"${more}`
  const values: Record<string, string> = { '@method': 'POST', '@path': '/usage', 'content-digest': digest }
  const lines = components.split(' ').map((name) => `${name}: ${values[name.slice(1, -1)]}`)
  const base = [...lines, `"@signature-params": ${parameters}`].join('\n')
  return {
    'content-digest': digest,
    'signature-input': `usage=${parameters}`,
    signature: `usage=:${sign(null, Buffer.from(base), privateKey).toString('base64')}:`,
  }
}

/** What became of each line, shortly. */
export const outcomes = ({ lines }: Answered): string[] =>
  lines.map((line) => (line.code === undefined ? line.outcome : `${line.outcome} ${line.code}`))

/** A secret key of a machine. */
export async function secretOf(world: World, providerId = world.providerId): Promise<string> {
  const { secret } = await registerMachineKey(world.deps, world.staff.admin.actor, {
    providerId: `Provider:${providerId}`,
    machine: 'pusher',
  })
  assert.ok(secret !== null)
  return secret
}
