import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  holdAmount,
  idleCharge,
  meterCharge,
  meteredTokens,
  quote,
  reservedGpuSeconds,
} from '../../api/clusters/metering/charge.ts'
import { parseNumeric, parseTokens } from '../../api/platform/index.ts'

const factor = parseNumeric
const hour = { startsAt: '2026-11-20T12:00:00Z', endsAt: '2026-11-20T13:00:00Z' }

test('a GPU-hour counts the H100-hours of its factor', () => {
  // Factors: H100-equivalents by price of shared market data; the arithmetic is by hand.
  for (const [gpus, text, tokens] of [
    [1, '1', '1'],
    [8, '1', '8'],
    [8, '1.4', '11.2'],
    [4, '0.315', '1.26'],
    [64, '2.28', '145.92'],
  ] as const) {
    assert.deepEqual(quote(gpus, hour, factor(text)).hold, parseTokens(tokens), `${gpus} x ${text}`)
  }
})

test('reserved GPU-seconds are GPUs times seconds, whatever the calendar does meanwhile', () => {
  // 2026-10-25 has 25 hours in Berlin: two days in UTC have 48 all the same.
  assert.equal(reservedGpuSeconds(8, { startsAt: '2026-10-24T00:00:00Z', endsAt: '2026-10-26T00:00:00Z' }), 1_382_400n)
})

test('a hold is rounded up and a meter down, each once', () => {
  // One GPU-second at factor one is 277.777... micro-tokens.
  assert.equal(holdAmount(1n, factor('1')), 278n)
  assert.equal(meteredTokens(1n, factor('1')), 277n)
  assert.equal(meteredTokens(2n, factor('1')), 555n)
  assert.equal(meterCharge(1n, 2n, factor('1')), 278n)
  assert.equal(meterCharge(5n, 5n, factor('1')), 0n)
  assert.throws(() => meterCharge(2n, 1n, factor('1')), RangeError)
})

const factors = fc.bigInt({ min: 1n, max: 1000n * 10n ** 10n })
test('however usage is split, its charges add up to the same, and with idle time never to more than the hold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { maxLength: 30 }),
      fc.bigInt({ min: 0n, max: 10n ** 9n }),
      factors,
      (parts, unused, rate) => {
        let used = 0n
        let charged = 0n
        for (const part of parts) {
          charged += meterCharge(used, used + part, rate)
          used += part
        }
        assert.equal(charged, meteredTokens(used, rate))
        const reserved = used + unused
        if (reserved === 0n) return
        const idle = idleCharge(reserved, used, rate, 'RESERVED')
        const left = holdAmount(reserved, rate) - charged - idle
        assert.ok(left === 0n || left === 1n, `${left} micro-tokens left`)
        assert.equal(idleCharge(reserved, used, rate, 'METERED'), 0n)
      },
    ),
  )
})
