/** Where the staff of the fund draw up rounds one after another, keep them, and set them side by side. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import request from 'supertest'
import { saveChain } from '../../api/rounds/index.ts'
import { CASH } from '../rounds/given-chain.ts'
import { givenCompany } from '../rounds/given-round.ts'
import { rows } from '../support/rows.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { needs, run } from '../templates/tools.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const it = await givenCompany(world)
const { analyst, compliance } = world.staff
const NEW = `/companies/${it.id}/chains/new`
const get = (path: string, by: Person = analyst) =>
  request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const post = (fields: Readonly<Record<string, string>>, by: Person = analyst) =>
  request(world.app).post(NEW).set('authorization', `Bearer ${by.token}`).type('form').send(fields)
const words = (text: string, name: string): string => {
  // To look at them: EQUIHOUR_TEST_PAGES=<folder>
  const folder = process.env.EQUIHOUR_TEST_PAGES
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/${name}.html`, text)
  }
  return text.replaceAll(/\s+/g, ' ')
}
const has = (text: string, ...all: readonly string[]) => {
  for (const each of all) assert.ok(text.includes(each), `${each} in ${text.slice(0, 4000)}`)
}
/** The fields of the form on a page as a browser would send them. */
function fieldsOf(html: string): Record<string, string> {
  const decoded = (text: string) =>
    text
      .replaceAll('&#34;', '"')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&#60;', '<')
      .replaceAll('&amp;', '&')
      .replaceAll('&#38;', '&')
  const inputs = [...html.matchAll(/<input type="(?:hidden|text)" name="([^"]+)" value="([^"]*)"/g)]
  return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, decoded(value)]))
}
const stored = () => rows(world)
/** 40,000,000 before the money, 10,000,000 from one investor, a year later: the round of the neighbouring tests. */
const SERIES_A = {
  ...{ source: 'cash', newName: 'Series A', newClosingDate: '2027-12-15', newClass: 'Series A Preferred' },
  ...{ newPreMoney: '40000000', newCurrency: 'USD', newInvestor: 'Meridian Growth', newCash: '10000000', newPool: '' },
}
const seed = () => it.drafted({ name: 'Series Seed-2', security: { className: 'Seed-2 Preferred', newClass: true } })

test('rounds are put one after another from a draft and from fields, tried without being stored, and kept once', async () => {
  const draft = await seed()
  const first = await get(NEW)
  has(
    words(first.text, 'chain-new'),
    'What is left of today’s holders',
    'Series Seed-2, version 1',
    '<label><span>From',
  )
  const before = await stored()
  const withDraft = await post({ ...fieldsOf(first.text), source: draft, do: 'try' })
  assert.equal(withDraft.status, 200)
  // 11,500,000 of 12,117,500, and of 12,000,000 at what is earned.
  has(words(withDraft.text, 'chain-tried'), 'would own 94.90 %', '95.83 % if nothing more', 'Tried, not kept')
  const both = await post({ ...fieldsOf(withDraft.text), ...SERIES_A, do: 'try' })
  // 11,500,000 of 15,146,885, and of 15,029,385 at what is earned.
  has(
    words(both.text, 'chain-tried-two'),
    'After Series A, today’s holders would own 75.92 %',
    '76.52 % if nothing more',
  )
  assert.deepEqual(await stored(), before)
  const fields = { ...fieldsOf(both.text), planName: 'Two rounds', do: 'save' }
  const [kept, again] = [await post(fields), await post(fields)]
  assert.equal(kept.status, 303, kept.text)
  assert.equal(again.headers.location, kept.headers.location)
  assert.equal(Number((await stored()).scenario), Number(before.scenario) + 1)
  // Back on the same page, under another name: that is another plan.
  assert.equal((await post({ ...fields, planName: 'Two more' })).status, 303)
  assert.equal(Number((await stored()).scenario), Number(before.scenario) + 2)
  has(words((await get(String(kept.headers.location))).text, 'chain-kept'), 'Two rounds, version 1', '75.92 %')
})

