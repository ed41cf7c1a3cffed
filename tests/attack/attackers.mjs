// A crowd that means harm, in a process of its own: `node attackers.mjs <url> <silent> <flooding> <deaf>`. Whoever is
// sent away comes again, as somebody else. Says `ready` once all have been there, and `so many` when asked.
import { once } from 'node:events'
import net from 'node:net'
import { randomBytes } from 'node:crypto'
import { User } from '../clients/support/client.mjs'

const [url, ...numbers] = process.argv.slice(2)
const [silent, flooding, deaf] = numbers.map(Number)
const { hostname, port } = new URL(url)

/** Somebody who was sent away comes again after about this long. */
const AGAIN_MS = 500
/** New streams in one go, and the pause between two. */
const AT_ONCE = 200
const PAUSE_MS = 20
/** What one who floods writes at once. */
const FRAMES = 200

const counts = { silent: 0, flooding: 0, deaf: 0, sentAway: 0, framesWritten: 0 }
let over = false

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** A masked text frame whose mask changes nothing. */
function frame(text) {
  const body = Buffer.from(text)
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), body])
}

const upgrade = () =>
  `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
  `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`

/** One TCP stream for as long as the attack lasts: when it ends, the next. */
function stream(kind, begin) {
  const open = () => {
    if (over) return
    const socket = net.connect(Number(port), hostname)
    let was = false
    socket.on('connect', () => {
      was = true
      counts[kind] += 1
      begin(socket)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (was) {
        counts[kind] -= 1
        counts.sentAway += 1
      }
      setTimeout(open, AGAIN_MS * (0.5 + Math.random()))
    })
  }
  open()
}

/** The ways to say nothing: no byte, half a request, a WebSocket that nobody introduces itself on. */
const SILENCES = [
  () => {},
  (socket) => socket.write('GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX-Slow: '),
  (socket) => socket.write(upgrade()),
]

/** What is sent as fast as it is taken: sense, nonsense, large things. */
const FLOODS = [
  frame('42["heartbeat"]'),
  frame('421["matching:join_queue",{"native_language":"zz"}]'),
  frame(`42["chat:send",{"sessionId":"x","content":"${'x'.repeat(2_000)}"}]`),
].map((one) => Buffer.concat(Array.from({ length: FRAMES }, () => one)))

function flood(number) {
  const bytes = FLOODS[number % FLOODS.length]
  stream('flooding', (socket) => {
    socket.write(upgrade())
    socket.once('data', () => {
      socket.write(frame(`40{"guest":"${randomBytes(16).toString('hex')}"}`))
      const write = () => {
        if (over || socket.destroyed) return
        counts.framesWritten += FRAMES
        if (socket.write(bytes)) setImmediate(write)
        else socket.once('drain', write)
      }
      setTimeout(write, 50)
      socket.resume()
    })
  })
}

const wish = (native, target) => ({ native_language: native, target_language: target, age: 25, proficiency_level: 'any' })
const languages = (n) => {
  const letter = (m) => String.fromCharCode(97 + (Math.floor(m) % 26))
  return [`q${letter(n / 26)}${letter(n)}`, `r${letter(n / 26)}${letter(n)}`]
}

/** One who never reads what another one, who is in a talk with it, sends as much of as it may. */
async function fallDeaf(number) {
  while (!over) {
    const [one, other] = [new User(url), new User(url)]
    try {
      const [native, target] = languages(number)
      for (const user of [one, other]) await user.connect()
      await one.do('matching:join_queue', wish(native, target))
      await other.do('matching:join_queue', wish(target, native))
      const found = await Promise.all([one, other].map((user) => user.next('matching:match_found', { ms: 60_000 })))
      for (const user of [one, other]) await user.do('matching:accept_match', { matchId: found[0].matchId })
      await other.next('matching:match_ready')
      const gone = once(one.socket, 'disconnect')
      one.socket.io.engine.transport.ws._socket.pause()
      counts.deaf += 1
      const signal = { sessionId: found[0].sessionId, signal: 'x'.repeat(30_000) }
      const left = Promise.race([gone, once(other.socket, 'disconnect'), other.next('session:peer_away', { ms: 1e9 })])
      let parted = false
      left.finally(() => (parted = true)).catch(() => {})
      while (!parted && !over) {
        other.emit('webrtc:signal', signal)
        await pause(650)
      }
      counts.deaf -= 1
      counts.sentAway += 1
    } catch {
      await pause(AGAIN_MS)
    }
    for (const user of [one, other]) user.socket.io.engine?.transport?.ws?.terminate?.()
    for (const user of [one, other]) user.close()
  }
}

process.on('message', (word) => {
  if (word === 'how many') process.send({ ...counts })
  if (word === 'stop') {
    over = true
    process.exit(0)
  }
})

for (let number = 0; number < deaf; number += 1) {
  fallDeaf(number)
  if (number % 10 === 9) await pause(PAUSE_MS * 5)
}
for (let number = 0; number < silent; number += 1) {
  stream('silent', SILENCES[number % SILENCES.length])
  if (number % AT_ONCE === AT_ONCE - 1) await pause(PAUSE_MS)
}
for (let number = 0; number < flooding; number += 1) flood(number)
process.send('ready')
