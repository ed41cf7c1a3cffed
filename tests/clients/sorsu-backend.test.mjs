// The dialect sorsu with its backend: who somebody is, whom they meet and what was said is the backend's affair,
// and how badly it does hurts nobody but those who wait for it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Backend, backendFor } from './support/backend.mjs'
import { Server, LIMIT, LONG, NO_LIMITS, grace } from './support/server.mjs'
import { SORSU, chat, enter, fields, guestOf, meet, part, present, say, settled } from './support/sorsu.mjs'
import { serviceWith } from './support/service.mjs'

const INVALID = 'Authentication failed: Invalid session. Please refresh the page to get a new session.'
const DOWN = 'Authentication failed: Service unavailable. Please try again in a moment.'
const BUSY = 'Server is busy. Please try again in a moment.'
const FIELDS = ['message_id', 'sender_guest_id', 'content', 'created_at', 'is_flagged', 'sequence_number']
const range = (count) => Array.from({ length: count }, (_, n) => n + 1)

/** Waits until `holds`, by looking again and again. */
async function until(holds, ms = 10_000) {
  const late = performance.now() + ms
  while (!holds()) {
    assert.ok(performance.now() < late, `not within ${ms} ms: ${holds}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

describe('an evening', () => {
  const backend = backendFor()
  const service = serviceWith(() => ['--backend-url', backend.url], ...SORSU, ...NO_LIMITS)
  const session = () => backend.session()

  it('search, match, chat, reconnect in the middle, end, somebody else', LONG, async (t) => {
    const [forA, forB] = [session(), session()]
    const { a, b, chatId } = await chat(t, service, forA, forB)
    assert.deepEqual([a.id, b.id], [forA.guestId, forB.guestId])
    assert.ok(chatId > 0 && chatId < 1_000, `the backend's own number: ${chatId}`)
    const written = await say(a, 'hi')
    fields(written, ...FIELDS)
    const [kept] = backend.messages(chatId)
    const { sequence_number, ...body } = written
    assert.deepEqual(body, kept, 'as the backend wrote it')
    assert.deepEqual(await b.next('message'), written)
    assert.equal((await say(b, 'how rude')).is_flagged, true)
    for (const n of range(5)) {
      await say(a, `a${n}`)
      await say(b, `b${n}`)
    }
    assert.deepEqual((await a.take('message', 6)).map((m) => m.sequence_number), range(6))
    assert.deepEqual((await b.take('message', 5)).map((m) => m.sequence_number), [2, 3, 4, 5, 6])
    await b.drop()
    await a.next('typing')
    for (const n of range(3)) await say(a, `missed ${n}`)
    await b.connected()
    b.emit('chat:rejoin', { chatId })
    const missed = await b.take('message', 3)
    assert.deepEqual(missed.map((m) => [m.sequence_number, m.content]), [[7, 'missed 1'], [8, 'missed 2'], [9, 'missed 3']])
    const { messages } = await b.do('chat:rejoin', { chatId, afterSequence: 7 })
    assert.deepEqual(messages, missed.slice(1))
    assert.ok(backend.asked(`/chat/${chatId}/messages`, forB.token).length >= 1)
    await b.do('chat:end', { chatId })
    assert.equal((await a.next('chat:ended')).ended_by, b.id)
    assert.equal((await b.next('chat:ended')).chat_id, chatId)
    await until(() => backend.isOver(chatId))
    await a.do('presence:join')
    const c = await present(t, service, session())
    assert.notEqual(await meet(a, c), chatId)
    await say(c, 'hello')
    assert.equal((await a.next('message', { where: (m) => m.content === 'hello' })).sequence_number, 1)
    await part(c)
    await settled(a)
    for (const user of [a, b, c]) {
      const ids = user.all('match:found').map((m) => m.chat_id)
      assert.equal(new Set(ids).size, ids.length, 'no match is told twice')
      const ends = user.all('chat:ended').map((m) => m.chat_id)
      assert.equal(new Set(ends).size, ends.length, 'nor an end')
    }
    assert.equal(backend.asked('/guest/refresh', forA.token).length, 1)
    assert.ok(backend.asked('/presence/heartbeat', forA.token).length >= 1)
    a.close()
    await until(() => backend.asked('/presence/disconnect', forA.token).length === 1)
  })

  it('presence:leave stops the questions', LIMIT, async (t) => {
    const mine = session()
    const a = await present(t, service, mine)
    await until(() => backend.asked('/chat/start', mine.token).length >= 2)
    await a.do('presence:leave')
    const before = backend.asked('/chat/start', mine.token).length
    const others = await chat(t, service, session(), session()).catch(() => undefined)
    if (others) await part(others.a)
    await settled(a)
    assert.ok(backend.asked('/chat/start', mine.token).length <= before + 1)
    assert.deepEqual(a.all('match:found'), [])
  })

  it('a session that the backend does not know is refused', LIMIT, async (t) => {
    const mine = session()
    backend.expire(mine.token)
    assert.equal(await guestOf(t, service, mine).refused(), INVALID)
    const other = session()
    assert.equal(await guestOf(t, service, { ...other, guestId: 'g-other' }).refused(), 'Authentication failed: Guest mismatch')
    assert.equal(await guestOf(t, service, { token: 'line\nbreak and more' }).refused(), INVALID)
  })

  it('found while away: told on return, once', LIMIT, async (t) => {
    const mine = session()
    const a = await present(t, service, mine)
    await until(() => backend.asked('/chat/start', mine.token).length >= 1)
    await a.drop()
    const b = await present(t, service, session())
    assert.equal((await b.next('match:found')).partner_id, a.id)
    await a.connected()
    const { chat_id, partner_id } = await a.next('match:found')
    assert.equal(partner_id, b.id)
    b.chatId = a.chatId = chat_id
    await say(b, 'there you are')
    await a.next('message')
    await part(b)
    await settled(a)
    assert.equal(a.all('match:found').length, 1)
  })
})

