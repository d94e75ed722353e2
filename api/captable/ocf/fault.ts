/** What is wrong with a package: where, and why. */
import { DomainError } from '../../platform/index.ts'
import { MAX_FAULTS } from './bounds.ts'

/** One fault, warning or gap: the file as the manifest names it, the item's id, a JSON pointer (RFC 6901) and the reason. */
export type PackageFault = {
  readonly file: string
  readonly itemId: string | null
  readonly pointer: string
  readonly reason: string
}

/** What was done about a gap that the caller chose to accept. See ADR 0004. */
export const GAP_EFFECTS = ['PLACEHOLDER', 'SET_ASIDE', 'KEPT'] as const
/**
 * `PLACEHOLDER`: the missing object was made, and is marked so. `SET_ASIDE`: the item is stored as it came, but does not count.
 * `KEPT`: the item counts; only the reference leads nowhere.
 */
export type GapEffect = (typeof GAP_EFFECTS)[number]
export type PackageGap = PackageFault & { readonly effect: GapEffect }

/** The package was refused as a whole; nothing of it was stored. Carries every fault, up to {@link MAX_FAULTS}. */
export class BrokenPackage extends DomainError {
  readonly code = 'BROKEN_PACKAGE'
  readonly faults: readonly PackageFault[]
  /** How many faults there are, also beyond those that are listed. */
  readonly faultCount: number
  constructor(faults: readonly PackageFault[], faultCount = faults.length) {
    const first = faults[0]
    const where =
      first === undefined ? '' : ` First: ${[first.file, first.pointer].filter(Boolean).join(' ')} ${first.reason}.`
    super(
      `The Open Cap Format package has ${faultCount === 1 ? 'a fault' : `${faultCount} faults`} and was refused as a whole.` +
        `${where} Nothing was changed. Correct the package and import it again.`,
    )
    this.faults = faults.slice(0, MAX_FAULTS)
    this.faultCount = faultCount
  }
}

/** Collects faults up to {@link MAX_FAULTS} and counts the rest. */
export class Faults<F extends PackageFault = PackageFault> {
  readonly list: F[] = []
  count = 0
  add(fault: F): void {
    this.count += 1
    if (this.list.length < MAX_FAULTS) this.list.push(fault)
  }
  /** @throws {BrokenPackage} when there is any fault */
  throwIfAny(): void {
    if (this.count > 0) throw new BrokenPackage(this.list, this.count)
  }
}

/** A JSON pointer out of path segments. Source: RFC 6901. */
export const pointer = (path: readonly (string | number | symbol)[]): string =>
  path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
