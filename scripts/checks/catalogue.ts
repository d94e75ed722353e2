import type pg from 'pg'

export type Table = {
  readonly name: string
  readonly comment: string | null
  readonly hasPrimaryKey: boolean
  readonly columns: readonly { readonly name: string; readonly notNull: boolean }[]
}

/** A key, or a unique index, which acts like one. `columns` are in order; an expression has no name. */
export type Constraint = {
  readonly kind: 'primary key' | 'unique' | 'unique index' | 'exclusion' | 'foreign key'
  readonly name: string
  readonly table: string
  readonly columns: readonly (string | null)[]
  readonly operators: readonly string[]
  readonly references: string | null
  readonly referencedColumns: readonly string[]
}

export type FunctionRow = { readonly name: string; readonly source: string }

/** What PostgreSQL knows of the schema `public`. */
export type Catalogue = {
  readonly tables: readonly Table[]
  readonly constraints: readonly Constraint[]
  readonly sequences: readonly string[]
  readonly triggers: readonly {
    readonly name: string
    readonly table: string
    readonly perRow: boolean
    readonly function: string
  }[]
  readonly functions: readonly FunctionRow[]
  /** `table.column` of text in a key or an index that does not have the C collation. */
  readonly looseText: readonly string[]
}

const TABLES = `
  SELECT t.relname AS name, obj_description(t.oid, 'pg_class') AS comment,
    EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = t.oid AND c.contype = 'p') AS "hasPrimaryKey",
    (SELECT json_agg(json_build_object('name', a.attname, 'notNull', a.attnotnull) ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class t
  WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
  ORDER BY t.relname`

const KEYS = `
  SELECT CASE WHEN c.contype = 'p' THEN 'primary key' WHEN c.contype = 'u' THEN 'unique'
      WHEN c.contype = 'x' THEN 'exclusion' ELSE 'unique index' END AS kind,
    index.relname AS name, t.relname AS "table", NULL AS references, '{}'::text[] AS "referencedColumns",
    (SELECT array_agg(a.attname::text ORDER BY k.position)
     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
     LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
     WHERE k.position <= i.indnkeyatts) AS columns,
    coalesce((SELECT array_agg(o.oprname::text ORDER BY k.position)
     FROM unnest(c.conexclop) WITH ORDINALITY AS k (oid, position) JOIN pg_operator o ON o.oid = k.oid), '{}') AS operators
  FROM pg_index i
  JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
  JOIN pg_class index ON index.oid = i.indexrelid
  LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
  WHERE i.indisunique OR i.indisexclusion
  ORDER BY t.relname, index.relname`

const FOREIGN_KEYS = `
  SELECT 'foreign key' AS kind, c.conname AS name, t.relname AS "table", r.relname AS references, '{}'::text[] AS operators,
    (SELECT array_agg(a.attname::text ORDER BY k.position) FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, position)
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) AS columns,
    (SELECT array_agg(a.attname::text ORDER BY k.position) FROM unnest(c.confkey) WITH ORDINALITY AS k (attnum, position)
     JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum) AS "referencedColumns"
  FROM pg_constraint c
  JOIN pg_class t ON t.oid = c.conrelid AND t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
  JOIN pg_class r ON r.oid = c.confrelid
  WHERE c.contype = 'f' AND c.conparentid = 0
  ORDER BY t.relname, c.conname`

const SEQUENCES = `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' ORDER BY 1`

const TRIGGERS = `
  SELECT g.tgname AS name, t.relname AS "table", g.tgtype & 1 = 1 AS "perRow", p.proname AS function
  FROM pg_trigger g
  JOIN pg_class t ON t.oid = g.tgrelid AND t.relnamespace = 'public'::regnamespace
  JOIN pg_proc p ON p.oid = g.tgfoid
  WHERE NOT g.tgisinternal
  ORDER BY t.relname, g.tgname`

const FUNCTIONS = `
  SELECT p.proname AS name, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS source
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p') ORDER BY 1`

const LOOSE_TEXT = `
  SELECT DISTINCT t.relname || '.' || a.attname AS name
  FROM pg_index i
  JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey::int2[]) AND a.attnum > 0
  JOIN pg_type type ON type.oid = a.atttypid AND type.typcategory = 'S'
  JOIN pg_collation c ON c.oid = a.attcollation AND c.collname <> 'C'
  ORDER BY 1`

/** Reads the catalogue of the connected database. */
export async function readCatalogue(client: pg.Client): Promise<Catalogue> {
  // The row types are those that the queries above select.
  const rows = async <T>(sql: string): Promise<T[]> => (await client.query(sql)).rows as T[]
  return {
    tables: await rows<Table>(TABLES),
    constraints: [...(await rows<Constraint>(KEYS)), ...(await rows<Constraint>(FOREIGN_KEYS))],
    sequences: (await rows<{ name: string }>(SEQUENCES)).map(({ name }) => name),
    triggers: await rows(TRIGGERS),
    functions: await rows<FunctionRow>(FUNCTIONS),
    looseText: (await rows<{ name: string }>(LOOSE_TEXT)).map(({ name }) => name),
  }
}
