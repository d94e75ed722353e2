/** Plain pages, until templates/pages has them drawn. */
import type { SignInPages } from './sign-in.ts'

const page = (body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Equihour</title><main>${body}</main></html>`
const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

export const pages: SignInPages = {
  signIn: ({ name, action }) =>
    page(
      `<h1>Sign in</h1><form method="post" action="${escape(action)}"><button>Sign in as ${escape(name)}</button></form>`,
    ),
  linkOver: () =>
    page('<h1>This link cannot be used</h1><p>It was used already, or is too old. Ask for a new one.</p>'),
  otherSite: () => page('<h1>Refused</h1><p>This form was sent from another site. Nothing was changed.</p>'),
  signedOut: () => page('<h1>Equihour</h1><p>You are not signed in. Open your sign-in link.</p>'),
  home: (actor) =>
    page(`<h1>Equihour</h1><p>Signed in as ${escape(actor.name)}.</p><p><a href="/console">Open the console</a></p>`),
}
