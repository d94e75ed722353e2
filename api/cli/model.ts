/** `equihour model`: a round over a cap table from a package, with no database. */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { termSheetPdf } from '../../templates/pdf/term-sheet.ts'
import { BrokenPackage, capitalizationOf, checkPackage, type PackageFault, replay } from '../captable/index.ts'
import { evaluateGate, FactsAtHand, RULES } from '../flags/index.ts'
import { BadInput, canonicalJson, DomainError, isIsoDate, type JsonValue, parse } from '../platform/index.ts'
import {
  legsCsv,
  legsJson,
  legsOfRound,
  type ProForma,
  proForma,
  proFormaCsv,
  proFormaJson,
  RoundTerms,
  TermsRefused,
  termSheetOf,
  transactionValue,
} from '../rounds/index.ts'
import { CannotModel } from './cannot-model.ts'
import { isForCash, modelChain, readChain } from './model-chain.ts'
import { type AskedGoal, faultOfGoal, GOAL_USAGE, goalJson, goalReport, seek, termsFile } from './model-goal.ts'
import { ISSUE_USAGE, modelIssue, modelPayToPlay } from './model-issue.ts'
import { PARTIES_OPTIONS, PARTIES_USAGE, partiesOf } from './model-parties.ts'
import { modelReport } from './model-report.ts'
import { asksForSale, modelSale, readSale, SALE_USAGE } from './model-sale.ts'
import { modelTable } from './model-table.ts'
import { readOffers } from './offers-file.ts'
import { readTerms } from './terms-file.ts'
import { printable } from './text-table.ts'

const USAGE = `Usage: equihour model <ocf package> [<terms.json>...] [options]

  <ocf package>             folder or .ocf.zip of Open Cap Format 1.2.0
  <terms.json>              the terms of the round, without "compute" for cash alone; several files are rounds one after
                            another, each solved on the result of the one before; without any, the cap table
  --out <dir>               where the files go (./equihour-model)
  --as-of <date>            cap table as of this date (the closing date; without terms, today in UTC)
  --accept-gaps             work around what the package refers to and does not hold
${PARTIES_USAGE}
  --offers <offers.json>    cash and cloud credits to set beside the tokens of the round: a list of CASH and CREDITS with
                            name, amount, hourPrice and its source, shares or expiresOn, restrictions
${GOAL_USAGE}
  --delivered <a,b>         of several rounds: tokens of each that are taken as delivered by the time of later ones (0);
                            a1/a2: by the first later one, by the second
${SALE_USAGE}
${ISSUE_USAGE}`

/** Runs `equihour model`. 0: done; 1: package or terms were refused, nothing was written; 2: the call was wrong. */
export async function modelCommand(args: readonly string[]): Promise<number> {
  const call = readCall(args)
  if (typeof call === 'string') {
    console.error(`${call}\n\n${USAGE}`)
    return 2
  }
  try {
    await model(call)
    return 0
  } catch (error) {
    const words = wordsOf(error, call)
    if (words === undefined) throw error
    console.error(words.map(printable).join('\n'))
    return 1
  }
}

/** The name that the command line calls every command by. */
export const run = modelCommand

const OPTIONS = {
  out: { type: 'string', default: 'equihour-model' },
  'as-of': { type: 'string' },
  'accept-gaps': { type: 'boolean', default: false },
  ...PARTIES_OPTIONS,
  offers: { type: 'string' },
  goal: { type: 'string' },
  holder: { type: 'string', multiple: true },
  step: { type: 'string' },
  delivered: { type: 'string' },
  exit: { type: 'string' },
  sale: { type: 'string' },
  issue: { type: 'string' },
  'pay-to-play': { type: 'string' },
} as const

type Call = {
  readonly packagePath: string
  readonly termsPaths: readonly string[]
  readonly goal: AskedGoal | undefined
  readonly options: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values']
}

function readCall(args: readonly string[]): Call | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
      strict: true,
    })
    const [packagePath, ...termsPaths] = positionals
    if (packagePath === undefined) return 'A package is needed.'
    const asOf = values['as-of']
    if (asOf !== undefined && !isIsoDate(asOf)) return '--as-of must be a date that exists, like 2026-11-20.'
    const { goal, holder: holders = [], step } = values
    const asked = goal === undefined ? undefined : { goal, holders, step }
    if (asked === undefined && (step !== undefined || holders.length > 0))
      return '--holder and --step belong to --goal.'
    const fault = asked === undefined ? undefined : faultOfGoal(asked)
    if (termsPaths.length !== 1 && asked !== undefined) return 'A goal is sought in one round.'
    if (termsPaths.length < 2 && values.delivered !== undefined) return '--delivered belongs to several rounds.'
    if ((values.delivered?.split(',').length ?? 0) > termsPaths.length)
      return '--delivered names more rounds than there are.'
    if (termsPaths.length > 1 && asksForSale(values)) return '--exit and --sale belong to a cap table or to one round.'
    if (termsPaths.length !== 1 && values.offers !== undefined) return '--offers belongs to one round.'
    return fault ?? { packagePath, termsPaths, goal: asked, options: values }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

