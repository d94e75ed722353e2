/** `npm run bench -- <name>`: measures, prints the machine, medians and limits, and fails beyond a limit. */
type Bench = () => Promise<{ run: (args: string[]) => Promise<number> }>

const BENCHES: Readonly<Record<string, Bench>> = {
  calendar: () => import('./calendar.ts'),
  captable: () => import('./captable.ts'),
  crash: () => import('./crash.ts'),
  ledger: () => import('./ledger.ts'),
  start: () => import('./start.ts'),
  usage: () => import('./usage.ts'),
}

const [name = '', ...args] = process.argv.slice(2)
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
if (bench === undefined) {
  console.error(`Usage: npm run bench -- <name>, where <name> is ${Object.keys(BENCHES).join(', ')}.`)
  process.exitCode = 2
} else {
  process.exitCode = await (await bench()).run(args)
}
