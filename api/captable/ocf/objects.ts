/** Validators of the objects of Open Cap Format 1.2.0: everything in a package that is not a transaction. */
import { z } from 'zod'
import { MAX_CONDITIONS, MAX_OCCURRENCES, MAX_PERIOD } from './bounds.ts'
import { stockClassRight } from './conversions.ts'
import {
  address,
  authorized,
  contactInfo,
  contactInfoWithoutName,
  country,
  date,
  email,
  id,
  ids,
  md5,
  monetary,
  name,
  numeric,
  phone,
  subdivision,
  taxId,
  text,
} from './primitives.ts'
import { OBJECT_TYPES_1_2_0 } from './types.ts'

const head = <T extends string>(type: T) => ({ object_type: z.literal(type), id, comments: z.array(text).optional() })
const approvals = { board_approval_date: date.optional(), stockholder_approval_date: date.optional() }

export const issuer = z.strictObject({
  ...head('ISSUER'),
  legal_name: text,
  dba: text.optional(),
  formation_date: date,
  country_of_formation: country,
  country_subdivision_of_formation: subdivision.optional(),
  tax_ids: z.array(taxId).optional(),
  email: email.optional(),
  phone: phone.optional(),
  address: address.optional(),
  initial_shares_authorized: authorized.optional(),
})

const stakeholder = z.strictObject({
  ...head('STAKEHOLDER'),
  name,
  stakeholder_type: z.enum(['INDIVIDUAL', 'INSTITUTION']),
  issuer_assigned_id: text.optional(),
  current_relationship: z
    .enum([
      'ADVISOR',
      'BOARD_MEMBER',
      'CONSULTANT',
      'EMPLOYEE',
      'EX_ADVISOR',
      'EX_CONSULTANT',
      'EX_EMPLOYEE',
      'EXECUTIVE',
      'FOUNDER',
      'INVESTOR',
      'NON_US_EMPLOYEE',
      'OFFICER',
      'OTHER',
    ])
    .optional(),
  primary_contact: contactInfo.optional(),
  contact_info: contactInfoWithoutName.optional(),
  addresses: z.array(address).optional(),
  tax_ids: z.array(taxId).optional(),
})

const stockClass = z.strictObject({
  ...head('STOCK_CLASS'),
  name: text,
  class_type: z.enum(['COMMON', 'PREFERRED']),
  default_id_prefix: text,
  initial_shares_authorized: authorized,
  ...approvals,
  votes_per_share: numeric,
  par_value: monetary.optional(),
  price_per_share: monetary.optional(),
  /** A higher number is paid first. (`ConvertibleIssuance.seniority` counts the other way round.) */
  seniority: numeric,
  conversion_rights: z.array(stockClassRight).optional(),
  liquidation_preference_multiple: numeric.optional(),
  participation_cap_multiple: numeric.optional(),
})

const stockPlan = z
  .strictObject({
    ...head('STOCK_PLAN'),
    plan_name: text,
    ...approvals,
    initial_shares_reserved: numeric,
    default_cancellation_behavior: z
      .enum(['RETIRE', 'RETURN_TO_POOL', 'HOLD_AS_CAPITAL_STOCK', 'DEFINED_PER_PLAN_SECURITY'])
      .optional(),
    /** The older form, for one class. */
    stock_class_id: id.optional(),
    stock_class_ids: ids.min(1, 'is empty').optional(),
  })
  .refine((plan) => (plan.stock_class_id === undefined) !== (plan.stock_class_ids === undefined), {
    path: ['stock_class_ids'],
    error: 'must be there exactly once: either stock_class_ids, or stock_class_id as older packages write it',
  })

const stockLegendTemplate = z.strictObject({ ...head('STOCK_LEGEND_TEMPLATE'), name: text, text })

const valuation = z.strictObject({
  ...head('VALUATION'),
  provider: text.optional(),
  ...approvals,
  price_per_share: monetary,
  effective_date: date,
  stock_class_id: id,
  valuation_type: z.literal('409A'),
})

