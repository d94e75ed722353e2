import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../api/flags/index.ts'
import { providerProductOverlap } from '../../api/flags/rules/conflict/provider-product-overlap.ts'
import { given } from './given-facts.ts'

const products = (seller: string, ...codes: string[]) =>
  codes.map((text) => {
    const [scheme = '', code = ''] = text.split(':')
    return { scheme, code, name: `Product ${code}`, seller }
  })

type Case = readonly [what: string, company: string[] | null, provider: string[] | null, outcome: string]
const CASES: readonly Case[] = [
  ['nothing on record', null, null, 'cannot_tell'],
  ['the provider is not on record', ['fund:asr'], null, 'cannot_tell'],
  ['an empty list is no answer', ['fund:asr'], [], 'cannot_tell'],
  ['the same code', ['fund:asr'], ['fund:gpu', 'fund:asr'], 'flag'],
  ['different codes', ['fund:asr'], ['fund:gpu'], 'clear'],
  ['the same code in another classification', ['fund:asr'], ['other:asr'], 'cannot_tell'],
  ['a NAICS code within a wider one', ['NAICS-2022:518210'], ['NAICS-2022:5182'], 'flag'],
  ['NAICS codes apart', ['NAICS-2022:518210'], ['NAICS-2022:541715'], 'clear'],
  ['codes of other classifications do not nest', ['fund:asr-live'], ['fund:asr'], 'clear'],
  ['one product of the provider is not comparable', ['fund:asr'], ['fund:gpu', 'other:x'], 'cannot_tell'],
]
for (const [what, company, provider, outcome] of CASES) {
  test(`product overlap, ${what}: ${outcome}`, () => {
    const finding = evaluate(
      providerProductOverlap,
      given({
        ...(company === null ? {} : { 'company.products': products('Startup', ...company) }),
        ...(provider === null ? {} : { 'provider.products': products('Provider', ...provider) }),
      }),
      '2026-11-20',
    )
    assert.equal(finding.outcome, outcome, finding.arithmetic.join('\n'))
  })
}

test('an overlap names both products, their sellers and codes', () => {
  const facts = given({
    'company.products': products('Startup', 'fund:asr'),
    'provider.products': products('Provider Labs', 'fund:asr'),
  })
  const finding = evaluate(providerProductOverlap, facts, '2026-11-20')
  assert.equal(
    finding.arithmetic[0],
    'Product asr of Startup (fund asr) overlaps with Product asr of Provider Labs (fund asr).',
  )
})
