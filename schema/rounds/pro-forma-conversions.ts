/** What SAFEs and notes become in a round. */
import { numericOfWhole } from '../../api/platform/index.ts'
import type { ProFormaConversion, ProFormaWarrant } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'

const ConvertsAt = builder.enumType('ConvertsAt', {
  description:
    'What decided the price of a conversion: its cap, its discount, the price of the round, or the instrument itself, which states a number of shares or a part of the company.',
  values: ['CAP', 'DISCOUNT', 'ROUND_PRICE', 'INSTRUMENT'] as const,
})
const ConvertibleKind = builder.enumType('ProFormaConvertibleKind', {
  description: 'Kind of a convertible, as in Open Cap Format.',
  values: ['NOTE', 'SAFE', 'CONVERTIBLE_SECURITY'] as const,
})

export const ProFormaConversionType = builder.objectRef<ProFormaConversion>('ProFormaConversion').implement({
  description: 'One SAFE or note that converts in the round.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'Id of the security in the OCF data.' }),
    customId: t.exposeString('customId', { description: 'The id that people know it by: "SAFE-3".' }),
    holder: t.exposeString('holder', { description: 'Who holds it.' }),
    holderId: t.exposeString('holderId', { description: 'Id of the stakeholder in the OCF data.' }),
    instrument: t.expose('instrument', { type: ConvertibleKind, description: 'Kind.' }),
    principal: t.expose('principal', { type: 'Money', description: 'Purchase amount or principal.' }),
    interest: t.expose('interest', { type: 'Money', description: 'Interest that converts with it.' }),
    interestInCash: t.expose('interestInCash', { type: 'Money', description: 'Interest that is due in cash.' }),
    matured: t.exposeBoolean('matured', { description: 'True for a note that was due before the closing.' }),
    cap: t.expose('cap', { type: 'Money', nullable: true, description: 'Valuation cap, where it has one.' }),
    discount: t.expose('discount', {
      type: 'Decimal',
      description: 'What comes off the price of the round: "0.2" takes 20% off. 0 for nothing.',
    }),
    at: t.expose('at', { type: ConvertsAt, description: 'What decided its price.' }),
    pricePerShare: t.expose('price', { type: 'Money', description: 'Its price, to the nearest of ten places.' }),
    exactPrice: t.exposeString('exactPrice', { description: 'The same as a fraction: "7/4".' }),
    shares: t.field({ type: 'Shares', description: 'Whole shares.', resolve: ({ shares }) => numericOfWhole(shares) }),
    remainder: t.expose('remainder', { type: 'Money', description: 'What converts minus shares times price.' }),
    className: t.exposeString('className', { description: 'Class of the shares.' }),
  }),
})

export const ProFormaWarrantType = builder.objectRef<ProFormaWarrant>('ProFormaWarrant').implement({
  description: 'A warrant whose price the round fixes. It stays outstanding, for this number of shares.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'Id of the security in the OCF data.' }),
    customId: t.exposeString('customId', { description: 'The id that people know it by.' }),
    holder: t.exposeString('holder', { description: 'Who holds it.' }),
    holderId: t.exposeString('holderId', { description: 'Id of the stakeholder in the OCF data.' }),
    amount: t.expose('amount', { type: 'Money', description: 'For how much money it buys shares.' }),
    at: t.expose('at', { type: ConvertsAt, description: 'What decided its price.' }),
    pricePerShare: t.expose('price', { type: 'Money', description: 'Its price, to the nearest of ten places.' }),
    exactPrice: t.exposeString('exactPrice', { description: 'The same as a fraction: "7/4".' }),
    shares: t.field({ type: 'Shares', description: 'Whole shares.', resolve: ({ shares }) => numericOfWhole(shares) }),
    className: t.exposeString('className', { description: 'Class of the shares.' }),
  }),
})
