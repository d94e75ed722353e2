/** The composition root: wires the doors to the use cases. Holds no rule. */
import type { RequestListener } from 'node:http'
import express, { type Request as ExpressRequest } from 'express'
import { graphql } from 'graphql'
import { type AppDeps, schema } from '../schema/index.ts'
import { coverageOfDeal, transactionValueOfDeal } from './closing/index.ts'
import { allocationDecisions, factorsSetAlone } from './clusters/index.ts'
import { quillMaterials } from './demo/packages.ts'
import { bookingSuspension, FactRegistry } from './flags/index.ts'
import { accountingRoutes } from './http/accounting.ts'
import { assetRoutes } from './http/assets.ts'
import { capTableRoutes } from './http/cap-table.ts'
import { consoleRoutes } from './http/console/routes.ts'
import { evidenceRoutes } from './http/evidence.ts'
import { failures, nothingHere } from './http/failures.ts'
import { graphqlDoor } from './http/graphql/graphql.ts'
import { plainAddress } from './http/graphql/graphql-request.ts'
import { healthRoutes } from './http/health.ts'
import { metricsRoutes } from './http/metrics.ts'
import { capTablePageRoutes } from './http/pages/cap-table-pages.ts'
import { chainPageRoutes } from './http/pages/chain-pages.ts'
import { chainWorkbenchRoutes } from './http/pages/chain-workbench.ts'
import { computeRoutes } from './http/pages/compute.ts'
import { disputeRoutes } from './http/pages/disputes.ts'
import { documentRoutes } from './http/pages/documents.ts'
import { homeRoutes } from './http/pages/home.ts'
import { legsPageRoutes } from './http/pages/legs-pages.ts'
import { operationsRoutes } from './http/pages/operations.ts'
import { pages } from './http/pages/pages.ts'
import { paperRoutes } from './http/pages/papers.ts'
import { protectionsPageRoutes } from './http/pages/protections-pages.ts'
import { quarantineRoutes } from './http/pages/quarantine.ts'
import { releaseRoutes } from './http/pages/releases.ts'
import { reservationRoutes } from './http/pages/reservation.ts'
import { scenarioPageRoutes } from './http/pages/scenario-pages.ts'
import { signInRoutes } from './http/pages/sign-in.ts'
import { statementDeskRoutes } from './http/pages/statement-desk.ts'
import { statementRoutes } from './http/pages/statements.ts'
import { safeHeaders } from './http/safe-headers.ts'
import { actorOfRequest } from './http/session.ts'
import { transferRoutes } from './http/transfers.ts'
import { uploadCapTableRoutes } from './http/upload-cap-table.ts'
import { usageRoutes } from './http/usage.ts'
import { findInstallation } from './parties/index.ts'

/** Who answers which fact that rules ask for: each capability's providers. Facts without one are recorded by people. */
export const registerFacts = (): FactRegistry =>
  new FactRegistry()
    .provide('transaction.value', transactionValueOfDeal)
    .provide('coverage.outlook', coverageOfDeal)
    .provide('factors.set_alone', factorsSetAlone)
    .provide('allocation.decisions', allocationDecisions)
    .provide('company.bookings_suspended', bookingSuspension)

/** What of the application an operator chooses. */
export type AppOptions = {
  /** File with the token of whoever reads `/metrics`; without it there is no such page. */
  readonly metricsTokenFile?: string | undefined
}

/** The HTTP application. It does not listen: tests drive it directly. */
export function createApp(deps: AppDeps, { metricsTokenFile }: AppOptions = {}): RequestListener {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', false)
  app.use(safeHeaders)
  app.use(healthRoutes(deps))
  app.use(metricsRoutes(deps, metricsTokenFile))
  const actorOf = (request: ExpressRequest) => actorOfRequest(deps.db, (name) => request.get(name))
  const atGraphql = graphqlDoor({
    schema,
    deps,
    actorOf: ({ headers }) => actorOfRequest(deps.db, (name) => headers[name]?.toString()),
  })
  app.all('/graphql', plainAddress, (request, response) => atGraphql.long(request, response))
  app.use(assetRoutes())
  app.use(signInRoutes(deps, pages))
  app.use(homeRoutes(deps, actorOf))
  app.use(documentRoutes(deps, pages, actorOf))
  app.use(paperRoutes(deps, pages, actorOf))
  app.use(statementDeskRoutes(deps, pages, actorOf))
  app.use(statementRoutes(deps, pages, actorOf))
  app.use(disputeRoutes(deps, pages, actorOf))
  app.use(releaseRoutes(deps, pages, actorOf))
  app.use(evidenceRoutes(deps, actorOf))
  app.use(accountingRoutes(deps, pages, actorOf))
  app.use(computeRoutes(deps, pages, actorOf))
  app.use(reservationRoutes(deps, pages, actorOf))
  app.use(quarantineRoutes(deps, pages, actorOf))
  app.use(operationsRoutes(deps, pages, actorOf))
  app.use(uploadCapTableRoutes(deps, actorOf))
  app.use(transferRoutes(deps, actorOf))
  app.use(usageRoutes(deps, actorOf))
  app.use(capTableRoutes(deps, pages, actorOf))
  app.use(capTablePageRoutes(deps, pages, actorOf))
  app.use(chainWorkbenchRoutes(deps, pages, actorOf))
  app.use(scenarioPageRoutes(deps, pages, actorOf))
  app.use(chainPageRoutes(deps, pages, actorOf))
  app.use(protectionsPageRoutes(deps, pages, actorOf))
  app.use(legsPageRoutes(deps, pages, actorOf))
  app.use(
    consoleRoutes(deps, {
      actorOf,
      query: async (actor, source) => {
        const { data, errors } = await graphql({ schema, source, contextValue: { deps, actor } })
        if (data == null)
          throw errors?.[0] ?? new Error('the console could not read what its variables are filled with')
        return data
      },
      packageFiles: async () => ((await findInstallation(deps.db))?.demo === true ? quillMaterials() : []),
    }),
  )
  app.use(nothingHere)
  app.use(failures(deps))
  return (request, response) => atGraphql.short(request, response, () => app(request, response))
}
