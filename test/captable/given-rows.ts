/** Rows of transactions on our own package, and the numbers that they make of it, worked out beside each. */
import { OWN } from '../support/ocf-package.ts'
import {
  BEFORE,
  cancelled,
  DAY,
  option,
  part,
  returned,
  safe,
  stock,
  type Tx,
  tx,
  usd,
  warrant,
} from './given-history.ts'

/** Common and preferred outstanding, options, available in the plan and in the second plan, warrants. */
export const ROWS: readonly [what: string, more: readonly Tx[], expected: readonly string[], behaviour?: string][] = [
  ['nothing', [], BEFORE],
  [
    'a transfer of a part moves, and makes nothing',
    [
      tx('STOCK_TRANSFER', { ...part, resulting_security_ids: ['new'] }),
      stock('new', '1000000'),
      stock('bal', '3000000'),
    ],
    BEFORE,
  ],
  [
    'a repurchase of a part',
    [tx('STOCK_REPURCHASE', { ...part, price: usd('0') }), stock('bal', '3000000')],
    ['7000000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a cancellation of stock',
    [tx('STOCK_CANCELLATION', { security_id: OWN.commonAda, quantity: '4000000', reason_text: 'r' })],
    ['4000000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a retraction of stock',
    [tx('STOCK_RETRACTION', { security_id: OWN.commonAda, reason_text: 'r' })],
    ['4000000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a reissuance',
    [
      tx('STOCK_REISSUANCE', { security_id: OWN.commonAda, resulting_security_ids: ['a', 'b'] }),
      stock('a', '1'),
      stock('b', '3999999'),
    ],
    BEFORE,
  ],
  [
    'a conversion of preferred',
    [
      tx('STOCK_CONVERSION', {
        security_id: OWN.seedShares,
        quantity_converted: '500000',
        balance_security_id: 'bal',
        resulting_security_ids: ['c'],
      }),
      stock('c', '500000'),
      stock('bal', '1000000', { stock_class_id: OWN.seed }),
    ],
    ['8500000', '1000000', '300000', '1700000', '100', '0'],
  ],
  ['acceptance', [tx('STOCK_ACCEPTANCE', { security_id: OWN.commonAda })], BEFORE],
  [
    'an exercise of a part keeps the option open',
    [
      tx('EQUITY_COMPENSATION_EXERCISE', { security_id: OWN.option, quantity: '75000', resulting_security_ids: ['x'] }),
      stock('x', '75000', { stock_plan_id: OWN.plan }),
    ],
    ['8075000', '1500000', '225000', '1700000', '100', '0'],
  ],
  [
    'a release of all',
    [
      option('rsu', '10', { compensation_type: 'RSU' }),
      tx('EQUITY_COMPENSATION_RELEASE', {
        security_id: 'rsu',
        quantity: '10',
        settlement_date: DAY,
        release_price: usd('1'),
        resulting_security_ids: ['x'],
      }),
      stock('x', '6'),
    ],
    ['8000006', '1500000', '300000', '1699990', '100', '0'],
  ],
  [
    'a grant by the deprecated name',
    [{ ...option('old', '10'), object_type: 'TX_PLAN_SECURITY_ISSUANCE' }],
    ['8000000', '1500000', '300010', '1699990', '100', '0'],
  ],
  [
    'restricted stock from the plan',
    [stock('rsa', '10', { stock_plan_id: OWN.plan, issuance_type: 'RSA' })],
    ['8000010', '1500000', '300000', '1699990', '100', '0'],
  ],
  [
    'a cancelled grant goes back by the rule of the plan',
    [cancelled],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
  ],
  [
    'a cancelled grant is gone where the plan retires it',
    [cancelled],
    ['8000000', '1500000', '0', '1700000', '100', '0'],
    'RETIRE',
  ],
  [
    'a return says where: not counted twice',
    [cancelled, returned('300000', OWN.plan)],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
  ],
  [
    'a return goes before the rule',
    [cancelled, returned('300000', OWN.plan)],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
    'RETIRE',
  ],
  // 200,000 leave the first plan for the second: it reserves 1,800,000, of which nothing is granted.
  [
    'a return to another plan',
    [cancelled, returned('200000', 'plan-2')],
    ['8000000', '1500000', '0', '1800000', '200100', '0'],
  ],
  [
    'a return of an open grant ends a part of it',
    [returned('100000', OWN.plan)],
    ['8000000', '1500000', '200000', '1800000', '100', '0'],
  ],
  [
    'a cancelled part with its balance',
    [
      tx('EQUITY_COMPENSATION_CANCELLATION', {
        security_id: OWN.option,
        quantity: '100000',
        reason_text: 'r',
        balance_security_id: 'bal',
      }),
      option('bal', '200000'),
    ],
    ['8000000', '1500000', '200000', '1800000', '100', '0'],
  ],
  [
    'a transferred grant',
    [
      tx('EQUITY_COMPENSATION_TRANSFER', {
        security_id: OWN.option,
        quantity: '300000',
        resulting_security_ids: ['bal'],
      }),
      option('bal', '300000'),
    ],
    BEFORE,
  ],
  [
    'a retracted grant',
    [tx('EQUITY_COMPENSATION_RETRACTION', { security_id: OWN.option, reason_text: 'r' })],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
  ],
  [
    'a pool adjustment',
    [tx('STOCK_PLAN_POOL_ADJUSTMENT', { stock_plan_id: OWN.plan, shares_reserved: '2500000' })],
    ['8000000', '1500000', '300000', '2200000', '100', '0'],
  ],
  [
    'a warrant of a fixed number',
    [warrant('w', { quantity: '700' })],
    ['8000000', '1500000', '300000', '1700000', '100', '700'],
  ],
  [
    'a warrant that names its number in its mechanism',
    [warrant('w')],
    ['8000000', '1500000', '300000', '1700000', '100', '5000'],
  ],
  [
    'a warrant with an estimate does not count',
    [warrant('w', { quantity: '700', quantity_source: 'HUMAN_ESTIMATED' })],
    BEFORE,
  ],
  [
    'a warrant exercised',
    [
      warrant('w'),
      tx('WARRANT_EXERCISE', { security_id: 'w', trigger_id: 't', resulting_security_ids: ['x'] }),
      stock('x', '5000'),
    ],
    ['8005000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a warrant transferred in part',
    [
      warrant('w', { quantity: '700' }),
      tx('WARRANT_TRANSFER', {
        security_id: 'w',
        quantity: '200',
        resulting_security_ids: ['a'],
        balance_security_id: 'b',
      }),
      warrant('a', { quantity: '200' }),
      warrant('b', { quantity: '500' }),
    ],
    ['8000000', '1500000', '300000', '1700000', '100', '700'],
  ],
  [
    'a convertible has no number, and converts',
    [
      safe('s', '50000'),
      tx('CONVERTIBLE_CONVERSION', {
        security_id: 's',
        reason_text: 'r',
        trigger_id: 't',
        resulting_security_ids: ['x'],
      }),
      stock('x', '41', { stock_class_id: OWN.seed }),
    ],
    ['8000000', '1500041', '300000', '1700000', '100', '0'],
  ],
  // Two for one: stock, options over it and the pools that reserve it double; seed does not.
  [
    'a split',
    [tx('STOCK_CLASS_SPLIT', { stock_class_id: OWN.common, split_ratio: { numerator: '2', denominator: '1' } })],
    ['16000000', '1500000', '600000', '3400000', '200', '0'],
  ],
  // The reissued certificate is written in new shares already, whether the split stands before or after it in the file.
  [
    'a split with reissued certificates',
    [
      stock('n', '8000000'),
      tx(
        'STOCK_CLASS_SPLIT',
        { stock_class_id: OWN.common, split_ratio: { numerator: '2', denominator: '1' } },
        'split',
      ),
      tx('STOCK_REISSUANCE', {
        security_id: OWN.commonAda,
        resulting_security_ids: ['n'],
        split_transaction_id: 'split',
      }),
    ],
    ['16000000', '1500000', '600000', '3400000', '200', '0'],
  ],
  [
    'adjustments of what is authorised and of the ratio',
    [
      tx('STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT', { stock_class_id: OWN.seed, new_shares_authorized: '1600000' }),
      tx('ISSUER_AUTHORIZED_SHARES_ADJUSTMENT', { issuer_id: OWN.issuer, new_shares_authorized: '9500000' }),
      tx('STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT', {
        stock_class_id: OWN.seed,
        new_ratio_conversion_mechanism: {
          type: 'RATIO_CONVERSION',
          conversion_price: usd('1'),
          ratio: { numerator: '6', denominator: '5' },
          rounding_type: 'FLOOR',
        },
      }),
    ],
    BEFORE,
  ],
  // What has no number of its own, under every name that it has.
  [
    'acceptance of an option, of a warrant and of a convertible',
    [
      warrant('w', { quantity: '700' }),
      safe('s', '50000'),
      tx('EQUITY_COMPENSATION_ACCEPTANCE', { security_id: OWN.option }),
      tx('WARRANT_ACCEPTANCE', { security_id: 'w' }),
      tx('CONVERTIBLE_ACCEPTANCE', { security_id: 's' }),
    ],
    ['8000000', '1500000', '300000', '1700000', '100', '700'],
  ],
  [
    'a warrant and a convertible retracted',
    [
      warrant('w', { quantity: '700' }),
      safe('s', '50000'),
      tx('WARRANT_RETRACTION', { security_id: 'w', reason_text: 'r' }),
      tx('CONVERTIBLE_RETRACTION', { security_id: 's', reason_text: 'r' }),
    ],
    BEFORE,
  ],
  // It is counted nowhere before, so all that can be said is that it is gone.
  [
    'a warrant without a number cancelled, whatever number is said of it',
    [
      warrant('w', {
        exercise_triggers: [
          {
            ...{ type: 'ELECTIVE_AT_WILL', trigger_id: 't' },
            conversion_right: {
              conversion_mechanism: { type: 'PPS_BASED_CONVERSION', description: 'At the price of the next round.' },
            },
          },
        ],
      }),
      tx('WARRANT_CANCELLATION', { security_id: 'w', quantity: '62500', reason_text: 'r' }),
    ],
    BEFORE,
  ],
  [
    'a warrant cancelled in part, a convertible in part and with its balance',
    [
      warrant('w', { quantity: '700' }),
      tx('WARRANT_CANCELLATION', { security_id: 'w', quantity: '200', reason_text: 'r', balance_security_id: 'b' }),
      warrant('b', { quantity: '500' }),
      safe('s', '50000'),
      tx('CONVERTIBLE_CANCELLATION', {
        ...{ security_id: 's', amount: usd('20000'), reason_text: 'r', balance_security_id: 't' },
      }),
      safe('t', '30000'),
    ],
    ['8000000', '1500000', '300000', '1700000', '100', '500'],
  ],
  [
    'a convertible transferred in part',
    [
      safe('s', '50000'),
      tx('CONVERTIBLE_TRANSFER', {
        ...{ security_id: 's', amount: usd('20000'), resulting_security_ids: ['u'], balance_security_id: 't' },
      }),
      safe('u', '20000'),
      safe('t', '30000'),
    ],
    BEFORE,
  ],
  [
    'vesting that starts, happens and is accelerated moves no share',
    [
      stock('v', '10', { vesting_terms_id: OWN.terms }),
      tx('VESTING_START', { security_id: 'v', vesting_condition_id: 'start' }),
      tx('VESTING_ACCELERATION', { security_id: 'v', quantity: '4', reason_text: 'r' }),
    ],
    ['8000010', '1500000', '300000', '1700000', '100', '0'],
  ],
]

/** The same transaction under the name that the format gives up for it: `TX_PLAN_SECURITY_...`. */
export const byOldName = (item: Tx): Tx => ({
  ...item,
  object_type: item.object_type.replace('_EQUITY_COMPENSATION_', '_PLAN_SECURITY_'),
})
