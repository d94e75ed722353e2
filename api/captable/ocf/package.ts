/** A package that was read: its objects and transactions, each with the place it came from and the text it came as. */
import type { PackageFault } from './fault.ts'
import type { JsonObject } from './json.ts'
import type { ObjectOf, OcfObject } from './objects.ts'
import type { OcfTransaction } from './transactions.ts'

/** Where an item stands: the file as the manifest names it, and the pointer to the item in it. */
export type Place = { readonly file: string; readonly pointer: string }
/** An item with its place and as it came. `raw` is what is stored and exported: validation never rewrites it. */
export type Placed<T> = { readonly place: Place; readonly raw: JsonObject; readonly item: T }
/** An item of a type that Open Cap Format 1.2.0 does not have. Kept verbatim and reported; it does not count. */
export type UnknownItem = { readonly type: string; readonly id: string; readonly date: string | undefined }

export type OcfPackage = {
  /** As the manifest says: "1.2.0", or a pre-release of 1.2. */
  readonly ocfVersion: string
  /** The date the package speaks of, and when it was made. */
  readonly asOf: string
  readonly generatedAt: string
  /** SHA-256 over the files that were read, by path: the same content gives the same sum, as folder or as archive. */
  readonly sha256: string
  readonly fileNames: readonly string[]
  readonly issuer: Placed<ObjectOf<'ISSUER'>>
  /** In the order of the files, without the issuer. */
  readonly objects: readonly Placed<OcfObject>[]
  readonly transactions: readonly Placed<OcfTransaction>[]
  readonly unknown: readonly Placed<UnknownItem>[]
  readonly warnings: readonly PackageFault[]
}
