/** The files that pages load. Their paths name their content, so browsers keep them for ever. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Router } from 'express'
import { ASSETS } from '../../templates/pages/assets.ts'

const compressed = new Map<string, Promise<Buffer>>()
/** Compressed once for each file, when it is first asked for. */
function gzipped(path: string, bytes: Buffer): Promise<Buffer> {
  const found = compressed.get(path) ?? promisify(gzip)(bytes)
  compressed.set(path, found)
  return found
}

/** `/assets/<name>.<hash>.<ending>`, for everybody. A path that is not one of ours is left to other routes. */
export function assetRoutes(): Router {
  const router = Router()
  router.get('/assets/:name', async (request, response, next) => {
    const asset = ASSETS.get(request.path)
    if (asset === undefined) return next()
    response.set({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' })
    response.type(asset.mediaType)
    if (request.acceptsEncodings('gzip') !== 'gzip') return response.send(asset.bytes)
    return response.set('content-encoding', 'gzip').send(await gzipped(asset.path, asset.bytes))
  })
  return router
}
