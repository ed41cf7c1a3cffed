// Clients of Engine.IO 3, which are not served: they must learn so at once and in words, not wait.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import io from 'socket.io-client-2'
import { undisturbed, FAMILIES } from './support/families.mjs'
import { LIMIT, NO_LIMITS, bounded, serverFor } from './support/server.mjs'

const family = FAMILIES['webrtc-chat']

describe('socket.io-client 2.5, which speaks Engine.IO 3', () => {
  const server = serverFor(...family.flags, ...NO_LIMITS)

  for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    it(`over ${transports.join(', then ')}: a connect_error at once, and others notice nothing`, LIMIT, async (t) => {
      const others = await undisturbed(t, server, family)
      const socket = io(server.url, { transports, forceNew: true, reconnection: false })
      t.after(() => socket.close())
      const outcome = new Promise((done) => {
        for (const event of ['connect', 'connect_error']) socket.once(event, () => done(event))
      })
      assert.equal(await bounded(outcome, 10_000, () => 'neither connected nor refused'), 'connect_error')
      await others.check()
    })
  }

  it('the answer says what is wrong', LIMIT, async () => {
    for (const transport of ['polling', 'websocket']) {
      const { status, text } = await server.get(`/socket.io/?EIO=3&transport=${transport}`)
      assert.deepEqual([status, JSON.parse(text)], [400, { code: '5', message: 'Unsupported protocol version' }])
    }
  })
})
