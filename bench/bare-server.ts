/** What a request costs Node itself, for the bench of the ledger: reads a body, answers a few bytes. Prints its port. */
import { createServer } from 'node:http'

const ANSWER = '{"data":{"__typename":"Query"}}'
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json').setHeader('content-length', ANSWER.length).end(ANSWER)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
