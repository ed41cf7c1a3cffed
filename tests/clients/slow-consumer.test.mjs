// A client that does not read: it is disconnected and counted, loses nothing without knowing, and nobody else
// notices.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bystanders } from './support/bystanders.mjs'
import { join } from './support/client.mjs'
import { talk } from './support/matching.mjs'
import { LONG, NO_LIMITS, bounded } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

/** More than the kernel's buffers and the 64 messages allowed here hold together, by far. */
const MOST_SIGNALS = 4_000
const BODY = 'x'.repeat(30_000)

const slowConsumers = (server) => server.counter('slow_consumers')

/** When the connection has moved to a WebSocket, which it may have begun as. */
function onWebSocket(user) {
  const { engine } = user.socket.io
  const there = () => engine.transport.name === 'websocket'
  const moved = new Promise((done) => (there() ? done() : engine.once('upgrade', done)))
  return bounded(moved, 5_000, () => 'it was not upgraded')
}

describe('a client that does not read', () => {
  const server = serviceFor(...NO_LIMITS, '--outgoing-messages', '64')

  for (const transports of [['websocket'], ['polling', 'websocket']]) {
    it(`${transports.join(', then ')}: it is disconnected and counted, its peer is told, others notice nothing`, LONG, async (t) => {
      const others = await bystanders(t, server)
      const before = await slowConsumers(server)
      const { a, b, sessionId } = await talk(t, server, { transports: ['websocket'] }, { transports })
      await onWebSocket(b)
      const lost = b.disconnected()
      b.socket.io.engine.transport.ws._socket.pause()
      let sent = 0
      while ((await slowConsumers(server)) === before) {
        assert.ok((sent += 50) <= MOST_SIGNALS, 'it was not disconnected')
        for (let i = 0; i < 50; i += 1) await a.do('webrtc:signal', { sessionId, signal: BODY })
      }
      await a.next('session:peer_away', { where: (m) => m.userId === b.id })
      b.socket.io.engine.transport.ws._socket.resume()
      await lost
      const back = await join(t, server, { guest: b.guest })
      const resumed = await back.next('session:resumed')
      assert.equal(resumed.state, 'talking')
      assert.equal(resumed.sessionId, sessionId)
      await a.next('session:peer_back', { where: (m) => m.userId === b.id })
      await a.do('webrtc:signal', { sessionId, signal: 'after' })
      await back.next('webrtc:signal', { where: (m) => m.signal === 'after' })
      assert.equal(await slowConsumers(server), before + 1)
      await others.check()
    })
  }
})
