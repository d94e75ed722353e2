/** Messages to people: told in the transaction of what they are about, sent by the worker as mail. */
export { isKind, type MessageContent, type MessageKind } from './kinds.ts'
export { type Mailer, MailRefused, type MailSettings, smtpMailer } from './mailer.ts'
export { messageTroubles, SEND_MESSAGE_JOB, sendMessageJob, sweepMessages } from './send-message.ts'
export { tellCompany } from './tell.ts'