describe('a backend that fails', () => {
  const backend = backendFor()
  const service = serviceWith(
    () => ['--backend-url', backend.url, '--backend-retry-ms', '200'],
    ...SORSU, ...NO_LIMITS, ...grace(2),
  )
  const session = () => backend.session()

  for (const fault of [500, 503, 'garbage']) {
    it(`messages with ${fault}: not acknowledged as written, not told, not sent twice; then all is well`, LONG, async (t) => {
      const { a, b, chatId } = await chat(t, service, session(), session())
      backend.fault('/chat/message', fault)
      const { success, error, retry_after_ms } = await a.ask('message:send', { chatId, content: 'lost' })
      assert.deepEqual([success, error], [false, BUSY])
      assert.ok(retry_after_ms > 0)
      assert.equal(backend.asked('/chat/message', a.token).length, 1)
      backend.fault('/chat/message')
      assert.equal((await say(a, 'found')).sequence_number, 1)
      assert.equal((await b.next('message')).content, 'found')
      assert.deepEqual(b.all('message').map((m) => m.content), ['found'])
      await part(a)
    })
  }

  it('a chat that the backend has ended: Not in this chat', LIMIT, async (t) => {
    const { a, chatId } = await chat(t, service, session(), session())
    backend.fault('/chat/message', 404)
    assert.equal((await a.ask('message:send', { chatId, content: 'x' })).error, 'Not in this chat')
    backend.fault('/chat/message')
    await part(a)
  })

  it('a message that hangs is given up after 5 s, and meanwhile nobody else waits', LONG, async (t) => {
    const { a, chatId } = await chat(t, service, session(), session())
    const others = await chat(t, service, session(), session())
    const began = performance.now()
    backend.fault('/chat/message', 'hang')
    const hanging = a.ask('message:send', { chatId, content: 'x' })
    hanging.catch(() => {})
    await until(() => backend.asked('/chat/message', a.token).length === 1)
    backend.fault('/chat/message', { slow: 1 })
    for (const n of range(5)) await say(others.a, String(n))
    await others.b.take('message', 5)
    assert.ok(performance.now() - began < 4_500, 'the others did not wait for it')
    assert.equal((await hanging).error, BUSY)
    const waited = performance.now() - began
    assert.ok(waited > 4_500, `given up after ${waited} ms`)
    backend.fault('/chat/message')
    await part(a)
    await part(others.a)
  })

  it('a backend that does not say whose a token is: refused after 10 s, and meanwhile all others go on', LONG, async (t) => {
    const { a, b } = await chat(t, service, session(), session())
    backend.fault('/guest/refresh', 'hang')
    t.after(() => backend.fault('/guest/refresh'))
    const began = performance.now()
    const refused = guestOf(t, service, session()).socket
    const refusal = new Promise((done) => refused.once('connect_error', ({ message }) => done(message)))
    refused.connect()
    await until(() => backend.asked('/guest/refresh').length > 2)
    await say(a, 'on and on')
    await b.next('message')
    assert.ok(performance.now() - began < 9_000, 'the others did not wait for it')
    assert.equal(await refusal, DOWN)
    await part(a)
  })

  it('the search goes on when the backend comes back', LONG, async (t) => {
    backend.fault('/chat/start', 500)
    const [a, b] = [await present(t, service, session()), await present(t, service, session())]
    await until(() => backend.asked('/chat/start', a.token).length >= 2)
    backend.fault('/chat/start')
    await meet(a, b)
    await part(a)
  })

  it('the end of a chat is told at once, and to the backend when it is back', LONG, async (t) => {
    const { a, b, chatId } = await chat(t, service, session(), session())
    backend.fault('/chat/end', 500)
    await part(a)
    await b.next('chat:ended')
    // It still says that the two are together, which neither believes.
    await a.do('presence:join')
    await until(() => backend.asked('/chat/end', a.token).length >= 2)
    assert.equal(a.all('match:found').length, 1)
    backend.fault('/chat/end')
    await until(() => backend.isOver(chatId))
    await b.do('presence:join')
    assert.notEqual(await meet(a, b), chatId)
    await part(a)
  })

  it('who comes back too late has ended the chat, for the backend too', LONG, async (t) => {
    const { a, b, chatId } = await chat(t, service, session(), session())
    await b.drop()
    assert.equal((await a.next('chat:ended')).ended_by, b.id)
    await until(() => backend.isOver(chatId))
    await until(() => backend.asked('/presence/disconnect', b.token).length >= 1)
  })

  it('down: nobody comes in, who talks goes on reading; back: all is well', LONG, async (t) => {
    const { a, b, chatId } = await chat(t, service, session(), session())
    await say(a, 'before')
    await b.next('message')
    await backend.stop()
    try {
      assert.equal(await guestOf(t, service, session()).refused(), DOWN)
      assert.equal((await a.ask('message:send', { chatId, content: 'x' })).error, BUSY)
      const { messages } = await b.do('chat:rejoin', { chatId })
      assert.deepEqual(messages.map((m) => m.content), ['before'], 'what the room still keeps')
      b.emit('typing:start', { chatId })
      await a.next('typing')
    } finally {
      await backend.start()
    }
    await until(async () => true)
    let answer
    for (let tries = 0; tries < 40 && !answer?.success; tries++) {
      answer = await a.ask('message:send', { chatId, content: 'after' })
      if (!answer.success) await new Promise((done) => setTimeout(done, Math.min(answer.retry_after_ms, 1_000)))
    }
    assert.equal(answer.success, true)
    assert.equal((await b.next('message')).sequence_number, 2)
    await part(a)
  })

  it('left alone after it failed again and again: a circuit breaker', LONG, async (t) => {
    const { a, chatId } = await chat(t, service, session(), session())
    backend.fault('/chat/message', 500)
    for (const _ of range(12)) await a.ask('message:send', { chatId, content: 'x' })
    const tried = backend.asked('/chat/message', a.token).length
    assert.ok(tried >= 5 && tried < 12, `asked ${tried} times of 12`)
    backend.fault('/chat/message')
    await until(() => a.socket.connected)
    let answer
    for (let tries = 0; tries < 40 && !answer?.success; tries++) {
      answer = await a.ask('message:send', { chatId, content: 'after' })
      if (!answer.success) await new Promise((done) => setTimeout(done, 250))
    }
    assert.equal(answer.success, true)
    await part(a)
  })
})

