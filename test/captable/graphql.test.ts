import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZipFile } from 'yazl'
import { OWN, ownPackage, type PackageFile } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'

const IMPORT = `mutation Import($input: ImportCapTableInput!) {
  importCapTable(input: $input) {
    __typename
    ... on ImportedCapTable { packageSha256 transactionCount setAsideCount unknownCount gapCount warningCount company { id } gaps { effect pointer } }
    ... on BrokenPackage { faultCount faults { file itemId pointer reason } }
    ... on CapTableExists { samePackage }
    ... on DomainError { code message }
  }
}`
const TABLE = `query Table($id: ID!, $asOf: Date, $first: Int, $after: String, $last: Int, $before: String) {
  node(id: $id) { ... on Company { capTable(asOf: $asOf) {
    __typename
    ... on CapTable {
      asOf outstanding granted reserved warrants fullyDiluted
      plans { ocfId name reserved granted available }
      classes { edges { node { ocfId name kind authorized outstanding granted percentOfOutstanding } } }
      stakeholders { edges { node { ocfId name outstanding granted fullyDiluted percentOfOutstanding percentFullyDiluted } } }
      securities(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { customId kind outstanding vested unvested security { id ocfId } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
    ... on BeforeFirstTransaction { first }
    ... on DomainError { code }
  } } }
}`

const world = await makeWorld()
const { analyst } = world.staff
const files = [...ownPackage()]

async function imported() {
  const company = await world.company()
  const answer = await analyst.graphql(IMPORT, { input: { companyId: company.id, files } })
  assert.equal(answer.data.importCapTable.__typename, 'ImportedCapTable', JSON.stringify(answer))
  return company
}

function zipped(list: readonly PackageFile[]): Promise<string> {
  const zip = new ZipFile()
  for (const { name, content } of list) zip.addBuffer(Buffer.from(content), name)
  zip.end()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    zip.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk))
    zip.outputStream.on('end', () => resolve(Buffer.concat(chunks).toString('base64')))
    zip.outputStream.on('error', reject)
  })
}

test('an analyst imports a package and reads the cap table of a day', async () => {
  const company = await imported()
  const { data } = await analyst.graphql(TABLE, { id: company.id, asOf: '2026-11-20' })
  const table = data.node.capTable
  assert.deepEqual(
    [table.asOf, table.outstanding, table.granted, table.reserved, table.warrants, table.fullyDiluted],
    ['2026-11-20', '9500000', '300000', '1700000', '0', '11500000'],
  )
  assert.deepEqual(table.plans, [
    {
      ocfId: OWN.plan,
      name: '2025 Equity Incentive Plan',
      reserved: '2000000',
      granted: '300000',
      available: '1700000',
    },
  ])
  // 8,000,000 / 9,500,000 and 1,500,000 / 9,500,000; 4,000,000 / 11,500,000.
  assert.deepEqual(
    table.classes.edges.map((edge: { node: { percentOfOutstanding: string } }) => edge.node.percentOfOutstanding),
    ['84.210526', '15.789474'],
  )
  assert.equal(table.stakeholders.edges[0].node.percentFullyDiluted, '34.782609')
})

test('an archive and a list of the same files are the same package', async () => {
  const first = await world.company('List, Inc.')
  const second = await world.company('Archive, Inc.')
  const list = await analyst.graphql(IMPORT, { input: { companyId: first.id, files } })
  const archive = await analyst.graphql(IMPORT, { input: { companyId: second.id, zipBase64: await zipped(files) } })
  assert.equal(archive.data.importCapTable.__typename, 'ImportedCapTable')
  assert.equal(archive.data.importCapTable.packageSha256, list.data.importCapTable.packageSha256)
})