type Over = Awaited<ReturnType<typeof tableOf>>
type Files = readonly (readonly [string, string | Uint8Array])[]
type Part = { readonly report: string; readonly files: Files }
type Solved = { readonly proForma: ProForma; readonly terms: RoundTerms }

async function model(call: Call): Promise<void> {
  const { termsPaths, options } = call
  const [termsPath] = termsPaths
  if (termsPaths.length > 1) return modelRounds(call)
  if (termsPath === undefined) {
    const over = await tableOf(call)
    const parts = [modelTable(over.company, over.table, over.asOf), ...(await beside(call, over))]
    return told(over, parts, options.out)
  }
  const wire = await readTerms(termsPath)
  if (isForCash(wire)) {
    mustNeedNoCompute(termsPath, options)
    return modelRounds(call)
  }
  const given = parse(RoundTerms, wire)
  const over = await tableOf(call, given.closingDate)
  const { solved, ...part } = await modelRound(call, given, over)
  return told(over, [part, ...(await beside(call, over, solved))], options.out)
}

/** What only a round for compute has. @throws {CannotModel} rather than to leave out what was asked for */
function mustNeedNoCompute(path: string, options: Call['options']): void {
  const asked = (['goal', 'offers', 'exit', 'sale'] as const).filter((name) => options[name] !== undefined)
  if (asked.length === 0) return
  const names = asked.map((name) => `--${name}`).join(' and ')
  throw new CannotModel(`${basename(path)} is a round for cash alone, without ${names}. Nothing was written.`)
}

async function modelRounds(call: Call): Promise<void> {
  const rounds = await readChain(call.termsPaths, call.options.delivered?.split(',') ?? [])
  const over = await tableOf(call, rounds[0]?.terms.closingDate ?? '')
  const part = modelChain(over.company, over.capitalization, rounds)
  await told(over, [part, ...(await beside(call, over))], call.options.out)
}

/** What else is asked of the table, or of the company that the round would make. */
async function beside({ options }: Call, { table, asOf }: Over, solved?: Solved): Promise<Part[]> {
  const issue = options.issue === undefined ? [] : [await modelIssue(options.issue, table, asOf)]
  const play = options['pay-to-play']
  const played = play === undefined ? [] : [await modelPayToPlay(play, table)]
  if (!asksForSale(options)) return [...issue, ...played]
  const asked = await readSale(options, solved?.terms.preMoney.currency)
  return [...issue, ...played, modelSale(table, asOf, asked, solved)]
}

/** The cap table that is asked for: the whole package is checked, then replayed through the day. */
async function tableOf({ packagePath, options }: Call, closingDate?: string) {
  const gaps = options['accept-gaps'] ? 'ACCEPT' : 'REFUSE'
  const { package: read, replayed } = await checkPackage({ path: packagePath }, gaps)
  const asOf = options['as-of'] ?? closingDate ?? new Date().toISOString().slice(0, 10)
  const { table } = replay(read, { through: asOf, gaps: 'ACCEPT' })
  const warnings = [...read.warnings, ...replayed.warnings]
  if (table.firstDate === undefined) {
    const unread = warnings.map((warning) => `  ${wordsOfPlace(warning)}`)
    throw new CannotModel([`${basename(packagePath)} holds no transaction. Nothing was written.`, ...unread].join('\n'))
  }
  return {
    asOf,
    table,
    company: read.issuer.item.legal_name,
    warnings,
    capitalization: capitalizationOf(table, asOf),
    replayed,
  }
}

