// The qala dialect from meeting to parting, over every transport of the official client.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { User, join } from './support/client.mjs'
import { accept, candidate, description, languages, matched, queue, range, talk, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, acceptTimeout } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'

const TRANSPORTS = {
  'websocket only': ['websocket'],
  'polling only': ['polling'],
  'polling, then upgraded': ['polling', 'websocket'],
}

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  describe(`two people over ${name}`, () => {
    const server = serviceFor(...NO_LIMITS)
    const last = transports.at(-1)

    /** Where an upgrade is expected, the rest of the test runs after it. */
    const upgraded = async (user) => {
      const { engine } = user.socket.io
      if (engine.transport.name !== last) await new Promise((done) => engine.once('upgrade', done))
      assert.equal(engine.transport.name, last)
    }
    const pair = async (t) => {
      const both = await talk(t, server, { transports })
      await Promise.all([upgraded(both.a), upgraded(both.b)])
      return both
    }

    it('welcome names user, node and version, and whether this is a guest', LIMIT, async (t) => {
      const user = await join(t, server, { transports })
      const [welcome] = user.all('session:welcome')
      for (const field of ['userId', 'node', 'version']) assert.equal(typeof welcome[field], 'string', field)
      assert.equal(welcome.guest, true)
      assert.notEqual(welcome.userId, user.socket.id, 'the socket id is never shown')
    })

    it('join, join: acknowledgement before match_found on both sides', LIMIT, async (t) => {
      const [native, target] = languages()
      const a = await join(t, server, { transports })
      const b = await join(t, server, { transports })
      const order = { a: [], b: [] }
      a.socket.on('matching:match_found', () => order.a.push('match_found'))
      b.socket.on('matching:match_found', () => order.b.push('match_found'))
      const first = await queue(a, wish(native, target))
      order.a.push('ack')
      assert.equal(first.queuePosition, 1, 'the first of a language pair waits at position 1')
      assert.ok(first.estimatedWait >= 0 && first.estimatedWait <= 300)
      let second
      b.socket.emit('matching:join_queue', wish(target, native), (reply) => {
        order.b.push('ack')
        second = reply
      })
      const [forA, forB] = await matched(a, b)
      assert.deepEqual([second.success, second.queuePosition], [true, 0], 'matched at once: position 0')
      assert.deepEqual(order, { a: ['ack', 'match_found'], b: ['ack', 'match_found'] })
      const told = { proficiency_level: 'intermediate' }
      assert.deepEqual(forA.partner, { ...told, native_language: target, target_language: native })
      assert.deepEqual(forB.partner, { ...told, native_language: native, target_language: target })
      assert.equal(forA.stage, 0)
      assert.ok(new Date(forA.expiresAt).getTime() > Date.now() - 60_000, 'tells until when to accept')
    })

    it('accept, accept: match_accepted to the partner at once, match_ready to both', LIMIT, async (t) => {
      const [native, target] = languages()
      const a = await join(t, server, { transports })
      const b = await join(t, server, { transports })
      await queue(a, wish(native, target))
      await queue(b, wish(target, native))
      const [{ matchId, sessionId }] = await matched(a, b)
      await a.do('matching:accept_match', { matchId, sessionId })
      assert.deepEqual(await b.next('matching:match_accepted'), { matchId, sessionId, acceptedBy: a.id })
      assert.deepEqual(b.all('matching:match_ready'), [], 'not ready before both accepted')
      await b.do('matching:accept_match', { matchId, sessionId })
      for (const user of [a, b]) {
        const ready = await user.next('matching:match_ready')
        assert.deepEqual([ready.matchId, ready.sessionId], [matchId, sessionId])
      }
    })

    it('offer, answer, 20 candidates each: in order, once, with the sender\'s user id', LIMIT, async (t) => {
      const { a, b, sessionId } = await pair(t)
      const count = 20
      a.emit('webrtc:offer', { sessionId, offer: description('offer') })
      for (const n of range(count)) a.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
      assert.deepEqual(await b.next('webrtc:offer'), { sessionId, offer: description('offer'), from: a.id })
      b.emit('webrtc:answer', { sessionId, answer: description('answer') })
      for (const n of range(count)) b.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
      assert.deepEqual(await a.next('webrtc:answer'), { sessionId, answer: description('answer'), from: b.id })
      const reply = await a.ask('webrtc:connection_ready', { sessionId })
      assert.equal(reply.success, true, 'a signal sent with a callback is acknowledged')
      assert.deepEqual(await b.next('webrtc:connection_ready'), { sessionId, from: a.id })
      const expected = (from) => range(count).map((n) => ({ sessionId, candidate: candidate(n), from: from.id }))
      await a.take('webrtc:ice_candidate', count)
      await b.take('webrtc:ice_candidate', count)
      assert.deepEqual(a.all('webrtc:ice_candidate'), expected(b))
      assert.deepEqual(b.all('webrtc:ice_candidate'), expected(a))
      assert.deepEqual(a.all('webrtc:offer'), [], 'nothing comes back to its sender')
    })

    it('webrtc:signal with and without type: relayed as sent, plus from', LIMIT, async (t) => {
      const { a, b, sessionId } = await pair(t)
      a.emit('webrtc:signal', { sessionId, signal: { sdp: 'x', deep: [1, { ü: null }] }, type: 'offer' })
      a.emit('webrtc:signal', { sessionId, signal: 'text' })
      assert.deepEqual(await b.take('webrtc:signal', 2), [
        { sessionId, signal: { sdp: 'x', deep: [1, { ü: null }] }, type: 'offer', from: a.id },
        { sessionId, signal: 'text', from: a.id },
      ])
    })

    it('connection:quality: acknowledged, and the other side is told', LIMIT, async (t) => {
      const { a, b, sessionId } = await pair(t)
      await a.do('connection:quality', { sessionId, rtt_ms: 42, jitter_ms: 3, packets_lost: 1, bitrate_kbps: 900 })
      assert.equal((await b.next('connection:quality')).rtt_ms, 42)
    })

    it('chat: numbered, delivered once per clientMessageId, and to be asked for again', LIMIT, async (t) => {
      const { a, b, sessionId } = await pair(t)
      const first = await a.do('chat:send', { sessionId, content: 'hola', clientMessageId: 'm-1' })
      const again = await a.do('chat:send', { sessionId, content: 'hola', clientMessageId: 'm-1' })
      assert.equal(again.sequence, first.sequence, 'a repeated message keeps its number')
      const second = await b.do('chat:send', { sessionId, content: 'qué tal? 🙂' })
      assert.ok(second.sequence > first.sequence)
      const got = await b.next('chat:message')
      assert.deepEqual([got.sessionId, got.content, got.sequence], [sessionId, 'hola', first.sequence])
      assert.equal(got.from, a.id)
      assert.equal((await a.next('chat:message', { where: (m) => m.from === b.id })).content, 'qué tal? 🙂')
      const { messages } = await b.do('chat:sync', { sessionId, after: 0 })
      assert.deepEqual(messages.map((m) => [m.sequence, m.from, m.content]), [
        [first.sequence, a.id, 'hola'],
        [second.sequence, b.id, 'qué tal? 🙂'],
      ])
      const { messages: rest } = await b.do('chat:sync', { sessionId, after: first.sequence })
      assert.deepEqual(rest.map((m) => m.sequence), [second.sequence])
      assert.equal(b.all('chat:message').filter((m) => m.content === 'hola').length, 1)
    })

    it('session:leave: the peer is told, signals and chat end', LIMIT, async (t) => {
      const { a, b, sessionId } = await pair(t)
      await a.do('session:leave', { sessionId })
      assert.equal((await b.next('session:peer_left')).sessionId, sessionId)
      assert.equal((await a.ask('chat:send', { sessionId, content: 'too late' })).success, false)
      assert.equal((await a.ask('webrtc:signal', { sessionId, signal: 1 })).success, false)
      assert.deepEqual(b.all('chat:message'), [])
    })

    it('heartbeat and leave_queue take the callback alone, or null before it', LIMIT, async (t) => {
      const user = await join(t, server, { transports })
      for (const args of [[], [null], [{}]]) {
        const { timestamp } = await user.ask('heartbeat', ...args)
        assert.ok(Math.abs(timestamp - Date.now()) < 60_000, `milliseconds since 1970, not ${timestamp}`)
        assert.deepEqual(await user.ask('matching:leave_queue', ...args), { success: true })
      }
    })
  })
}