test('a broken package is refused with every fault, and nothing is stored', async () => {
  const company = await world.company('Broken, Inc.')
  const broken = ownPackage({
    Transactions: (items) => {
      items[0].quantity = '1e3'
      delete items[1].stakeholder_id
      items[2].share_price.amount = '-'
      return items
    },
  })
  const { data } = await analyst.graphql(IMPORT, { input: { companyId: company.id, files: broken } })
  assert.equal(data.importCapTable.__typename, 'BrokenPackage')
  assert.equal(data.importCapTable.faultCount, 3)
  assert.deepEqual(
    data.importCapTable.faults.map((fault: { file: string; itemId: string; pointer: string }) => [
      fault.file,
      fault.itemId,
      fault.pointer,
    ]),
    [
      ['Transactions.ocf.json', 'issue-cs-1', '/items/0/quantity'],
      ['Transactions.ocf.json', 'issue-cs-2', '/items/1/stakeholder_id'],
      ['Transactions.ocf.json', 'issue-ss-1', '/items/2/share_price/amount'],
    ],
  )
  const table = await analyst.graphql(TABLE, { id: company.id })
  assert.equal(table.data.node.capTable.__typename, 'NoCapTable')
})

test('gaps are refused, or accepted and told', async () => {
  const company = await world.company('Gaps, Inc.')
  const gaps = ownPackage({
    Stakeholders: (items) => items.slice(0, 3),
    Transactions: (items) => [
      ...items,
      { object_type: 'TX_STOCK_ACCEPTANCE', id: 'accept', date: '2025-01-01', security_id: 'nowhere' },
    ],
  })
  const refused = await analyst.graphql(IMPORT, { input: { companyId: company.id, files: gaps } })
  assert.equal(refused.data.importCapTable.__typename, 'BrokenPackage')
  const accepted = await analyst.graphql(IMPORT, { input: { companyId: company.id, files: gaps, gaps: 'ACCEPT' } })
  const { gaps: told, setAsideCount, transactionCount } = accepted.data.importCapTable
  assert.deepEqual(told, [
    { effect: 'PLACEHOLDER', pointer: '/items/2/stakeholder_id' },
    { effect: 'SET_ASIDE', pointer: '/items/5/security_id' },
  ])
  assert.deepEqual([transactionCount, setAsideCount], [5, 1])
})

test('a founder sees the table of their own company only, and may not import', async () => {
  const own = await imported()
  const other = await imported()
  assert.equal((await own.founder.graphql(TABLE, { id: own.id })).data.node.capTable.__typename, 'CapTable')
  assert.equal((await own.founder.graphql(TABLE, { id: other.id })).data.node, null)
  const { data } = await own.founder.graphql(IMPORT, { input: { companyId: own.id, files } })
  assert.equal(data.importCapTable.__typename, 'Forbidden')
  const unseen = await own.founder.graphql(IMPORT, { input: { companyId: other.id, files } })
  assert.equal(unseen.data.importCapTable.__typename, 'NotFound')
})

test('a security is a node with its vesting; that of another company does not exist', async () => {
  const own = await imported()
  const other = await imported()
  const { data } = await own.founder.graphql(TABLE, { id: own.id })
  const option = data.node.capTable.securities.edges.find(
    (edge: { node: { customId: string } }) => edge.node.customId === 'OP-1',
  )
  const NODE =
    'query ($id: ID!) { node(id: $id) { id ... on Security { customId issued price { amount currency } vesting(through: "2026-04-01") { date quantity conditionId accelerated } } } }'
  const node = await own.founder.graphql(NODE, { id: option.node.security.id })
  assert.deepEqual(node.data.node, {
    id: option.node.security.id,
    customId: 'OP-1',
    issued: '300000',
    price: { amount: '0.3', currency: 'USD' },
    vesting: [
      { date: '2026-03-01', quantity: '75000', conditionId: 'cliff', accelerated: false },
      { date: '2026-04-01', quantity: '6250', conditionId: 'monthly', accelerated: false },
    ],
  })
  assert.equal((await other.founder.graphql(NODE, { id: option.node.security.id })).data.node, null)
})

