import { isUuid, sha256, type Uuid } from '../platform/index.ts'

/**
 * A UUID that stands for an id of Open Cap Format, which may be any text: the id itself where it is a UUID, else one made out
 * of its hash (RFC 9562, version 8). The same id always gives the same UUID, so that it can stand in global ids and cursors.
 */
export function nodeKey(ocfId: string): Uuid {
  if (isUuid(ocfId)) return ocfId
  const bytes = sha256(`ocf:${ocfId}`).subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
