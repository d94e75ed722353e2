/** `npm run bench -- crash [kills]`: kills the server, then the database, so many times each (30) in the middle of transfers. */
import { crash } from '../test/crash/crash.ts'
import { machine } from './machine.ts'

export async function run([count = '30']: string[]): Promise<number> {
  console.log(machine())
  for (const victim of ['server', 'database'] as const) {
    const begun = performance.now()
    const { kills, acknowledged, sentAgain, hadHappened } = await crash(victim, Number(count))
    const seconds = ((performance.now() - begun) / 1000).toFixed(0)
    console.log(
      `${victim} killed ${kills} times in ${seconds} s: ${acknowledged} acknowledged transfers all there; ${sentAgain} sent again, of which ${hadHappened} had happened; no chain half-done; reconciled after each`,
    )
  }
  return 0
}
