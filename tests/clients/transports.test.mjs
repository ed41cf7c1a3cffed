// Transports that are not used as they should be: each ends in its time, and nothing of it stays behind.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bystanders } from './support/bystanders.mjs'
import { join } from './support/client.mjs'
import { range, talk } from './support/matching.mjs'
import { polling, rawConnected, rawOpen, tcp } from './support/raw.mjs'
import { LIMIT, LONG, NO_LIMITS, Server, bounded, serverFor } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'

const health = async (server) => (await server.get('/health')).json

/** Waits, bounded by the test, until health says so. */
async function until(server, holds) {
  let now = await health(server)
  while (!holds(now)) {
    await new Promise((done) => setTimeout(done, 50))
    now = await health(server)
  }
  return now
}

const ended = (socket) => bounded(new Promise((done) => socket.once('close', done)), 10_000, () => 'it is still open')

describe('one transport', ONE_NODE, () => {
  const server = serverFor('--connect-timeout', '1', '--grace-seconds', '0')

  it('41 and 40 again: refused, the transport is closed, no connection or session stays', LONG, async (t) => {
    const crowd = await Promise.all(range(20).map(() => rawConnected(t, server)))
    for (const raw of crowd) for (const _ of range(5)) for (const packet of ['41', '40{}', '40{}']) raw.send(packet)
    for (const raw of crowd) await Promise.race([raw.text('44{'), raw.closed()])
    for (const raw of crowd) await raw.closed()
    const after = await until(server, (now) => now.connections === 0 && now.sessions === 0)
    assert.equal(after.counters.connections_opened, 20)
  })
})

describe('silence', ONE_NODE, () => {
  const server = serverFor(...NO_LIMITS, '--connect-timeout', '1')
  const head = 'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n'

  for (const [what, bytes] of [
    ['nothing at all', ''],
    ['half a head', head],
    ['a body that does not come', `${head}content-length: 100\r\n\r\n42`],
    ['garbage', '\u0000\u0001\u0002\r\n\r\n'],
  ]) {
    it(`${what}: the stream is closed, others notice nothing`, LIMIT, async (t) => {
      const others = await bystanders(t, server)
      await ended((await tcp(t, server, bytes)).resume())
      await others.check()
    })
  }

  it('a poll that is held is no silence', LIMIT, async () => {
    const { sid } = JSON.parse((await polling(server, 'GET', '')).text.slice(1))
    await polling(server, 'POST', `&sid=${sid}`, '40{}')
    await polling(server, 'GET', `&sid=${sid}`)
    const held = polling(server, 'GET', `&sid=${sid}`)
    await until(server, (now) => now.uptime >= 3)
    const said = Promise.race([held, polling(server, 'POST', `&sid=${sid}`, '420["heartbeat"]')])
    assert.equal((await said).status, 200)
  })
})

describe('a reader that stops', () => {
  const server = serviceFor(...NO_LIMITS, '--ping-interval-ms', '1000', '--ping-timeout-ms', '1000')

  it('a full stream, far from the limit of messages: closed after the time of a ping, the peer is told', LONG, async (t) => {
    const others = await bystanders(t, server)
    const { a, b, sessionId } = await talk(t, server, { transports: ['websocket'] })
    b.socket.io.engine.transport.ws._socket.pause()
    for (const _ of range(700)) await a.do('webrtc:signal', { sessionId, signal: 'x'.repeat(31_000) })
    await a.next('session:peer_away', { where: (m) => m.userId === b.id })
    assert.equal(await server.counter('slow_consumers'), 1)
    await others.check()
  })
})

describe('a poller that stops', ONE_NODE, () => {
  const server = serverFor(...NO_LIMITS, '--outgoing-messages', '64')

  it('its session ends: the peer is told, its next request is answered as unknown', LONG, async (t) => {
    const { sid } = JSON.parse((await polling(server, 'GET', '')).text.slice(1))
    await polling(server, 'POST', `&sid=${sid}`, '40{}')
    for (let sent = 0; (await server.counter('slow_consumers')) === 0; sent += 20) {
      assert.ok(sent < 1_000, 'it was not disconnected')
      await polling(server, 'POST', `&sid=${sid}`, range(20).map((n) => `42${n}["heartbeat"]`).join('\u001e'))
    }
    const { status, text } = await polling(server, 'POST', `&sid=${sid}`, '420["heartbeat"]')
    assert.deepEqual([status, JSON.parse(text).code], [400, 1])
    await join(t, server)
  })
})

describe('going down', ONE_NODE, () => {
  it('CONNECT is refused from then on, in a word', LIMIT, async (t) => {
    const server = new Server([])
    await server.start()
    t.after(() => server.finish())
    // Enough of them that closing takes a while.
    const crowd = await Promise.all(range(100).map(() => join(t, server)))
    const late = await rawOpen(t, server)
    const stopped = server.stop()
    await crowd[0].next('server_shutdown')
    late.send('40{}')
    assert.equal(await late.text('44{'), '44{"message":"Server is going down. Please try again in a moment."}')
    assert.equal((await stopped).code, 0)
  })
})
