/** What waiving a flag and submitting evidence have in common. */
import type { Actor } from '../access/index.ts'
import { lockCompany } from '../parties/index.ts'
import { globalId, type Ref, SamePerson, type Trx, WrongState } from '../platform/index.ts'
import { type FlagRow, lockFlag, printOfFinding } from './flag.store.ts'
import { FindingChanged } from './flag-errors.ts'

/**
 * Locks an open flag for a decision on the finding that the actor read.
 *
 * @throws {WrongState} when it is not open
 * @throws {FindingChanged} when the rule found something else since: nobody settles grounds they have not seen
 * @throws {SamePerson} when the actor ever asked for the gate on this subject: who proposes does not clear the way
 */
export async function lockForDecision(
  trx: Trx,
  actor: Actor,
  flagRef: Ref,
  readFindingId: string,
  act: string,
): Promise<{ flag: FlagRow; print: string }> {
  await lockCompany(trx, flagRef.companyId)
  const flag = await lockFlag(trx, flagRef)
  if (flag.state !== 'open') throw new WrongState('flag', flag.state, ['open'])
  const now = await printOfFinding(trx, { companyId: flag.companyId, id: flag.findingId })
  const read = await printOfFinding(trx, { companyId: flag.companyId, id: readFindingId })
  if (now === undefined || read === undefined || now !== read) {
    throw new FindingChanged(globalId('Finding', flag.companyId, flag.findingId))
  }
  if (await askedForGate(trx, flag, actor)) throw new SamePerson(act)
  return { flag, print: now }
}

async function askedForGate(trx: Trx, flag: FlagRow, actor: Actor): Promise<boolean> {
  const row = await trx
    .selectFrom('finding')
    .select('finding_id')
    .where('company_id', '=', flag.companyId)
    .where('subject', '=', flag.subject)
    .where('asked_by', '=', actor.id)
    .where('cause', '=', 'gate')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
