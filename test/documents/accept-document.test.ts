import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { actorOfPerson, raiseWall } from '../../api/access/index.ts'
import {
  AlreadyAccepted,
  acceptDocument,
  DocumentSuperseded,
  HashMismatch,
  latestDocument,
} from '../../api/documents/index.ts'
import { Forbidden, inTransaction, NotFound, newId, type Uuid } from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { aSubject, bytesOf, storedDocument } from './given.ts'

const world = await makeWorld()
const company = await world.company()

const accept = (person: Person, documentId: Uuid, sha256: string, typedName?: string, companyId = company.companyId) =>
  inTransaction(world.deps.db, (trx) =>
    acceptDocument(trx, person.actor, {
      companyId,
      documentId,
      sha256,
      ...(typedName === undefined ? {} : { typedName }),
    }),
  )
const countOf = async (table: string): Promise<number> =>
  Number((await asOwner(world.ownerUrl, `SELECT count(*) FROM ${table}`)).rows[0].count)
const eventsOf = async (kind: string): Promise<number> =>
  Number((await asOwner(world.ownerUrl, `SELECT count(*) FROM audit_event WHERE kind = '${kind}'`)).rows[0].count)

test('a document gets the hash of its bytes, and the next about the same subject is its next version', async () => {
  const subject = aSubject(company.companyId)
  const [events, first] = [
    await eventsOf('document.stored'),
    await storedDocument(world, company.companyId, { subject }),
  ]
  assert.equal(first.sha256, createHash('sha256').update('what is agreed').digest('hex'))
  const second = await storedDocument(world, company.companyId, { subject, bytes: bytesOf('what is agreed now') })
  assert.deepEqual([first.version, second.version], [1, 2])
  const latest = await latestDocument(world.deps.db, company.companyId, subject, 'term_sheet')
  assert.deepEqual([latest?.documentId, latest?.supersedes, latest?.size], [second.documentId, first.documentId, 18])
  assert.equal(await latestDocument(world.deps.db, company.companyId, subject, 'side_letter'), undefined)
  assert.equal(await eventsOf('document.stored'), events + 2)
})

test('versions that are stored fifty at once are numbered without gap or double', async () => {
  const subject = aSubject(company.companyId)
  const stored = await Promise.all(
    Array.from({ length: 50 }, (_, i) => storedDocument(world, company.companyId, { subject, bytes: bytesOf(`${i}`) })),
  )
  assert.deepEqual(
    stored.map((document) => document.version).sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
})

for (const role of ['founder', 'signatory'] as const) {
  test(`a ${role} accepts the hash of the file, and once is enough`, async () => {
    const document = await storedDocument(world, company.companyId)
    const events = await eventsOf('document.accepted')
    const accepted = await accept(company[role], document.documentId, document.sha256)
    assert.equal(accepted.document.sha256, document.sha256)
    await assert.rejects(accept(company.founder, document.documentId, document.sha256), (error) => {
      assert.ok(error instanceof AlreadyAccepted)
      assert.equal(error.acceptedAt, accepted.acceptedAt)
      return true
    })
    assert.equal(await eventsOf('document.accepted'), events + 1)
  })
}

test('another hash is refused, with the beginning of the right one and nothing accepted', async () => {
  const document = await storedDocument(world, company.companyId)
  const before = await countOf('document_acceptance')
  for (const wrong of [
    createHash('sha256').update('other').digest('hex'),
    '',
    document.sha256.slice(0, 63),
    'x'.repeat(64),
  ]) {
    await assert.rejects(accept(company.founder, document.documentId, wrong), (error) => {
      assert.ok(error instanceof HashMismatch)
      assert.equal(error.expectedPrefix, document.sha256.slice(0, 16))
      return true
    })
  }
  assert.equal(await countOf('document_acceptance'), before)
})

test('a version that was replaced cannot be accepted any more', async () => {
  const subject = aSubject(company.companyId)
  const old = await storedDocument(world, company.companyId, { subject })
  const now = await storedDocument(world, company.companyId, { subject, bytes: bytesOf('new') })
  await assert.rejects(accept(company.founder, old.documentId, old.sha256), (error) => {
    assert.ok(error instanceof DocumentSuperseded)
    assert.equal(error.supersededBy, `Document:${company.companyId}:${now.documentId}`)
    return true
  })
  await accept(company.founder, now.documentId, now.sha256)
})

test('of fifty who accept at once exactly one does', async () => {
  const document = await storedDocument(world, company.companyId)
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      accept(i % 2 === 0 ? company.founder : company.signatory, document.documentId, document.sha256),
    ),
  )
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 1)
  for (const answer of answers) if (answer.status === 'rejected') assert.ok(answer.reason instanceof AlreadyAccepted)
})

test('a version is accepted while others are stored, or is refused as replaced, never both', async () => {
  const subject = aSubject(company.companyId)
  const first = await storedDocument(world, company.companyId, { subject })
  const race = Array.from({ length: 20 }, (_, i) =>
    i === 10
      ? accept(company.founder, first.documentId, first.sha256)
      : storedDocument(world, company.companyId, { subject, bytes: bytesOf(`${i}`) }),
  )
  const answers = await Promise.allSettled(race)
  const { rows } = await asOwner(
    world.ownerUrl,
    `SELECT count(DISTINCT accepted.document_id) AS accepted
     FROM document_acceptance accepted JOIN document USING (company_id, document_id)
     WHERE document.subject = '${subject}'`,
  )
  const refused = answers[10]
  if (refused?.status === 'rejected') assert.ok(refused.reason instanceof DocumentSuperseded)
  assert.equal(Number(rows[0].accepted), refused?.status === 'rejected' ? 0 : 1)
})

