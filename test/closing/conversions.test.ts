import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadCapitalization } from '../../api/captable/index.ts'
import { closeRound } from '../../api/closing/index.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { capitalizationBefore, type ProForma, proForma, RoundTerms } from '../../api/rounds/index.ts'
import { THREE } from '../captable/given-convertibles.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'
import { CLOSED, givenDeal } from './given-deal.ts'

const world = await makeWorld()
const withThree = () => ownPackage({ Transactions: (items) => [...items, ...THREE] })

/** Shares by holder and class, without what is only reserved. */
const sharesIn = (forma: ProForma) =>
  forma.lines
    .filter(({ after, kind }) => after > 0n && kind !== 'pool' && kind !== 'promised')
    .map(({ holder, className, kind, after }) => `${holder} | ${kind} | ${className} | ${formatNumeric(after)}`)
    .sort()

test('closing converts what the pro forma converts, and the replayed cap table is exactly the pro forma', async () => {
  const deal = await givenDeal(world, '1000000', withThree())
  const change = {
    cashInvestors: [{ name: 'Harbour Ventures', amount: { amount: '1000000', currency: 'USD' } }],
    pool: { kind: 'TARGET', postRoundUnallocated: '0.15' },
    conversions: { priceRounding: { direction: 'DOWN', places: 4 } },
    promisedOptions: { shares: '25000', from: 'ON_TOP' },
    proRataRights: [
      {
        holder: 'Harbor Seed Fund II, L.P.',
        stakeholderId: OWN.seedFund,
        of: 'COMPANY_AFTER',
        part: '0.2',
        exercise: { kind: 'FULL' },
      },
    ],
  } as const
  const { roundId } = await deal.accepted(change as never)
  const terms = RoundTerms.parse(deal.terms(change as never))
  const forma = proForma(await capitalizationBefore(world.deps.db, deal.companyId, terms), terms)
  assert.equal(forma.conversions.length, 3)
  assert.ok((forma.rights[0]?.shares ?? 0n) > 0n)
  await closeRound(world.deps, world.staff.secondPartner.actor, { roundId })
  const after = await loadCapitalization(world.deps.db, deal.companyId, CLOSED.slice(0, 10))
  assert.equal(after.fullyDiluted, forma.sharesAfter)
  assert.deepEqual(
    after.holdings.filter(({ kind }) => kind === 'convertible'),
    [],
  )
  // Read again as the cap table of a round that issues next to nothing: the shares before it are the replayed ones.
  const again = proForma(after, {
    ...terms,
    name: 'Series B',
    security: { ...terms.security, className: 'Series B Preferred Stock' },
    compute: { ...terms.compute, stakeholderId: holderId(after, terms.compute.holderName) },
    cashInvestors: [],
    pool: { kind: 'NONE' },
    proRataRights: [],
    promisedOptions: undefined,
  })
  const replayed = again.lines
    .filter(({ before, kind }) => before > 0n && kind !== 'pool')
    .map(({ holder, className, kind, before }) => `${holder} | ${kind} | ${className} | ${formatNumeric(before)}`)
    .sort()
  assert.deepEqual(replayed, sharesIn(forma))
  const pool = (which: 'before' | 'after', lines: ProForma['lines']) =>
    lines.filter(({ kind }) => kind === 'pool' || kind === 'promised').reduce((sum, line) => sum + line[which], 0n)
  assert.equal(pool('before', again.lines), pool('after', forma.lines))
})

const holderId = (table: Awaited<ReturnType<typeof loadCapitalization>>, name: string): string =>
  table.holdings.find(({ stakeholderName }) => stakeholderName === name)?.stakeholderId ?? ''

test('each conversion names its trigger and its class, and the shares cost what was paid', async () => {
  const deal = await givenDeal(world, '1000000', withThree())
  await deal.closed()
  const rows = await world.deps.db
    .selectFrom('securities_transaction')
    .select(['object_type', 'item'])
    .where('company_id', '=', deal.companyId)
    .where('object_type', 'in', ['TX_CONVERTIBLE_CONVERSION', 'TX_STOCK_ISSUANCE'])
    .execute()
  // biome-ignore lint/suspicious/noExplicitAny: rows as Open Cap Format writes them
  const items: any[] = rows.map(({ item }) => item)
  const conversions = items.filter(({ object_type: type }) => type === 'TX_CONVERTIBLE_CONVERSION')
  assert.deepEqual(conversions.map(({ trigger_id: id }) => id).sort(), [
    'equity-financing-note-1',
    'equity-financing-safe-1',
    'equity-financing-safe-2',
  ])
  for (const {
    resulting_security_ids: [id],
  } of conversions) {
    const issued = items.find((item) => item.object_type === 'TX_STOCK_ISSUANCE' && item.security_id === id)
    assert.ok(issued !== undefined)
    assert.match(issued.consideration_text, /^Conversion of /)
  }
  const paid = items.filter(({ cost_basis: basis }) => basis !== undefined).map(({ cost_basis: basis }) => basis.amount)
  assert.deepEqual(paid.sort(), ['106027.4', '160000', '500000'])
})

test('a day later the interest has grown: the closing is refused, and nothing is stored', async () => {
  const deal = await givenDeal(world, '1000000', withThree())
  const { roundId } = await deal.accepted()
  await world.setClock('2026-12-20T12:00:00Z')
  await assert.rejects(closeRound(world.deps, world.staff.secondPartner.actor, { roundId }), {
    code: 'CAP_TABLE_MOVED',
  })
  const after = await loadCapitalization(world.deps.db, deal.companyId, '2026-12-20')
  assert.equal(after.holdings.filter(({ kind }) => kind === 'convertible').length, 3)
})
