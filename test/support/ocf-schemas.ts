/** The published schemas of Open Cap Format, as validators. They lie in the shared data, and are never copied. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import * as formats from 'ajv-formats'

/** Validators out of all schema files below a folder: of objects by `object_type`, of files by `file_type`. */
function validators(folder: string): Map<string, ValidateFunction> {
  const ajv = new Ajv({ strict: false })
  const addFormats = formats.default as unknown as (ajv: Ajv) => void
  addFormats(ajv)
  const ids = new Map<string, string>()
  const read = (path: string): void => {
    for (const name of readdirSync(path)) {
      const file = join(path, name)
      if (statSync(file).isDirectory()) {
        read(file)
        continue
      }
      const schema = JSON.parse(readFileSync(file, 'utf8'))
      ajv.addSchema(schema)
      const inFolder = (part: string) => file.startsWith(join(folder, part))
      const { object_type: objectType, file_type: fileType } = schema.properties ?? {}
      const type = inFolder('objects') ? objectType : inFolder('files') ? fileType : undefined
      if (type === undefined) continue
      for (const value of type.enum ?? [type.const]) ids.set(value, schema.$id)
    }
  }
  read(folder)
  return new Map([...ids].map(([type, id]) => [type, ajv.getSchema(id) as ValidateFunction]))
}

/** Validators of objects and transactions, by `object_type`. */
export const objectSchemas = (folder: string): Map<string, ValidateFunction> =>
  new Map([...validators(folder)].filter(([type]) => !type.startsWith('OCF_')))

/** Validators of files, by `file_type`. */
export const fileSchemas = (folder: string): Map<string, ValidateFunction> =>
  new Map([...validators(folder)].filter(([type]) => type.startsWith('OCF_')))

/** The schema of transactions files forgot one type, which has a schema of its own and occurs in the published sample. */
const listed = (item: { object_type: string }): boolean => item.object_type !== 'TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT'

/** Every item of 1.2.0, the manifest, and every file but that of other versions must be valid by the published schemas. */
export function assertValid(
  folder: string,
  files: readonly { readonly name: string; readonly content: string }[],
): void {
  const [objects, wholes] = [objectSchemas(folder), fileSchemas(folder)]
  const wrong: string[] = []
  const check = (where: string, validate: ValidateFunction | undefined, value: unknown): void => {
    if (validate?.(value) !== true) wrong.push(`${where} ${JSON.stringify(validate?.errors?.[0] ?? 'has no schema')}`)
  }
  for (const { name, content } of files) {
    const file = JSON.parse(content)
    if (name === 'OtherVersions.ocf.json') continue
    check(
      name,
      wholes.get(file.file_type),
      file.items === undefined ? file : { ...file, items: file.items.filter(listed) },
    )
    for (const item of file.items ?? [file.issuer]) check(`${name} ${item.id}`, objects.get(item.object_type), item)
  }
  assert.deepEqual(wrong.slice(0, 20), [])
}
