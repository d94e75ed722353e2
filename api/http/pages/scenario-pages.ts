/** Scenarios of a company side by side, as a page and as files: for the staff of the fund. */
import type { Request, Router } from 'express'
import { type ScenarioOnPage, scenariosPage } from '../../../templates/pages/scenarios.ts'
import type { Actor } from '../../access/index.ts'
import { type Deps, DomainError, formatNumeric, globalId, NotFound } from '../../platform/index.ts'
import {
  isFounder,
  type ScenarioBeside,
  scenarioFigures,
  scenarioProFormas,
  scenariosCsv,
  scenariosJson,
  scenariosOf,
} from '../../rounds/index.ts'
import { chainsPath, companyOfStaff } from './chain-pages.ts'
import type { DocumentPages } from './documents.ts'
import { type ActorOf, personOf, readingRoutes } from './reading-routes.ts'

/** `GET /companies/<Company:id>/scenarios`, and with `.json` or `.csv` behind it the file. */
export function scenarioPageRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const { router, on } = readingRoutes(pages, actorOf)
  on('/companies/:id/scenarios', async (actor, request) => {
    const { company, rows } = await besideOf(deps, actor, request)
    return {
      html: scenariosPage({
        ...{ person: personOf(actor), companyName: company.legalName, plansPath: chainsPath(company) },
        path: `/companies/${globalId('Company', company.companyId)}/scenarios`,
        scenarios: rows.map(onPage),
      }),
    }
  })
  on('/companies/:id/scenarios.json', async (actor, request) => {
    const { rows } = await besideOf(deps, actor, request)
    return { json: scenariosJson(rows), name: 'scenarios.json' }
  })
  on('/companies/:id/scenarios.csv', async (actor, request) => {
    const { rows } = await besideOf(deps, actor, request)
    return { csv: scenariosCsv(rows), name: 'scenarios.csv' }
  })
  return router
}

async function besideOf(deps: Deps, actor: Actor, request: Request) {
  const company = await companyOfStaff(deps, actor, request)
  const scenarios = (await scenariosOf(deps.db, actor, [company.companyId])).get(company.companyId) ?? []
  const proFormas = await scenarioProFormas(deps.db, scenarios)
  const rows = scenarios.map((scenario): ScenarioBeside => {
    const found = proFormas.get(scenario)
    if (found === undefined) throw new NotFound('scenario', scenario.id)
    return { scenario, found }
  })
  return { company, rows }
}

function onPage({ scenario, found }: ScenarioBeside): ScenarioOnPage {
  const { name, version, asOf, terms } = scenario
  const head = { name, version, asOf, roundName: terms.name, closingDate: terms.closingDate }
  if (found instanceof DomainError) return { ...head, holdings: [], refused: found.message }
  return {
    ...head,
    figures: scenarioFigures(found),
    holdings: found.lines.map(({ holder, holderId, after, unearned }) => ({
      holder,
      founder: isFounder(found, holderId),
      shares: formatNumeric(after),
      unearned: formatNumeric(unearned),
    })),
  }
}