test('what is typed over a round holds, rounds go in the order of their closings, and one is left out', async () => {
  const draft = await seed()
  const begun = await get(`${NEW}?from=${draft}`)
  const two = await post({
    ...fieldsOf(begun.text),
    ...SERIES_A,
    newClosingDate: '2026-12-01',
    newName: 'Bridge',
    do: 'try',
  })
  assert.equal(two.status, 200, two.text)
  const fields = fieldsOf(two.text)
  // The bridge closes first, whatever was there first.
  assert.deepEqual([fields['name.0'], fields['name.1']], ['Bridge', 'Series Seed-2'])
  // 46,000,000 over 11,500,000 is 4.00; 8,000,000 buy 2,000,000.
  const alone = { ...fields, 'preMoney.0': '46000000', 'cash.0': '8000000', 'leaveOut.1': 'yes', source: '', do: 'try' }
  const one = await post(alone)
  has(words(one.text, 'chain-typed'), 'After Bridge, today’s holders would own 85.19 %', 'USD 4.00', '2,000,000')
  assert.equal(fieldsOf(one.text)['round.1'], undefined)
})

test('delivered tokens are earned in later rounds', async () => {
  const begun = await get(`${NEW}?from=${await seed()}`)
  const two = await post({ ...fieldsOf(begun.text), ...SERIES_A, 'delivered.0': '60000', do: 'try' })
  // 60,000 of 100,000 tokens earn 70,500 of 117,500 shares: 47,000 are unearned; 11,500,000 of 15,099,885.
  has(words(two.text, 'chain-delivered'), '76.16 % if nothing more')
})

test('what is delivered by each later round stays as it was kept, and is changed in one field', async () => {
  const compute = { ...it.terms(), name: 'Series Seed-2', security: { className: 'Seed-2 Preferred', newClass: true } }
  const seriesB = {
    ...{ ...CASH, name: 'Series B', closingDate: '2028-12-15' },
    security: { ...CASH.security, className: 'Series B Preferred' },
    cashInvestors: CASH.cashInvestors.map((each) => ({ ...each, name: 'Tidal Partners' })),
  }
  const delivered = { delivered: '20000', deliveredLater: ['60000'] }
  const rounds = [{ compute, ...delivered }, { cash: CASH }, { cash: seriesB }]
  const saved = await saveChain(world.deps, analyst.actor, { companyId: it.id, name: 'By each', rounds })
  const chain = `RoundChain:${saved.companyId}:${saved.scenarioId}`
  const begun = await get(`${NEW}?from=${chain}`)
  assert.equal(fieldsOf(begun.text)['delivered.0'], '20000/60000', begun.text)
  const [, earned] = /(\d+\.\d+) % if nothing more/.exec(words(begun.text, 'chain-later')) ?? []
  const again = await post({ ...fieldsOf(begun.text), do: 'try' })
  has(words(again.text, 'chain-later-again'), `${earned} % if nothing more`)
  assert.equal(fieldsOf(again.text)['delivered.0'], '20000/60000')
  const kept = await post({ ...fieldsOf(again.text), do: 'revise' })
  assert.equal(kept.status, 303, kept.text)
  has(words((await get(`/chains/${chain}`)).text, 'chain-later-kept'), 'version 2', `${earned} % if nothing more`)
  const fewer = await post({ ...fieldsOf(begun.text), 'delivered.0': '20000/10000', do: 'try' })
  assert.equal(fewer.status, 400)
  has(words(fewer.text, 'chain-later-fewer'), 'Series Seed-2: deliveredLater.0 is less than 20000')
})

test('an investor who holds already is named by id, in a round that is added and in one that is there', async () => {
  const begun = await get(`${NEW}?from=${await seed()}`)
  const two = await post({ ...fieldsOf(begun.text), ...SERIES_A, do: 'try' })
  const next = {
    newName: 'Series B',
    newClosingDate: '2028-12-15',
    newClass: 'Series B Preferred',
    newPreMoney: '80000000',
  }
  const three = await post({ ...fieldsOf(two.text), ...SERIES_A, ...next, do: 'try' })
  // Whom the round before brought in holds already, and is known by name.
  assert.equal(three.status, 409)
  has(words(three.text, 'chain-holds'), 'Series B: cashInvestors.0.stakeholderId')
  const named = await post({ ...fieldsOf(three.text), 'investorId.2': 'Meridian Growth', do: 'try' })
  assert.equal(named.status, 200, named.text)
  assert.equal(fieldsOf(named.text)['investorId.2'], 'Meridian Growth')
  const added = await post({ ...fieldsOf(two.text), ...SERIES_A, ...next, newInvestorId: 'Meridian Growth', do: 'try' })
  assert.equal(added.status, 200, added.text)
  const gone = await post({ ...fieldsOf(added.text), 'investorId.2': '', do: 'try' })
  assert.equal(gone.status, 409)
})

