/** What a form on a page is answered with. */
import type { Response } from 'express'
import { BadInput, DomainError, Forbidden, NotFound } from '../../platform/index.ts'

/** Back to the page when it is done; the page with the reason when it is refused. */
export async function answerForm(
  response: Response,
  {
    work,
    path,
    again,
  }: {
    readonly work: () => Promise<unknown>
    readonly path: string
    /** The page with why it was refused. */
    readonly again: (refused: string) => Promise<string>
  },
): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof DomainError || error instanceof BadInput)) throw error
    return response.status(statusOf(error)).send(await again(error.message))
  }
  return response.redirect(303, path)
}

function statusOf(error: Error): number {
  if (error instanceof BadInput) return 400
  if (error instanceof Forbidden) return 403
  return error instanceof NotFound ? 404 : 409
}
