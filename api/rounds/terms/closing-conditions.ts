/** What must be true before a closing. */

/** Who may waive a condition. `nobody`: the law demands it. */
export const WAIVERS = ['fund', 'company', 'both', 'nobody'] as const
export type Waiver = (typeof WAIVERS)[number]

/** One condition. `code` is unique in the terms; evidence and waivers are recorded against it. */
export type ClosingCondition = { readonly code: string; readonly text: string; readonly waivableBy: Waiver }

/** The conditions a draft starts from: those without which shares of a Delaware corporation are not validly issued. */
export function defaultClosingConditions(): readonly ClosingCondition[] {
  return [
    {
      code: 'BOARD_CONSENT',
      text: 'The board of the Company has approved the round, the consideration for the shares and the agreements.',
      waivableBy: 'nobody',
    },
    {
      code: 'STOCKHOLDER_CONSENT',
      text: 'The stockholders of the Company have given every consent and waiver that the round needs.',
      waivableBy: 'nobody',
    },
    {
      code: 'AUTHORIZED_SHARES',
      text: 'The amended charter is filed and authorises every share issued at the closing and the shares they convert into.',
      waivableBy: 'nobody',
    },
    {
      code: 'WAITING_PERIOD',
      text: 'Every waiting period under the Hart-Scott-Rodino Act that applies has expired or was terminated.',
      waivableBy: 'nobody',
    },
  ]
}

/** Those of a SAFE: nothing is issued when it is given, so no charter needs to authorise it yet. */
export const safeClosingConditions = (): readonly ClosingCondition[] =>
  defaultClosingConditions()
    .filter(({ code }) => code !== 'AUTHORIZED_SHARES')
    .map((condition) =>
      condition.code === 'BOARD_CONSENT'
        ? {
            ...condition,
            text: 'The board of the Company has approved the SAFE, its consideration and the agreements.',
          }
        : condition,
    )