test('a plan has as many rounds as a chain may, and one more is refused and left out again', async () => {
  const rounds = Array.from({ length: 12 }, (_, at) => ({
    compute: {
      ...it.terms(),
      ...{ name: `Round ${at + 1}`, security: { className: `Class ${at + 1}`, newClass: true } },
      ...{ closingDate: `2027-${String(at + 1).padStart(2, '0')}-15`, cashInvestors: [] },
      releases: { kind: 'AT_CLOSE' as const },
      compute: {
        ...it.terms().compute,
        tokens: '1000',
        ...(at === 0 ? {} : { stakeholderId: it.terms().compute.holderName }),
      },
    },
  }))
  const saved = await saveChain(world.deps, analyst.actor, { companyId: it.id, name: 'Twelve', rounds })
  const begun = await get(`${NEW}?from=RoundChain:${saved.companyId}:${saved.scenarioId}`)
  assert.equal(begun.status, 200)
  const more = await post({ ...fieldsOf(begun.text), ...SERIES_A, newClosingDate: '2028-12-15', do: 'try' })
  assert.equal(more.status, 400)
  has(words(more.text, 'chain-thirteen'), 'has more than 12 rounds', 'Round 13: Series A')
  const fewer = await post({ ...fieldsOf(more.text), 'leaveOut.0': 'yes', do: 'try' })
  // Whoever the first round brought in is known by no later one any more: what is left is named.
  assert.equal(fewer.status, 409, fewer.text)
  has(fewer.text, 'Round 2: compute.stakeholderId')
  const last = await post({ ...fieldsOf(more.text), 'leaveOut.12': 'yes', do: 'try' })
  assert.equal(last.status, 200)
})

test('what is wrong is said with its round and its term, nothing is kept, and what was typed stays', async () => {
  const begun = await get(`${NEW}?from=${await seed()}`)
  const before = await stored()
  const wrong = {
    ...fieldsOf(begun.text),
    ...SERIES_A,
    newPreMoney: '-5',
    newPool: '100',
    planName: 'Wrong',
    do: 'save',
  }
  const refused = await post(wrong)
  assert.equal(refused.status, 400)
  has(words(refused.text, 'chain-refused'), 'role="alert"', 'Series A: preMoney', 'value="-5"', 'value="Wrong"')
  const impossible = await post({ ...fieldsOf(begun.text), ...SERIES_A, newPool: '90', do: 'try' })
  assert.equal(impossible.status, 409)
  has(words(impossible.text, 'chain-impossible'), 'Series A: pool.postRoundUnallocated')
  const tampered = await post({ ...fieldsOf(begun.text), 'round.0': '{"compute":', do: 'try' })
  assert.equal(tampered.status, 400)
  const deep = `{"compute":{"terms":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`
  assert.equal((await post({ ...fieldsOf(begun.text), 'round.0': deep, do: 'try' })).status, 400)
  const gone = await post({ ...fieldsOf(begun.text), source: 'Round:1:2', do: 'try' })
  assert.equal(gone.status, 400)
  const hostile = { ...fieldsOf(begun.text), 'name.0': '<script>alert(1)</script>', do: 'try' }
  assert.ok(!(await post(hostile)).text.includes('<script>alert'))
  assert.deepEqual(await stored(), before)
})

test('a kept plan is changed into its next version, and not over somebody else’s', async () => {
  const rounds = [{ cash: CASH }]
  const saved = await saveChain(world.deps, analyst.actor, { companyId: it.id, name: 'To change', rounds })
  const chain = `RoundChain:${saved.companyId}:${saved.scenarioId}`
  const begun = await get(`${NEW}?from=${chain}`)
  has(words(begun.text, 'chain-change'), 'changing To change, version 1', 'Keep as version 2 of To change')
  const fields = { ...fieldsOf(begun.text), 'cash.0': '20000000', do: 'revise' }
  assert.equal((await post(fields)).headers.location, `/chains/${chain}`)
  has((await get(`/chains/${chain}`)).text, 'version 2')
  const stale = await post({ ...fields, key: 'another' })
  assert.equal(stale.status, 409)
  has(words(stale.text, 'chain-stale'), 'role="alert"')
})

