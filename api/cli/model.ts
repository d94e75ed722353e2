/** `equihour model`: a round over a cap table from a package, with no database. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { termSheetPdf } from '../../templates/pdf/term-sheet.ts'
import { BrokenPackage, capitalizationOf, checkPackage, replay } from '../captable/index.ts'
import { evaluateGate, FactsAtHand, RULES } from '../flags/index.ts'
import { BadInput, canonicalJson, DomainError, isIsoDate, type JsonValue, parse } from '../platform/index.ts'
import {
  proForma,
  proFormaCsv,
  proFormaJson,
  RoundTerms,
  TermsRefused,
  termSheetOf,
  transactionValue,
} from '../rounds/index.ts'
import { modelReport } from './model-report.ts'
import { printable } from './text-table.ts'

const USAGE = `Usage: equihour model <ocf package> <terms.json> [options]

  <ocf package>             folder or .ocf.zip of Open Cap Format 1.2.0
  <terms.json>              the terms of the round
  --out <dir>               where the files go (./equihour-model)
  --as-of <date>            cap table as of this date (the closing date)
  --accept-gaps             work around what the package refers to and does not hold
  --provider <name>         the provider, for the term sheet
  --affiliation <sentence>  how the provider stands to the fund, for the term sheet
  --token-class <name>      the token class, for the term sheet`

/** Terms are a few kilobytes; what is larger is another file. */
const MOST_TERMS_BYTES = 2_000_000

/** What a person can act on: told in words, without a stack. */
class CannotModel extends Error {}

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
  provider: { type: 'string', default: 'A provider to be named' },
  affiliation: { type: 'string', default: 'Its affiliation with the Fund is to be stated.' },
  'token-class': { type: 'string', default: 'H100-hour' },
} as const

type Call = {
  readonly packagePath: string
  readonly termsPath: string
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
    const [packagePath, termsPath, ...more] = positionals
    if (packagePath === undefined || termsPath === undefined) return 'A package and terms are needed.'
    if (more.length > 0) return `There is one package and one file of terms; "${more.join(' ')}" is too much.`
    const asOf = values['as-of']
    if (asOf !== undefined && !isIsoDate(asOf)) return '--as-of must be a date that exists, like 2026-11-20.'
    return { packagePath, termsPath, options: values }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function model({ packagePath, termsPath, options }: Call): Promise<void> {
  const terms = parse(RoundTerms, await readTerms(termsPath))
  const gaps = options['accept-gaps'] ? 'ACCEPT' : 'REFUSE'
  // The whole package is checked, then replayed through the day that is asked for.
  const { package: read, replayed } = await checkPackage({ path: packagePath }, gaps)
  const asOf = options['as-of'] ?? terms.closingDate
  const { table } = replay(read, { through: asOf, gaps: 'ACCEPT' })
  const result = proForma(capitalizationOf(table, asOf), terms)
  const findings = evaluateGate(RULES, factsAtHand(terms), 'propose', terms.closingDate)
  const company = read.issuer.item.legal_name
  const sheet = termSheetOf(terms, result, {
    termsVersion: 1,
    // The document's date must not be the clock's: the same terms give the same bytes.
    issuedAt: `${asOf}T00:00:00Z`,
    company: { name: company },
    fund: { name: terms.compute.holderName },
    provider: { name: options.provider, affiliation: options.affiliation },
    tokenClass: options['token-class'],
  })
  const files: readonly (readonly [string, string | Uint8Array])[] = [
    ['term-sheet.pdf', await termSheetPdf(sheet)],
    ['pro-forma.json', `${canonicalJson({ proForma: proFormaJson(result), findings: plain(findings) })}\n`],
    ['pro-forma.csv', proFormaCsv(result)],
  ]
  console.log(modelReport(company, terms, result, findings))
  if (replayed.gaps.length > 0) {
    console.log(`\n${replayed.gapCount} gaps of the package were worked around:`)
    for (const { file, pointer, reason } of replayed.gaps) console.log(printable(`  ${file} ${pointer} ${reason}`))
  }
  await writeAll(options.out, files)
  console.log(`\nWritten to ${options.out}: ${files.map(([name]) => name).join(', ')}`)
}

/** The one fact that terms hold. What only people know is missing, and rules say so. */
function factsAtHand(terms: RoundTerms): FactsAtHand {
  const value = transactionValue(terms, undefined)
  return new FactsAtHand(value === undefined ? [] : [value])
}

async function readTerms(path: string): Promise<unknown> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !found.isFile()) throw new CannotModel(`${path} is not a file that can be read.`)
  if (found.size > MOST_TERMS_BYTES) throw new CannotModel(`${path} has more than ${MOST_TERMS_BYTES} bytes.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch {
    throw new CannotModel(`${path} is not valid UTF-8.`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CannotModel(`${path} is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
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
  const terms = basename(call.termsPath)
  const refusal = (count: number, what: string) =>
    `${what} was refused: ${count} ${count === 1 ? 'fault' : 'faults'}. Nothing was written.`
  if (error instanceof BrokenPackage) {
    const lines = error.faults.map(({ file, itemId, pointer, reason }) =>
      ['  ', file, pointer === '' ? '' : ` ${pointer}`, itemId === null ? '' : ` (${itemId})`, ` ${reason}`].join(''),
    )
    const hint = call.options['accept-gaps']
      ? []
      : ['What the package refers to and does not hold can be worked around: --accept-gaps.']
    return [refusal(error.faultCount, basename(call.packagePath)), ...lines, ...hint]
  }
  if (error instanceof BadInput || error instanceof TermsRefused) {
    const lines = error.faults.map(({ path, reason }) => `  ${path.join('.') || terms} ${reason}`)
    return [refusal(error.faults.length, terms), ...lines]
  }
  if (error instanceof CannotModel || error instanceof DomainError) return [error.message]
  return undefined
}
