/** Values that no field of a type takes, and inputs of every mutation that they are put into. */
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { WIRE } from '../rounds/given-terms.ts'

/** One field of an input, by its path below the input (`terms.preMoney.amount`), and the type it has. */
export type Leaf = { readonly path: readonly string[]; readonly type: GraphQLInputType }

const UNKNOWN = '0190aaaa-0000-7000-8000-000000000001'
const OTHER = '0190bbbb-0000-7000-8000-000000000002'

/** The types of global ids, by the name of the field that takes them, and how many keys they have. */
const IDS: Readonly<Record<string, readonly [string, 1 | 2]>> = {
  amendmentId: ['Amendment', 2],
  closingId: ['Closing', 2],
  companyId: ['Company', 1],
  correctsId: ['Observation', 2],
  credit: ['TokenAccount', 2],
  debit: ['TokenAccount', 2],
  disputeId: ['Dispute', 2],
  dealDocumentId: ['DealDocument', 2],
  documentId: ['Document', 2],
  electedId: ['DealDocument', 2],
  fallbackId: ['Metric', 1],
  findingId: ['Finding', 2],
  flagId: ['Flag', 2],
  grantId: ['Grant', 2],
  markId: ['Mark', 2],
  metricId: ['Metric', 1],
  over: ['DealDocument', 2],
  poolId: ['Pool', 1],
  providerId: ['Provider', 1],
  quarantineId: ['QuarantinedUsage', 2],
  releaseId: ['TokenRelease', 2],
  reservationId: ['Reservation', 2],
  restartId: ['NodeRestart', 2],
  roundId: ['Round', 2],
  sendingId: ['TokenSending', 2],
  settlementId: ['Settlement', 2],
  statementId: ['Statement', 2],
  subject: ['Round', 2],
  tokenClassId: ['TokenClass', 1],
  toCompanyId: ['Company', 1],
  transferId: ['TokenTransfer', 2],
}
/** Ids that callers make themselves: UUIDs. */
const OWN_IDS: ReadonlySet<string> = new Set(['id', 'pendingId', 'reversesId'])
/** Well-formed texts of fields that take more than any text. */
const TEXTS: Readonly<Record<string, string>> = {
  usageIds: '01890000-0000-7000-8000-000000000000',
  proposalId: '01890000-0000-7000-8000-000000000000',
  usageId: '01890000-0000-7000-8000-000000000000',
  keyId: '01890000-0000-7000-8000-000000000000',
  publicKey: `${'A'.repeat(43)}=`,
  gpuSeconds: '1',
  reservationId: 'Reservation:01890000-0000-7000-8000-000000000000:01890000-0000-7000-8000-000000000001',
  code: 'BOARD_CONSENT',
  currency: 'USD',
  jurisdiction: 'US-DE',
  name: 'transaction.value',
  // Of a transfer; anywhere else it is any text.
  reason: 'adjust_what_the_test_says',
  planSha256: 'a'.repeat(64),
  sha256: 'a'.repeat(64),
  value: '{"amount":"1","currency":"USD"}',
  zipBase64: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==',
}

/** Of terms, what depends on one another is real. */
const { security: _s, compute: _c, releases: _r, vesting: _v, unearned: _u, pool: _p, ...REAL_TERMS } = WIRE

/** An id that is well formed and nobody's. */
export const unknownId = (type: string, keys: 1 | 2): string =>
  keys === 1 ? `${type}:${UNKNOWN}` : `${type}:${UNKNOWN}:${OTHER}`

/** Of what the id in a field is: most are of what it is named after, and carry their distribution key. */
const idOf = (name: string): readonly [string, 1 | 2] =>
  IDS[name] ?? (name.endsWith('Id') ? [`${name[0]?.toUpperCase()}${name.slice(1, -2)}`, 2] : ['Company', 1])

/** A well-formed value of an input type: every field is given, ids are nobody's. */
export function wellFormed(type: GraphQLInputType, name: string): unknown {
  if (isNonNullType(type)) return wellFormed(type.ofType, name)
  if (isListType(type)) return [wellFormed(type.ofType, name)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const every = Object.values(type.getFields()).map((field) => [field.name, wellFormed(field.type, field.name)])
    return { ...Object.fromEntries(every), ...(type.name === 'RoundTermsInput' ? REAL_TERMS : {}) }
  }
  switch (type.name) {
    case 'ID':
      if (OWN_IDS.has(name)) return UNKNOWN
      return unknownId(...idOf(name))
    case 'Int':
      return 1
    case 'Boolean':
      return false
    case 'Date':
      return '2026-11-01'
    case 'DateTime':
      return /^(ended|ends|validUntil)/.test(name) ? '2026-12-01T00:00:00Z' : '2026-11-30T00:00:00Z'
    case 'String':
      return TEXTS[name] ?? 'A text that says enough.'
    default:
      return '1'
  }
}

/** The fields of an input at any depth, with lists and objects themselves. */
export function leavesOf(type: GraphQLInputObjectType, path: readonly string[] = []): Leaf[] {
  return Object.values(type.getFields()).flatMap((field) => {
    const here = [...path, field.name]
    const own: Leaf[] = [{ path: here, type: field.type }]
    const inner = innermost(field.type)
    if (!isInputObjectType(inner)) return own
    return [...own, ...leavesOf(inner, isListType(nullable(field.type)) ? [...here, '0'] : here)]
  })
}

