import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { acceptDocument } from '../../api/documents/index.ts'
import { documentRoutes } from '../../api/http/pages/documents.ts'
import { actorOfRequest } from '../../api/http/session.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { aSubject, bytesOf, storedDocument } from './given.ts'

const world = await makeWorld()
const company = await world.company()
const other = await world.company('Tessellate Bio, Inc.')
const app = express().use(
  documentRoutes(world.deps, { signedOut: () => 'signed out', notFound: () => 'not found' }, (incoming) =>
    actorOfRequest(world.deps.db, (name) => incoming.get(name)),
  ),
)
const idOf = (documentId: string, companyId = company.companyId): string => `Document:${companyId}:${documentId}`
const get = (path: string, person?: Person) => {
  const call = request(app).get(path).buffer(true).responseType('blob')
  return person === undefined ? call : call.set('authorization', `Bearer ${person.token}`)
}

test('whoever sees the company downloads exactly the bytes', async () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256)
  const document = await storedDocument(world, company.companyId, { bytes, fileName: 'Term sheet "Żółw" 1.pdf' })
  for (const person of [company.founder, company.signatory, world.staff.analyst, world.staff.compliance]) {
    const answer = await get(`/documents/${idOf(document.documentId)}`, person)
    assert.equal(answer.status, 200)
    assert.deepEqual(new Uint8Array(answer.body), bytes)
    assert.equal(answer.headers.etag, `"${document.sha256}"`)
    assert.equal(answer.headers['content-type'], 'application/pdf')
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['cache-control'], 'private, no-cache')
    assert.match(
      answer.headers['content-disposition'] ?? '',
      /^attachment; filename=.*; filename\*=UTF-8''Term%20sheet/,
    )
  }
})

test('a client that has the file is told so, and one that asks for its size gets no file', async () => {
  const document = await storedDocument(world, company.companyId)
  const path = `/documents/${idOf(document.documentId)}`
  const same = await get(path, company.founder).set('if-none-match', `"${document.sha256}"`)
  assert.deepEqual([same.status, same.body.length ?? 0], [304, 0])
  const head = await request(app).head(path).set('authorization', `Bearer ${company.founder.token}`)
  assert.deepEqual([head.status, head.headers['content-length']], [200, '14'])
})

test('what one may not see answers like what does not exist', async () => {
  const document = await storedDocument(world, company.companyId)
  const path = `/documents/${idOf(document.documentId)}`
  const nothing = await get(`/documents/${idOf(newId())}`, company.founder)
  assert.equal(nothing.status, 404)
  for (const person of [other.founder, other.signatory, world.staff.provider, world.staff.regulator]) {
    const answer = await get(path, person).set('if-none-match', `"${document.sha256}"`)
    assert.deepEqual([answer.status, answer.body], [404, nothing.body])
    assert.equal(answer.headers.etag === `"${document.sha256}"`, false)
  }
  for (const id of [
    'x',
    '%00',
    'Document:1:2',
    `Round:${company.companyId}:${document.documentId}`,
    'Document:'.repeat(90),
  ]) {
    assert.equal((await get(`/documents/${id}`, company.founder)).status, 404, id)
  }
  assert.equal((await get(`/documents/${idOf(document.documentId, other.companyId)}`, other.founder)).status, 404)
})

test('signed out, every id answers the same', async () => {
  const document = await storedDocument(world, company.companyId)
  const answers = await Promise.all([
    get(`/documents/${idOf(document.documentId)}`),
    get(`/documents/${idOf(newId())}`),
  ])
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [401, 401],
  )
  assert.deepEqual(answers[0]?.body, answers[1]?.body)
})

const DOCUMENT = `query ($id: ID!) { node(id: $id) { ... on Document {
  id subject kind version supersedes sha256 size mediaType fileName downloadPath acceptance { sha256 acceptedAs acceptedBy }
} } }`

test('GraphQL shows a document with its acceptance, and nothing of it to others', async () => {
  const subject = aSubject(company.companyId)
  const first = await storedDocument(world, company.companyId, { subject })
  const second = await storedDocument(world, company.companyId, { subject, bytes: bytesOf('agreed') })
  const id = idOf(second.documentId)
  await inTransaction(world.deps.db, (trx) =>
    acceptDocument(trx, company.founder.actor, { ...company, documentId: second.documentId, sha256: second.sha256 }),
  )
  const seen = await company.founder.graphql(DOCUMENT, { id })
  assert.deepEqual(seen.data.node, {
    id,
    subject,
    kind: 'term_sheet',
    version: 2,
    supersedes: idOf(first.documentId),
    sha256: second.sha256,
    size: 6,
    mediaType: 'application/pdf',
    fileName: 'Term sheet.pdf',
    downloadPath: `/documents/${id}`,
    acceptance: { sha256: second.sha256, acceptedAs: 'founder', acceptedBy: `Person:${company.founder.id}` },
  })
  for (const person of [other.founder, world.staff.provider, world.staff.regulator]) {
    assert.equal((await person.graphql(DOCUMENT, { id })).data.node, null)
  }
})

test('a company lists the versions that hold now, and nobody else’s', async () => {
  const fresh = await world.company('Halcyon Grid, Inc.')
  const subject = aSubject(fresh.companyId)
  await storedDocument(world, fresh.companyId, { subject })
  const second = await storedDocument(world, fresh.companyId, { subject, bytes: bytesOf('2') })
  const letter = await storedDocument(world, fresh.companyId, { subject, kind: 'side_letter' })
  const list = 'query { companies(first: 100) { edges { node { id documents { id } } } } }'
  const seen = await fresh.founder.graphql(list)
  assert.deepEqual(seen.data.companies.edges, [
    {
      node: {
        id: fresh.id,
        documents: [letter, second].map(({ documentId }) => ({ id: idOf(documentId, fresh.companyId) })),
      },
    },
  ])
})