describe('--backend-heartbeat-ms 1000', () => {
  const backend = backendFor()
  const service = serviceWith(
    () => ['--backend-url', backend.url, '--backend-heartbeat-ms', '1000', '--backend-retry-ms', '100'], ...SORSU, ...NO_LIMITS,
  )

  it('a guest that is there is said to be there again and again, and not once it is gone', LIMIT, async (t) => {
    const mine = backend.session()
    const a = await enter(t, service, mine)
    const beats = () => backend.asked('/presence/heartbeat', mine.token)
    await until(() => beats().length >= 3)
    const [first, , third] = beats()
    assert.ok(third.at - first.at > 1_500, `${third.at - first.at} ms between the first and the third`)
    a.close()
    await until(() => backend.asked('/presence/disconnect', mine.token).length === 1)
    const after = beats().length
    // The clock: another guest, who is there for two beats.
    const other = backend.session()
    await enter(t, service, other)
    await until(() => backend.asked('/presence/heartbeat', other.token).length >= 3)
    assert.equal(beats().length, after)
  })

  it('who does not count as present is said to be there, and then found', LIMIT, async (t) => {
    backend.fault('/presence/heartbeat', 500)
    const [a, b] = [await present(t, service, backend.session()), await present(t, service, backend.session())]
    await until(() => backend.asked('/chat/start', a.token).length >= 3)
    backend.fault('/presence/heartbeat')
    await meet(a, b)
    await part(a)
  })
})

describe('configuration', () => {
  it('LARAVEL_API_URL is enough, and an address that is none is refused at start', LIMIT, async (t) => {
    const backend = new Backend()
    await backend.start()
    t.after(() => backend.stop())
    const server = new Server([...SORSU, '--backend-url', backend.url])
    await server.start()
    t.after(() => server.finish())
    const mine = backend.session()
    assert.equal((await enter(t, server, mine)).id, mine.guestId)
    assert.match(server.output, /backend: sessions that the backend knows/)
  })
})
