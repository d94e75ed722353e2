/** The pages that signing in shows and downloads fall back to, as templates/pages draws them. */
import { notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { linkOverPage, signedOutPage, signInPage } from '../../../templates/pages/sign-in.ts'
import type { DocumentPages } from './documents.ts'
import type { SignInPages } from './sign-in.ts'

export const pages: SignInPages & DocumentPages = {
  signIn: signInPage,
  linkOver: linkOverPage,
  otherSite: otherSitePage,
  signedOut: signedOutPage,
  notFound: () => notFoundPage(),
}
