/** Validators of the transactions of Open Cap Format 1.2.0, deprecated plan-security names included. */
import { z } from 'zod'
import { conversionTrigger, ratioMechanism } from './conversions.ts'
import {
  capitalizationDefinition,
  date,
  id,
  ids,
  monetary,
  numeric,
  ratio,
  securityExemption,
  shareNumberRange,
  terminationWindow,
  text,
  vesting,
} from './primitives.ts'

const head = <T extends string>(type: T) => ({
  object_type: z.literal(type),
  id,
  comments: z.array(text).optional(),
  date,
})
const onSecurity = <T extends string>(type: T) => ({ ...head(type), security_id: id })
const approvals = { board_approval_date: date.optional(), stockholder_approval_date: date.optional() }
const consideration = { consideration_text: text.optional() }
const balance = { balance_security_id: id.optional() }
const resulting = { resulting_security_ids: ids }

const issuance = <T extends string>(type: T) => ({
  ...onSecurity(type),
  custom_id: text,
  stakeholder_id: id,
  ...approvals,
  ...consideration,
  security_law_exemptions: z.array(securityExemption),
})
const vests = { vesting_terms_id: id.optional(), vestings: z.array(vesting).min(1, 'is empty').optional() }

const stockIssuance = z.strictObject({
  ...issuance('TX_STOCK_ISSUANCE'),
  stock_class_id: id,
  stock_plan_id: id.optional(),
  share_numbers_issued: z.array(shareNumberRange).optional(),
  share_price: monetary,
  quantity: numeric,
  ...vests,
  cost_basis: monetary.optional(),
  stock_legend_ids: ids,
  issuance_type: z.enum(['RSA', 'FOUNDERS_STOCK']).optional(),
})

const OPTIONS = new Set(['OPTION', 'OPTION_NSO', 'OPTION_ISO'])
const APPRECIATION_RIGHTS = new Set(['CSAR', 'SSAR'])
const equityIssuance = <T extends string>(type: T) =>
  z
    .strictObject({
      ...issuance(type),
      stock_plan_id: id.optional(),
      stock_class_id: id.optional(),
      compensation_type: z.enum(['OPTION_NSO', 'OPTION_ISO', 'OPTION', 'RSU', 'CSAR', 'SSAR']),
      option_grant_type: z.enum(['NSO', 'ISO', 'INTL']).optional(),
      quantity: numeric,
      exercise_price: monetary.optional(),
      base_price: monetary.optional(),
      early_exercisable: z.boolean().optional(),
      ...vests,
      expiration_date: date.nullable(),
      termination_exercise_windows: z.array(terminationWindow),
    })
    .refine((it) => !OPTIONS.has(it.compensation_type) || it.exercise_price !== undefined, {
      path: ['exercise_price'],
      error: 'is missing: options have one',
    })
    .refine((it) => !APPRECIATION_RIGHTS.has(it.compensation_type) || it.base_price !== undefined, {
      path: ['base_price'],
      error: 'is missing: stock appreciation rights have one',
    })

const warrantIssuance = z.strictObject({
  ...issuance('TX_WARRANT_ISSUANCE'),
  quantity: numeric.optional(),
  quantity_source: z
    .enum([
      'HUMAN_ESTIMATED',
      'MACHINE_ESTIMATED',
      'UNSPECIFIED',
      'INSTRUMENT_FIXED',
      'INSTRUMENT_MAX',
      'INSTRUMENT_MIN',
    ])
    .optional(),
  exercise_price: monetary.optional(),
  purchase_price: monetary,
  exercise_triggers: z.array(conversionTrigger),
  warrant_expiration_date: date.optional(),
  ...vests,
})

const convertibleIssuance = z.strictObject({
  ...issuance('TX_CONVERTIBLE_ISSUANCE'),
  investment_amount: monetary,
  convertible_type: z.enum(['NOTE', 'SAFE', 'CONVERTIBLE_SECURITY']),
  conversion_triggers: z.array(conversionTrigger).min(1, 'is empty'),
  pro_rata: numeric.optional(),
  /** 1 is paid first. (`StockClass.seniority` counts the other way round.) */
  seniority: z.int(),
})

