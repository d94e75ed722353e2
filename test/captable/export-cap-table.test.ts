/** Cap tables out of the database: as packages that import again to the same, as CSV, and over HTTP. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import request from 'supertest'
import { raiseWall } from '../../api/access/index.ts'
import {
  archiveOf,
  capTableAsOf,
  checkPackage,
  exportCapTable,
  importCapTable,
  NoCapTable,
  readPackage,
} from '../../api/captable/index.ts'
import { withoutLaterFields } from '../../api/captable/ocf/items.ts'
import { globalId, inTransaction, NotFound, newId, type Uuid } from '../../api/platform/index.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { assertValid } from '../support/ocf-schemas.ts'
import { sharedData } from '../support/shared.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T09:00:00.5Z')
const { db } = world.deps
const samples = sharedData('ocf-samples')
const schemas = sharedData('ocf-schema-v1.2.0/schema')
const analyst = world.staff.analyst.actor

type Files = readonly { readonly name: string; readonly content: string }[]

async function imported(files: Files, gaps: 'REFUSE' | 'ACCEPT' = 'REFUSE') {
  const company = await world.company()
  await importCapTable(world.deps, analyst, { companyId: company.id, files: [...files], gaps })
  return company
}
const exported = (companyId: Uuid) => exportCapTable(db, analyst, { companyId: globalId('Company', companyId) })
const get = (path: string, person?: Person) => {
  const call = request(world.app).get(path).buffer(true).responseType('blob')
  return person === undefined ? call : call.set('authorization', `Bearer ${person.token}`)
}

/** Imports, exports, compares with what was imported; imports that into another company, and compares both tables. */
async function assertRoundTrip(files: Files, gaps: 'REFUSE' | 'ACCEPT' = 'REFUSE'): Promise<void> {
  const first = await imported(files, gaps)
  const { package: read, replayed } = await checkPackage({ files }, gaps)
  const out = await exported(first.companyId)
  const back = await readPackage({ files: out.files })
  assert.deepEqual(back.issuer.raw, withoutLaterFields(read.issuer.raw).understood)
  const byType = (objects: typeof read.objects) =>
    Object.groupBy(
      objects.map(({ raw }) => withoutLaterFields(raw).understood),
      (raw) => String(raw.object_type),
    )
  assert.deepEqual(byType(back.objects), byType(read.objects))
  assert.deepEqual(
    back.transactions.map(({ raw }) => raw),
    read.transactions.map(({ raw }) => raw),
  )
  assert.deepEqual(
    back.unknown.map(({ raw }) => raw),
    read.unknown.map(({ raw }) => raw),
  )
  assert.deepEqual([out.setAside.length, out.unknownCount], [replayed.setAside.size, read.unknown.length])
  if (schemas !== undefined) assertValid(schemas, out.files)

  const second = await imported(out.files, gaps)
  const content = ({ files: all }: typeof out) => all.filter(({ name }) => name !== 'Manifest.ocf.json')
  assert.deepEqual(content(await exported(second.companyId)), content(out))
  const days = new Set(back.transactions.map(({ item }) => item.date).filter((day) => day >= firstOf(replayed)))
  for (const day of days) {
    assert.deepEqual(await capTableAsOf(db, second.companyId, day), await capTableAsOf(db, first.companyId, day), day)
  }
}
const firstOf = ({ table }: { table: { firstDate: string | undefined } }): string => table.firstDate ?? ''

test('our own package comes back as it was imported', () => assertRoundTrip(ownPackage()))

for (const name of samples === undefined ? ['samples'] : readdirSync(samples)) {
  test(`the sample ${name} comes back as it was imported`, { skip: samples === undefined }, () => {
    const folder = join(samples ?? '', name)
    const files = readdirSync(folder).map((file) => ({ name: file, content: readFileSync(join(folder, file), 'utf8') }))
    return assertRoundTrip(files, 'ACCEPT')
  })
}

