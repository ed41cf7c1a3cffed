// What broke in the five systems when they were run, one named test per finding, as the dialect qala would show it.
// five-systems-dialects.test.mjs has those of other families in their own words; contract-rows.mjs names what is missing.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bystanders } from './support/bystanders.mjs'
import { join, joinMany } from './support/client.mjs'
import { languages, matched, queue, range, talk, wish } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, acceptTimeout, grace, stages } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

const EVENTS = [
  'matching:join_queue', 'matching:leave_queue', 'matching:accept_match', 'matching:reject_match',
  'webrtc:offer', 'webrtc:answer', 'webrtc:ice_candidate', 'webrtc:connection_ready', 'webrtc:signal',
  'heartbeat', 'connection:quality', 'chat:send', 'chat:sync', 'session:leave',
  'message:send', 'send-message', 'message', 'typing:start',
]
const CROWD = 800

describe('one client ended the whole process', () => {
  const server = serviceFor(...NO_LIMITS)

  it('one event without a callback, without an object, with a number: the server lives', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const user = await join(t, server)
    for (const event of EVENTS) {
      for (const args of [[], [undefined], [null], [7], ['text'], [[]]]) user.emit(event, ...args)
    }
    await user.settled()
    await others.check()
    await server.assertAlive()
  })
})

describe('matched more than once, or lost', () => {
  // Nobody answers here: a proposal must not run out before everybody has one.
  const server = serviceFor(...NO_LIMITS, ...acceptTimeout(120))

  it(`${CROWD} guests join at once: each in exactly one match, both sides agree`, LONG, async (t) => {
    const users = await joinMany(t, server, CROWD)
    const [native, target] = languages()
    await Promise.all(users.map((user, n) => queue(user, n % 2 ? wish(native, target) : wish(target, native))))
    await Promise.all(users.map((user) => user.next('matching:match_found', { ms: 30_000 })))
    await Promise.all(users.map((user) => user.settled()))
    const byId = new Map(users.map((user, n) => [user.id, { user, side: n % 2 }]))
    assert.equal(byId.size, CROWD, 'every guest is somebody else')
    const sessions = new Map()
    for (const { user, side } of byId.values()) {
      const found = user.all('matching:match_found')
      assert.equal(found.length, 1, `${user.id} was matched ${found.length} times`)
      const [match] = found
      const partner = byId.get(match.partnerId)
      assert.notEqual(partner.side, side, 'matched crosswise')
      const [theirs] = partner.user.all('matching:match_found')
      assert.deepEqual([theirs.partnerId, theirs.matchId, theirs.sessionId], [user.id, match.matchId, match.sessionId])
      sessions.set(match.sessionId, (sessions.get(match.sessionId) ?? 0) + 1)
    }
    assert.equal(sessions.size, CROWD / 2)
    assert.ok([...sessions.values()].every((members) => members === 2))
  })

  it('half of them: the waiting ones are all still there for those who come', LONG, async (t) => {
    const count = 100
    const [native, target] = languages()
    const waiting = await joinMany(t, server, count)
    await Promise.all(waiting.map((user) => queue(user, wish(native, target))))
    const coming = await joinMany(t, server, count)
    await Promise.all(coming.map((user) => queue(user, wish(target, native))))
    const found = await Promise.all([...waiting, ...coming].map((user) => user.next('matching:match_found')))
    assert.equal(new Set(found.map((match) => match.matchId)).size, count)
  })
})

describe('qala family', () => {
  const server = serviceFor(...NO_LIMITS, ...stages(0, 1, 2, 3, 4))

  it('accepting the match id that was sent succeeds', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [{ matchId, sessionId }, forB] = await matched(a, b)
    const theirs = { matchId: forB.matchId, sessionId: forB.sessionId }
    assert.deepEqual(await a.ask('matching:accept_match', { matchId, sessionId }), { success: true })
    assert.deepEqual(await b.ask('matching:accept_match', theirs), { success: true })
    await Promise.all([a, b].map((user) => user.next('matching:match_ready')))
  })

  it('the first acceptance is seen by the partner who has not accepted yet', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [{ matchId, sessionId }] = await matched(a, b)
    await b.do('matching:accept_match', { matchId, sessionId })
    assert.equal((await a.next('matching:match_accepted')).acceptedBy, b.id)
  })

  it('the ladder is not run through on joining, and goes on for those who wait', LIMIT, async (t) => {
    const [native, target] = languages()
    const picky = await join(t, server)
    const beginner = await join(t, server)
    await queue(picky, wish(native, target))
    await queue(beginner, wish(target, native, { proficiency_level: 'beginner' }))
    await Promise.all([picky.settled(), beginner.settled()])
    assert.deepEqual(picky.all('matching:match_found'), [], 'not relaxed at once')
    const [found] = await matched(picky, beginner)
    assert.equal(found.stage, 1, 'relaxed by waiting')
  })

  it('a ticket queued again with priority is removed by leave_queue', LIMIT, async (t) => {
    const [native, target] = languages()
    const rejected = await join(t, server)
    const rejecter = await join(t, server)
    await queue(rejected, wish(native, target))
    await queue(rejecter, wish(target, native))
    const [{ matchId }] = await matched(rejected, rejecter)
    await rejecter.do('matching:reject_match', { matchId })
    assert.equal((await rejected.next('matching:match_rejected')).requeued, true)
    await rejected.do('matching:leave_queue')
    await rejecter.do('matching:leave_queue')
    const one = await join(t, server)
    const other = await join(t, server)
    await queue(one, wish(target, native))
    await queue(other, wish(native, target))
    await matched(one, other)
    assert.equal(rejected.all('matching:match_found').length, 1)
    assert.equal(rejecter.all('matching:match_found').length, 1)
  })
})