describe('the queue', () => {
  const server = serviceFor(...NO_LIMITS)

  it('rejected: both queued again, matched with others, never with each other', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [{ matchId }] = await matched(a, b)
    await a.do('matching:reject_match', { matchId })
    const told = await b.next('matching:match_rejected')
    assert.deepEqual([told.matchId, told.reason, told.requeued], [matchId, 'rejected', true])
    const c = await join(t, server)
    await queue(c, wish(target, native))
    await matched(a, c)
    const d = await join(t, server)
    await queue(d, wish(native, target))
    await matched(b, d)
    assert.equal(a.all('matching:match_found').length, 2)
    assert.equal(b.all('matching:match_found').length, 2)
  })

  it('the rejected one goes ahead of somebody who has waited longer', LIMIT, async (t) => {
    const [native, target] = languages()
    const patient = await join(t, server)
    const rejected = await join(t, server)
    const rejecter = await join(t, server)
    // The rejecter is too old for the patient one, so that these two never meet.
    await queue(patient, wish(target, native, { age_max: 30 }))
    await queue(rejected, wish(target, native))
    await queue(rejecter, wish(native, target, { age: 40 }))
    const [{ matchId }] = await matched(rejecter, rejected)
    await rejecter.do('matching:reject_match', { matchId })
    await rejected.next('matching:match_rejected')
    const newcomer = await join(t, server)
    await queue(newcomer, wish(native, target))
    await matched(rejected, newcomer)
    assert.deepEqual(patient.all('matching:match_found'), [])
  })

  it('an answer to a match that is over: Match no longer available.', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [{ matchId, sessionId }] = await matched(a, b)
    await a.do('matching:reject_match', { matchId })
    for (const [event, payload] of [
      ['matching:accept_match', { matchId, sessionId }],
      ['matching:reject_match', { matchId }],
      ['matching:accept_match', { matchId: 'nobody-knows-this', sessionId: 'nor-this' }],
    ]) {
      const reply = await b.ask(event, payload)
      assert.equal(reply.success, false)
      assert.equal(reply.error, 'Match no longer available.')
    }
  })

  it('leave_queue: never matched afterwards', LIMIT, async (t) => {
    const [native, target] = languages()
    const gone = await join(t, server)
    await queue(gone, wish(native, target))
    await gone.do('matching:leave_queue')
    const a = await join(t, server)
    const b = await join(t, server)
    assert.equal((await queue(a, wish(target, native))).queuePosition, 1)
    await queue(b, wish(native, target))
    await matched(a, b)
    assert.deepEqual(gone.all('matching:match_found'), [])
  })

  it('joining again replaces the earlier wish', LIMIT, async (t) => {
    const [native, target] = languages()
    const [other, third] = languages()
    const a = await join(t, server)
    await queue(a, wish(native, target))
    await queue(a, wish(other, third))
    const old = await join(t, server)
    await queue(old, wish(target, native))
    const now = await join(t, server)
    await queue(now, wish(third, other))
    await matched(a, now)
    assert.deepEqual(old.all('matching:match_found'), [], 'the first wish is gone')
  })

  it('joining again unchanged keeps the place', LIMIT, async (t) => {
    const [native, target] = languages()
    const first = await join(t, server)
    const second = await join(t, server)
    assert.equal((await queue(first, wish(native, target))).queuePosition, 1)
    assert.equal((await queue(second, wish(native, target))).queuePosition, 2)
    assert.equal((await queue(first, wish(native, target))).queuePosition, 1)
    const newcomer = await join(t, server)
    await queue(newcomer, wish(target, native))
    await matched(first, newcomer)
  })
})