test('the manifest says when it was made by the clock of the database, and what does not count', async () => {
  const aside = { object_type: 'TX_STOCK_ACCEPTANCE', id: 'accepts-nothing', date: '2026-12-24', security_id: 'none' }
  const later = { object_type: 'CE_STAKEHOLDER_STATUS', id: 'of-a-later-version' }
  const { companyId } = await imported(ownPackage({ Transactions: (items) => [...items, aside, later] }), 'ACCEPT')
  const { files, setAside, unknownCount } = await exported(companyId)
  const manifest = JSON.parse(files[0]?.content ?? '')
  assert.equal(manifest.ocf_version, '1.2.0')
  assert.match(manifest.generated_at, /^2026-11-20T09:00:00\.5/)
  // A transaction of a later day: the package speaks of that day.
  assert.equal(manifest.as_of, '2026-12-24')
  assert.deepEqual([setAside, unknownCount], [[{ type: 'TX_STOCK_ACCEPTANCE', id: 'accepts-nothing' }], 1])
  assert.match(manifest.comments[0], /^1 items could not be applied .* TX_STOCK_ACCEPTANCE accepts-nothing$/)
  assert.match(manifest.comments[1], /^1 items are of types/)
})

test('documents named by a path are written, and the manifest says that their files are elsewhere', async () => {
  const item = { object_type: 'DOCUMENT', id: 'charter', path: './charter.pdf', md5: '0'.repeat(32) }
  const content = JSON.stringify({ file_type: 'OCF_DOCUMENTS_FILE', items: [item] })
  const files = ownPackage({
    Manifest: ([manifest]) => {
      manifest.documents_files = [{ filepath: './Documents.ocf.json', md5: '0'.repeat(32) }]
    },
  })
  const company = await imported([...files, { name: 'Documents.ocf.json', content }])
  const out = new Map((await exported(company.companyId)).files.map((file) => [file.name, JSON.parse(file.content)]))
  assert.deepEqual(out.get('Documents.ocf.json').items, [item])
  assert.match(out.get('Manifest.ocf.json').comments[0], /^1 documents are named by a path/)
})

test('an erased person stays in the package as a holder without a name', async () => {
  const { companyId } = await imported(ownPackage())
  await db
    .deleteFrom('stakeholder_person')
    .where('company_id', '=', companyId)
    .where('object_id', '=', OWN.founderAda)
    .execute()
  const { files } = await exported(companyId)
  assert.equal(
    files.some(({ content }) => content.includes('Lindqvist')),
    false,
  )
  const { package: read } = await checkPackage({ files })
  const ada = read.objects.find(({ raw }) => raw.id === OWN.founderAda)
  assert.deepEqual(ada?.raw.name, { legal_name: 'Erased' })
})

test('whoever sees the company downloads its package; what they may not see answers like what does not exist', async () => {
  const company = await imported(ownPackage())
  const other = await world.company('Tessellate Bio, Inc.')
  const path = `/companies/${company.id}/cap-table.ocf.zip`
  const bytes = await archiveOf(await exported(company.companyId))
  for (const person of [company.founder, company.signatory, world.staff.analyst, world.staff.operations]) {
    const answer = await get(path, person)
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/zip'])
    assert.equal(answer.headers['cache-control'], 'private, no-store')
    assert.match(answer.headers['content-disposition'] ?? '', /^attachment; filename=cap-table\.ocf\.zip$/)
    assert.deepEqual(new Uint8Array(answer.body), new Uint8Array(bytes))
  }
  for (const file of ['cap-table.ocf.zip', 'cap-table.csv', 'cap-table.csv?asOf=1800-01-01']) {
    const nothing = await get(`/companies/Company:${newId()}/${file}`, world.staff.analyst)
    assert.equal(nothing.status, 404)
    for (const person of [other.founder, other.signatory, world.staff.provider, world.staff.regulator]) {
      const answer = await get(`/companies/${company.id}/${file}`, person)
      assert.deepEqual([answer.status, answer.body], [404, nothing.body], file)
    }
    for (const id of ['Company', 'Company:1', `Round:${company.companyId}`, '%00', company.companyId]) {
      assert.equal((await get(`/companies/${id}/${file}`, world.staff.analyst)).status, 404, id)
    }
    assert.equal((await get(`/companies/${company.id}/${file}`)).status, 401)
  }
  const walled = await world.person('partner')
  await inTransaction(db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: walled.id,
      companyId: company.companyId,
      reason: 'holds shares of a rival',
      raisedBy: world.staff.compliance.id,
    }),
  )
  assert.equal((await get(path, walled)).status, 404)
  const none = await get(`/companies/${other.id}/cap-table.ocf.zip`, other.founder)
  assert.deepEqual([none.status, String(none.body).includes('no cap table here yet')], [409, true])
  await assert.rejects(exported(other.companyId), NoCapTable)
  await assert.rejects(exportCapTable(db, other.founder.actor, { companyId: company.id }), NotFound)
})

