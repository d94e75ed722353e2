/** Tokens will expire: 90, 30 and 7 days before. */
import { counted, date, grouped } from '../format.ts'
import { letter, type Mail, type MailContext } from './mail.ts'

export type ExpiringLot = {
  /** 90, 30 or 7. */
  readonly days: number
  readonly expiresOn: string
  /** Tokens that would expire, as a decimal; and those held for reservations, which expire when they return. */
  readonly left: string
  readonly held: string
  readonly token: string
}

/** `companyId` is the global one. */
export type Expiry = { readonly companyId: string; readonly lots: readonly ExpiringLot[] }

export function expiryMail(context: MailContext, { lots, companyId }: Expiry): Mail {
  const [first] = [...lots].sort((a, b) => (a.expiresOn < b.expiresOn ? -1 : 1))
  const of = (lot: ExpiringLot): string =>
    `${counted(grouped(lot.left), `${lot.token} token`)} will expire at the end of ${date(lot.expiresOn)}, UTC.${
      lot.held === '0' ? '' : ` ${grouped(lot.held)} more are held for reservations and expire when they return.`
    }`
  return letter(context, {
    subject:
      lots.length === 1 && first !== undefined
        ? `${context.company}: ${counted(grouped(first.left), 'token')} will expire on ${date(first.expiresOn)}`
        : `${context.company}: tokens of ${lots.length} lots will expire, the first on ${date(first?.expiresOn ?? '')}`,
    says: [...lots.map(of), 'Tokens that expire earn no equity. The page shows what is left, and takes bookings:'],
    path: `/companies/${companyId}/compute`,
  })
}