test('plans of a company stand side by side', async () => {
  const company = await givenCompany(world)
  const empty = await get(`/companies/${company.id}/chains`)
  has(words(empty.text, 'chains-none'), 'No plan yet', `href="/companies/${company.id}/chains/new"`)
  const save = (name: string, amount: string) =>
    saveChain(world.deps, analyst.actor, {
      companyId: company.id,
      name,
      rounds: [
        {
          cash: {
            ...CASH,
            preMoney: { amount: '46000000', currency: 'USD' },
            cashInvestors: [{ name: 'Meridian Growth', amount: { amount, currency: 'USD' } }],
          },
        },
      ],
    })
  const ids = (await Promise.all([save('Small', '4000000'), save('Large', '46000000')])).map(
    ({ companyId, scenarioId }) => `RoundChain:${companyId}:${scenarioId}`,
  )
  // At 4.00: 1,000,000 of 12,500,000 are sold, and 11,500,000 of 23,000,000.
  const list = words((await get(`/companies/${company.id}/chains`)).text, 'chains')
  has(list, 'between 50.00 and 92.00 %', 'Small', 'Large')
  assert.ok(!list.includes('<h2>Side by side</h2>'))
  const beside = words(
    (await get(`/companies/${company.id}/chains?beside=${ids[0]}&beside=${ids[1]}`)).text,
    'chains-beside',
  )
  // Ada Lindqvist's 4,000,000 of 12,500,000 and of 23,000,000.
  has(beside, '<h2>Side by side</h2>', '32.00', '17.39', 'id="plan-2-w-t"')
})

test('others than the fund’s staff find no plans, staff who do not keep them can try, and other sites post nothing', async () => {
  const draft = await seed()
  for (const path of [NEW, `/companies/${it.id}/chains`, `${NEW}?from=${draft}`])
    for (const by of [it.founder, it.signatory, world.staff.provider])
      assert.equal((await get(path, by)).status, 404, path)
  assert.equal((await post({ ...SERIES_A, do: 'save', planName: 'x' }, it.founder)).status, 404)
  const tried = await post({ ...SERIES_A, do: 'try' }, compliance)
  assert.equal(tried.status, 200)
  has(tried.text, 'Analysts and partners keep plans')
  const before = await stored()
  assert.equal((await post({ ...SERIES_A, planName: 'Theirs', do: 'save' }, compliance)).status, 403)
  const elsewhere = await post({ ...SERIES_A, planName: 'Theirs', do: 'save' }).set('sec-fetch-site', 'cross-site')
  assert.equal(elsewhere.status, 403)
  assert.deepEqual(await stored(), before)
  const other = await givenCompany(world)
  assert.equal((await get(`/companies/${other.id}/chains/new?from=${draft}`)).status, 404)
  for (const path of [NEW, `/companies/${it.id}/chains`]) assert.equal((await request(world.app).get(path)).status, 401)
  // Whoever may not send a form is told so before it is read, however long it is.
  const long = `asOf=${'x'.repeat(600_000)}`
  assert.equal((await request(world.app).post(NEW).type('form').send(long)).status, 401)
  const founders = request(world.app).post(NEW).set('authorization', `Bearer ${it.founder.token}`)
  assert.equal((await founders.type('form').send(long)).status, 404)
  const analysts = request(world.app).post(NEW).set('authorization', `Bearer ${analyst.token}`)
  assert.equal((await analysts.type('form').send(long)).status, 413)
  // The links to them are not there for a founder, either.
  has((await get(`/companies/${it.id}/cap-table`)).text, `/companies/${it.id}/chains"`)
  assert.ok(!(await get(`/companies/${it.id}/cap-table`, it.founder)).text.includes('/chains'))
})

test(
  'a chain is a PDF with the chart and the tables of its page, the same bytes each time',
  needs('pdftotext'),
  async () => {
    const chain = [
      {
        compute: { ...it.terms(), name: 'Series Seed-2', security: { className: 'Seed-2 Preferred', newClass: true } },
      },
      { cash: CASH },
    ]
    const saved = await saveChain(world.deps, analyst.actor, { companyId: it.id, name: 'On paper', rounds: chain })
    const path = `/chains/RoundChain:${saved.companyId}:${saved.scenarioId}`
    const read = () => get(`${path}.pdf`).buffer(true).responseType('blob')
    const [one, other] = [await read(), await read()]
    assert.equal(one.headers['content-type'], 'application/pdf')
    assert.ok(one.body.equals(other.body))
    const folder = process.env.EQUIHOUR_TEST_PAGES
    if (folder !== undefined) writeFileSync(`${folder}/chain.pdf`, one.body)
    const text = run('pdftotext', ['-', '-'], one.body).replaceAll(/\s+/g, ' ')
    // As on the page: 75.92 and 76.52 per cent, 3.301 a share, 117,500 and 3,029,385 shares.
    has(
      text,
      'today’s holders own 75.92 %',
      '76.52 %',
      'USD 3.301',
      '117,500',
      '3,029,385',
      'Fully diluted, %',
      'Ada Lindqvist',
    )
    assert.equal((await get(`${path}.pdf`, it.founder)).status, 404)
  },
)
