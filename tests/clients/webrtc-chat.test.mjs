// The dialect webrtc-chat as its clients know it: an evening with strangers, and every row of its contract.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertNoSocketIds } from './support/bystanders.mjs'
import { join, newSecret, userOf } from './support/client.mjs'
import { candidate, description, queue, range, wish } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, Server, grace, serverFor, shutdownTimeout } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'
import { WEBRTC_CHAT, enter, fields, match, meet, searching, settled, welcomed } from './support/webrtc-chat.mjs'

/** What is kept for a peer that reconnects (contract). */
const KEPT = 50
const SEARCH_MS = 30_000

/** Takes a user's search back, so that nobody of a later test meets it. */
async function cancel(...users) {
  for (const user of users) {
    user.emit('cancel_match')
    await user.next('match_cancelled')
  }
}

/** The offer in the shape of deployed clients, and in that of the documentation. */
const OFFER = { sdp: description('offer') }
const FLAT_OFFER = description('offer')
const ANSWER = { sdp: description('answer') }
const CANDIDATE = { candidate: candidate(1) }
const FLAT_CANDIDATE = candidate(2)

describe('webrtc-chat: an evening', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS)

  it('connect, search, match, signal, write, reconnect in the middle, skip, meet somebody else, part', LIMIT, async (t) => {
    const returning = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 }
    const { a, b, roomId } = await match(t, server, returning)

    a.emit('webrtc_offer', OFFER)
    assert.deepEqual(await b.next('webrtc_offer'), OFFER)
    b.emit('webrtc_answer', ANSWER)
    assert.deepEqual(await a.next('webrtc_answer'), ANSWER)
    for (const n of range(5)) {
      a.emit('webrtc_ice_candidate', { candidate: candidate(n) })
      b.emit('webrtc_ice_candidate', candidate(n))
    }
    assert.deepEqual(await b.take('webrtc_ice_candidate', 5), range(5).map((n) => ({ candidate: candidate(n) })))
    assert.deepEqual(await a.take('webrtc_ice_candidate', 5), range(5).map(candidate))
    a.emit('connection_quality', { overall: 'good', rtt: 40, packetsLost: 0, bandwidth: 900 })
    assert.deepEqual(await a.ask('message', 'hello'), { success: true })
    assert.equal(await b.next('message'), 'hello')

    b.socket.io.engine.close()
    assert.deepEqual((await a.next('peer_away')).peerId, b.id)
    assert.deepEqual(await a.ask('message', 'are you there?'), { success: true })
    const resumed = await b.next('session_resumed')
    assert.deepEqual([resumed.state, resumed.roomId, resumed.peerId], ['talking', roomId, a.id])
    assert.equal(await b.next('message'), 'are you there?')
    await a.next('peer_back')
    assert.deepEqual(await b.ask('message', 'I am back'), { success: true })
    assert.equal(await a.next('message'), 'I am back')

    b.emit('skip')
    assert.equal((await a.next('peer_skipped')).reason, 'user_skip')
    await b.next('waiting')
    const c = await enter(t, server)
    c.emit('find_match')
    await meet(b, c)
    assert.deepEqual(await c.ask('message', 'good evening'), { success: true })
    assert.equal(await b.next('message'), 'good evening')
    c.close()
    assert.equal((await b.next('peer_disconnected')).peerId, c.id)
    for (const user of [a, b]) {
      assert.ok(user.socket.connected)
      assert.deepEqual([...user.all('error'), ...user.all('signaling_error'), ...user.all('message_error')], [])
    }
    assertNoSocketIds([a, b, c])
  })
})

