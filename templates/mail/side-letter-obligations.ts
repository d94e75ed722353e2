/** What the company owes under side letters: it will be due, or is overdue. */
import { date, listed } from '../format.ts'
import { whatIsOwed } from '../obligation-words.ts'
import { letter, type Mail, type MailContext } from './mail.ts'

export type OwedUnderLetter = {
  /** Global id of the side letter, and its title. */
  readonly dealDocumentId: string
  readonly letter: string
  readonly what: string
  readonly about: string
  readonly dueOn: string
  readonly notice: 'AHEAD' | 'OVERDUE'
}

export function obligationsMail(
  context: MailContext,
  { obligations }: { readonly obligations: readonly OwedUnderLetter[] },
): Mail {
  const inOrder = [...obligations].sort((a, b) => (a.dueOn < b.dueOn ? -1 : 1))
  const overdue = inOrder.filter(({ notice }) => notice === 'OVERDUE')
  const [first, ...more] = inOrder
  const says = inOrder.map(
    ({ what, about, dueOn, letter: title, notice }) =>
      `${whatIsOwed({ kind: what, about })}, under “${title}”, ${notice === 'OVERDUE' ? 'was' : 'is'} due on ${date(dueOn)}${notice === 'OVERDUE' ? ', and nobody has recorded that it was done' : ''}.`,
  )
  const states = [
    ...(overdue.length > 0 ? [`${overdue.length} overdue`] : []),
    ...(overdue.length < inOrder.length ? [`${inOrder.length - overdue.length} due soon`] : []),
  ]
  return letter(context, {
    subject:
      first !== undefined && more.length === 0
        ? `${context.company}: ${whatIsOwed({ kind: first.what, about: first.about })} ${first.notice === 'OVERDUE' ? 'was' : 'is'} due on ${date(first.dueOn)}`
        : `${context.company}: owed under side letters, ${listed(states)}`,
    says: [...says, 'The fund records what was done. The page shows all that is owed:'],
    path: `/papers/${first?.dealDocumentId ?? ''}`,
  })
}
