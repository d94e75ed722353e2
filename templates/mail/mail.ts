/** What every mail has: a subject, and plain text that stands by itself and leads to one page. Pure. */

export type Mail = { readonly subject: string; readonly text: string }

/** Where mail leads: the address of the server as people know it, without a slash at the end. */
export type MailContext = {
  readonly site: string
  /** Who reads it. */
  readonly name: string
  readonly company: string
  readonly fund: string
}

/** The parts of a mail, each a paragraph. */
export const letter = (
  { site, name, company, fund }: MailContext,
  { subject, says, path }: { readonly subject: string; readonly says: readonly string[]; readonly path: string },
): Mail => ({
  // A subject is one line, whatever a name holds.
  subject: subject.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim(),
  text: [
    `Dear ${name},`,
    ...says,
    `${site}${path}`,
    `${fund}\n\nThis was sent by Equihour to the people who act for ${company}${company.endsWith('.') ? '' : '.'} Signing in is needed to read more.`,
  ].join('\n\n'),
})
