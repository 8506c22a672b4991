// A receiver in Node, without packages: WEBHOOK_SECRET=… node receiver.mjs
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const secret = process.env.WEBHOOK_SECRET
if (!secret) throw new Error('WEBHOOK_SECRET is not set: it has to be the secret of the webhook')
const [host, port] = (process.env.ADDR ?? '127.0.0.1:8080').split(':')
const maxBody = 16 << 20
const maxAge = 5 * 60_000 // ms

// verified reports whether a request was signed with the secret, and lately. The body must be the
// bytes as they came, before any JSON parser.
function verified(headers, body) {
  const timestamp = headers['x-twenty-webhook-timestamp']
  if (!timestamp || !(Math.abs(Date.now() - timestamp) <= maxAge)) return false
  const mac = createHmac('sha256', secret).update(`${timestamp}:`).update(body)
  const want = Buffer.from(mac.digest('hex'))
  const got = Buffer.from(headers['x-twenty-webhook-signature'] ?? '')
  return got.length === want.length && timingSafeEqual(got, want)
}

// An event may come twice, with the same id. Where it matters, keep the ids in the database, and
// write one in the transaction that does what its event asks for. Here they are kept in memory.
const seen = new Set()
function isNew(id) {
  if (seen.has(id)) return false
  seen.add(id)
  if (seen.size > 10_000) seen.delete(seen.values().next().value) // the oldest
  return true
}

const server = createServer(async (req, res) => {
  const answer = (status) => res.writeHead(status).end()
  if (req.method !== 'POST') return answer(405)
  const chunks = []
  let size = 0
  try {
    for await (const chunk of req) {
      if ((size += chunk.length) > maxBody) return answer(413)
      chunks.push(chunk)
    }
  } catch {
    return // the sender has gone; it will try again
  }
  const body = Buffer.concat(chunks)
  if (!verified(req.headers, body)) return answer(401)
  const id = req.headers['webhook-id']
  const { event, key } = JSON.parse(body)
  if (isNew(id)) console.log(id, event, JSON.stringify(key))
  answer(200) // only once what came is safe: nothing that was answered 2xx is sent again
})
server.listen(port, host, () => console.log(`listening on ${host}:${server.address().port}`))