const nullable = (type: GraphQLInputType): GraphQLInputType => (isNonNullType(type) ? type.ofType : type)
function innermost(type: GraphQLInputType): GraphQLInputType {
  return isNonNullType(type) || isListType(type) ? innermost(type.ofType) : type
}

const DECIMALS = [
  '1e3',
  '-0',
  '-1',
  '١٢',
  '9'.repeat(40),
  ' 1',
  '1 ',
  '1.',
  '.5',
  '+1',
  '0x10',
  '00',
  '01',
  'NaN',
  'Infinity',
  '1,000',
  '1_000',
  '0.00000000001',
  '1\n',
  '',
  1,
  1.5,
]
const NOT_DATES = [
  '2026-02-30',
  '2026-13-01',
  '0000-01-01',
  '2026-00-10',
  '2025-02-29',
  '2026-2-3',
  '20261120',
  '2026-W47-5',
  '+002026-11-20',
  '-002026-11-20',
  '2026-11-20T00:00:00Z',
  '２０２６-11-20',
  'today',
  '',
  20261120,
]
const NOT_INSTANTS = [
  '2026-06-30T23:59:60Z',
  '2026-06-30T24:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-20T09:00:00',
  '2026-11-20T09:00:00+02:00',
  '2026-11-20T09:00:00.1234567Z',
  '2026-11-20 09:00:00Z',
  '2026-11-20T09:00Z',
  '0000-01-01T00:00:00Z',
  '2026-11-20',
  '',
  1_795_000_000,
]
const NOT_INTS = ['1', 1.5, 2_147_483_648, -2_147_483_649, true, '', [1, 2]]
/** Nothing in the system has this many characters, and no list this many items; of large items, as many as a request can hold. */
const HUGE_TEXT = 'x'.repeat(1_000_000)
const HUGE_LIST = 100_000
const HUGE_REQUEST = 16_000_000
const NOT_TEXTS = ['a\u0000b', '\ud800', 'a\u0007b', 5, true, ['x', 'y'], { x: 1 }]

/** What a field of this type refuses as malformed. */
export function malformed({ path, type }: Leaf): unknown[] {
  const name = path.at(-1) ?? ''
  if (isNonNullType(type)) return [null, ...malformed({ path, type: type.ofType })]
  if (isListType(type)) {
    const item = wellFormed(type.ofType, name)
    const length = Math.min(HUGE_LIST, Math.ceil(HUGE_REQUEST / JSON.stringify(item).length))
    return ['x', 5, [null], Array.from({ length }, () => item)]
  }
  if (isEnumType(type)) return ['NO_SUCH_VALUE', '__proto__', 'constructor', '', 5, true]
  if (isInputObjectType(type)) return ['x', 5, [], [{}, {}], { noSuchField: 1 }, JSON.parse('{"__proto__":{"x":1}}')]
  switch (type.name) {
    case 'ID':
      return notIds(name)
    case 'Int':
      return NOT_INTS
    case 'Boolean':
      return ['true', 1, '']
    case 'Date':
      return NOT_DATES
    case 'DateTime':
      return NOT_INSTANTS
    case 'String':
      return FREE_TEXTS.has(path[0] === 'files' ? 'content' : name)
        ? NOT_TEXTS.filter((value) => value !== 'a\u0007b')
        : [...NOT_TEXTS, HUGE_TEXT]
    case 'BigInt':
      return [...DECIMALS, '1.5', '9'.repeat(19)]
    default:
      return DECIMALS
  }
}

/** Files and JSON: what is wrong inside them is said in terms of their own form, not of the field. */
const FREE_TEXTS = new Set(['content', 'value', 'zipBase64'])

function notIds(name: string): unknown[] {
  if (OWN_IDS.has(name))
    return ['', 'x', UNKNOWN.toUpperCase(), `${UNKNOWN}\n`, UNKNOWN.slice(1), 5, true, { id: UNKNOWN }]
  const [type, keys] = idOf(name)
  const known = unknownId(type, keys)
  const others = ['Company', 'Round', 'Viewer', 'Nonsense'].filter((other) => other !== type)
  // A subject is anything that has a global id.
  const ofAnotherType =
    name === 'subject' ? [] : [`${known}:${UNKNOWN}`, ...others.map((other) => known.replace(`${type}:`, `${other}:`))]
  return [
    '',
    'x',
    UNKNOWN,
    known.toUpperCase(),
    `${known}\n`,
    ` ${known}`,
    known.replace('0190', '019g'),
    `${known}' OR 1=1 --`,
    `${known}\u0000`,
    'x'.repeat(100_000),
    ...ofAnotherType,
    5,
    true,
    { id: known },
  ]
}

/** The input with another value at a path. */
export function withValue(input: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value
  if (Array.isArray(input)) {
    return input.map((item, index) => (String(index) === first ? withValue(item, rest, value) : item))
  }
  if (typeof input !== 'object' || input === null) throw new Error(`nothing is at ${first} to be replaced`)
  return { ...input, [first]: withValue(Reflect.get(input, first), rest, value) }
}