async function modelRound({ goal, options }: Call, given: RoundTerms, { asOf, company, capitalization }: Over) {
  const sought = goal === undefined ? undefined : { goal, found: seek(goal, capitalization, given) }
  const terms = sought?.found.terms ?? given
  const result = sought?.found.proForma ?? proForma(capitalization, terms)
  const findings = evaluateGate(RULES, factsAtHand(terms), 'propose', terms.closingDate)
  const sheet = termSheetOf(terms, result, {
    termsVersion: 1,
    // The document's date must not be the clock's: the same terms give the same bytes.
    issuedAt: `${asOf}T00:00:00Z`,
    company: { name: company },
    fund: { name: terms.compute.holderName },
    ...partiesOf(terms, options),
  })
  const legs = legsOfRound(terms, result, options.offers === undefined ? undefined : await readOffers(options.offers))
  const files: Files = [
    ['term-sheet.pdf', await termSheetPdf(sheet)],
    [
      'pro-forma.json',
      `${canonicalJson({ ...(sought === undefined ? {} : { goal: goalJson(sought.goal, sought.found) }), proForma: proFormaJson(result), findings: plain(findings) })}\n`,
    ],
    ['pro-forma.csv', proFormaCsv(result)],
    ['legs.json', `${canonicalJson(legsJson(asOf, legs))}\n`],
    ['legs.csv', legsCsv(legs)],
    ...(sought === undefined ? [] : [['terms.json', termsFile(sought.found)] as const]),
  ]
  const report = modelReport(company, terms, result, { findings, legs })
  return {
    report: sought === undefined ? report : `${goalReport(sought.goal, sought.found)}\n\n${report}`,
    files,
    solved: { proForma: result, terms },
  }
}

/** Where something stands in a package, and what is to be said of it. */
const wordsOfPlace = ({ file, pointer, reason }: Pick<PackageFault, 'file' | 'pointer' | 'reason'>): string =>
  [file, pointer, reason].filter((part) => part !== '').join(' ')

/** Warnings of a package that are printed. */
const MOST_WARNINGS = 20

async function told({ replayed, warnings }: Over, parts: readonly Part[], out: string): Promise<void> {
  console.log(parts.map(({ report }) => report).join('\n\n'))
  if (replayed.gaps.length > 0) {
    console.log(`\n${replayed.gapCount} gaps of the package were worked around:`)
    for (const gap of replayed.gaps) console.log(printable(`  ${wordsOfPlace(gap)}`))
  }
  if (warnings.length > 0) {
    console.log(`\n${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} about the package:`)
    for (const warning of warnings.slice(0, MOST_WARNINGS)) console.log(printable(`  ${wordsOfPlace(warning)}`))
    if (warnings.length > MOST_WARNINGS) console.log(`  and ${warnings.length - MOST_WARNINGS} more`)
  }
  const files = parts.flatMap((part) => part.files)
  await writeAll(out, files)
  console.log(`\nWritten to ${out}: ${files.map(([name]) => name).join(', ')}`)
}

/** The one fact that terms hold. What only people know is missing, and rules say so. */
function factsAtHand(terms: RoundTerms): FactsAtHand {
  const value = transactionValue(terms, undefined)
  return new FactsAtHand(value === undefined ? [] : [value])
}

/** Findings hold nothing but JSON. */
const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value))

async function writeAll(folder: string, files: readonly (readonly [string, string | Uint8Array])[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const [name, content] of files) await writeFile(join(folder, name), content)
  } catch (error) {
    throw new CannotModel(`${folder} cannot be written: ${error instanceof Error ? error.message : ''}`)
  }
}

/** Every fault in words, one a line; `undefined` for what is a fault of ours. */
function wordsOf(error: unknown, call: Call): string[] | undefined {
  const terms = basename(call.termsPaths[0] ?? '')
  const refusal = (count: number, what: string) =>
    `${what} was refused: ${count} ${count === 1 ? 'fault' : 'faults'}. Nothing was written.`
  if (error instanceof BrokenPackage) {
    const lines = error.faults.map(({ file, itemId, pointer, reason }) =>
      [file || basename(call.packagePath), pointer, itemId === null ? '' : `(${itemId})`, reason]
        .filter((part) => part !== '')
        .join(' '),
    )
    // What cannot be read at all has no items.
    const hint =
      call.options['accept-gaps'] || error.faults.every(({ itemId }) => itemId === null)
        ? []
        : ['What the package refers to and does not hold can be worked around: --accept-gaps.']
    return [refusal(error.faultCount, basename(call.packagePath)), ...lines.map((line) => `  ${line}`), ...hint]
  }
  if (error instanceof BadInput || error instanceof TermsRefused) {
    const lines = error.faults.map(({ path, reason }) => `  ${path.join('.') || terms} ${reason}`)
    return [refusal(error.faults.length, terms), ...lines]
  }
  if (error instanceof CannotModel || error instanceof DomainError) return error.message.split('\n')
  return undefined
}