test('the table of a day is downloaded as CSV, exact, and adds up', async () => {
  const company = await imported(ownPackage())
  const answer = await get(`/companies/${company.id}/cap-table.csv?asOf=2026-03-01`, company.founder)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8; header=present')
  assert.match(answer.headers['content-disposition'] ?? '', /filename=cap-table-2026-03-01\.csv$/)
  // Of 300,000 options a quarter has vested after the cliff on 1 March 2026; 2,000,000 are reserved.
  assert.equal(
    String(answer.body),
    [
      'as of,kind,number,holder,class,plan,issued on,issued,outstanding,vested,unvested,fully diluted,price per share,price currency,amount,amount currency,not counted',
      '2026-03-01,stock,CS-1,Ada Lindqvist,Common Stock,,2024-01-15,4000000,4000000,4000000,0,4000000,0.0001,USD,,,',
      '2026-03-01,stock,CS-2,Bo Ferreira,Common Stock,,2024-01-15,4000000,4000000,4000000,0,4000000,0.0001,USD,,,',
      '2026-03-01,stock,SS-1,"Harbor Seed Fund II, L.P.",Series Seed Preferred Stock,,2024-09-02,1500000,1500000,1500000,0,1500000,1.2,USD,,,',
      '2026-03-01,equity,OP-1,Chidi Okonkwo,Common Stock,2025 Equity Incentive Plan,2025-03-01,300000,300000,75000,225000,300000,0.3,USD,,,',
      '2026-03-01,available in plan,,,,2025 Equity Incentive Plan,,,,,,1700000,,,,,',
      '',
    ].join('\r\n'),
  )
  const today = await get(`/companies/${company.id}/cap-table.csv`, company.founder)
  assert.match(String(today.body), /\r\n2026-11-20,stock,CS-1/)
  const refused: [query: string, status: number, words: RegExp][] = [
    ['asOf=2026-02-30', 400, /asOf/],
    ['asOf=', 400, /asOf/],
    ['asOf=2026-01-01&asOf=2026-01-02', 400, /asOf/],
    ['asOf=1999-12-31', 409, /the first transaction is of 2024-01-15/],
  ]
  for (const [query, status, words] of refused) {
    const no = await get(`/companies/${company.id}/cap-table.csv?${query}`, company.founder)
    assert.deepEqual([query, no.status], [query, status])
    assert.match(String(no.body), words)
  }
})

test('what others wrote is never a formula, and quotes, commas and line breaks stay in their cell', async () => {
  const hostile: [name: string, cell: string][] = [
    ['=HYPERLINK("https://example.com")', `"'=HYPERLINK(""https://example.com"")"`],
    ['+1', "'+1"],
    ['-1+1', "'-1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', "' =1"],
    ['\u{ff1d}1', "'\u{ff1d}1"],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\r\nb', '"a\r\nb"'],
    ['Żółw', 'Żółw'],
  ]
  for (const [name, cell] of hostile) {
    const files = ownPackage({
      Stakeholders: (items) => {
        items[0].name.legal_name = name
      },
    })
    const company = await imported(files)
    const answer = await get(`/companies/${company.id}/cap-table.csv`, company.founder)
    const line = String(answer.body).slice(String(answer.body).indexOf('\r\n') + 2)
    assert.ok(
      line.startsWith(`2026-11-20,stock,CS-1,${cell},Common Stock,`),
      `${JSON.stringify(name)}: ${line.slice(0, 120)}`,
    )
  }
})

test('GraphQL tells where the downloads are', async () => {
  const company = await imported(ownPackage())
  const { data, errors } = await company.founder.graphql(
    `query ($id: ID!) {
      node(id: $id) { ... on Company { now: capTableDownloads { ocfPath csvPath } then: capTableDownloads(asOf: "2026-03-01") { csvPath } } }
    }`,
    { id: company.id },
  )
  assert.deepEqual(errors, [])
  const { now, then } = data.node
  for (const path of [now.ocfPath, now.csvPath, then.csvPath]) {
    assert.equal((await get(path, company.founder)).status, 200, path)
  }
  assert.match(then.csvPath, /\?asOf=2026-03-01$/)
})