test('a day before the first transaction is refused by name', async () => {
  const company = await imported()
  const { data } = await analyst.graphql(TABLE, { id: company.id, asOf: '2023-12-31' })
  assert.deepEqual(data.node.capTable, {
    __typename: 'BeforeFirstTransaction',
    first: '2024-01-15',
    code: 'BEFORE_FIRST_TRANSACTION',
  })
})

test('pages of securities follow one another without gap or repetition, forwards and backwards', async () => {
  const company = await imported()
  const walk = async (forwards: boolean) => {
    const seen: string[] = []
    let at: string | null = null
    for (let more = true; more; ) {
      const answer = await analyst.graphql(TABLE, {
        id: company.id,
        ...(forwards ? { first: 3, after: at } : { last: 3, before: at }),
      })
      const { edges, pageInfo } = answer.data.node.capTable.securities
      const ids = edges.map((edge: { node: { customId: string } }) => edge.node.customId)
      if (forwards) seen.push(...ids)
      else seen.unshift(...ids)
      at = forwards ? pageInfo.endCursor : pageInfo.startCursor
      more = forwards ? pageInfo.hasNextPage : pageInfo.hasPreviousPage
    }
    return seen
  }
  assert.deepEqual(await walk(true), ['CS-1', 'CS-2', 'SS-1', 'OP-1'])
  assert.deepEqual(await walk(false), ['CS-1', 'CS-2', 'SS-1', 'OP-1'])
})

test('malformed input is a request error that names the field', async () => {
  const company = await world.company('Malformed, Inc.')
  for (const [input, path] of [
    [{ companyId: company.id }, 'input.files'],
    [{ companyId: company.id, files, zipBase64: 'AAAA' }, 'input.files'],
    [{ companyId: company.id, zipBase64: 'not base64!' }, 'input.zipBase64'],
    [{ companyId: 'Company:1', files }, 'input.companyId'],
    [
      { companyId: company.id, files: Array.from({ length: 1001 }, (_, i) => ({ name: `${i}`, content: '' })) },
      'input.files',
    ],
  ] as const) {
    const answer = await analyst.graphql(IMPORT, { input })
    assert.equal(answer.errors[0]?.extensions.code, 'BAD_INPUT', path)
    assert.deepEqual(
      (answer.errors[0]?.extensions.faults as { path: string }[] | undefined)?.map((fault) => fault.path),
      [path],
    )
  }
})

test('securities are listed with those that ended, and there are none where nothing is known', async () => {
  const company = await world.company('Closed, Inc.')
  const closed = ownPackage({
    Transactions: (items) => [
      ...items,
      {
        object_type: 'TX_STOCK_RETRACTION',
        id: 'retract',
        date: '2025-06-01',
        security_id: OWN.commonBo,
        reason_text: 'Issued in error',
      },
    ],
  })
  await analyst.graphql(IMPORT, { input: { companyId: company.id, files: closed } })
  const LIST = `query ($id: ID!, $asOf: Date) { node(id: $id) { ... on Company {
    securities(first: 10, asOf: $asOf) { edges { node { customId closedOn } } } } } }`
  const listed = async (asOf: string) =>
    (await analyst.graphql(LIST, { id: company.id, asOf })).data.node.securities.edges.map(
      ({ node }: { node: { customId: string; closedOn: string | null } }) => [node.customId, node.closedOn],
    )
  assert.deepEqual(await listed('2025-05-31'), [
    ['CS-1', null],
    ['CS-2', null],
    ['SS-1', null],
    ['OP-1', null],
  ])
  assert.deepEqual(await listed('2025-06-01'), [
    ['CS-1', null],
    ['CS-2', '2025-06-01'],
    ['SS-1', null],
    ['OP-1', null],
  ])
  assert.deepEqual(await listed('2020-01-01'), [])
})
