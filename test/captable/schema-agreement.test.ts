/**
 * Our validators were written by hand. Here they are held against the published schemas of Open Cap Format 1.2.0: on every
 * item of the samples and of our own package, and on thousands of mutations of them, both must accept or both refuse.
 * The differences that are meant are the rows of {@link MEANT}, and nothing else may differ.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readItem } from '../../api/captable/ocf/items.ts'
import { OBJECTS } from '../../api/captable/ocf/objects.ts'
import { TRANSACTIONS } from '../../api/captable/ocf/transactions.ts'
import { OBJECT_TYPES_1_2_0 } from '../../api/captable/ocf/types.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { objectSchemas } from '../support/ocf-schemas.ts'
import { sharedData } from '../support/shared.ts'
import { handmade } from './handmade-items.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Item = { [key: string]: Json }
type Path = readonly (string | number)[]

const root = sharedData('ocf-schema-v1.2.0/schema')
const samples = sharedData('ocf-samples')

/** Differences that are meant, by where the mutation was made and what was put there. */
const MEANT: readonly { why: string; holds: (item: Item, path: Path, value: Json | undefined) => boolean }[] = [
  {
    why: 'fields of later versions that stand in published packages are kept and reported',
    holds: (item) =>
      (item.object_type === 'STAKEHOLDER' && ('current_relationships' in item || 'current_status' in item)) ||
      (item.object_type === 'ISSUER' && 'jurisdiction_of_formation' in item),
  },
  {
    why: 'ids have 1 to 255 characters: an empty id cannot be referred to, a longer one cannot be stored',
    holds: (_item, path, value) => isId(path) && typeof value === 'string' && (value === '' || value.length > 255),
  },
  {
    why: 'numbers have at most 24 digits before the point: that is what a column holds',
    holds: (_item, _path, value) => typeof value === 'string' && /^[+-]?[0-9]{25,}/.test(value),
  },
  {
    why: 'a vesting condition does not vest less than nothing, nor a part of nothing',
    holds: (_item, path, value) =>
      path.includes('vesting_conditions') && typeof value === 'string' && /^(-|\+?0+(\.0+)?$)/.test(value),
  },
  {
    why: 'a vesting period and its occurrences are bounded',
    holds: (_item, path, value) => path.includes('period') && typeof value === 'number' && value > 10_000,
  },
  {
    why: 'an address for mail is looked at only for its "@"',
    holds: (_item, path, value) => path.at(-1) === 'email_address' && typeof value === 'string' && value.includes('@'),
  },
]

const isId = (path: Path): boolean => {
  const name = [...path].reverse().find((key) => typeof key === 'string') ?? ''
  return name === 'id' || /_ids?$/.test(name)
}

/** What is put in place of a value, whatever it was. `undefined` takes the key away. */
const VALUES: readonly (Json | undefined)[] = [
  undefined,
  null,
  true,
  0,
  1.5,
  20_000,
  '',
  'x',
  '1',
  '-1',
  '0',
  '+1.50',
  '1.12345678901',
  '1e3',
  '9'.repeat(40),
  '2026-02-30',
  '2026-02-28',
  'US',
  'USD',
  'RETIRE',
  'RATIO_CONVERSION',
  'CUSTOM_CONVERSION',
  'VESTING_EVENT',
  'a@b.example',
  '.a@b.example',
  'x'.repeat(300),
  [],
  ['x'],
  ['x', 'x'],
  {},
]

function* paths(value: Json, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path
  if (value === null || typeof value !== 'object') return
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value)
  for (const key of keys) yield* paths((value as { [key: string]: Json })[key] as Json, [...path, key])
}

/** The item with one value changed; `undefined` where that changes nothing. */
function mutated(item: Item, path: Path, value: Json | undefined): Item | undefined {
  const copy = structuredClone(item)
  const parent = path.slice(0, -1).reduce<Json>((at, key) => (at as { [key: string]: Json })[key] as Json, copy)
  const key = path.at(-1) as string
  const holder = parent as { [key: string]: Json }
  if (value === undefined) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete holder[key]
  } else holder[key] = value
  return copy
}

function itemsOf(path: string): Item[] {
  const { items, issuer } = JSON.parse(readFileSync(path, 'utf8'))
  return items ?? (issuer === undefined ? [] : [issuer])
}

function allItems(): Item[] {
  const files = readdirSync(samples ?? '').flatMap((name) =>
    readdirSync(join(samples ?? '', name)).map((file) => join(samples ?? '', name, file)),
  )
  const own = ownPackage().flatMap(({ content }) => {
    const { items, issuer } = JSON.parse(content)
    return (items ?? [issuer]) as Item[]
  })
  return [...files.flatMap(itemsOf), ...own, ...handmade]
}

const accepts = (item: Item): boolean => readItem(item).kind !== 'faulty'

test('every type of the format has a validator, and there is none beyond them', () => {
  const ours = [...Object.keys(OBJECTS), ...Object.keys(TRANSACTIONS)].sort()
  assert.deepEqual(ours, [...OBJECT_TYPES_1_2_0].sort())
})

test('validators accept and refuse what the published schemas do', {
  skip: root === undefined || samples === undefined,
}, () => {
  const schemas = objectSchemas(root ?? '')
  assert.deepEqual([...schemas.keys()].sort(), [...OBJECT_TYPES_1_2_0].sort())
  const seen = new Set<string>()
  const used = new Set<string>()
  const differences: string[] = []
  let compared = 0
  const compare = (item: Item, path: Path, value: Json | undefined): void => {
    const validate = schemas.get(String(item.object_type))
    if (validate === undefined) return
    seen.add(String(item.object_type))
    compared += 1
    const theirs = validate(item)
    if (theirs === accepts(item)) return
    const meant = MEANT.find(({ holds }) => holds(item, path, value))
    if (meant !== undefined) used.add(meant.why)
    else
      differences.push(
        `${item.object_type} ${item.id} ${path.join('/')} = ${JSON.stringify(value)}: schema ${theirs}, ours ${!theirs}`,
      )
  }
  for (const item of allItems()) {
    compare(item, [], undefined)
    for (const path of paths(item)) {
      if (path[0] === 'object_type') continue
      for (const value of VALUES) {
        const mutant = mutated(item, path, value)
        if (mutant !== undefined) compare(mutant, path, value)
      }
      const inside = path.reduce<Json>((at, key) => (at as { [key: string]: Json })[key] as Json, item)
      if (inside !== null && typeof inside === 'object' && !Array.isArray(inside)) {
        const mutant = mutated(item, [...path, 'unknown_field'], 'x')
        if (mutant !== undefined) compare(mutant, [...path, 'unknown_field'], 'x')
      }
    }
  }
  assert.deepEqual(differences.slice(0, 40), [])
  assert.ok(compared > 50_000, `only ${compared} items were compared`)
  assert.deepEqual(
    [...OBJECT_TYPES_1_2_0].filter((type) => !seen.has(type)),
    [],
    'types that no item is of',
  )
  assert.deepEqual(
    MEANT.map(({ why }) => why).filter((why) => !used.has(why)),
    [],
    'differences that do not occur',
  )
})
