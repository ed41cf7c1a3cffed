// Nothing that a client sends stops the server, stays unanswered where an answer was asked for, or reaches
// somebody else. Well-formed Socket.IO here; broken packets are in protocol.test.mjs.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertNoSocketIds, bystanders } from './support/bystanders.mjs'
import { join } from './support/client.mjs'
import { accept, languages, matched, queue, talk, wish } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, bounded } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

const ID = 'a0000000-0000-4000-8000-000000000000'

/** A well-formed payload per event; `undefined` where the event has none. */
const VALID = {
  'matching:join_queue': wish('en', 'es', { age_min: 18, age_max: 99, gender_preference: 'any', strict: ['age'] }),
  'matching:leave_queue': undefined,
  'matching:accept_match': { matchId: ID, sessionId: ID },
  'matching:reject_match': { matchId: ID },
  'webrtc:offer': { sessionId: ID, offer: { type: 'offer', sdp: 'v=0' } },
  'webrtc:answer': { sessionId: ID, answer: { type: 'answer', sdp: 'v=0' } },
  'webrtc:ice_candidate': { sessionId: ID, candidate: { candidate: '' } },
  'webrtc:connection_ready': { sessionId: ID },
  'webrtc:signal': { sessionId: ID, signal: {}, type: 'offer' },
  heartbeat: undefined,
  'connection:quality': { sessionId: ID, rtt_ms: 10, jitter_ms: 1, packets_lost: 0, bitrate_kbps: 500 },
  'chat:send': { sessionId: ID, content: 'hi', clientMessageId: 'm-1' },
  'chat:sync': { sessionId: ID, after: 0 },
  'session:leave': { sessionId: ID },
  'safety:block': { userId: 'somebody' },
  'safety:report': { sessionId: ID, reason: 'spam' },
}
const EVENTS = Object.keys(VALID)
/** Events whose payload does not matter, and what they always answer. */
const ALWAYS = {
  'matching:leave_queue': (reply) => assert.deepEqual(reply, { success: true }),
  heartbeat: (reply) => assert.equal(typeof reply.timestamp, 'number'),
}
/** Fields without which the payload is still right. */
const OPTIONAL = ['age_min', 'age_max', 'gender', 'gender_preference', 'strict', 'type', 'clientMessageId', 'jitter_ms',
  'packets_lost', 'bitrate_kbps']
/** Fields that are passed on unread: any value is right. */
const OPAQUE = ['offer', 'answer', 'candidate', 'signal', 'type']

const nested = (depth) => {
  let value = 1
  for (let n = 0; n < depth; n += 1) value = n % 2 ? [value] : { a: value }
  return value
}

const WRONG = [
  null, 0, -1, 1.5, 1e300, true, '', 'x', '\u0000', 'x'.repeat(60_000),
  [], [1, 'a', null], {}, { a: { b: [{}] } }, nested(200),
]

/** Argument lists that are wrong for the event, each with a name. */
function* wrongArguments(event) {
  yield ['no argument', []]
  for (const value of WRONG) yield [`argument ${JSON.stringify(value).slice(0, 20)}`, [value]]
  const valid = VALID[event]
  if (!valid) return
  const optional = event === 'connection:quality' ? [...OPTIONAL, 'sessionId'] : OPTIONAL
  for (const field of Object.keys(valid)) {
    if (!optional.includes(field)) {
      const { [field]: _, ...rest } = valid
      yield [`without ${field}`, [rest]]
    }
    if (OPAQUE.includes(field)) continue
    for (const value of [true, { a: 1 }, [[]], -7.5, 'x'.repeat(1_500)]) {
      yield [`${field}: ${JSON.stringify(value).slice(0, 20)}`, [{ ...valid, [field]: value }]]
    }
  }
}

