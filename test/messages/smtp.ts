/** A mail server on this machine that keeps what it is sent. */
import { once } from 'node:events'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export type Mailbox = {
  readonly url: string
  readonly mails: ParsedMail[]
  /** What the server answers to the next recipients, senders or passwords; undefined takes them. */
  answer: { readonly code: number; readonly words: string; readonly to?: 'sender' | 'password' } | undefined
  readonly stop: () => Promise<void>
}

export async function openMailbox(port = 0): Promise<Mailbox> {
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username }, _session, done) => {
      const error = refusal('password')
      return error === undefined ? done(null, { user: username }) : done(error)
    },
    onMailFrom: (_address, _session, done) => done(refusal('sender')),
    onRcptTo: (_address, _session, done) => done(refusal(undefined)),
    onData: (stream, _session, done) => {
      simpleParser(stream).then(
        (mail) => {
          mailbox.mails.push(mail)
          done()
        },
        (error: Error) => done(error),
      )
    },
  })
  function refusal(of: 'sender' | 'password' | undefined): Error | undefined {
    const { answer } = mailbox
    if (answer === undefined || answer.to !== of) return undefined
    return Object.assign(new Error(answer.words), { responseCode: answer.code })
  }
  server.on('error', () => undefined)
  const listening = server.listen(port, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  const mailbox: Mailbox = {
    url: `smtp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`,
    mails: [],
    answer: undefined,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return mailbox
}
