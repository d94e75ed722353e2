/** How much of a package is read before it is refused. A package is somebody else's file: everything about it is bounded. */

/** Files of a package: the manifest, the files it names, and whatever else lies in the archive. */
export const MAX_FILES = 1_000
/** Bytes of all files that are read, after inflating. 100,000 transactions are about 60 MB. */
export const MAX_TOTAL_BYTES = 256 * 1024 * 1024
/** Bytes of an archive before inflating. */
export const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
/**
 * Inflated bytes for each compressed byte of one file. JSON that repeats itself reaches about 30; deflate ends at 1,032,
 * which is what bombs use. Files below {@link RATIO_FREE_BYTES} are exempt: a short file of spaces is no danger.
 */
export const MAX_RATIO = 200
export const RATIO_FREE_BYTES = 1024 * 1024
/** Nested arrays and objects in a file. The deepest field of Open Cap Format 1.2.0 lies at 9. */
export const MAX_DEPTH = 64
/** Items of a package over all its files. */
export const MAX_ITEMS = 1_000_000
/** Characters of an id, here and in the database. */
export const MAX_ID_LENGTH = 255
/** Faults that are carried; beyond them only the number is. */
export const MAX_FAULTS = 1_000
/** Conditions of one set of vesting terms. */
export const MAX_CONDITIONS = 2_000
/** Times that one vesting condition may fire: a daily schedule over 27 years. */
export const MAX_OCCURRENCES = 10_000
/** Days or months of one vesting period. */
export const MAX_PERIOD = 100_000
