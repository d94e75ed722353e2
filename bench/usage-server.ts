/** The application in a process of its own, for the bench of usage: `node usage-server.ts`, with DATABASE_URL. Prints its port. */
import { createServer } from 'node:http'
import { createApp } from '../api/app.ts'
import { openDeps } from '../api/main.ts'

const { deps } = openDeps(process.env.DATABASE_URL ?? '')
const server = createServer({ requestTimeout: 0 }, createApp(deps))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
