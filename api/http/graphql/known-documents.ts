import type { DocumentNode } from 'graphql'

/**
 * Documents that were parsed, validated and found within every bound that does not depend on variables, by their exact text.
 * Bounded: when there are {@link KnownDocuments.MOST} it begins anew, and each is admitted again the next time it is sent.
 */
export class KnownDocuments {
  static readonly MOST = 500
  readonly #byText = new Map<string, DocumentNode>()

  of(text: string): DocumentNode | undefined {
    return this.#byText.get(text)
  }

  /** Call it once nothing is left to be checked: what is known is never looked at again. */
  add(document: DocumentNode): void {
    const text = document.loc?.source.body
    if (text === undefined || this.#byText.has(text)) return
    if (this.#byText.size >= KnownDocuments.MOST) this.#byText.clear()
    this.#byText.set(text, document)
  }
}
