/** Bodies that are read once it is known who sends them: whoever may not send one is turned away before it is read. */
import type { Request, RequestHandler, Response } from 'express'

/** Reads the body into `request.body`, as the parser does where it stands in a route. It rejects with the parser's refusal. */
export const readBody = (parser: RequestHandler, request: Request, response: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    parser(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)))
  })
