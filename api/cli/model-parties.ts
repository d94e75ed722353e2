/** Who stands on the term sheet of `equihour model`: no database knows their names, so the command line says them. */
import type { RoundTerms, TermSheetParties } from '../rounds/index.ts'
import { CannotModel } from './cannot-model.ts'

export const PARTIES_USAGE = `  --provider <name>         the provider, for the term sheet; once more for each further grant, in their order
  --affiliation <sentence>  how the provider stands to the fund, for the term sheet; once for each provider
  --token-class <name>      the token class, for the term sheet; once more for each further grant, in their order`

export const PARTIES_OPTIONS = {
  provider: { type: 'string', multiple: true },
  affiliation: { type: 'string', multiple: true },
  'token-class': { type: 'string', multiple: true },
} as const

type Names = { readonly [Option in keyof typeof PARTIES_OPTIONS]?: readonly string[] | undefined }

const UNNAMED = {
  provider: 'A provider to be named',
  affiliation: 'Its affiliation with the Fund is to be stated.',
  tokenClass: 'H100-hour',
}

/**
 * Provider and token class of every grant. A grant of a class that another grant has named is of the same name and provider; a
 * class that nobody names is told from the others by its number.
 *
 * @throws {CannotModel} where more is named than there are grants, or one class by two names
 */
export function partiesOf(
  terms: RoundTerms,
  names: Names,
): Pick<TermSheetParties, 'provider' | 'tokenClass' | 'further'> {
  const ids = [terms.compute.tokenClassId, ...(terms.furtherGrants ?? []).map(({ tokenClassId }) => tokenClassId)]
  for (const option of ['provider', 'affiliation', 'token-class'] as const) {
    const given = names[option]?.length ?? 0
    if (given <= ids.length) continue
    throw new CannotModel(`--${option} is given ${given} times, but the round has ${grants(ids.length)}.`)
  }
  const classes = [...new Set(ids)]
  const named = (option: keyof Names, id: string): string | undefined => {
    const [name, other] = new Set(ids.flatMap((each, index) => (each === id ? (names[option]?.[index] ?? []) : [])))
    if (other === undefined) return name
    throw new CannotModel(`--${option} names one token class twice: "${name}" and "${other}".`)
  }
  const of = (id: string) => {
    const number = classes.indexOf(id) + 1
    return {
      tokenClass:
        named('token-class', id) ?? (number === 1 ? UNNAMED.tokenClass : `${UNNAMED.tokenClass}, class ${number}`),
      provider: {
        name: named('provider', id) ?? UNNAMED.provider,
        affiliation: named('affiliation', id) ?? UNNAMED.affiliation,
      },
    }
  }
  const first = of(terms.compute.tokenClassId)
  const further = ids.slice(1).map((id) => {
    const { tokenClass, provider } = of(id)
    return provider.name === first.provider.name ? { tokenClass } : { tokenClass, provider }
  })
  return { ...first, further }
}

const grants = (count: number): string => (count === 1 ? 'one grant' : `${count} grants`)
