/** What makes that a form which is sent twice is done once. */
import { sha256 } from '../../platform/index.ts'

/**
 * The idempotency key of what a form says. The same page with the same words is the same call; what was typed anew on it, after
 * going back, is another, and not a key that was used for something else.
 *
 * @param page new for each page that is drawn; or the id of what is decided, where that is done only once
 */
export const formKey = (page: string, said: object): { readonly idempotencyKey?: string } =>
  page === '' ? {} : { idempotencyKey: sha256(`${page} ${JSON.stringify(said)}`).toString('hex') }
