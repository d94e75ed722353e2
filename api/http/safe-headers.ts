/** The headers that every answer carries: they depend on no request, and are worked out once. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** Pages load nothing from elsewhere and run no script in line. */
const PAGE_CSP = {
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    upgradeInsecureRequests: null,
  },
} as const

/** Names and values, as helmet sets them. */
export const SAFE_HEADERS: readonly (readonly [name: string, value: string])[] = headersOfHelmet()

function headersOfHelmet(): (readonly [string, string])[] {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  helmet({ contentSecurityPolicy: PAGE_CSP, strictTransportSecurity: false })(request, response, (error) => {
    if (error !== undefined) throw error
  })
  return response.getHeaderNames().map((name) => [name, String(response.getHeader(name))] as const)
}

/** Sets {@link SAFE_HEADERS} on every answer. */
export const safeHeaders: RequestHandler = (_request, response, next) => {
  for (const [name, value] of SAFE_HEADERS) response.setHeader(name, value)
  next()
}
