/** What a server talks to beside its database, as the operator wrote it down. Secrets are in files that it names. */
import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { type PoolScheduler, Slurm, type TokenSource } from './clusters/index.ts'
import { type Mailer, smtpMailer } from './messages/index.ts'
import { CannotOpen } from './platform/embedded/index.ts'
import { type Uuid, zKey } from './platform/index.ts'

export type Config = {
  /** The schedulers of the pools that have one. */
  readonly schedulers: readonly PoolScheduler[]
  /** How mail is sent; without it messages are kept and not sent. */
  readonly mailer?: Mailer | undefined
  /** File with the token of whoever reads `/metrics`; without it there is no such page. */
  readonly metricsTokenFile?: string | undefined
}
/** A server that talks to nothing else. */
export const NOTHING_ELSE: Config = { schedulers: [] }

const zName = z.string().min(1).max(200)
/** Equihour's id of a company, to the scheduler's name of its account. */
const zAccounts = z.record(zKey('Company'), zName)

const zSlurm = z
  .strictObject({
    kind: z.literal('slurm'),
    /** Of the REST daemon: `http://127.0.0.1:6820`. */
    url: z.url({ protocol: /^https?$/ }),
    /** A Slurm user that may make reservations: root, or SlurmUser. */
    user: zName,
    /** A file that holds a token and is replaced before the token ends. */
    tokenFile: zName.optional(),
    /** Or Slurm's own key (`jwt_hs256.key`), with which short-lived tokens are made. */
    jwtKeyFile: zName.optional(),
    /** Slurm's own name of the cluster. */
    cluster: zName,
    /** Models by Equihour's name: Slurm's partition, and its type in `gres/gpu:<type>`. */
    models: z.record(zName, z.strictObject({ partition: zName, type: zName })),
    pools: z.array(z.strictObject({ pool: zKey('Pool'), gpuModel: zName })).min(1),
    accounts: zAccounts,
    /** Whether accounts are limited to what their companies can pay for. */
    limitAccounts: z.boolean().default(false),
    /** Days that the scheduler is told ahead. */
    horizonDays: z.int().min(1).max(366).optional(),
  })
  .refine((slurm) => (slurm.tokenFile === undefined) !== (slurm.jwtKeyFile === undefined), {
    path: ['tokenFile'],
    error: 'or jwtKeyFile must be given, and not both',
  })
  .superRefine(({ pools, models }, context) => {
    for (const [index, { gpuModel }] of pools.entries()) {
      if (Object.hasOwn(models, gpuModel)) continue
      context.addIssue({ code: 'custom', path: ['pools', index, 'gpuModel'], message: 'is not among the models' })
    }
  })
const zSchedulers = z.strictObject({ schedulers: z.array(zSlurm).max(100) })

const zMail = z.strictObject({
  smtp: z.url({ protocol: /^smtps?$/, error: 'must be an address like "smtps://user:password@mail.example:465"' }),
  from: zName.regex(/^[^\r\n]*[^\s@<]+@[^\s@>]+>?$/, 'must be an address of mail, with or without a name before it'),
  site: z
    .url({ protocol: /^https?$/, error: 'must be the address of this server, like "https://equihour.example"' })
    .refine((url) => !url.endsWith('/'), 'must not end with a slash'),
})

/** Files that the operator wrote; undefined where there is none. */
export type ConfigFiles = {
  readonly schedulersFile?: string | undefined
  readonly mailFile?: string | undefined
  readonly metricsTokenFile?: string | undefined
}

/**
 * Reads the files of `EQUIHOUR_SCHEDULERS` and `EQUIHOUR_MAIL`. docs/schedulers.md and docs/mail.md show them.
 *
 * @throws {CannotOpen} naming the file and every fault in it
 */
export async function readConfig({ schedulersFile, mailFile, metricsTokenFile }: ConfigFiles): Promise<Config> {
  const schedulers = schedulersFile === undefined ? [] : await readSchedulers(schedulersFile)
  const mailer = mailFile === undefined ? undefined : smtpMailer(await read('EQUIHOUR_MAIL', mailFile, zMail))
  return { schedulers, mailer, metricsTokenFile }
}

async function readSchedulers(file: string): Promise<readonly PoolScheduler[]> {
  const schedulers = (await read('EQUIHOUR_SCHEDULERS', file, zSchedulers)).schedulers.flatMap(targetsOf)
  const twice = schedulers.find(({ poolId }, index) => schedulers.findIndex((each) => each.poolId === poolId) < index)
  if (twice === undefined) return schedulers
  throw new CannotOpen(`EQUIHOUR_SCHEDULERS: ${file} names two schedulers for the pool ${twice.poolId}.`)
}

/** What a file holds, as its setting wants it. Values are not told: one may be a password. */
async function read<S extends z.ZodType>(setting: string, file: string, shape: S): Promise<z.output<S>> {
  const found = shape.safeParse(await json(setting, file))
  if (found.success) return found.data
  const faults = found.error.issues.slice(0, 20).map(({ path, message }) => `${path.join('.')} ${message}`)
  throw new CannotOpen(`${setting}: ${file} is not understood: ${faults.join('; ')}.`)
}

async function json(setting: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CannotOpen(`${setting}: ${file} cannot be read: ${why}.`, { cause: error })
  }
}

function targetsOf(slurm: z.output<typeof zSlurm>): PoolScheduler[] {
  const { url, user, cluster, models, tokenFile, jwtKeyFile, accounts, limitAccounts, horizonDays } = slurm
  const token = tokenFile !== undefined ? tokenOfFile(tokenFile) : tokenOfKey(jwtKeyFile ?? '', user)
  const scheduler = new Slurm({ url, user, token, cluster, models })
  return slurm.pools.map(({ pool: poolId, gpuModel }) => ({
    poolId,
    scheduler,
    gpuModel,
    // An account of that name does not exist, so the scheduler says which company nobody gave one.
    accountOf: (companyId: Uuid) => accounts[companyId] ?? companyId,
    companies: Object.keys(accounts),
    limitAccounts,
    ...(horizonDays === undefined ? {} : { horizonDays }),
  }))
}

/** Read anew whenever a token is wanted: whoever renews it writes the file. */
const tokenOfFile =
  (file: string): TokenSource =>
  async () =>
    (await readFile(file, 'utf8')).trim()

/** Seconds that a token made here is good for. */
const TOKEN_LIFE = 3600

/** A token as Slurm's auth/jwt takes it: HS256 over `sun`, `iat` and `exp`. */
export const tokenOfKey =
  (file: string, user: string, now = () => Math.floor(Date.now() / 1000)): TokenSource =>
  async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const iat = now()
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: iat + TOKEN_LIFE, iat, sun: user })}`
    return `${body}.${createHmac('sha256', await readFile(file))
      .update(body)
      .digest('base64url')}`
  }
