import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bold, type Line, plainText, rich, wrap } from '../../templates/pdf/rich-text.ts'

/** Every character is one point wide, so that expected lines can be counted by hand. */
const measure = (text: string): number => [...text].length
const shown = (lines: readonly Line[]): string[] => lines.map((line) => line.pieces.map((piece) => piece.text).join(''))

for (const [text, width, lines] of [
  ['one two three', 7, ['one two', 'three']],
  ['one two three', 13, ['one two three']],
  ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
  ['ab abcdefgh', 4, ['ab', 'abcd', 'efgh']],
  ['line\nbreak', 20, ['line', 'break']],
  ['drag-along rights', 8, ['drag-', 'along', 'rights']],
  ['on 20 Nov 2026 or', 12, ['on', '20 Nov 2026', 'or']],
  ['at USD 2.85 each', 9, ['at', 'USD 2.85', 'each']],
  ['', 5, ['']],
] as const) {
  test(`"${text.replace('\n', '/')}" in ${width} points is ${lines.length} line(s)`, () => {
    assert.deepEqual(shown(wrap(text, width, measure)), lines)
  })
}

test('a bold term and the comma after it are not torn apart', () => {
  const text = rich`the ${bold('Term')}, which`
  assert.deepEqual(shown(wrap(text, 8, measure)), ['the', 'Term,', 'which'])
  const weights = wrap(text, 80, measure)[0]?.pieces.map((piece) => `${piece.weight}:${piece.text}`)
  assert.deepEqual(weights, ['regular:the ', 'semibold:Term', 'regular:, which'])
})

test('no line is wider than asked and no word is lost, whatever the text', () => {
  const texts = fc.array(fc.stringMatching(/^[A-Za-z,.\-/]{1,30}$/), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 60 }), (words, width) => {
      const lines = wrap(words.join(' '), width, measure)
      for (const line of lines) assert.ok(line.width <= width)
      assert.equal(shown(lines).join('').replaceAll(' ', ''), words.join(''))
    }),
  )
  assert.equal(plainText(rich`a ${bold('b')}`), 'a b')
})
