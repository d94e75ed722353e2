/** Chains of rounds as pages and as files: one by itself, and those of a company side by side. For the staff of the fund. */
import type { Request, Router } from 'express'
import { chainPage } from '../../../templates/pages/chain.ts'
import { chainsPage, MOST_BESIDE } from '../../../templates/pages/chains.ts'
import { chainPdf } from '../../../templates/pdf/chain.ts'
import { type Actor, isStaff } from '../../access/index.ts'
import { type CompanyView, companiesById, findInstallation } from '../../parties/index.ts'
import { type Deps, DomainError, globalId, NotFound, parseGlobalId } from '../../platform/index.ts'
import { type ChainView, chainCsv, chainJson, chainsOf, type SolvedChain, solvedChains } from '../../rounds/index.ts'
import { chainSheet } from './chain-on-page.ts'
import type { DocumentPages } from './documents.ts'
import { hashed, printed } from './paper-of.ts'
import { type ActorOf, personOf, readingRoutes } from './reading-routes.ts'

/**
 * `GET /chains/<RoundChain:id>`, and with `.pdf`, `.json` or `.csv` behind it the file; `GET /companies/<Company:id>/chains`:
 * all of a company, and those that `beside` names side by side.
 */
export function chainPageRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const { router, on } = readingRoutes(pages, actorOf)
  // The files first: an id takes in what ends like one.
  on('/chains/:id.json', async (actor, request) => {
    const { solved } = await solvedOf(deps, actor, request)
    return { json: chainJson(solved), name: 'chain.json' }
  })
  on('/chains/:id.csv', async (actor, request) => {
    const { solved } = await solvedOf(deps, actor, request)
    return { csv: chainCsv(solved), name: 'chain.csv' }
  })
  on('/chains/:id.pdf', async (actor, request) => {
    const { chain, solved } = await solvedOf(deps, actor, request)
    const company = await companyOfChain(deps, actor, chain)
    return { pdf: await pdfOf(deps, company, chain, solved), name: 'chain.pdf' }
  })
  on('/chains/:id', async (actor, request) => {
    const { chain, solved } = await solvedOf(deps, actor, request)
    const company = await companyOfChain(deps, actor, chain)
    const listPath = chainsPath(company)
    return {
      html: chainPage({
        ...chainSheet(company.legalName, chain.name, solved),
        ...{ person: personOf(actor), version: chain.version, path: `/chains/${chain.id}`, listPath },
        changePath: `${listPath}/new?from=${encodeURIComponent(chain.id)}`,
      }),
    }
  })
  on('/companies/:id/chains', async (actor, request) => ({ html: await sideBySide(deps, actor, request) }))
  return router
}

/** Where the chains of a company are listed. */
export const chainsPath = ({ companyId }: Pick<CompanyView, 'companyId'>): string =>
  `/companies/${globalId('Company', companyId)}/chains`

async function solvedOf(deps: Deps, actor: Actor, { params: { id } }: Request) {
  const parsed = parseGlobalId(String(id))
  const [companyId, chainId] = parsed?.type === 'RoundChain' ? parsed.keys : []
  if (companyId === undefined || chainId === undefined) throw new NotFound('chain', String(id))
  const [chain] = (await chainsOf(deps.db, actor, [companyId], [chainId])).get(companyId) ?? []
  const solved = chain === undefined ? undefined : (await solvedChains(deps.db, [chain])).get(chain)
  if (chain === undefined || solved === undefined) throw new NotFound('chain', String(id))
  if (solved instanceof DomainError) throw solved
  return { chain, solved }
}

async function companyOfChain({ db }: Deps, actor: Actor, chain: ChainView): Promise<CompanyView> {
  const [company] = await companiesById(db, actor, [chain.companyId])
  if (company === undefined) throw new NotFound('chain', chain.id)
  return company
}

async function pdfOf({ db }: Deps, company: CompanyView, chain: ChainView, solved: SolvedChain): Promise<Uint8Array> {
  const fundName = (await findInstallation(db))?.fundName ?? ''
  return printed('chain', () =>
    chainPdf({
      ...chainSheet(company.legalName, chain.name, solved),
      ...{ fundName, version: chain.version, savedAt: chain.savedAt, ...hashed({ chain: chainJson(solved) }) },
    }),
  )
}

/**
 * The company that a page of the fund's own paper is about. For others than its staff there is no such page.
 *
 * @throws {NotFound}
 */
export async function companyOfStaff({ db }: Deps, actor: Actor, { params: { id } }: Request): Promise<CompanyView> {
  const parsed = parseGlobalId(String(id))
  const companyId = parsed?.type === 'Company' && isStaff(actor) ? parsed.keys[0] : undefined
  const [company] = companyId === undefined ? [] : await companiesById(db, actor, [companyId])
  if (company === undefined) throw new NotFound('company', String(id))
  return company
}

async function sideBySide(deps: Deps, actor: Actor, request: Request): Promise<string> {
  const company = await companyOfStaff(deps, actor, request)
  const chains = (await chainsOf(deps.db, actor, [company.companyId])).get(company.companyId) ?? []
  const solved = await solvedChains(deps.db, chains)
  const { beside } = request.query
  const wanted = new Set((Array.isArray(beside) ? beside : [beside]).map(String).slice(0, MOST_BESIDE))
  return chainsPage({
    ...{ person: personOf(actor), companyName: company.legalName, path: chainsPath(company) },
    scenariosPath: `/companies/${globalId('Company', company.companyId)}/scenarios`,
    chains: chains.map((chain) => {
      const answer = solved.get(chain)
      return {
        ...{ id: chain.id, name: chain.name, version: chain.version, savedAt: chain.savedAt },
        ...{ path: `/chains/${chain.id}`, isBeside: wanted.has(chain.id) },
        ...(answer === undefined || answer instanceof DomainError
          ? { refused: answer?.message ?? 'There is no such chain any more.' }
          : { sheet: chainSheet(company.legalName, chain.name, answer) }),
      }
    }),
  })
}
