/** Mail over SMTP. */
import { createTransport } from 'nodemailer'
import type { Mail } from '../../templates/mail/mail.ts'

export type MailSettings = {
  /** `smtps://user:password@mail.example:465`, or `smtp://...:587`, which then needs STARTTLS. */
  readonly smtp: string
  /** `Northgrid Ventures <equihour@northgrid.example>` */
  readonly from: string
  /** The address of the server as people know it: `https://equihour.northgrid.example`. */
  readonly site: string
}

/** A mail server refuses this mail, and would refuse it again: SMTP replies of 500 and above (RFC 5321, 4.2.1). */
export class MailRefused extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'MailRefused'
  }
}

export type Mailer = {
  readonly site: string
  /**
   * @param id the same for the same mail sent again, so that a mailbox can tell
   * @throws {MailRefused} for good; anything else may go away
   */
  readonly send: (mail: Mail & { readonly id: string; readonly to: { name: string; address: string } }) => Promise<void>
}

/** Milliseconds for a server to answer. */
const PATIENCE = 20_000
const isHere = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(host)

export function smtpMailer({ smtp, from, site }: MailSettings): Mailer {
  const { hostname } = new URL(smtp)
  const transport = createTransport(smtp, { from })
  Object.assign(transport.options, {
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    // What is not encrypted from the beginning becomes so, or is not sent; a server on this machine may do without.
    requireTLS: !isHere(hostname),
    ignoreTLS: isHere(hostname),
  })
  return {
    site,
    send: async ({ id, to, subject, text }) => {
      try {
        await transport.sendMail({
          to,
          subject,
          text,
          messageId: `<${id}@${new URL(site).hostname}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        })
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error)
        if (isForGood(error)) throw new MailRefused(words, error)
        throw new Error(words, { cause: error })
      }
    },
  }
}

/**
 * Whether it is this recipient or this mail that is refused. A password, a sender or a session that a server refuses is set
 * right by whoever runs the server, and no mail is lost until then: 530 and 535 (RFC 4954, 6) ask for authentication, 503 for
 * another order of commands.
 */
function isForGood(error: unknown): boolean {
  if (!(error instanceof Error && 'responseCode' in error && 'command' in error)) return false
  const { responseCode: code, command } = error
  const isOfMail = command === 'RCPT TO' || command === 'DATA'
  return isOfMail && typeof code === 'number' && code >= 500 && ![503, 530, 535].includes(code)
}
