import { createHash } from 'node:crypto'
import type { Uuid } from '../platform/index.ts'

/**
 * The id of a transfer that follows from something else: the same parts give the same id, so that doing it again posts
 * nothing new. A UUID version 8 (RFC 9562 section 5.8) of the SHA-256 of the parts.
 */
export function derivedId(...parts: readonly [what: string, ...of: string[]]): Uuid {
  const bytes = createHash('sha256').update(parts.join('\n')).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