function assertRefusal(reply, what) {
  assert.equal(reply?.success, false, `${what}: ${JSON.stringify(reply)}`)
  assert.equal(typeof reply.error, 'string', `${what}: ${JSON.stringify(reply)}`)
  assert.equal(typeof reply.code, 'string', `${what}: ${JSON.stringify(reply)}`)
}

describe('wrong payloads', () => {
  const server = serviceFor(...NO_LIMITS)

  for (const event of EVENTS) {
    it(`${event}: every wrong payload gets one acknowledgement, with error and code`, LONG, async (t) => {
      const others = await bystanders(t, server)
      const user = await join(t, server)
      for (const [what, args] of wrongArguments(event)) {
        user.emit(event, ...args)
        const reply = await user.ask(event, ...args)
        if (ALWAYS[event]) ALWAYS[event](reply)
        else assertRefusal(reply, what)
      }
      await user.settled()
      for (const [id, times] of user.acks) assert.equal(times, 1, `acknowledgement ${id} came ${times} times`)
      assert.deepEqual(user.all('matching:match_found'), [])
      await others.check()
      await server.assertAlive()
    })
  }

  it('too many arguments: one acknowledgement each', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const user = await join(t, server)
    for (const event of EVENTS) {
      const args = [VALID[event] ?? null, 1, 'two', [3], { four: 4 }, null]
      const reply = await user.ask(event, ...args)
      assert.equal(typeof reply, 'object', `${event}: ${JSON.stringify(reply)}`)
      assert.ok('success' in reply || 'timestamp' in reply, `${event}: ${JSON.stringify(reply)}`)
    }
    await user.do('matching:leave_queue')
    for (const times of user.acks.values()) assert.equal(times, 1)
    await others.check()
  })

  it('values out of range in join_queue: code invalid and the field', LIMIT, async (t) => {
    const user = await join(t, server)
    for (const [field, value] of [
      ['native_language', 'english'], ['native_language', 'e'], ['native_language', 'en_US'], ['target_language', 'es-'],
      ['age', 12], ['age', 121], ['age', '25'], ['age', 25.5], ['age', -1], ['age', 1e99],
      ['gender', 'x'.repeat(65)], ['gender', 'robot'], ['proficiency_level', 'fluent'], ['proficiency_level', ''],
      ['strict', ['everything']], ['strict', 'age'],
    ]) {
      const reply = await user.ask('matching:join_queue', wish('en', 'es', { [field]: value }))
      assertRefusal(reply, `${field} ${value}`)
      assert.deepEqual([reply.code, reply.field], ['invalid', field], JSON.stringify(reply))
    }
    const reply = await user.ask('matching:join_queue', wish('en', 'es', { age_min: 40, age_max: 30 }))
    assert.equal(reply.code, 'invalid', 'age_min above age_max')
    const late = await join(t, server)
    assert.equal((await queue(late, wish('es', 'en'))).queuePosition, 1, 'none of these was queued')
    assert.deepEqual(late.all('matching:match_found'), [])
  })

  it('1,000 characters of chat arrive, 1,001 are refused', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const longest = '🙂'.repeat(1_000)
    await a.do('chat:send', { sessionId, content: longest })
    assert.equal((await b.next('chat:message')).content, longest)
    assertRefusal(await a.ask('chat:send', { sessionId, content: 'x'.repeat(1_001) }), '1,001 characters')
    assertRefusal(await a.ask('chat:send', { sessionId, content: '' }), 'nothing')
  })

  it('a 70 kB string in every event: an error or a closed connection, for its sender alone', LONG, async (t) => {
    const others = await bystanders(t, server)
    for (const event of EVENTS) {
      const user = await join(t, server)
      const valid = VALID[event]
      const text = 'x'.repeat(70_000)
      const gone = new Promise((done) => user.socket.once('disconnect', () => done('closed')))
      const payload = valid ? { ...valid, [Object.keys(valid).at(-1)]: text } : text
      const acked = new Promise((done) => user.socket.emit(event, payload, done))
      const outcome = await bounded(Promise.race([gone, acked]), 10_000, () => `${event}: neither answer nor end`)
      if (outcome !== 'closed' && !ALWAYS[event]) assertRefusal(outcome, event)
    }
    await others.check()
    await server.assertAlive()
  })

  it('unknown events: refused where a callback asks, ignored otherwise', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const user = await join(t, server)
    const unknown = ['nonsense', '', '__proto__', 'message', 'matching:match_found', 'HEARTBEAT', 'x'.repeat(5_000)]
    for (const event of unknown) {
      user.emit(event, { sessionId: others.sessionId })
      assertRefusal(await user.ask(event, { sessionId: others.sessionId }), event)
    }
    await user.settled()
    await others.check()
  })

  it('binary attachments: refused where a callback asks, delivered to nobody', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const { a, b, sessionId } = await talk(t, server)
    for (const [event, payload] of [
      ['chat:send', { sessionId, content: Buffer.from('abc') }],
      ['webrtc:signal', { sessionId, signal: Buffer.alloc(1_000) }],
      ['matching:join_queue', Buffer.from('x')],
      ['nonsense', Buffer.from('x')],
    ]) {
      a.emit(event, payload)
      assertRefusal(await a.ask(event, payload), event)
    }
    await a.do('chat:send', { sessionId, content: 'text goes on' })
    await b.next('chat:message')
    assert.deepEqual(b.all('chat:message').map((m) => m.content), ['text goes on'])
    assert.deepEqual(b.all('webrtc:signal'), [])
    await others.check()
  })
})

