/** The file of a form. A browser knows a kind of file by its name; what it does not know it calls a stream of bytes. */
import express, { type Request, type Response } from 'express'
import { EVIDENCE_MAX, EVIDENCE_TYPES } from '../closing/index.ts'
import { Refused } from '../platform/index.ts'
import { readBody } from './read-body.ts'

/** Room for the file and for what a form puts around it. */
const body = express.raw({ type: 'multipart/form-data', limit: EVIDENCE_MAX + 64 * 1024 })

/** Reads the body. Called once whoever may not send it was turned away. */
export const readMultipart = (request: Request, response: Response): Promise<void> => readBody(body, request, response)

/** The field `file` of a body that was read. @throws {Refused} where there is none, or it is of another kind */
export async function fileOf(
  request: Request,
): Promise<{ fileName: string; mediaType: (typeof EVIDENCE_TYPES)[number]; bytes: Uint8Array }> {
  const sentBody: unknown = request.body
  const headers = { 'content-type': request.get('content-type') ?? '' }
  const sent = Buffer.isBuffer(sentBody)
    ? await new globalThis.Response(new Uint8Array(sentBody), { headers }).formData().catch(() => undefined)
    : undefined
  const file = sent?.get('file')
  if (!(file instanceof File) || file.name === '') throw new Refused('file', 'must be chosen')
  const mediaType = EVIDENCE_TYPES.find((type) => type === file.type.split(';')[0])
  if (mediaType === undefined) throw new Refused('file', `must be of one of these types: ${EVIDENCE_TYPES.join(', ')}`)
  return { fileName: file.name, mediaType, bytes: new Uint8Array(await file.arrayBuffer()) }
}