const period = { length: z.int().min(0).max(MAX_PERIOD), occurrences: z.int().min(1).max(MAX_OCCURRENCES) }
const dayNumbers = Array.from({ length: 28 }, (_, day) => String(day + 1).padStart(2, '0'))
const vestingPeriod = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('DAYS'), ...period }),
  z.strictObject({
    type: z.literal('MONTHS'),
    ...period,
    day_of_month: z.enum([
      ...dayNumbers,
      '29_OR_LAST_DAY_OF_MONTH',
      '30_OR_LAST_DAY_OF_MONTH',
      '31_OR_LAST_DAY_OF_MONTH',
      'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH',
    ]),
  }),
])
const vestingTrigger = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('VESTING_START_DATE') }),
  z.strictObject({ type: z.literal('VESTING_EVENT') }),
  z.strictObject({ type: z.literal('VESTING_SCHEDULE_ABSOLUTE'), date }),
  z.strictObject({ type: z.literal('VESTING_SCHEDULE_RELATIVE'), period: vestingPeriod, relative_to_condition_id: id }),
])
const vestingCondition = z
  .strictObject({
    id,
    description: text.optional(),
    portion: z
      .strictObject({
        numerator: numeric.refine((value) => value >= 0n, 'is negative'),
        denominator: numeric.refine((value) => value > 0n, 'is not more than zero'),
        remainder: z.boolean().optional(),
      })
      .optional(),
    quantity: numeric.refine((value) => value >= 0n, 'is negative').optional(),
    trigger: vestingTrigger,
    next_condition_ids: ids.refine((list) => new Set(list).size === list.length, 'names a condition twice'),
  })
  .refine((condition) => (condition.portion === undefined) !== (condition.quantity === undefined), {
    path: ['portion'],
    error: 'must be there or quantity must, and not both',
  })
export const vestingTerms = z.strictObject({
  ...head('VESTING_TERMS'),
  name: text,
  description: text,
  allocation_type: z.enum([
    'CUMULATIVE_ROUNDING',
    'CUMULATIVE_ROUND_DOWN',
    'FRONT_LOADED',
    'BACK_LOADED',
    'FRONT_LOADED_TO_SINGLE_TRANCHE',
    'BACK_LOADED_TO_SINGLE_TRANCHE',
    'FRACTIONAL',
  ]),
  vesting_conditions: z
    .array(vestingCondition)
    .min(1, 'is empty')
    .max(MAX_CONDITIONS, `has more than ${MAX_CONDITIONS} conditions`),
})

const financing = z.strictObject({ ...head('FINANCING'), name: text, issuance_ids: ids.min(1, 'is empty'), date })

const document = z
  .strictObject({
    ...head('DOCUMENT'),
    path: text.optional(),
    uri: text.optional(),
    md5,
    related_objects: z.array(z.strictObject({ object_type: z.enum(OBJECT_TYPES_1_2_0), object_id: id })).optional(),
  })
  .refine((it) => (it.path === undefined) !== (it.uri === undefined), {
    path: ['path'],
    error: 'must be there or uri must, and not both',
  })

/** Validators by `object_type`. */
export const OBJECTS = {
  ISSUER: issuer,
  STAKEHOLDER: stakeholder,
  STOCK_CLASS: stockClass,
  STOCK_PLAN: stockPlan,
  STOCK_LEGEND_TEMPLATE: stockLegendTemplate,
  VALUATION: valuation,
  VESTING_TERMS: vestingTerms,
  FINANCING: financing,
  DOCUMENT: document,
} as const

export type OcfObject = z.output<(typeof OBJECTS)[keyof typeof OBJECTS]>
export type ObjectOf<T extends OcfObject['object_type']> = Extract<OcfObject, { object_type: T }>
export type VestingTerms = ObjectOf<'VESTING_TERMS'>
export type VestingCondition = VestingTerms['vesting_conditions'][number]
