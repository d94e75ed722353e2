import { test } from 'node:test'
import { checkPackage } from '../../api/captable/index.ts'
import { OWN, ownPackage, type PackageFile } from '../support/ocf-package.ts'
import { assertFaults, at, change, type Expected, faultsOf, TX, transaction } from './given-broken.ts'

const ITEMS: readonly [what: string, files: () => readonly PackageFile[], expected: readonly Expected[]][] = [
  [
    'a number that is none',
    () =>
      change('Transactions', (items) => {
        items[0].quantity = '1e3'
        items[1].quantity = '١٢'
        items[2].share_price.amount = '1'.repeat(40)
      }),
    [
      [TX, 'issue-cs-1', at(0, '/quantity'), /not a number/],
      [TX, 'issue-cs-2', at(1, '/quantity'), /not a number/],
      [TX, 'issue-ss-1', at(2, '/share_price/amount'), /not a number/],
    ],
  ],
  [
    'a number that is not text',
    () =>
      change('Transactions', (items) => {
        items[0].quantity = 4000000
      }),
    [[TX, 'issue-cs-1', at(0, '/quantity'), /not text/]],
  ],
  [
    'a date that does not exist',
    () =>
      change('Transactions', (items) => {
        items[0].date = '2023-02-29'
      }),
    [[TX, 'issue-cs-1', at(0, '/date'), /date that exists/]],
  ],
  [
    'an unknown field',
    () =>
      change('Transactions', (items) => {
        items[0].quantitty = '1'
      }),
    [[TX, 'issue-cs-1', at(0, '/quantitty'), /not a field of TX_STOCK_ISSUANCE/]],
  ],
  [
    'an unknown field inside',
    () =>
      change('Transactions', (items) => {
        items[0].share_price['a/b~c'] = '1'
      }),
    [[TX, 'issue-cs-1', at(0, '/share_price/a~1b~0c'), /not a field/]],
  ],
  [
    'a wrong word',
    () =>
      change('StockClasses', (items) => {
        items[0].class_type = 'PREFFERED'
      }),
    [['StockClasses.ocf.json', OWN.common, at(0, '/class_type'), /not one of COMMON, PREFERRED/]],
  ],
  [
    'an option without a price',
    () =>
      change('Transactions', (items) => {
        delete items[3].exercise_price
      }),
    [[TX, 'grant-op-1', at(3, '/exercise_price'), /missing: options have one/]],
  ],
  [
    'an item that is none',
    () => change('Transactions', (items) => [...items, 'x', { id: 'y' }, { object_type: 'TX_NEW_KIND' }]),
    [
      [TX, null, at(5), /not an object/],
      [TX, 'y', at(6, '/object_type'), /missing/],
      [TX, null, at(7, '/id'), /missing/],
    ],
  ],
  [
    'an unknown mechanism',
    () =>
      change('StockClasses', (items) => {
        items[1].conversion_rights[0].conversion_mechanism.type = 'MAGIC'
      }),
    [['StockClasses.ocf.json', OWN.seed, at(1, '/conversion_rights/0/conversion_mechanism/type'), /known types/]],
  ],
  [
    'vesting without amount, and a zero denominator',
    () =>
      change('VestingTerms', (items) => {
        delete items[0].vesting_conditions[0].quantity
        items[0].vesting_conditions[1].portion.denominator = '0'
      }),
    [
      ['VestingTerms.ocf.json', OWN.terms, at(0, '/vesting_conditions/0/portion'), /quantity must/],
      ['VestingTerms.ocf.json', OWN.terms, at(0, '/vesting_conditions/1/portion/denominator'), /not more than zero/],
    ],
  ],
]
const acceptance = (security: string, date = '2025-06-01') => ({
  object_type: 'TX_STOCK_ACCEPTANCE',
  id: 'more',
  date,
  security_id: security,
})
const repurchase = (more: object) => ({
  object_type: 'TX_STOCK_REPURCHASE',
  id: 'more',
  date: '2025-06-01',
  security_id: OWN.commonAda,
  price: { amount: '0', currency: 'USD' },
  ...more,
})
const issuance = (more: object) => ({
  object_type: 'TX_STOCK_ISSUANCE',
  id: 'balance',
  date: '2025-06-01',
  security_id: 'balance-security',
  custom_id: 'CS-9',
  stakeholder_id: OWN.founderAda,
  security_law_exemptions: [],
  stock_class_id: OWN.common,
  share_price: { amount: '0.0001', currency: 'USD' },
  quantity: '1000000',
  stock_legend_ids: [],
  ...more,
})
/** Gaps: refused by default, with the pointer of what leads nowhere or cannot be applied. */
const GAPS: readonly [what: string, files: () => readonly PackageFile[], expected: readonly Expected[]][] = [
  [
    'an unknown security',
    () => transaction(acceptance('nowhere')),
    [[TX, 'more', at(5, '/security_id'), /never issued/]],
  ],
  [
    'a security that is issued later',
    () => transaction(acceptance(OWN.seedShares, '2024-09-01')),
    [[TX, 'more', at(5, '/security_id'), /issued only on 2024-09-02/]],
  ],
  [
    'a security of another kind',
    () => transaction(acceptance(OWN.option)),
    [[TX, 'more', at(5, '/security_id'), /equity compensation, not stock/]],
  ],
  [
    'an unknown holder, class, plan, legend and terms',
    () =>
      change('Transactions', (items) => {
        Object.assign(items[2], { stock_class_id: 'c', stock_legend_ids: ['l'] })
        Object.assign(items[3], { stakeholder_id: 's', stock_plan_id: 'p', vesting_terms_id: 't' })
      }),
    [
      [TX, 'issue-ss-1', at(2, '/stock_legend_ids/0'), /legend/],
      [TX, 'issue-ss-1', at(2, '/stock_class_id'), /stock class/],
      [TX, 'grant-op-1', at(3, '/stakeholder_id'), /stakeholder/],
      [TX, 'grant-op-1', at(3, '/stock_plan_id'), /stock plan/],
      [TX, 'grant-op-1', at(3, '/vesting_terms_id'), /vesting terms/],
    ],
  ],
  [
    'a security id twice',
    () => transaction(issuance({ security_id: OWN.commonAda })),
    [[TX, 'balance', at(5, '/security_id'), /another security, issued by issue-cs-1 on 2024-01-15/]],
  ],
  [
    'a transaction id twice',
    () => transaction(issuance({ id: 'issue-cs-1' })),
    [[TX, 'issue-cs-1', at(5, '/id'), /another transaction/]],
  ],
  [
    'an object id twice',
    () => change('Stakeholders', (items) => [...items, items[0]]),
    [['Stakeholders.ocf.json', OWN.founderAda, at(4, '/id'), /another STAKEHOLDER/]],
  ],
  [
    'more than is authorised',
    () => transaction(issuance({ quantity: '12000001' })),
    [[TX, 'balance', at(5, '/quantity'), /20000001 outstanding of a class that authorises 20000000/]],
  ],
  [
    'no shares',
    () => transaction(issuance({ quantity: '-0.0' })),
    [[TX, 'balance', at(5, '/quantity'), /not more than zero/]],
  ],
  [
    'a closed security',
    () =>
      change('Transactions', (items) => [
        ...items,
        repurchase({ quantity: '4000000' }),
        { ...acceptance(OWN.commonAda), id: 'after' },
      ]),
    [[TX, 'after', at(6, '/security_id'), /closed on 2025-06-01 by more/]],
  ],
  [
    'more than there is',
    () => transaction(repurchase({ quantity: '4000001' })),
    [[TX, 'more', at(5, '/quantity'), /more than the 4000000/]],
  ],
  [
    'a part without a balance',
    () => transaction(repurchase({ quantity: '3000000' })),
    [[TX, 'more', at(5, '/quantity'), /leaves 1000000 over/]],
  ],
  [
    'a balance that is never issued',
    () => transaction(repurchase({ quantity: '3000000', balance_security_id: 'b' })),
    [[TX, 'more', at(5, '/balance_security_id'), /never issued/]],
  ],
  [
    'a balance of another number',
    () =>
      change('Transactions', (items) => [
        ...items,
        repurchase({ quantity: '3000000', balance_security_id: 'balance-security' }),
        issuance({ quantity: '1000001' }),
      ]),
    [[TX, 'more', at(5, '/balance_security_id'), /of 1000001; 1000000 are left over/]],
  ],
  [
    'a balance of another class',
    () =>
      change('Transactions', (items) => [
        ...items,
        repurchase({ quantity: '3500000', balance_security_id: 'balance-security' }),
        issuance({ stock_class_id: OWN.seed, quantity: '500000' }),
      ]),
    [[TX, 'more', at(5, '/balance_security_id'), /another class/]],
  ],
  [
    'a balance of nothing',
    () =>
      change('Transactions', (items) => [
        ...items,
        repurchase({ quantity: '4000000', balance_security_id: 'balance-security' }),
        issuance({}),
      ]),
    [[TX, 'more', at(5, '/balance_security_id'), /nothing is left/]],
  ],
  [
    'a transfer that makes shares',
    () =>
      change('Transactions', (items) => [
        ...items,
        {
          object_type: 'TX_STOCK_TRANSFER',
          id: 'more',
          date: '2025-06-01',
          security_id: OWN.commonAda,
          quantity: '4000000',
          resulting_security_ids: ['balance-security'],
        },
        issuance({ quantity: '4000001' }),
      ]),
    [[TX, 'more', at(5, '/resulting_security_ids'), /4000001 together, not of 4000000/]],
  ],
  [
    'an exercise into nothing',
    () =>
      transaction({
        object_type: 'TX_EQUITY_COMPENSATION_EXERCISE',
        id: 'more',
        date: '2026-06-01',
        security_id: OWN.option,
        quantity: '1',
        resulting_security_ids: ['gone'],
      }),
    [[TX, 'more', at(5, '/resulting_security_ids/0'), /never issued/]],
  ],
  [
    'acceleration over 100%',
    () =>
      transaction({
        object_type: 'TX_VESTING_ACCELERATION',
        id: 'more',
        date: '2026-03-01',
        security_id: OWN.option,
        quantity: '225001',
        reason_text: 'x',
      }),
    [[TX, 'more', at(5, '/quantity'), /only 225000 are not vested/]],
  ],
  [
    'a vesting condition that is not there, of another trigger, and fired twice',
    () =>
      change('Transactions', (items) => [
        ...items,
        {
          object_type: 'TX_VESTING_EVENT',
          id: 'a',
          date: '2026-03-01',
          security_id: OWN.option,
          vesting_condition_id: 'gone',
        },
        {
          object_type: 'TX_VESTING_EVENT',
          id: 'b',
          date: '2026-03-01',
          security_id: OWN.option,
          vesting_condition_id: 'cliff',
        },
        {
          object_type: 'TX_VESTING_START',
          id: 'c',
          date: '2026-03-01',
          security_id: OWN.option,
          vesting_condition_id: 'start',
        },
        {
          object_type: 'TX_VESTING_START',
          id: 'd',
          date: '2026-03-01',
          security_id: OWN.commonAda,
          vesting_condition_id: 'start',
        },
      ]),
    [
      [TX, 'a', at(5, '/vesting_condition_id'), /do not have/],
      [TX, 'b', at(6, '/vesting_condition_id'), /trigger is VESTING_SCHEDULE_RELATIVE/],
      [TX, 'c', at(7, '/vesting_condition_id'), /fired on 2025-03-01/],
      [TX, 'd', at(8, '/vesting_condition_id'), /no vesting terms/],
    ],
  ],
  [
    'terms of more than 100%',
    () =>
      change('VestingTerms', (items) => {
        items[0].vesting_conditions[2].trigger.period.occurrences = 37
      }),
    [
      ['VestingTerms.ocf.json', OWN.terms, at(0, '/vesting_conditions'), /more than 100%/],
      [TX, 'vest-op-1', at(4, '/vesting_condition_id'), /more than 100%/],
    ],
  ],
  [
    'terms in a cycle, and to nowhere',
    () =>
      change('VestingTerms', (items) => {
        items[0].vesting_conditions[2].next_condition_ids = ['cliff', 'gone']
      }),
    [
      ['VestingTerms.ocf.json', OWN.terms, at(0, '/vesting_conditions/2/next_condition_ids/1'), /do not have/],
      ['VestingTerms.ocf.json', OWN.terms, at(0, '/vesting_conditions/0'), /cycle/],
    ],
  ],
  [
    'listed vesting of more than 100%',
    () => transaction(issuance({ vestings: [{ date: '2026-01-01', amount: '1000000.0000000001' }] })),
    [[TX, 'balance', at(5, '/vestings'), /more than 100%/]],
  ],
  [
    'objects that refer to nothing',
    () =>
      ownPackage({
        StockClasses: (items) => {
          items[1].conversion_rights[0].converts_to_stock_class_id = 'gone'
        },
        StockPlans: (items) => {
          items[0].stock_class_ids = ['gone']
        },
        Valuations: () => [
          {
            object_type: 'VALUATION',
            id: 'v',
            price_per_share: { amount: '1', currency: 'USD' },
            effective_date: '2025-01-01',
            valuation_type: '409A',
            stock_class_id: 'gone',
          },
        ],
      }),
    [
      [
        'StockClasses.ocf.json',
        OWN.seed,
        at(1, '/conversion_rights/0/converts_to_stock_class_id'),
        /not in the package/,
      ],
      ['StockPlans.ocf.json', OWN.plan, at(0, '/stock_class_ids/0'), /not in the package/],
      ['Valuations.ocf.json', 'v', at(0, '/stock_class_id'), /not in the package/],
    ],
  ],
]
for (const [what, files, expected] of ITEMS) {
  test(`refused in both modes: ${what}`, async () => {
    assertFaults((await faultsOf({ files: files() })).faults, expected)
    assertFaults((await faultsOf({ files: files() }, 'ACCEPT')).faults, expected)
  })
}
for (const [what, files, expected] of GAPS) {
  test(`refused by default, told when gaps are accepted: ${what}`, async () => {
    assertFaults((await faultsOf({ files: files() })).faults, expected)
    const { replayed } = await checkPackage({ files: files() }, 'ACCEPT')
    assertFaults(replayed.gaps, expected)
  })
}
