import assert from 'node:assert/strict'
import { test } from 'node:test'
import { citusFaults } from '../../scripts/checks/citus.ts'
import { asOwner, freshDatabase } from '../support/database.ts'
import { ROOT } from '../support/process.ts'

const PLAIN = `CREATE TABLE odd (company_id uuid NOT NULL, odd_id uuid NOT NULL, PRIMARY KEY (company_id, odd_id));
  COMMENT ON TABLE odd IS 'Distributed by company_id. Odd.';`
const trigger = (body: string, row = 'FOR EACH ROW') => `${PLAIN}
  CREATE FUNCTION odd_trigger() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${body} RETURN NEW; END $f$;
  CREATE TRIGGER odd_trigger BEFORE INSERT ON odd ${row} EXECUTE FUNCTION odd_trigger();`

/** What is done to a migrated database, and the fault it makes. */
const CASES: [what: string, sql: string, fault: RegExp | undefined][] = [
  ['a table like ours', PLAIN, undefined],
  ['a table without a comment', 'CREATE TABLE odd (odd_id uuid PRIMARY KEY)', /^table odd: its comment must begin/],
  [
    'a key that is none of ours',
    `CREATE TABLE odd (odd_id uuid PRIMARY KEY); COMMENT ON TABLE odd IS 'Distributed by odd_id. Odd.'`,
    /^table odd: its comment must begin/,
  ],
  [
    'a table without a primary key',
    `CREATE TABLE odd (company_id uuid NOT NULL); COMMENT ON TABLE odd IS 'Distributed by company_id. Odd.'`,
    /^table odd has no primary key/,
  ],
  [
    'a distributed table without the column',
    `CREATE TABLE odd (odd_id uuid PRIMARY KEY); COMMENT ON TABLE odd IS 'Distributed by company_id. Odd.'`,
    /^table odd is distributed by company_id, which it does not have/,
  ],
  [
    'a primary key in another order',
    `CREATE TABLE odd (company_id uuid, odd_id uuid, CONSTRAINT odd_pkey PRIMARY KEY (odd_id, company_id));
     COMMENT ON TABLE odd IS 'Distributed by company_id. Odd.'`,
    /^primary key odd_pkey of odd: the distribution key company_id must come first/,
  ],
  [
    'a unique constraint without the key',
    `${PLAIN} ALTER TABLE odd ADD CONSTRAINT odd_once UNIQUE (odd_id)`,
    /^unique odd_once of odd: the distribution/,
  ],
  [
    'a unique index without the key',
    `${PLAIN} CREATE UNIQUE INDEX odd_once ON odd (odd_id)`,
    /^unique index odd_once of odd: the distribution/,
  ],
  [
    'a unique index on an expression',
    `${PLAIN} CREATE UNIQUE INDEX odd_once ON odd (md5(odd_id::text))`,
    /^unique index odd_once of odd: the distribution/,
  ],
  [
    'an exclusion without the key',
    `${PLAIN} ALTER TABLE odd ADD COLUMN at tstzrange NOT NULL, ADD CONSTRAINT odd_at EXCLUDE USING gist (at WITH &&)`,
    /^exclusion odd_at of odd: the distribution/,
  ],
  [
    'a foreign key to another group',
    `CREATE TABLE odd (pool_id uuid NOT NULL PRIMARY KEY CONSTRAINT odd_company REFERENCES company (company_id));
     COMMENT ON TABLE odd IS 'Distributed by pool_id. Odd.'`,
    /^foreign key odd_company of odd: crosses from pool_id to company_id/,
  ],
  [
    'a foreign key that leaves the node',
    `${PLAIN} ALTER TABLE odd ADD CONSTRAINT odd_company FOREIGN KEY (odd_id) REFERENCES company (company_id)`,
    /^foreign key odd_company of odd: the distribution key company_id must come first/,
  ],
  [
    'a foreign key from a reference table to a distributed one',
    `CREATE TABLE odd (odd_id uuid PRIMARY KEY CONSTRAINT odd_company REFERENCES company); COMMENT ON TABLE odd IS 'Reference. Odd.'`,
    /^foreign key odd_company of odd: a reference table cannot refer to company/,
  ],
  [
    'a foreign key to a reference table',
    `${PLAIN} ALTER TABLE odd ADD CONSTRAINT odd_person FOREIGN KEY (odd_id) REFERENCES person (person_id)`,
    undefined,
  ],
  [
    'a foreign key against the list of who may import whom',
    'ALTER TABLE person ADD COLUMN provider_id uuid CONSTRAINT person_provider REFERENCES provider (provider_id)',
    /^foreign key person_provider: access \(person\) may not refer to parties \(provider\)/,
  ],
  [
    'a serial id',
    `CREATE TABLE odd (odd_id bigserial PRIMARY KEY); COMMENT ON TABLE odd IS 'Reference. Odd.'`,
    /^sequence odd_odd_id_seq: ids are UUIDs/,
  ],
  [
    'an identity',
    `CREATE TABLE odd (odd_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); COMMENT ON TABLE odd IS 'Reference. Odd.'`,
    /^sequence odd_odd_id_seq: ids are UUIDs/,
  ],
  [
    'a trigger that reads its row',
    trigger(`IF NEW.odd_id IS NULL THEN RAISE EXCEPTION 'we SELECT nothing'; END IF;`),
    undefined,
  ],
  [
    'a trigger that reads a table',
    trigger('IF EXISTS (SELECT FROM company) THEN RETURN NULL; END IF;'),
    /its function odd_trigger contains SELECT/,
  ],
  ['a trigger that writes a table', trigger('DELETE FROM company;'), /its function odd_trigger contains DELETE/],
  ['a trigger per statement', trigger('', 'FOR EACH STATEMENT'), /^trigger odd_trigger on odd is not FOR EACH ROW/],
  [
    'a trigger that reads a table through a function',
    `CREATE FUNCTION companies() RETURNS bigint LANGUAGE sql AS $f$ SELECT count(*) FROM company $f$;
     ${trigger('IF companies() > 1 THEN RETURN NULL; END IF;')}`,
    /its function companies contains SELECT/,
  ],
  [
    'an advisory lock',
    `CREATE FUNCTION odd() RETURNS void LANGUAGE sql AS $f$ SELECT pg_advisory_xact_lock(1) $f$`,
    /^function odd uses pg_advisory_xact_lock/,
  ],
  [
    'a key of text in the order of a language',
    `${PLAIN} ALTER TABLE odd ADD COLUMN name text; CREATE INDEX odd_by_name ON odd (company_id, name)`,
    /^odd\.name is ordered text/,
  ],
]

test('this house would work on several nodes', async (t) => {
  assert.deepEqual(await citusFaults((await freshDatabase(t)).url, ROOT), [])
})

test('the check of the catalogue finds each thing that would not work on several nodes', async (t) => {
  const own = new Set(await citusFaults((await freshDatabase(t)).url, ROOT))
  for (const [what, sql, fault] of CASES) {
    await t.test(what, async (t) => {
      const { url } = await freshDatabase(t)
      await asOwner(url, sql)
      const faults = (await citusFaults(url, ROOT)).filter((text) => !own.has(text))
      if (fault === undefined) assert.deepEqual(faults, [])
      else
        assert.ok(
          faults.some((text) => fault.test(text)),
          faults.join('\n'),
        )
    })
  }
})