test('nobody of the fund accepts for a company, and others do not learn that the document exists', async () => {
  const document = await storedDocument(world, company.companyId)
  const other = await world.company('Tessellate Bio, Inc.')
  const before = await countOf('document_acceptance')
  for (const role of ['analyst', 'partner', 'compliance', 'operations', 'admin'] as const) {
    await assert.rejects(accept(world.staff[role], document.documentId, document.sha256), Forbidden)
  }
  for (const person of [world.staff.provider, world.staff.regulator, other.founder, other.signatory]) {
    await assert.rejects(accept(person, document.documentId, document.sha256), NotFound)
  }
  // The document of one company under the id of another.
  await assert.rejects(
    accept(other.founder, document.documentId, document.sha256, undefined, other.companyId),
    NotFound,
  )
  await assert.rejects(accept(company.founder, newId(), document.sha256), NotFound)
  assert.equal(await countOf('document_acceptance'), before)
})

test('a founder of another company who is on the staff too still accepts for nobody here', async () => {
  const document = await storedDocument(world, company.companyId)
  const other = await world.company('Halcyon Grid, Inc.')
  const both: Person = {
    ...world.staff.partner,
    actor: {
      ...world.staff.partner.actor,
      roles: new Set(['partner', 'founder']),
      companyIds: new Set([other.companyId]),
    },
  }
  await assert.rejects(accept(both, document.documentId, document.sha256), Forbidden)
})

test('behind a wall there is no document', async () => {
  const document = await storedDocument(world, company.companyId)
  const analyst = await world.person('analyst')
  await assert.rejects(accept(analyst, document.documentId, document.sha256), Forbidden)
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: analyst.id,
      companyId: company.companyId,
      reason: 'sits on the board of a competitor',
      raisedBy: world.staff.compliance.id,
    }),
  )
  const actor = await actorOfPerson(world.deps.db, analyst.id)
  assert.ok(actor !== undefined)
  await assert.rejects(accept({ ...analyst, actor }, document.documentId, document.sha256), NotFound)
})

test('the name as it was typed can be erased, and the acceptance stands', async () => {
  const document = await storedDocument(world, company.companyId)
  await accept(company.founder, document.documentId, document.sha256, 'Ada Lindqvist')
  const where = `WHERE document_id = '${document.documentId}'`
  const { rows } = await asOwner(
    world.ownerUrl,
    `SELECT sha256(salt || convert_to(typed_name, 'UTF8')) = typed_name_hash AS same, typed_name
     FROM document_acceptance JOIN document_acceptance_name USING (company_id, document_id) ${where}`,
  )
  assert.deepEqual(rows, [{ same: true, typed_name: 'Ada Lindqvist' }])
  await asOwner(world.ownerUrl, `SET ROLE equihour_app; DELETE FROM document_acceptance_name ${where}`)
  assert.equal(await countOf(`document_acceptance ${where}`), 1)
})

test('the database refuses what the application never does', async () => {
  const document = await storedDocument(world, company.companyId)
  await accept(company.founder, document.documentId, document.sha256)
  const where = `WHERE document_id = '${document.documentId}'`
  const copy = (changes: string) =>
    `INSERT INTO document SELECT (r).* FROM (SELECT jsonb_populate_record(d, '${changes}') AS r FROM document d ${where}) x`
  const cases: [string, RegExp][] = [
    [`UPDATE document SET kind = 'other' ${where}`, /history/],
    [`DELETE FROM document ${where}`, /history/],
    [`UPDATE document_acceptance SET accepted_as = 'signatory' ${where}`, /history/],
    [`DELETE FROM document_acceptance ${where}`, /history/],
    [
      copy(`{"document_id": "${newId()}", "version": 2, "supersedes": "${document.documentId}", "bytes": "\\\\x00"}`),
      /document_sha256/,
    ],
    [copy(`{"document_id": "${newId()}"}`), /document_version_once/],
    [copy(`{"document_id": "${newId()}", "version": 2}`), /document_chain/],
    [copy(`{"document_id": "${newId()}", "kind": "x", "subject": "Round:${newId()}:${newId()}"}`), /document_subject/],
    [copy(`{"document_id": "${newId()}", "kind": "x", "file_name": "../passwd"}`), /document_file_name/],
  ]
  for (const [statement, refusal] of cases) await assert.rejects(asOwner(world.ownerUrl, statement), refusal, statement)
  for (const statement of [`UPDATE document SET kind = 'x' ${where}`, `DELETE FROM document_acceptance ${where}`]) {
    await assert.rejects(asOwner(world.ownerUrl, `SET ROLE equihour_app; ${statement}`), /permission denied/)
  }
  const other = await storedDocument(world, company.companyId, { bytes: bytesOf('other bytes') })
  await assert.rejects(
    asOwner(
      world.ownerUrl,
      `INSERT INTO document_acceptance SELECT company_id, '${other.documentId}', sha256, accepted_by, accepted_as, accepted_at
       FROM document_acceptance ${where}`,
    ),
    /document_acceptance_document/,
  )
})
