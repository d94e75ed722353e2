/** What a person can act on: told in words, without a stack. */
export class CannotModel extends Error {}