describe('webrtc-chat: matching', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS)

  it('connected comes first of all, also before the answer to what was sent before it', LIMIT, async (t) => {
    const user = userOf(t, server)
    user.emit('validate_connection')
    user.emit('find_match')
    await user.connected()
    await welcomed(user)
    const valid = await user.next('connection_valid')
    fields(valid, 'socketId', 'timestamp', 'worker')
    assert.equal(valid.socketId, user.id)
    await user.next('waiting')
    assert.deepEqual(user.names().slice(0, 3), ['connected', 'connection_valid', 'waiting'])
    const connected = user.all('connected')[0]
    fields(connected, 'socketId', 'timestamp', 'serverInfo')
    fields(connected.serverInfo, 'worker', 'version')
    assert.notEqual(connected.socketId, user.connectionId, 'the public id is not the id of the connection')
    await cancel(user)
  })

  it('waiting tells place and estimate; match_found tells both, one of them the initiator', LIMIT, async (t) => {
    const a = await enter(t, server)
    const b = await enter(t, server)
    a.emit('find_match')
    const waiting = await a.next('waiting')
    fields(waiting, 'message', 'timestamp', 'queuePosition', 'estimatedWait')
    assert.equal(waiting.queuePosition, 1)
    assert.equal(typeof waiting.estimatedWait, 'number')
    b.emit('find_match')
    for (const found of await meet(a, b)) {
      fields(found, 'roomId', 'peerId', 'timestamp', 'matchType', 'matchQuality', 'initiator')
      assert.equal(found.matchType, 'webrtc_chat')
      assert.ok(Math.abs(found.timestamp - Date.now()) < 60_000, 'milliseconds since 1970')
    }
    await Promise.all([settled(a), settled(b)])
    assert.deepEqual([a, b].map((user) => user.all('match_found').length), [1, 1])
    assert.deepEqual(b.all('waiting'), [], 'who is matched at once does not wait')
  })

  it('two hundred search at once: each in exactly one match, both sides agree', LONG, async (t) => {
    const users = await Promise.all(range(200).map(() => enter(t, server)))
    for (const user of users) user.emit('find_match')
    const found = await Promise.all(users.map((user) => user.next('match_found')))
    const peers = new Map(users.map((user, n) => [user.id, found[n]]))
    for (const [id, { peerId, roomId }] of peers) {
      assert.equal(peers.get(peerId).peerId, id)
      assert.equal(peers.get(peerId).roomId, roomId)
    }
    await Promise.all(users.map(settled))
    assert.ok(users.every((user) => user.all('match_found').length === 1))
  })

  it('cancel_match: match_cancelled, and never matched afterwards', LIMIT, async (t) => {
    const gone = await enter(t, server)
    gone.emit('find_match')
    await gone.next('waiting')
    gone.emit('cancel_match')
    fields(await gone.next('match_cancelled'), 'timestamp')
    await match(t, server)
    await settled(gone)
    assert.deepEqual(gone.all('match_found'), [])
  })

  it('find_match again, searching or in a match: error duplicate_request, and nothing else changes', LIMIT, async (t) => {
    const first = await enter(t, server)
    first.emit('find_match')
    await first.next('waiting')
    first.emit('find_match')
    const error = await first.next('error')
    fields(error, 'type', 'message')
    assert.equal(error.type, 'duplicate_request')
    const other = await enter(t, server)
    other.emit('find_match')
    await meet(first, other)
    other.emit('find_match')
    assert.equal((await other.next('error')).type, 'duplicate_request')
    assert.deepEqual(await other.ask('message', 'still here'), { success: true })
    assert.equal(await first.next('message'), 'still here')
  })

  it('skip: the peer is told, the one who skipped waits; the two do not meet again, but others', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    a.emit('skip')
    fields(await b.next('peer_skipped'), 'reason', 'timestamp')
    await searching(a)
    b.emit('find_match')
    await searching(b)
    await Promise.all([settled(a), settled(b)])
    assert.deepEqual([a, b].map((user) => user.all('match_found').length), [1, 1], 'no rematch within five minutes')
    const c = await enter(t, server)
    c.emit('find_match')
    await meet(a, c)
    const d = await enter(t, server)
    d.emit('find_match')
    await meet(b, d)
    assert.deepEqual(a.all('peer_disconnected'), [])
  })

  it('match_timeout after 30 s, and a search after it finds somebody', LONG, async (t) => {
    const user = await enter(t, server)
    const began = performance.now()
    user.emit('find_match')
    await user.next('waiting')
    const timeout = await user.next('match_timeout', { ms: 2 * SEARCH_MS })
    assert.ok(performance.now() - began >= SEARCH_MS - 1_000, 'not before its time')
    fields(timeout, 'message', 'timestamp', 'canRetry')
    assert.equal(timeout.canRetry, true)
    user.emit('find_match')
    await user.next('waiting')
    const other = await enter(t, server)
    other.emit('find_match')
    await meet(user, other)
  })
})