describe('sorsu family', () => {
  const server = serviceFor(...NO_LIMITS, ...stages(0, 1, 2, 3, 4))

  it('match_found is not repeated by a timer', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    // The clock: two others who meet at stage 4 only.
    const [native, target] = languages()
    const clock = await join(t, server)
    const hand = await join(t, server)
    await queue(clock, wish(native, target, { age_max: 30 }))
    await queue(hand, wish(target, native, { age: 70 }))
    await matched(clock, hand)
    for (const user of [a, b]) {
      await user.settled()
      assert.equal(user.all('matching:match_found').length, 1)
      assert.equal(user.all('matching:match_ready').length, 1)
    }
  })

  it('both sides speak: neither stalls, each sees the other\'s messages in rising numbers', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const turns = 20
    for (const n of range(turns)) {
      for (const [from, to] of [[a, b], [b, a]]) {
        await from.do('chat:send', { sessionId, content: `${n}` })
        assert.equal((await to.next('chat:message', { where: (m) => m.from === from.id })).content, `${n}`)
      }
    }
    const { messages } = await a.do('chat:sync', { sessionId, after: 0 })
    assert.equal(messages.length, 2 * turns)
    const rising = messages.map((m) => m.sequence)
    assert.deepEqual(rising, [...new Set(rising)].sort((x, y) => x - y))
  })
})

describe('animochat family', () => {
  const server = serviceFor(...NO_LIMITS)

  it('cancelling stops the search', LIMIT, async (t) => {
    const [native, target] = languages()
    const gone = await join(t, server)
    gone.emit('matching:join_queue', wish(native, target))
    await gone.do('matching:leave_queue')
    const one = await join(t, server)
    const other = await join(t, server)
    await queue(one, wish(target, native))
    await queue(other, wish(native, target))
    await matched(one, other)
    assert.deepEqual(gone.all('matching:match_found'), [])
  })

  it('nobody writes into a room by its id alone', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const stranger = await join(t, server)
    const { sessionId } = others
    for (const [event, payload] of [
      ['chat:send', { sessionId, content: 'guess who' }],
      ['chat:sync', { sessionId, after: 0 }],
      ['webrtc:signal', { sessionId, signal: 'guess who' }],
      ['session:leave', { sessionId }],
    ]) assert.equal((await stranger.ask(event, payload)).success, false, event)
    await others.check()
  })

  it('a connect is not announced to everybody: 100 idle people hear only their welcome', LIMIT, async (t) => {
    const users = await joinMany(t, server, 100)
    await Promise.all(users.map((user) => user.settled()))
    for (const user of users) assert.deepEqual(user.names(), ['session:welcome'])
  })
})

describe('webrtc-chat family', () => {
  const server = serviceFor(...NO_LIMITS, ...grace(1))

  it('the peer of one who disconnects is told', LIMIT, async (t) => {
    for (const leave of [(user) => user.drop(), (user) => user.close()]) {
      const { a, b, sessionId } = await talk(t, server)
      await leave(a)
      assert.equal((await b.next('session:peer_left')).sessionId, sessionId)
    }
  })

  it('two who met before go on waiting, and meet others', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [{ matchId }] = await matched(a, b)
    await a.do('matching:reject_match', { matchId })
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const c = await join(t, server)
    await queue(c, wish(target, native))
    await matched(a, c)
    const d = await join(t, server)
    await queue(d, wish(native, target))
    await matched(b, d)
  })
})

describe('webrtc-chat family, with the default budgets', () => {
  const server = serviceFor()

  it('over the limit the answer says so and when to retry, and the connection stays', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const replies = await Promise.all(range(300).map((n) => a.ask('webrtc:ice_candidate', { sessionId, candidate: n })))
    const refused = replies.filter((reply) => !reply.success)
    assert.ok(refused.length > 0)
    for (const { code, retry_after_ms } of refused) {
      assert.equal(code, 'rate_limited')
      assert.ok(retry_after_ms > 0)
    }
    assert.ok(a.socket.connected)
    await a.do('chat:send', { sessionId, content: 'still here' })
    await b.next('chat:message')
  })
})
