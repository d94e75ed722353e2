/** The GraphQL documents of the tests of reservations, as a client would write them. */

const ERRORS = `
  ... on DomainError { code message }
  ... on OverCapacity { wanted free full { startsAt endsAt } }
  ... on BadInterval { fault }
  ... on QuoteChanged { quoted now }
  ... on WouldOverdraw { available asked }
  ... on TokensNotReleased { available locked asked }
  ... on WrongState { was: state needs }
`
export const REQUEST = `mutation ($input: RequestReservationInput!) { requestReservation(input: $input) {
  __typename ... on Reservation { id state gpus startsAt endsAt held h100HoursPerGpuHour decideBy } ${ERRORS} } }`
export const DECIDE = `mutation ($input: DecideReservationInput!) { decideReservation(input: $input) {
  __typename ... on Reservation { id state decidedAt events { from to reasonCode note waitedSeconds } }
  ... on DomainError { code message } ... on WrongState { was: state } } }`
export const CANCEL = `mutation ($input: CancelReservationInput!) { cancelReservation(input: $input) {
  __typename ... on Reservation { id state } ... on DomainError { code message } ... on WrongTime { needs } } }`
export const READ = `query ($id: ID!) { node(id: $id) { ... on Reservation {
  id state companyName company { id } gpus held usedGpuSeconds reservedGpuSeconds delivered idle
  events { from to reasonCode waitedSeconds } } } }`
export const QUOTE = `query ($pool: ID!, $gpus: Int!, $from: DateTime!, $to: DateTime!) {
  reservationQuote(poolId: $pool, gpus: $gpus, startsAt: $from, endsAt: $to) {
    __typename ... on ReservationQuote { gpuSeconds tokens free factor { h100HoursPerGpuHour basis } }
    ... on DomainError { code } ... on BadInterval { fault } } }`
export const FREE = `query ($id: ID!, $from: DateTime!, $to: DateTime!) { node(id: $id) { ... on Pool {
  freeCapacity(from: $from, to: $to) { __typename ... on FreeCapacity { lowest steps { startsAt endsAt capacity free } }
    ... on BadInterval { fault } } } } }`