describe('webrtc-chat: in a match', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS)

  it('offers, answers and candidates in both shapes arrive as sent, in order', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    const extra = { ...OFFER, targetPeerId: b.id, nested: [{ deep: null }] }
    for (const offer of [OFFER, FLAT_OFFER, extra]) {
      a.emit('webrtc_offer', offer)
      assert.deepEqual(await b.next('webrtc_offer'), offer)
    }
    for (const answer of [ANSWER, description('answer')]) {
      b.emit('webrtc_answer', answer)
      assert.deepEqual(await a.next('webrtc_answer'), answer)
    }
    const sent = range(40).map((n) => (n % 2 ? candidate(n) : { candidate: candidate(n) }))
    for (const one of sent) a.emit('webrtc_ice_candidate', one)
    assert.deepEqual(await b.take('webrtc_ice_candidate', sent.length), sent)
    assert.deepEqual(a.all('signaling_error'), [])
  })

  it('invalid candidates are dropped without a word', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const wrong of [undefined, null, 1, 'x', [], {}, { candidate: 5 }, { candidate: { sdpMid: '0' } },
      { candidate: { candidate: 'c', sdpMid: 7 } }, { candidate: 'c', sdpMLineIndex: 'first' }]) {
      a.emit('webrtc_ice_candidate', wrong)
    }
    a.emit('webrtc_ice_candidate', FLAT_CANDIDATE)
    assert.deepEqual(await b.next('webrtc_ice_candidate'), FLAT_CANDIDATE)
    await settled(a)
    assert.deepEqual(b.all('webrtc_ice_candidate'), [FLAT_CANDIDATE])
    assert.deepEqual(a.names().filter((name) => name.endsWith('error')), [])
  })

  it('signaling_error: invalid_data in a match, no_active_match outside one', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const wrong of [undefined, null, 'sdp', {}, { sdp: 5 }, { sdp: 'v=0' }, { sdp: { type: 'offer' } }]) {
      a.emit('webrtc_offer', wrong)
      const error = await a.next('signaling_error')
      fields(error, 'type', 'error', 'message')
      assert.deepEqual([error.type, error.error], ['webrtc_offer', 'invalid_data'], JSON.stringify(wrong))
    }
    const lone = await enter(t, server)
    for (const [event, signal] of [['webrtc_offer', OFFER], ['webrtc_answer', ANSWER], ['webrtc_ice_candidate', CANDIDATE]]) {
      lone.emit(event, signal)
      const error = await lone.next('signaling_error')
      assert.deepEqual([error.type, error.error], [event, 'no_active_match'])
    }
    await settled(b)
    assert.deepEqual(b.names().filter((name) => name.startsWith('webrtc_')), [])
  })

  it('message: a string, markup stripped, acknowledged', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    const longest = '🙂'.repeat(1_000)
    for (const [sent, heard] of [
      ['hello', 'hello'],
      ['I <3 you & 1 < 2', 'I <3 you & 1 < 2'],
      ['<b>bold</b><script>alert(1)</script>', 'boldalert(1)'],
      ['<<b>script>alert(1)', 'alert(1)'],
      ['look <img src=x onerror=alert(1)', 'look '],
      [longest, longest],
    ]) {
      assert.deepEqual(await a.ask('message', sent), { success: true })
      assert.equal(await b.next('message'), heard)
    }
    a.emit('message', 'without a callback')
    assert.equal(await b.next('message'), 'without a callback')
    assert.deepEqual(a.all('message'), [], 'who writes does not hear it')
  })

  it('message refused: invalid_message, and success false outside a match', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const wrong of ['', '   ', '<b></b>', 'x'.repeat(1_001), 5, null, true, {}, ['hello']]) {
      assert.deepEqual(await a.ask('message', wrong), { error: 'invalid_message' }, JSON.stringify(wrong))
      const error = await a.next('message_error')
      fields(error, 'error', 'message')
      assert.equal(error.error, 'invalid_message')
    }
    assert.deepEqual(await a.ask('message'), { error: 'invalid_message' })
    const lone = await enter(t, server)
    assert.deepEqual(await lone.ask('message', 'anybody?'), { success: false })
    assert.equal((await lone.next('message_error')).error, 'no_active_match')
    await settled(b)
    assert.deepEqual(b.all('message'), [])
  })

  it('ping is answered by pong, validate_connection by connection_valid', LIMIT, async (t) => {
    const user = await enter(t, server)
    user.emit('ping', { anything: true })
    const pong = await user.next('pong')
    fields(pong, 'timestamp', 'serverTime', 'worker')
    assert.ok(Math.abs(pong.serverTime - Date.now()) < 60_000)
    assert.equal(pong.worker, user.all('connected')[0].serverInfo.worker)
    user.emit('validate_connection')
    assert.equal((await user.next('connection_valid')).socketId, user.id)
  })

  it('connection_quality: taken in silence, error invalid_data where it is none', LIMIT, async (t) => {
    const user = await enter(t, server)
    user.emit('connection_quality', { overall: 'poor', rtt: 12.5 })
    user.emit('connection_quality', { rtt: 0, packetsLost: -1, bandwidth: 10, overall: 3 })
    await settled(user)
    assert.deepEqual(user.all('error'), [])
    for (const wrong of [undefined, null, {}, { rtt: '5' }, { rtt: -1 }, { rtt: 1, bandwidth: 'much' }]) {
      user.emit('connection_quality', wrong)
      assert.equal((await user.next('error')).type, 'invalid_data', JSON.stringify(wrong))
    }
  })

  it('webrtc_error, whatever is in it, is counted', LIMIT, async (t) => {
    const user = await enter(t, server)
    const before = await server.counter('calls_failed')
    for (const anything of [undefined, 'ice failed', { error: { deep: [1] } }, null]) user.emit('webrtc_error', anything)
    await settled(user)
    assert.equal((await server.counter('calls_failed')) - before, 4)
    assert.deepEqual(user.all('error'), [])
  })
})

