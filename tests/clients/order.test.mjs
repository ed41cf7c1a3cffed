// What one client sends arrives at its peer in that order, each once, or the sender is told otherwise.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { userOf } from './support/client.mjs'
import { languages, range, talk, wish } from './support/matching.mjs'
import { LONG, NO_LIMITS } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

const MESSAGES = 2_000
// Fewer: what waits between two polls must fit into the outgoing limit of a connection (1,024).
const POLLED_MESSAGES = 500
const SIGNALS = 500
const CLIENTS = 200

const numbers = (messages) => messages.map((m) => Number(m.content))

/** Sends all in one tick and collects every acknowledgement in sending order. */
const sendAll = (user, event, payloads) => Promise.all(payloads.map((payload) => user.ask(event, payload)))

/** A refusal must say that it is about the rate and when to try again. */
function assertRateLimited(reply) {
  assert.equal(reply.success, false)
  assert.equal(reply.code, 'rate_limited')
  assert.ok(Number.isInteger(reply.retry_after_ms) && reply.retry_after_ms > 0, JSON.stringify(reply))
}

describe('a flood without limits per minute', () => {
  // A shared store takes a while to answer: a flood is more than usually may wait for it.
  const server = serviceFor(...NO_LIMITS, '--commands-waiting', String(2 * MESSAGES))

  for (const [transport, count] of [['websocket', MESSAGES], ['polling', POLLED_MESSAGES]]) {
    it(`${count} chat messages at once over ${transport}: complete, in order, numbered`, LONG, async (t) => {
      const { a, b, sessionId } = await talk(t, server, { transports: [transport] })
      const payloads = range(count).map((n) => ({ sessionId, content: String(n), clientMessageId: `m-${n}` }))
      const replies = await sendAll(a, 'chat:send', payloads)
      const refused = replies.filter((r) => !r.success)
      assert.deepEqual(refused, [])
      await b.next('chat:message', { where: (m) => m.content === String(count - 1), ms: 30_000 })
      const got = b.all('chat:message')
      assert.deepEqual(numbers(got), range(count))
      const sequences = got.map((m) => m.sequence)
      assert.deepEqual(sequences, replies.map((r) => r.sequence), 'both sides know the same numbers')
      assert.deepEqual(sequences, range(count).map((n) => sequences[0] + n), 'without a gap')
    })
  }

  it(`${SIGNALS} signals at once: complete and in order`, LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    for (const n of range(SIGNALS)) a.emit('webrtc:signal', { sessionId, signal: n })
    await b.next('webrtc:signal', { where: (s) => s.signal === SIGNALS - 1, ms: 30_000 })
    assert.deepEqual(b.all('webrtc:signal').map((s) => s.signal), range(SIGNALS))
  })

  it('chat and signals interleaved: each in order, both directions at once', LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const count = 200
    for (const n of range(count)) {
      for (const user of [a, b]) {
        user.emit('chat:send', { sessionId, content: String(n) })
        user.emit('webrtc:ice_candidate', { sessionId, candidate: n })
      }
    }
    for (const [from, to] of [[a, b], [b, a]]) {
      await to.take('webrtc:ice_candidate', count)
      await to.next('chat:message', { where: (m) => m.from === from.id && m.content === String(count - 1) })
      assert.deepEqual(to.all('webrtc:ice_candidate').map((s) => s.candidate), range(count))
      assert.deepEqual(numbers(to.all('chat:message').filter((m) => m.from === from.id)), range(count))
    }
  })

  it(`${CLIENTS} clients that join in the tick of connecting: no join is lost`, LONG, async (t) => {
    const pairs = range(CLIENTS / 2).map(() => languages())
    const users = pairs.flatMap(([native, target]) => [wish(native, target), wish(target, native)]).map((payload) => {
      const user = userOf(t, server)
      user.socket.connect()
      return { user, acked: user.do('matching:join_queue', payload) }
    })
    await Promise.all(users.map(({ acked }) => acked))
    const found = await Promise.all(users.map(({ user }) => user.next('matching:match_found')))
    for (const n of range(CLIENTS / 2)) assert.equal(found[2 * n].matchId, found[2 * n + 1].matchId)
  })

  it(`${CLIENTS} clients that send on hearing of the connection: nothing is lost`, LONG, async (t) => {
    const replies = range(CLIENTS).map(() => {
      const user = userOf(t, server)
      const reply = new Promise((done, failed) => {
        user.socket.once('connect_error', failed)
        user.socket.once('connect', () => {
          const beats = range(5).map(() => user.settled())
          Promise.all(beats).then(done, failed)
        })
      })
      user.socket.connect()
      return reply
    })
    for (const beats of await Promise.all(replies)) assert.equal(beats.length, 5)
  })
})

describe('a flood against the default budgets', () => {
  const server = serviceFor()

  it(`${MESSAGES} chat messages: each delivered in order or refused with a time to retry`, LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const replies = await sendAll(a, 'chat:send', range(MESSAGES).map((n) => ({ sessionId, content: String(n) })))
    const accepted = range(MESSAGES).filter((n) => replies[n].success)
    assert.ok(accepted.length > 0 && accepted.length < MESSAGES, `${accepted.length} accepted`)
    for (const reply of replies.filter((r) => !r.success)) assertRateLimited(reply)
    await b.next('chat:message', { where: (m) => m.content === String(accepted.at(-1)) })
    assert.deepEqual(numbers(b.all('chat:message')), accepted, 'what was accepted arrives, what was refused does not')
  })

  it(`${SIGNALS} signals: each delivered in order or refused with a time to retry`, LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const replies = await sendAll(a, 'webrtc:signal', range(SIGNALS).map((n) => ({ sessionId, signal: n })))
    const accepted = range(SIGNALS).filter((n) => replies[n].success)
    assert.ok(accepted.length > 0 && accepted.length < SIGNALS, `${accepted.length} accepted`)
    for (const reply of replies.filter((r) => !r.success)) assertRateLimited(reply)
    await b.next('webrtc:signal', { where: (s) => s.signal === accepted.at(-1) })
    assert.deepEqual(b.all('webrtc:signal').map((s) => s.signal), accepted)
  })

  it('signals without a callback over the budget: rate_limited is said, the connection stays', LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    for (const n of range(SIGNALS)) a.emit('webrtc:signal', { sessionId, signal: n })
    const told = await a.next('rate_limited')
    assert.equal(told.scope, 'signaling')
    assert.ok(told.retry_after_ms > 0)
    await a.do('chat:send', { sessionId, content: 'chat has a budget of its own' })
    await b.next('chat:message')
    const got = b.all('webrtc:signal').map((s) => s.signal)
    assert.deepEqual(got, range(got.length), 'the first ones arrived, in order')
  })
})
