/**
 * Reads the signature of a request: HTTP Message Signatures (RFC 9421) over named components, with the digest of the body
 * among them (RFC 9530). Pure: keys, clocks and nonces are looked after elsewhere.
 */
import { SignatureInvalid, type SignedText } from '../access/index.ts'

/** What of a request a signature may cover. Header names are lower case. */
export type SignedMessage = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly authority: string
  readonly header: (name: string) => string | undefined
}

/** One signature of a request and the text that it covers. */
export type MessageSignature = SignedText & {
  readonly components: readonly string[]
  readonly algorithm: string | null
}

const MOST_CHARACTERS = 4096
const INPUT =
  /^([a-z*][a-z0-9_.*-]{0,63})=\(([^()]*)\)((?:;[a-z*][a-z0-9_.*-]*=(?:"[\x20-\x21\x23-\x5b\x5d-\x7e]*"|-?\d{1,15}))*)$/
const PARAMETER = /;([a-z*][a-z0-9_.*-]*)=(?:"([^"]*)"|(-?\d{1,15}))/g

/**
 * The signature of a request that has exactly one.
 *
 * @throws {SignatureInvalid} for headers that are malformed, and for components that are unknown or missing
 */
export function readMessageSignature(message: SignedMessage): MessageSignature {
  const input = message.header('signature-input')?.trim() ?? ''
  if (input.length > MOST_CHARACTERS) throw new SignatureInvalid('its Signature-Input is too long')
  const match = INPUT.exec(input)
  if (match === null) throw new SignatureInvalid('its Signature-Input is malformed, or holds more than one signature')
  const [, label = '', list = '', rest = ''] = match
  const components = componentsOf(list)
  const parameters = new Map<string, string>()
  for (const [, name = '', text, digits] of rest.matchAll(PARAMETER)) {
    if (parameters.has(name)) throw new SignatureInvalid(`its parameter ${name} stands twice`)
    parameters.set(name, text ?? digits ?? '')
  }
  const lines = components.map((component) => `"${component}": ${componentValue(message, component)}`)
  const base = [...lines, `"@signature-params": (${list})${rest}`].join('\n')
  return {
    components,
    algorithm: parameters.get('alg') ?? null,
    keyId: parameters.get('keyid') ?? '',
    nonce: parameters.get('nonce') ?? '',
    created: Number(parameters.get('created') ?? Number.NaN),
    base,
    signature: signatureOf(message.header('signature')?.trim() ?? '', label),
  }
}

function componentsOf(list: string): string[] {
  const components = list === '' ? [] : list.split(' ').map((item) => /^"([^"\\]+)"$/.exec(item)?.[1] ?? '')
  if (components.includes('')) throw new SignatureInvalid('its list of components is malformed')
  if (new Set(components).size < components.length) throw new SignatureInvalid('a component stands twice')
  return components
}

function componentValue(message: SignedMessage, component: string): string {
  if (component === '@method') return message.method
  if (component === '@path') return message.path
  if (component === '@query') return message.query
  if (component === '@authority') return message.authority.toLowerCase()
  const value = component.startsWith('@') ? undefined : message.header(component)
  if (value === undefined) throw new SignatureInvalid(`the request has no ${component}`)
  return value.trim()
}

function signatureOf(header: string, label: string): Buffer {
  const match = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]+={0,2}):$/.exec(header)
  if (match === null || match[1] !== label) throw new SignatureInvalid('its Signature is malformed')
  return Buffer.from(match[2] ?? '', 'base64')
}

/** What a request of ours must have signed. */
const NEEDED = ['@method', '@path', 'content-digest']

/**
 * Refuses a signature that leaves out what a request could be changed in, or what makes it count once.
 *
 * @throws {SignatureInvalid}
 */
export function mustCoverRequest({ components, algorithm, created, nonce }: MessageSignature): void {
  const missing = NEEDED.filter((name) => !components.includes(name))
  if (missing.length > 0) throw new SignatureInvalid(`it does not cover ${missing.join(', ')}`)
  if (algorithm !== null && algorithm !== 'ed25519') throw new SignatureInvalid('its algorithm is not ed25519')
  if (!Number.isSafeInteger(created) || created < 0) throw new SignatureInvalid('it does not say when it was created')
  if (!/^[\x21-\x7e]{8,100}$/.test(nonce)) throw new SignatureInvalid('its nonce must have 8 to 100 characters')
}

/**
 * The SHA-256 that a Content-Digest header gives.
 *
 * @throws {SignatureInvalid}
 */
export function sha256OfDigest(header: string | undefined): Buffer {
  const match = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(header?.trim() ?? '')
  if (match === null) throw new SignatureInvalid('its Content-Digest must be one sha-256')
  return Buffer.from(match[1] ?? '', 'base64')
}
