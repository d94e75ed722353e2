/** A fresh installation for one test file: a database, one person of each kind, and the HTTP application over both. */
import type { TestContext } from 'node:test'
import pino from 'pino'
import request from 'supertest'
import { type Actor, actorOfPerson, admit, openSession, type Role } from '../../api/access/index.ts'
import { createApp, registerFacts } from '../../api/app.ts'
import { insertInstallation, insertProvider } from '../../api/parties/index.ts'
import { inTransaction, newId, openDatabase, type Uuid } from '../../api/platform/index.ts'
import type { AppDeps } from '../../schema/index.ts'
import { asOwner, freshDatabase } from './database.ts'

/** The answer of one GraphQL request, as a client reads it. */
export type Answer = {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads fields of documents that it wrote itself
  readonly data: any
  readonly errors: readonly {
    message: string
    path?: readonly (string | number)[]
    extensions: Record<string, unknown>
  }[]
}

/** Somebody who can call: the actor, and a bearer token of theirs. */
export type Person = {
  readonly id: Uuid
  readonly actor: Actor
  readonly token: string
  /** Sends a document over HTTP as this person. */
  readonly graphql: (document: string, variables?: Record<string, unknown>, operationName?: string) => Promise<Answer>
}

export type World = {
  readonly deps: AppDeps
  readonly app: ReturnType<typeof createApp>
  /** Connection string of the owner, for what the application may not do. */
  readonly ownerUrl: string
  readonly installationId: Uuid
  readonly providerId: Uuid
  readonly otherProviderId: Uuid
  readonly staff: Readonly<
    Record<
      | 'analyst'
      | 'partner'
      | 'secondPartner'
      | 'compliance'
      | 'operations'
      | 'admin'
      | 'provider'
      | 'otherProvider'
      | 'regulator',
      Person
    >
  >
  /** Adds a person; founders and signatories name their company, staff of a provider their provider. */
  readonly person: (role: Role, of?: { companyId?: Uuid; providerId?: Uuid }) => Promise<Person>
  /** A company made directly, with its founder. */
  readonly company: (name?: string) => Promise<{ companyId: Uuid; id: string; founder: Person; signatory: Person }>
  /** Sets the database's clock, as its owner; `undefined` gives it back. */
  readonly setClock: (at: string | undefined) => Promise<void>
}

/**
 * Makes a world in a fresh database. With a test's context it ends with that test. Without one it ends with the file:
 * call it at the top level (`const world = await makeWorld()`), not in a `before` hook, whose end would end it.
 */
export async function makeWorld(t?: TestContext): Promise<World> {
  const database = await freshDatabase(t)
  const { db } = openDatabase({ url: database.url, connections: 12 })
  database.onClose(() => db.destroy())
  const deps: AppDeps = makeDeps(db)
  const app = createApp(deps)
  const [installationId, providerId, otherProviderId] = [newId(), newId(), newId()]
  await inTransaction(db, async (trx) => {
    await insertInstallation(trx, {
      installationId,
      demo: true,
      fundName: 'Northgrid Ventures I, L.P.',
      fundUltimateParent: 'Northgrid Holdings, Inc.',
    })
    await insertProvider(trx, { providerId, name: 'Northgrid Compute, LLC', affiliation: 'same ultimate parent' })
    await insertProvider(trx, { providerId: otherProviderId, name: 'Cumulus Racks, Inc.', affiliation: 'none' })
  })

  const person: World['person'] = async (role, of = {}) => {
    const id = newId()
    const token = await inTransaction(db, async (trx) => {
      await admit(
        trx,
        { id, name: `${role} ${id.slice(-4)}`, email: `${id}@example.com` },
        { id: newId(), role, ...of },
      )
      return openSession(trx, id, 'bearer')
    })
    const actor = await actorOfPerson(db, id)
    if (actor === undefined) throw new Error('a person was admitted without a role')
    return {
      id,
      actor,
      token,
      graphql: (document, variables, operationName) => send(app, token, document, variables, operationName),
    }
  }
  const staff = {
    analyst: await person('analyst'),
    partner: await person('partner'),
    secondPartner: await person('partner'),
    compliance: await person('compliance'),
    operations: await person('operations'),
    admin: await person('admin'),
    provider: await person('provider', { providerId }),
    otherProvider: await person('provider', { providerId: otherProviderId }),
    regulator: await person('regulator'),
  }
  const company: World['company'] = async (name = 'Lumen Robotics, Inc.') => {
    const made = await staff.analyst.graphql(
      'mutation ($input: CreateCompanyInput!) { createCompany(input: $input) { ... on Company { id } } }',
      { input: { legalName: name, legalForm: 'Corporation', jurisdiction: 'US-DE' } },
    )
    const id: string = made.data.createCompany.id
    const companyId = id.slice('Company:'.length)
    return {
      companyId,
      id,
      founder: await person('founder', { companyId }),
      signatory: await person('signatory', { companyId }),
    }
  }
  const setClock: World['setClock'] = async (at) => {
    await asOwner(
      database.url,
      `CREATE OR REPLACE FUNCTION equihour_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT ${
        at === undefined ? 'transaction_timestamp()' : `'${new Date(at).toISOString()}'::timestamptz`
      } $$`,
    )
  }
  return {
    deps,
    app,
    ownerUrl: database.url,
    installationId,
    providerId,
    otherProviderId,
    staff,
    person,
    company,
    setClock,
  }
}

const makeDeps = (db: AppDeps['db']): AppDeps => ({
  db,
  log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
  facts: registerFacts(),
})

async function send(
  app: ReturnType<typeof createApp>,
  token: string,
  document: string,
  variables: Record<string, unknown> = {},
  operationName?: string,
): Promise<Answer> {
  const response = await request(app)
    .post('/graphql')
    .set('authorization', `Bearer ${token}`)
    .set('accept', 'application/json')
    .send({ query: document, variables, operationName })
  return { status: response.status, data: response.body.data ?? null, errors: response.body.errors ?? [] }
}
