/** Reading the body of a GraphQL request, within bounds. */
import type { IncomingMessage } from 'node:http'
import { GraphQLError } from 'graphql'

/** Most bytes of one request. An Open Cap Format package of 100,000 transactions fits. */
export const BODY_BYTES = 64 * 1024 * 1024

/** A request that cannot be read, with the status it answers. Where it is wrong is named like a field of input. */
export function unreadable(reason: string, { status = 400, path = '' } = {}): GraphQLError {
  return new GraphQLError(path === '' ? reason : `${path} ${reason}`, {
    extensions: { code: 'BAD_INPUT', ...(path === '' ? {} : { faults: [{ path, reason }] }), http: { status } },
  })
}

const tooLarge = () =>
  unreadable(`The request is larger than ${BODY_BYTES / 2 ** 20} MiB. Nothing was changed.`, { status: 413 })

/**
 * The bytes of a body. One that is too large is not read to its end, and not at all where its header tells. They are read from
 * Node's own request: a stream of the fetch standard around it, and another that counts its bytes, would cost as much as a
 * small query.
 */
export async function bytesOf(message: IncomingMessage): Promise<Uint8Array> {
  if (Number(message.headers['content-length'] ?? 0) > BODY_BYTES) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  await new Promise<void>((resolve, reject) => {
    message.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= BODY_BYTES) chunks.push(chunk)
      else {
        chunks.length = 0
        reject(tooLarge())
      }
    })
    message.on('end', resolve).on('error', reject)
    message.on('close', () => {
      if (!message.readableEnded) reject(unreadable('The request was cut off. Nothing was changed.'))
    })
  })
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
