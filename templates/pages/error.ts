/** Pages for what went wrong: what happened, what was not changed, what to do. */
import { html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type ErrorPage = {
  readonly heading: string
  /** What happened, and that nothing was changed. */
  readonly happened: string
  readonly whatToDo: string
  /** What a person quotes when they ask for help. */
  readonly reference?: string | undefined
  readonly person?: Person | undefined
}

export const errorPage = ({ heading, happened, whatToDo, reference, person }: ErrorPage): string =>
  layout({
    title: heading,
    person,
    main: html`
      <h1>${heading}</h1>
      <p class="lead">${happened}</p>
      <p>${whatToDo}</p>
      ${reference !== undefined && html`<p class="quiet">Reference: <span class="hash">${reference}</span></p>`}
      <p class="actions"><a class="button plain" href="/">Go to your start page</a></p>`,
  })

/** Nothing is there, or the person may not see it: the two look the same. */
export const notFoundPage = (person?: Person): string =>
  errorPage({
    person,
    heading: 'There is nothing here',
    happened: 'No page or document that you can see has this address. Nothing was changed.',
    whatToDo: 'Check the address, or ask whoever gave it to you whether it was meant for you.',
  })

export const forbiddenPage = (needs: readonly string[], person?: Person): string =>
  errorPage({
    person,
    heading: 'This is for somebody else to do',
    happened: `It needs the role ${needs.join(' or ')}. Nothing was changed.`,
    whatToDo: 'Ask a person with that role.',
  })

/** A form came from another site: the browser says so. */
export const otherSitePage = (): string =>
  errorPage({
    heading: 'This was sent from another site',
    happened: 'Equihour takes forms from its own pages only. Nothing was changed.',
    whatToDo: 'Go to your start page and do it from there.',
  })

/** A request that the browser would not have made from our pages: too long, or not text. */
export const unreadablePage = (): string =>
  errorPage({
    heading: 'This request cannot be read',
    happened: 'It is malformed or too long. Nothing was changed.',
    whatToDo: 'Go to your start page and do it from there.',
  })

/** Our fault. The text of the error is in the log, under the same reference. */
export const failedPage = (reference?: string): string =>
  errorPage({
    heading: 'Something went wrong on our side',
    happened: 'The request was not carried out, and nothing of it was kept.',
    whatToDo: 'Try again in a minute. If it happens again, tell the operator the reference.',
    reference,
  })
