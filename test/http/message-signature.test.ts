/** HTTP Message Signatures, held to the published example. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSignedBy } from '../../api/access/index.ts'
import { readMessageSignature, sha256OfDigest } from '../../api/http/message-signature.ts'

// RFC 9421, appendices B.1.4 and B.2.6.
const PUBLIC_KEY = Buffer.from('JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=', 'base64')
const HEADERS: Readonly<Record<string, string>> = {
  date: 'Tue, 20 Apr 2021 02:07:55 GMT',
  'content-type': 'application/json',
  'content-length': '18',
  'signature-input':
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  signature: 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
}
const message = (change: Record<string, string> = {}) => ({
  method: 'POST',
  path: '/foo',
  query: '?param=Value&Pet=dog',
  authority: 'example.com',
  header: (name: string): string | undefined => ({ ...HEADERS, ...change })[name],
})

test('the example of RFC 9421 is read and verified', () => {
  const signature = readMessageSignature(message())
  assert.deepEqual([signature.keyId, signature.created, signature.algorithm], ['test-key-ed25519', 1618884473, null])
  assert.equal(
    signature.base,
    [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    ].join('\n'),
  )
  assert.ok(isSignedBy(PUBLIC_KEY, signature.base, signature.signature))
  const changed = readMessageSignature(message({ 'content-length': '19' }))
  assert.ok(!isSignedBy(PUBLIC_KEY, changed.base, changed.signature))
})

test('what is malformed is refused', () => {
  for (const change of [
    { 'signature-input': 'sig-b26' },
    { 'signature-input': 'sig-b26=("date" "date");created=1' },
    { 'signature-input': 'sig-b26=("@status");created=1' },
    { 'signature-input': 'sig-b26=("x-missing");created=1' },
    { 'signature-input': `sig-b26=(${'"date" '.repeat(1000)})` },
    { signature: 'other=:AAAA:' },
    { signature: 'sig-b26=AAAA' },
  ]) {
    assert.throws(() => readMessageSignature(message(change)), { code: 'SIGNATURE_INVALID' }, JSON.stringify(change))
  }
  for (const digest of [undefined, '', 'sha-512=:AAAA:', 'sha-256=:AAAA:']) {
    assert.throws(() => sha256OfDigest(digest), { code: 'SIGNATURE_INVALID' })
  }
})