describe('other people\'s things', () => {
  const server = serviceFor(...NO_LIMITS)

  it('signals, chat and leaving with a stranger\'s session id: refused, and nobody notices', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const lone = await join(t, server)
    const { a: talking } = await talk(t, server)
    for (const intruder of [lone, talking]) {
      for (const event of EVENTS.filter((e) => VALID[e]?.sessionId && !e.startsWith('matching:'))) {
        const payload = { ...VALID[event], sessionId: others.sessionId }
        intruder.emit(event, payload)
        assertRefusal(await intruder.ask(event, payload), event)
      }
    }
    await others.check()
  })

  it('a stranger\'s match id: neither accepted nor rejected by a third', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    const third = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [found] = await matched(a, b)
    const { matchId, sessionId } = found
    for (const event of ['matching:accept_match', 'matching:reject_match']) {
      assert.equal((await third.ask(event, { matchId, sessionId })).error, 'Match no longer available.')
    }
    await accept(a, b, found)
    assert.equal((await third.ask('chat:send', { sessionId, content: 'me too' })).success, false)
    assert.deepEqual(a.all('matching:match_rejected'), [])
  })

  it('signals before both accepted: refused, not delivered', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [found] = await matched(a, b)
    await a.do('matching:accept_match', found)
    assertRefusal(await a.ask('webrtc:signal', { sessionId: found.sessionId, signal: 'early' }), 'early')
    await b.do('matching:accept_match', found)
    await b.next('matching:match_ready')
    assert.deepEqual(b.all('webrtc:signal'), [])
  })

  it('connection ids and secrets never appear in what another user receives', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    for (const [from, to] of [[a, b], [b, a]]) {
      for (const event of EVENTS.filter((e) => e.startsWith('webrtc:'))) {
        from.emit(event, { ...VALID[event], sessionId })
        await to.next(event)
      }
      await from.do('connection:quality', { sessionId, rtt_ms: 5 })
      await from.do('chat:send', { sessionId, content: 'hello' })
      await to.next('chat:message')
    }
    await b.drop()
    await a.next('session:peer_away')
    const back = await join(t, server, { guest: b.guest })
    await a.next('session:peer_back')
    await back.do('session:leave', { sessionId })
    await a.next('session:peer_left')
    assert.ok(a.wire.length > 10 && b.wire.length > 10, 'the wires were listened to')
    assertNoSocketIds([a, b])
    assertNoSocketIds([a, back])
  })
})