describe('a match that nobody answers', () => {
  const server = serviceFor(...NO_LIMITS, ...acceptTimeout(1))

  it('expired: the one who accepted is queued again at once, the other is not', LIMIT, async (t) => {
    const [native, target] = languages()
    const willing = await join(t, server)
    const silent = await join(t, server)
    await queue(willing, wish(native, target))
    await queue(silent, wish(target, native))
    const [{ matchId, sessionId }] = await matched(willing, silent)
    await willing.do('matching:accept_match', { matchId, sessionId })
    const told = await willing.next('matching:match_rejected')
    assert.deepEqual([told.matchId, told.reason, told.requeued], [matchId, 'expired', true])
    const other = await silent.next('matching:match_rejected')
    assert.deepEqual([other.matchId, other.reason, other.requeued], [matchId, 'expired', false])
    assert.equal((await silent.ask('matching:accept_match', { matchId, sessionId })).error, 'Match no longer available.')
    const newcomer = await join(t, server)
    await queue(newcomer, wish(target, native))
    await matched(willing, newcomer)
  })
})

describe('namespaces', () => {
  const server = serviceFor(...NO_LIMITS)

  it('qala is spoken at its own namespace as at /: people of both meet', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server, { namespace: '/qala' })
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [forA, forB] = await matched(a, b)
    assert.deepEqual([forA.partnerId, forB.partnerId], [b.id, a.id])
  })

  it('a family that is not spoken has no namespace', { ...LIMIT, ...ONE_NODE }, async () => {
    const stranger = new User(server.url, { namespace: '/nobody' })
    assert.equal(await stranger.refused(), 'Invalid namespace')
    stranger.socket.disconnect()
  })
})