const acceptance = <T extends string>(type: T) => z.strictObject(onSecurity(type))
const retraction = <T extends string>(type: T) => z.strictObject({ ...onSecurity(type), reason_text: text })
const cancellation = <T extends string>(type: T) =>
  z.strictObject({ ...onSecurity(type), ...balance, reason_text: text, quantity: numeric })
const resultingOfTransfer = {
  resulting_security_ids: ids
    .min(1, 'is empty')
    .refine((list) => new Set(list).size === list.length, 'names a security twice'),
}
const transfer = <T extends string>(type: T) =>
  z.strictObject({ ...onSecurity(type), ...consideration, ...balance, ...resultingOfTransfer, quantity: numeric })
const exercise = <T extends string>(type: T) =>
  z.strictObject({ ...onSecurity(type), ...consideration, ...resulting, quantity: numeric })
const release = <T extends string>(type: T) =>
  z.strictObject({
    ...onSecurity(type),
    settlement_date: date,
    release_price: monetary,
    quantity: numeric,
    ...consideration,
    ...resulting,
  })

/** Validators by `object_type`. */
export const TRANSACTIONS = {
  TX_STOCK_ISSUANCE: stockIssuance,
  TX_EQUITY_COMPENSATION_ISSUANCE: equityIssuance('TX_EQUITY_COMPENSATION_ISSUANCE'),
  TX_PLAN_SECURITY_ISSUANCE: equityIssuance('TX_PLAN_SECURITY_ISSUANCE'),
  TX_WARRANT_ISSUANCE: warrantIssuance,
  TX_CONVERTIBLE_ISSUANCE: convertibleIssuance,

  TX_STOCK_ACCEPTANCE: acceptance('TX_STOCK_ACCEPTANCE'),
  TX_EQUITY_COMPENSATION_ACCEPTANCE: acceptance('TX_EQUITY_COMPENSATION_ACCEPTANCE'),
  TX_PLAN_SECURITY_ACCEPTANCE: acceptance('TX_PLAN_SECURITY_ACCEPTANCE'),
  TX_WARRANT_ACCEPTANCE: acceptance('TX_WARRANT_ACCEPTANCE'),
  TX_CONVERTIBLE_ACCEPTANCE: acceptance('TX_CONVERTIBLE_ACCEPTANCE'),

  TX_STOCK_RETRACTION: retraction('TX_STOCK_RETRACTION'),
  TX_EQUITY_COMPENSATION_RETRACTION: retraction('TX_EQUITY_COMPENSATION_RETRACTION'),
  TX_PLAN_SECURITY_RETRACTION: retraction('TX_PLAN_SECURITY_RETRACTION'),
  TX_WARRANT_RETRACTION: retraction('TX_WARRANT_RETRACTION'),
  TX_CONVERTIBLE_RETRACTION: retraction('TX_CONVERTIBLE_RETRACTION'),

  TX_STOCK_CANCELLATION: cancellation('TX_STOCK_CANCELLATION'),
  TX_EQUITY_COMPENSATION_CANCELLATION: cancellation('TX_EQUITY_COMPENSATION_CANCELLATION'),
  TX_PLAN_SECURITY_CANCELLATION: cancellation('TX_PLAN_SECURITY_CANCELLATION'),
  TX_WARRANT_CANCELLATION: cancellation('TX_WARRANT_CANCELLATION'),
  TX_CONVERTIBLE_CANCELLATION: z.strictObject({
    ...onSecurity('TX_CONVERTIBLE_CANCELLATION'),
    ...balance,
    reason_text: text,
    amount: monetary,
  }),

  TX_STOCK_TRANSFER: transfer('TX_STOCK_TRANSFER'),
  TX_EQUITY_COMPENSATION_TRANSFER: transfer('TX_EQUITY_COMPENSATION_TRANSFER'),
  TX_PLAN_SECURITY_TRANSFER: transfer('TX_PLAN_SECURITY_TRANSFER'),
  TX_WARRANT_TRANSFER: transfer('TX_WARRANT_TRANSFER'),
  TX_CONVERTIBLE_TRANSFER: z.strictObject({
    ...onSecurity('TX_CONVERTIBLE_TRANSFER'),
    ...consideration,
    ...balance,
    ...resultingOfTransfer,
    amount: monetary,
  }),

  TX_EQUITY_COMPENSATION_EXERCISE: exercise('TX_EQUITY_COMPENSATION_EXERCISE'),
  TX_PLAN_SECURITY_EXERCISE: exercise('TX_PLAN_SECURITY_EXERCISE'),
  TX_WARRANT_EXERCISE: z.strictObject({
    ...onSecurity('TX_WARRANT_EXERCISE'),
    ...consideration,
    ...resulting,
    trigger_id: id,
  }),
  TX_EQUITY_COMPENSATION_RELEASE: release('TX_EQUITY_COMPENSATION_RELEASE'),
  TX_PLAN_SECURITY_RELEASE: release('TX_PLAN_SECURITY_RELEASE'),

  TX_STOCK_CONVERSION: z.strictObject({
    ...onSecurity('TX_STOCK_CONVERSION'),
    ...balance,
    ...resulting,
    quantity_converted: numeric,
  }),
  TX_CONVERTIBLE_CONVERSION: z.strictObject({
    ...onSecurity('TX_CONVERTIBLE_CONVERSION'),
    ...balance,
    ...resulting,
    reason_text: text,
    quantity_converted: numeric.optional(),
    trigger_id: id,
    capitalization_definition: capitalizationDefinition.optional(),
  }),
  TX_STOCK_REISSUANCE: z.strictObject({
    ...onSecurity('TX_STOCK_REISSUANCE'),
    ...resulting,
    split_transaction_id: id.optional(),
    reason_text: text.optional(),
  }),
  TX_STOCK_REPURCHASE: z.strictObject({
    ...onSecurity('TX_STOCK_REPURCHASE'),
    price: monetary,
    quantity: numeric,
    ...consideration,
    ...balance,
  }),

  TX_STOCK_CLASS_SPLIT: z.strictObject({ ...head('TX_STOCK_CLASS_SPLIT'), stock_class_id: id, split_ratio: ratio }),
  TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT: z.strictObject({
    ...head('TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT'),
    stock_class_id: id,
    new_shares_authorized: numeric,
    ...approvals,
  }),
  TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT: z.strictObject({
    ...head('TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT'),
    stock_class_id: id,
    new_ratio_conversion_mechanism: ratioMechanism,
  }),
  TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT: z.strictObject({
    ...head('TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT'),
    issuer_id: id,
    new_shares_authorized: numeric,
    ...approvals,
  }),
  TX_STOCK_PLAN_POOL_ADJUSTMENT: z.strictObject({
    ...head('TX_STOCK_PLAN_POOL_ADJUSTMENT'),
    stock_plan_id: id,
    ...approvals,
    shares_reserved: numeric,
  }),
  TX_STOCK_PLAN_RETURN_TO_POOL: z.strictObject({
    ...onSecurity('TX_STOCK_PLAN_RETURN_TO_POOL'),
    reason_text: text,
    quantity: numeric,
    stock_plan_id: id,
  }),

  TX_VESTING_START: z.strictObject({ ...onSecurity('TX_VESTING_START'), vesting_condition_id: id }),
  TX_VESTING_EVENT: z.strictObject({ ...onSecurity('TX_VESTING_EVENT'), vesting_condition_id: id }),
  TX_VESTING_ACCELERATION: z.strictObject({
    ...onSecurity('TX_VESTING_ACCELERATION'),
    quantity: numeric,
    reason_text: text,
  }),
} as const

export type OcfTransaction = z.output<(typeof TRANSACTIONS)[keyof typeof TRANSACTIONS]>
export type TransactionType = OcfTransaction['object_type']
export type TransactionOf<T extends TransactionType> = Extract<OcfTransaction, { object_type: T }>
/** Transactions that open a security. */
export type Issuance = TransactionOf<
  | 'TX_STOCK_ISSUANCE'
  | 'TX_EQUITY_COMPENSATION_ISSUANCE'
  | 'TX_PLAN_SECURITY_ISSUANCE'
  | 'TX_WARRANT_ISSUANCE'
  | 'TX_CONVERTIBLE_ISSUANCE'
>