describe('webrtc-chat: coming and going', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS)

  it(`${KEPT} messages and ${KEPT} candidates sent to a peer that reconnects arrive, in order, each once`, LIMIT, async (t) => {
    const { a, b, roomId } = await match(t, server)
    await a.ask('message', 'before')
    await b.next('message')
    await b.drop()
    const away = await a.next('peer_away')
    fields(away, 'peerId', 'timestamp', 'roomId', 'gracePeriod')
    for (const n of range(KEPT)) {
      assert.deepEqual(await a.ask('message', String(n)), { success: true })
      a.emit('webrtc_ice_candidate', candidate(n))
    }
    await settled(a)
    await b.connected()
    await welcomed(b)
    const resumed = await b.next('session_resumed')
    fields(resumed, 'state', 'roomId', 'peerId', 'initiator')
    assert.deepEqual([resumed.state, resumed.roomId], ['talking', roomId])
    assert.deepEqual(await b.take('webrtc_ice_candidate', KEPT), range(KEPT).map(candidate))
    assert.deepEqual(await b.take('message', KEPT), range(KEPT).map(String))
    fields(await a.next('peer_back'), 'peerId', 'timestamp', 'roomId')
    await a.ask('message', 'after')
    assert.equal(await b.next('message'), 'after')
    assert.equal(b.all('message').length, KEPT + 2)
    assert.deepEqual(a.all('peer_disconnected'), [])
  })

  it('searching and back: the search goes on', LIMIT, async (t) => {
    const user = await enter(t, server)
    user.emit('find_match')
    await user.next('waiting')
    await user.drop()
    await user.connected()
    await welcomed(user)
    assert.deepEqual(await user.next('session_resumed'), { state: 'waiting' })
    const other = await enter(t, server)
    other.emit('find_match')
    await meet(user, other)
  })

  it('peer_disconnected at once when the peer says good-bye', LIMIT, async (t) => {
    const { a, b, roomId } = await match(t, server)
    b.close()
    const gone = await a.next('peer_disconnected')
    fields(gone, 'peerId', 'reason', 'timestamp', 'roomId')
    assert.deepEqual([gone.peerId, gone.reason, gone.roomId], [b.id, 'left', roomId])
    assert.deepEqual(a.all('peer_away'), [])
    const other = await enter(t, server)
    other.emit('find_match')
    await other.next('waiting')
    a.emit('find_match')
    await meet(a, other)
  })

  it('a second connection of the same guest takes over, the first is told replaced', LIMIT, async (t) => {
    const guest = newSecret()
    const first = await enter(t, server, { guest })
    const second = await enter(t, server, { guest })
    fields(await first.next('replaced'), 'message')
    await first.disconnected()
    assert.equal(second.id, first.id)
  })
})

describe('webrtc-chat: a grace period of one second', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS, ...grace(1))

  it('peer_disconnected when the peer does not come back', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    await b.drop()
    await a.next('peer_away')
    const gone = await a.next('peer_disconnected')
    assert.deepEqual([gone.peerId, gone.reason], [b.id, 'disconnected'])
    assert.deepEqual(await a.ask('message', 'anyone?'), { success: false })
  })
})

