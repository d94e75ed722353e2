import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crash } from './crash.ts'

/** The long form is `npm run bench -- crash`. */
const KILLS = 3

for (const victim of ['server', 'database'] as const) {
  test(`the ${victim} is killed ${KILLS} times in the middle of transfers: nothing acknowledged is lost, nothing is half-done`, async () => {
    const figures = await crash(victim, KILLS)
    assert.equal(figures.kills, KILLS)
    assert.ok(figures.acknowledged > 10, JSON.stringify(figures))
    assert.ok(figures.sentAgain > 0, JSON.stringify(figures))
  })
}
