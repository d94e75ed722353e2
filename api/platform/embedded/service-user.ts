import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { CannotOpen } from './errors.ts'

/** The unprivileged user that runs the server when we are root. */
export type ServiceUser = { readonly name: string; readonly uid: number; readonly gid: number }

/** In the order of preference; all exist without us, and none may log in. */
const CANDIDATES = ['postgres', 'nobody', 'daemon']

/**
 * The user to run PostgreSQL as, which refuses to run as root; `undefined` when we are not root and run it as ourselves.
 *
 * @throws {CannotOpen} when we are root and the system has no such user
 */
export function serviceUser(): ServiceUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { name, uid: Number(uid), gid: Number(gid) }]),
  )
  for (const name of CANDIDATES) {
    const user = users.get(name)
    if (user !== undefined && user.uid > 0) return user
  }
  throw new CannotOpen(
    `PostgreSQL refuses to run as root, and this system has none of the users ${CANDIDATES.join(', ')}. ` +
      'Start as an ordinary user, or set DATABASE_URL.',
  )
}

/** Whether `user` can enter the folder: asked of the system itself, which also knows of access lists and mounts. */
export function canEnter(user: ServiceUser | undefined, folder: string): boolean {
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...identity, cwd: '/', stdio: 'ignore' }).status === 0
}
