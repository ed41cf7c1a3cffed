// Losing the transport is not leaving: within the grace period a client returns to where it was.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join, newSecret } from './support/client.mjs'
import { accept, candidate, languages, matched, queue, range, talk, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, grace } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

const MISSED = 20
/** More than a request to a shared store takes. */
const REQUEST_MS = 500

/** Ways to lose a connection that the server is not told of by a goodbye. */
const LOSSES = {
  'the client closes its transport': (user) => user.drop(),
  'the TCP connection breaks': async (user) => {
    const gone = user.disconnected()
    user.socket.io.engine.transport.ws.terminate()
    await gone
  },
}

describe('back within the grace period', () => {
  const server = serviceFor(...NO_LIMITS)

  for (const [how, lose] of Object.entries(LOSSES)) {
    it(`${how}: resumed, with ${MISSED} missed messages and candidates in order`, LIMIT, async (t) => {
      const { a, b, sessionId } = await talk(t, server)
      await a.do('chat:send', { sessionId, content: 'before' })
      await b.next('chat:message')
      await lose(b)
      assert.equal((await a.next('session:peer_away')).sessionId, sessionId)
      for (const n of range(MISSED)) {
        await a.do('chat:send', { sessionId, content: String(n) })
        a.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
      }
      await a.settled()
      // The same client object again, as the official client does by itself: same secret, new connection.
      await b.connected()
      const resumed = await b.next('session:resumed')
      assert.deepEqual([resumed.state, resumed.sessionId], ['talking', sessionId])
      assert.equal((await a.next('session:peer_back')).sessionId, sessionId)
      await b.take('webrtc:ice_candidate', MISSED)
      await b.take('chat:message', MISSED)
      assert.deepEqual(b.all('chat:message').map((m) => m.content), ['before', ...range(MISSED).map(String)])
      assert.deepEqual(b.all('webrtc:ice_candidate').map((s) => s.candidate), range(MISSED).map(candidate))
      await b.do('chat:send', { sessionId, content: 'after' })
      assert.equal((await a.next('chat:message')).content, 'after')
      assert.deepEqual(a.all('session:peer_left'), [])
      const names = b.names()
      assert.ok(names.indexOf('session:resumed') < names.lastIndexOf('chat:message'))
    })
  }

  it('from another device with the same secret: that one resumes, the first is replaced', LIMIT, async (t) => {
    const guest = newSecret()
    const { a, b, sessionId } = await talk(t, server, {}, { guest })
    const [mover, stayer] = a.guest === guest ? [a, b] : [b, a]
    const device = await join(t, server, { guest })
    const resumed = await device.next('session:resumed')
    assert.deepEqual([resumed.state, resumed.sessionId], ['talking', sessionId])
    await mover.next('replaced')
    await stayer.do('chat:send', { sessionId, content: 'which device?' })
    assert.equal((await device.next('chat:message')).content, 'which device?')
  })

  it('the official client returns by itself', LIMIT, async (t) => {
    const options = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 }
    const { a, b, sessionId } = await talk(t, server, options)
    b.socket.io.engine.close()
    await b.next('session:resumed')
    await a.do('chat:send', { sessionId, content: 'still there?' })
    assert.equal((await b.next('chat:message')).content, 'still there?')
  })

  it('what the client sends while away arrives after its return', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    await b.drop()
    const replies = range(5).map((n) => b.do('chat:send', { sessionId, content: String(n), clientMessageId: `m-${n}` }))
    await b.connected()
    await Promise.all(replies)
    assert.deepEqual((await a.take('chat:message', 5)).map((m) => m.content), ['0', '1', '2', '3', '4'])
  })

  it('waiting: the place is kept', LIMIT, async (t) => {
    const [native, target] = languages()
    const first = await join(t, server)
    const second = await join(t, server)
    await queue(first, wish(native, target))
    // Who is listed anew keeps the time of joining, give or take what the request takes.
    await new Promise((done) => setTimeout(done, REQUEST_MS))
    await queue(second, wish(native, target))
    await first.drop()
    const back = await join(t, server, { guest: first.guest })
    assert.equal((await back.next('session:resumed')).state, 'waiting')
    const newcomer = await join(t, server)
    await queue(newcomer, wish(target, native))
    await matched(back, newcomer)
    assert.deepEqual(second.all('matching:match_found'), [])
  })

  it('proposed: the match can still be accepted', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [found] = await matched(a, b)
    await a.drop()
    const back = await join(t, server, { guest: a.guest })
    const resumed = await back.next('session:resumed')
    assert.deepEqual([resumed.state, resumed.matchId], ['proposed', found.matchId])
    await accept(back, b, found)
  })
})

describe('a grace period of one second', () => {
  const server = serviceFor(...NO_LIMITS, ...grace(1))

  it('not back in time: away, then left; the talk is over for both', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    await b.drop()
    await a.next('session:peer_away')
    assert.equal((await a.next('session:peer_left')).sessionId, sessionId)
    assert.deepEqual(a.all('session:peer_back'), [])
    assert.equal((await a.ask('chat:send', { sessionId, content: 'anyone?' })).success, false)
    const late = await join(t, server, { guest: b.guest })
    await late.settled()
    assert.equal((await late.ask('chat:send', { sessionId, content: 'back!' })).success, false)
    assert.notEqual(late.all('session:resumed')[0]?.state, 'talking')
  })

  it('waiting and not back in time: nobody is matched with the one who left', LIMIT, async (t) => {
    const [native, target] = languages()
    const gone = await join(t, server)
    await queue(gone, wish(native, target))
    await gone.drop()
    // The clock: a talk whose peer leaves later must have ended first.
    const { a, b } = await talk(t, server)
    await b.drop()
    await a.next('session:peer_left')
    const one = await join(t, server)
    const other = await join(t, server)
    assert.equal((await queue(one, wish(target, native))).queuePosition, 1)
    await queue(other, wish(native, target))
    await matched(one, other)
  })
})
