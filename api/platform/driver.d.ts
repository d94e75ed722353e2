/** A part of the driver that its published types leave out. */
declare module 'pg/lib/utils.js' {
  const utils: {
    /** A value as it is sent: lists as the database writes them, objects as JSON. */
    readonly prepareValue: (value: unknown) => string | Buffer | null
  }
  export default utils
}
