/** Signing in: the page of a single-use link, the link that is over, and the door for whoever is not signed in. */
import { html } from './html.ts'
import { layout } from './layout.ts'

export type SignInPage = {
  /** Who the link is for. */
  readonly name: string
  /** What they are here: "partner". */
  readonly role?: string | undefined
  /** Where the button posts to. The link's GET uses nothing up: mail scanners follow links. */
  readonly action: string
}

export const signInPage = ({ name, role, action }: SignInPage): string => {
  const who = role === undefined ? name : `${name} (${role})`
  return layout({
    title: 'Sign in',
    main: html`
      <h1>Sign in to Equihour</h1>
      <p class="lead">This link is for ${name} alone and works once.</p>
      <form method="post" action="${action}"><button>Sign in as ${who}</button></form>
      <p class="quiet">Not you? Close this page: nothing has been used up.</p>`,
  })
}

/** The link was used, is too old, or never was one: the page does not say which. */
export const linkOverPage = (): string =>
  layout({
    title: 'This link cannot be used',
    main: html`
      <h1>This link cannot be used</h1>
      <p class="lead">It was used already, or it is too old. Nobody was signed in.</p>
      <p>Ask for a new link from the person at the fund you work with. On a demo installation, new links are printed where
        it was started.</p>`,
  })

export const signedOutPage = (): string =>
  layout({
    title: 'Signed out',
    main: html`
      <h1>You are not signed in</h1>
      <p class="lead">Open the sign-in link that you were given.</p>
      <p>Each link is for one person, works once and only for a short time. If yours is over, ask for a new one from the
        person at the fund you work with. On a demo installation, links are printed where it was started.</p>`,
  })
