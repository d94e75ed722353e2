/** Other offers from a file: cash and cloud credits that stand beside the tokens of a round. */
import { basename } from 'node:path'
import { BadInput, parse } from '../platform/index.ts'
import { OtherLegs } from '../rounds/index.ts'
import { CannotModel } from './cannot-model.ts'
import { readTerms } from './terms-file.ts'

/** @throws {CannotModel} for a file that cannot be read, and for offers with faults, each at its path */
export async function readOffers(path: string) {
  try {
    return parse(OtherLegs, await readTerms(path))
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    const lines = error.faults.map(({ path: at, reason }) => `  ${[...at].join('.') || basename(path)} ${reason}`)
    throw new CannotModel(`The offers in ${basename(path)} were refused. Nothing was written.\n${lines.join('\n')}`)
  }
}
