/** What a company owes under a side letter, in words that pages and mail share. */
export const OBLIGATION_WORDS: Readonly<Record<string, string>> = {
  ANNUAL_REPORT: 'Annual report',
  QUARTERLY_REPORT: 'Quarterly report',
  MONTHLY_REPORT: 'Monthly report',
  BUDGET: 'Budget',
  BOARD_MEETING: 'Invitation of the observer to a meeting of the board',
  INSPECTION: 'Inspection',
}

/** @param about of reports the last month of the period, `2026-12`; of others what was raised */
export const whatIsOwed = ({ kind, about }: { readonly kind: string; readonly about: string }): string =>
  /^\d{4}-\d{2}$/.test(about)
    ? `${OBLIGATION_WORDS[kind] ?? kind}, period to ${about}`
    : `${OBLIGATION_WORDS[kind] ?? kind}: ${about}`
