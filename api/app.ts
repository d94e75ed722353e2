/** The composition root: wires the doors to the use cases. Holds no rule. */
import express, { type Express, type Request as ExpressRequest } from 'express'
import { graphql } from 'graphql'
import helmet from 'helmet'
import { type AppDeps, schema } from '../schema/index.ts'
import { transactionValueOfDeal } from './closing/index.ts'
import { allocationDecisions, factorsSetAlone } from './clusters/index.ts'
import { quillMaterials } from './demo/packages.ts'
import { bookingSuspension, FactRegistry } from './flags/index.ts'
import { accountingRoutes } from './http/accounting.ts'
import { assetRoutes } from './http/assets.ts'
import { capTableRoutes } from './http/cap-table.ts'
import { capTablePageRoutes } from './http/cap-table-pages.ts'
import { computeRoutes } from './http/compute.ts'
import { consoleRoutes } from './http/console/routes.ts'
import { documentRoutes } from './http/documents.ts'
import { evidenceRoutes } from './http/evidence.ts'
import { failures, nothingHere } from './http/failures.ts'
import { graphqlDoor } from './http/graphql.ts'
import { plainAddress } from './http/graphql-request.ts'
import { healthRoutes } from './http/health.ts'
import { homeRoutes } from './http/home.ts'
import { operationsRoutes } from './http/operations.ts'
import { pages } from './http/pages.ts'
import { actorOfRequest } from './http/session.ts'
import { signInRoutes } from './http/sign-in.ts'
import { statementRoutes } from './http/statements.ts'
import { transferRoutes } from './http/transfers.ts'
import { uploadCapTableRoutes } from './http/upload-cap-table.ts'
import { usageRoutes } from './http/usage.ts'
import { findInstallation } from './parties/index.ts'

/** Pages load nothing from elsewhere and run no script in line. */
const PAGE_CSP = {
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    upgradeInsecureRequests: null,
  },
} as const

/** Who answers which fact that rules ask for: each capability's providers. Facts without one are recorded by people. */
export const registerFacts = (): FactRegistry =>
  new FactRegistry()
    .provide('transaction.value', transactionValueOfDeal)
    .provide('factors.set_alone', factorsSetAlone)
    .provide('allocation.decisions', allocationDecisions)
    .provide('company.bookings_suspended', bookingSuspension)

/** The HTTP application. It does not listen: tests drive it directly. */
export function createApp(deps: AppDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', false)
  app.use(helmet({ contentSecurityPolicy: PAGE_CSP, strictTransportSecurity: false }))
  app.use(healthRoutes(deps))
  const actorOf = (request: ExpressRequest) => actorOfRequest(deps.db, (name) => request.get(name))
  const yoga = graphqlDoor({
    schema,
    deps,
    actorOf: (request) => actorOfRequest(deps.db, (name) => request.headers.get(name)),
  })
  app.all('/graphql', plainAddress, (request, response) => yoga(request, response))
  app.use(assetRoutes())
  app.use(signInRoutes(deps, pages))
  app.use(homeRoutes(deps, actorOf))
  app.use(documentRoutes(deps, pages, actorOf))
  app.use(statementRoutes(deps, pages, actorOf))
  app.use(evidenceRoutes(deps, actorOf))
  app.use(accountingRoutes(deps, pages, actorOf))
  app.use(computeRoutes(deps, pages, actorOf))
  app.use(operationsRoutes(deps, pages, actorOf))
  app.use(uploadCapTableRoutes(deps, actorOf))
  app.use(transferRoutes(deps, actorOf))
  app.use(usageRoutes(deps, actorOf))
  app.use(capTableRoutes(deps, pages, actorOf))
  app.use(capTablePageRoutes(deps, pages, actorOf))
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
  return app
}
