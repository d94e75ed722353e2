/** Figures on paper: what cannot be printed is a refusal, not a fault of ours. */
import { NotPrintable } from '../../../templates/format.ts'
import { CharactersNotInTypeface } from '../../../templates/pdf/typeface.ts'
import { canonicalJson, type JsonValue, Refused, sha256 } from '../../platform/index.ts'

/** Figures as they are attached to a file, and their hash. */
export function hashed(figures: JsonValue): { readonly figuresJson: string; readonly sha256: string } {
  const figuresJson = canonicalJson(figures)
  return { figuresJson, sha256: sha256(figuresJson).toString('hex') }
}

/** @throws {Refused} under `field`, where a name has characters that the typeface of documents does not show */
export async function printed(field: string, pdf: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await pdf()
  } catch (error) {
    if (error instanceof CharactersNotInTypeface || error instanceof NotPrintable)
      throw new Refused(field, `cannot be printed: ${error.message}`)
    throw error
  }
}
