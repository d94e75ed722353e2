/** The start page of everybody who works in the console. */
import { html } from './html.ts'
import { layout, type Person } from './layout.ts'

export const staffHomePage = ({
  person,
  operations,
}: {
  readonly person: Person
  readonly operations: boolean
}): string =>
  layout({
    title: 'Start',
    person,
    main: html`
      <h1>Work is done in the console</h1>
      <p class="lead">Each saved operation is a tab there, filled in and in order; what you may not see is not there.</p>
      <p class="actions"><a class="button" href="/console">Open the console</a>${operations && html` <a class="button plain" href="/operations">Pools and what waits</a>`}</p>
      <p class="quiet">You are signed in as ${person.name}, ${person.role}.</p>`,
  })
