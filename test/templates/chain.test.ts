/** A plan of rounds on paper, as long as one may be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainPdf } from '../../templates/pdf/chain.ts'
import { needs, run } from './tools.ts'

test('figures of twelve rounds stay in one piece each, every stage under its name', needs('pdftotext'), async () => {
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const names = Array.from({ length: 12 }, (_, at) => `Series ${String.fromCharCode(65 + at)} extension`)
  const rounds = names.map((name) => ({
    ...{ name, closingDate: '2027-01-15', preMoney: usd('1234567890.12'), price: usd('123.4567') },
    ...{ postMoney: usd('2234567890.12'), tokens: null, computeShares: '0', cashShares: '3029385', converted: '0' },
    ...{ poolIncrease: '0', firstHoldersPart: '0.5', firstHoldersEarnedPart: '0.6', notes: [] },
  }))
  // 12,345,678 shares before, and as many more with every round.
  const stages = ['Before', ...names].map((name, at) => ({
    ...{ name, on: '2027-01-15' },
    holdings: [
      { holder: 'A founder with quite a long name', shares: '12345678', unearned: '0' },
      { holder: 'Everybody who came later', shares: String(12_345_678 * at), unearned: '0' },
    ],
  }))
  const pdf = await chainPdf({
    ...{ companyName: 'Lumen Robotics, Inc.', name: 'Twelve', asOf: '2026-12-15', rounds, stages, version: 1 },
    ...{ fundName: 'Northgrid Ventures I, L.P.', savedAt: '2026-11-20T00:00:00Z' },
    ...{ figuresJson: '{}', sha256: 'a'.repeat(64) },
  })
  const text = run('pdftotext', ['-layout', '-', '-'], pdf)
  for (const name of names) assert.ok(text.includes(name), name)
  for (let at = 0; at <= 12; at += 1) {
    const total = (12_345_678 * (at + 1)).toLocaleString('en-GB')
    assert.equal(text.split(total).length, 3, `${total} once in each table`)
  }
})