describe('webrtc-chat: limits per minute', () => {
  const server = serviceFor(...WEBRTC_CHAT)

  it('100 signals in a second on top of as many: rate_limited, and the connection stays', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const n of range(300)) a.emit('webrtc_ice_candidate', candidate(n))
    const limited = await a.next('rate_limited')
    fields(limited, 'type', 'message', 'retryAfter')
    assert.equal(limited.type, 'signaling')
    assert.ok(limited.retryAfter > 0 && limited.retryAfter <= 60_000)
    // Another budget: when it is acknowledged, all signals before it have been handled.
    assert.deepEqual(await a.ask('message', 'still here'), { success: true })
    assert.equal(await b.next('message'), 'still here')
    const heard = b.all('webrtc_ice_candidate')
    assert.deepEqual(heard.slice(0, 100), range(100).map(candidate), 'the first hundred, as sent')
    assert.ok(heard.length < 300)
    assert.ok(a.all('rate_limited').length < 100, 'told now and then, not each time')
    assert.ok(a.socket.connected && b.socket.connected)
  })

  it('matchmaking: ten, then rate_limited', LIMIT, async (t) => {
    const user = await enter(t, server)
    for (const n of range(5)) {
      user.emit('find_match')
      await user.next('waiting')
      await cancel(user)
      assert.deepEqual(user.all('rate_limited'), [], `round ${n}`)
    }
    user.emit('find_match')
    const limited = await user.next('rate_limited')
    assert.equal(limited.type, 'matchmaking')
    assert.ok(limited.retryAfter > 0 && limited.retryAfter <= 6_000)
    assert.ok(user.socket.connected)
  })

  it('messages: thirty, then error rate_limited in the acknowledgement and type messaging', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    const replies = await Promise.all(range(31).map((n) => a.ask('message', String(n))))
    assert.deepEqual(replies.slice(0, 30), Array(30).fill({ success: true }))
    const { retryAfter, ...refused } = replies[30]
    assert.deepEqual(refused, { error: 'rate_limited' })
    assert.ok(retryAfter > 0)
    assert.equal((await a.next('rate_limited')).type, 'messaging')
    assert.deepEqual(await b.take('message', 30), range(30).map(String))
  })
})

describe('webrtc-chat: bad inputs', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS)
  const EVENTS = ['find_match', 'cancel_match', 'skip', 'webrtc_offer', 'webrtc_answer', 'webrtc_ice_candidate', 'message',
    'connection_quality', 'ping', 'validate_connection', 'webrtc_error', 'nonsense', '__proto__', '']
  const WRONG = [[], [null], [0], [-1.5], [true], [''], ['\u0000'], ['x'.repeat(40_000)], [[]], [{}], [{ a: [{}] }],
    [{ sdp: null }], [{ candidate: {} }], [Buffer.from('x')], [{ sdp: Buffer.alloc(9) }], [1, 'two', [3], { four: 4 }, null]]

  it('every wrong payload of every event: one acknowledgement each, and others notice nothing', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const event of EVENTS) {
      const user = await enter(t, server)
      for (const args of WRONG) {
        user.emit(event, ...args)
        const reply = await user.ask(event, ...args)
        assert.ok('success' in reply || 'error' in reply, `${event} ${JSON.stringify(reply)}`)
      }
      for (const [id, times] of user.acks) assert.equal(times, 1, `acknowledgement ${id} came ${times} times`)
      assert.ok(user.socket.connected, event)
      await cancel(user)
      user.close()
    }
    assert.deepEqual(await a.ask('message', 'undisturbed'), { success: true })
    assert.equal(await b.next('message'), 'undisturbed')
    for (const user of [a, b]) assert.equal(user.all('match_found').length, 1)
    await server.assertAlive()
  })
})

describe('webrtc-chat: beside another dialect', ONE_NODE, () => {
  const server = serverFor('--dialects', 'qala,webrtc-chat', ...NO_LIMITS)

  it('is spoken at its namespace, and its people meet nobody of the other', LIMIT, async (t) => {
    const learner = await join(t, server)
    await queue(learner, wish('en', 'es'))
    const { a, b } = await match(t, server, { namespace: '/webrtc-chat' })
    assert.deepEqual(await a.ask('message', 'hello'), { success: true })
    assert.equal(await b.next('message'), 'hello')
    await learner.settled()
    assert.deepEqual(learner.all('matching:match_found'), [])
  })
})

describe('webrtc-chat: the end of the server', ONE_NODE, () => {
  it('server_shutdown is told before the connection is closed', LIMIT, async (t) => {
    const server = new Server([...WEBRTC_CHAT, ...shutdownTimeout(2)])
    await server.start()
    try {
      const user = await enter(t, server)
      const gone = user.disconnected()
      const stopped = server.stop()
      const told = await user.next('server_shutdown')
      fields(told, 'message', 'timestamp', 'gracePeriod')
      await gone
      assert.equal((await stopped).code, 0)
    } finally {
      await server.finish()
    }
  })
})
