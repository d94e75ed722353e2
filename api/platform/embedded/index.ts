export { CannotOpen, DataHeld, ServerFailed } from './errors.ts'
export { holderOf } from './holder.ts'
export { type Embedded, type EmbeddedOptions, openEmbedded } from './open.ts'
