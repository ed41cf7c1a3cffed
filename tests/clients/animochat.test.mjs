// The dialect animochat as its clients see it: an evening of anonymous chat, in both vocabularies.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join, joinMany, newSecret, userOf } from './support/client.mjs'
import { LIMIT, LONG, NO_LIMITS, grace } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'

const SPOKEN = ['--dialects', 'animochat', ...NO_LIMITS]
const GREETING = 'You are now chatting with a stranger. Say hi!'
const COOLDOWN = /^Please wait [1-5]s before finding a new match$/
const NOBODY = 'No available matches found. Try again later.'
/** More than the clocks of two processes and the way to a shared store may add. */
const SLACK_MS = 1_500

/** What each vocabulary calls things. */
const FIRST = {
  find: 'find-match', skip: 'next-match', cancel: 'cancel-match', leave: 'leave-room',
  waiting: 'waiting', matched: 'matched', left: 'partner-disconnected', typing: 'partner-typing', error: 'error',
  message: 'message',
  say: (user, content, more = {}) => user.emit('send-message', more.clientMessageId ? { content, ...more } : content),
  write: (user, on) => user.emit('typing', on),
}
const SECOND = {
  find: 'match:find', skip: 'match:skip', cancel: 'match:cancel', leave: 'room:leave',
  waiting: 'match:waiting', matched: 'match:success', left: 'partner:left', typing: 'partner:typing', error: 'match:error',
  message: 'message:receive',
  say: (user, content, more = {}) => user.emit('message:send', { roomId: user.roomId, content, ...more }),
  write: (user, on) => user.emit('user:typing', { roomId: user.roomId, isTyping: on }),
}
const VOCABULARIES = { first: FIRST, second: SECOND }
/** Every event that only the other vocabulary has. */
const ONLY = {
  first: ['waiting', 'matched', 'partner-disconnected', 'partner-typing', 'message', 'match-cancelled', 'error'],
  second: ['match:waiting', 'match:success', 'partner:left', 'partner:typing', 'message:receive', 'match:error'],
}

/** Searches, and waits for the word that follows every search. */
async function search(user, words) {
  user.words = words
  user.emit(words.find)
  await user.next(words.waiting)
}

/** `user` is told of a match. */
async function matched(user) {
  const match = await user.next(user.words.matched)
  user.roomId = match.roomId
  if (user.words === FIRST) user.greeting = await user.next('message')
  return match
}

/** Two users in a room, each with its words. Nobody else may be searching. */
async function talk(t, server, words = FIRST, others = words, options = {}, more = options) {
  const a = await join(t, server, options)
  const b = await join(t, server, more)
  await search(a, words)
  await search(b, others)
  const [forA, forB] = await Promise.all([matched(a), matched(b)])
  assert.equal(forA.roomId, forB.roomId, 'both sides name the same room')
  return { a, b, roomId: forA.roomId }
}

/** `who` hears the text, and nothing of its kind before. */
async function hears(who, content) {
  const message = await who.next(who.words.message)
  assert.equal(message.content, content)
  return message
}

/** Waits until everything that `user` asked for before has been answered. */
const answered = (user) => user.ask(FIRST.leave)

/** Leaves the room, so that the next test meets nobody of this one. */
const part = async (...users) => {
  for (const user of users) await answered(user)
}

describe('the first vocabulary', () => {
  const server = serviceFor(...SPOKEN)

  it('an evening: search, match, chat, typing, skip, leave', LONG, async (t) => {
    const { a, b, roomId } = await talk(t, server)
    const [forA, forB] = [a.all('matched')[0], b.all('matched')[0]]
    assert.deepEqual([forA, forB], [{ roomId, partnerId: b.id }, { roomId, partnerId: a.id }])
    for (const user of [a, b]) {
      const { id, timestamp, ...greeting } = user.greeting
      assert.deepEqual(greeting, { roomId, senderId: 'system', content: GREETING, type: 'system' })
      assert.equal(typeof id, 'string')
      assert.ok(Math.abs(Date.now() - timestamp) < 60_000, `milliseconds: ${timestamp}`)
      const names = user.names().filter((name) => ONLY.first.includes(name))
      assert.deepEqual(names, ['waiting', 'matched', 'message'])
    }
    FIRST.say(a, '  hi  ')
    const [own, heard] = [await hears(a, 'hi'), await hears(b, 'hi')]
    assert.deepEqual(own, heard, 'both are told the same, the sender included')
    assert.deepEqual([own.roomId, own.senderId, own.type], [roomId, a.id, 'text'])
    for (let n = 0; n < 20; n++) FIRST.say(n % 2 ? a : b, String(n))
    for (const user of [a, b]) {
      const texts = (await user.take('message', 20)).map((m) => m.content)
      for (const parity of [0, 1]) {
        const ofOne = texts.filter((text) => text % 2 === parity)
        assert.deepEqual(ofOne, Array.from({ length: 10 }, (_, n) => String(2 * n + parity)), 'in the order of each')
      }
      const ids = user.all('message').map((m) => m.id)
      assert.equal(new Set(ids).size, ids.length, 'every message has its own id')
    }
    for (const on of [true, false]) {
      FIRST.write(b, on)
      assert.deepEqual(await a.next('partner-typing'), { isTyping: on })
    }
    a.emit('next-match')
    await a.next('waiting')
    await b.next('partner-disconnected')
    const skipped = performance.now()
    a.emit('find-match')
    assert.match((await a.next('error')).message, COOLDOWN)
    // The one who was skipped has no cooldown, and the two do not meet again.
    await search(b, FIRST)
    const c = await join(t, server)
    await search(c, FIRST)
    const forC = await matched(c)
    assert.equal((await matched(b)).roomId, forC.roomId)
    assert.ok(performance.now() - skipped < 4_000, 'matched while the other one cools down')
    const d = await join(t, server)
    await search(d, FIRST)
    assert.equal((await matched(d)).partnerId, a.id)
    await matched(a)
    assert.ok(performance.now() - skipped > 5_000 - SLACK_MS, 'its own search began when the cooldown was over')
    FIRST.say(d, 'hello')
    await hears(a, 'hello')
    a.emit('leave-room')
    await d.next('partner-disconnected')
    await part(a, b)
    for (const user of [a, b, c, d]) {
      assert.deepEqual(user.names().filter((name) => ONLY.second.includes(name)), [], 'nothing of the other vocabulary')
      for (const { event, args } of user.log) {
        const none = ['waiting', 'partner-disconnected', 'match-cancelled'].includes(event)
        assert.equal(args.length, none ? 0 : 1, `arguments of ${event}`)
      }
    }
  })

  it('cancel-match: match-cancelled, and nobody meets who cancelled', LIMIT, async (t) => {
    const a = await join(t, server)
    await search(a, FIRST)
    a.emit('cancel-match')
    await a.next('match-cancelled')
    const { b } = await talk(t, server)
    assert.deepEqual(a.all('matched'), [])
    a.emit('cancel-match')
    await a.next('match-cancelled')
    b.emit('cancel-match')
    assert.equal((await b.next('error')).message, 'Already in a room')
    await part(b)
  })

  it('errors: Already in a room, Not in a chat room', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    a.emit('find-match')
    assert.equal((await a.next('error')).message, 'Already in a room')
    a.emit('leave-room')
    await b.next('partner-disconnected')
    for (const user of [a, b]) {
      user.emit('send-message', 'anyone?')
      assert.equal((await user.next('error')).message, 'Not in a chat room')
      user.emit('leave-room')
      assert.equal((await user.next('error')).message, 'Not in a chat room')
      user.emit('typing', true)
      await answered(user)
    }
    assert.equal(a.all('error').length, 4, 'signs of writing in no room raise no alarm')
  })

  it('a second find-match while waiting is no second search', LIMIT, async (t) => {
    const a = await join(t, server)
    await search(a, FIRST)
    a.emit('find-match')
    await a.next('waiting')
    const b = await join(t, server)
    await search(b, FIRST)
    await Promise.all([matched(a), matched(b)])
    await part(a)
    assert.deepEqual([a.all('matched').length, a.all('error').length], [1, 0])
  })

  it('clientMessageId: written once, told again to who repeats it', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    FIRST.say(a, 'once', { clientMessageId: 'm-1' })
    const first = await hears(a, 'once')
    FIRST.say(a, 'once', { clientMessageId: 'm-1' })
    assert.deepEqual(await hears(a, 'once'), first)
    FIRST.say(a, 'then')
    await b.next('message', { where: (m) => m.content === 'then' })
    assert.deepEqual(b.all('message').map((m) => m.content), [GREETING, 'once', 'then'])
    await part(a)
  })

  it('bad inputs: each refused in words, nobody harmed, callbacks called once', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    const empty = [undefined, null, 5, true, [], {}, '', ' \n\t ', { content: '' }, { content: 5 }, { text: 'hi' }]
    for (const argument of empty) {
      a.emit('send-message', ...(argument === undefined ? [] : [argument]))
      assert.equal((await a.next('error')).message, 'Message cannot be empty', JSON.stringify(argument))
    }
    a.emit('send-message', 'x'.repeat(1_001))
    assert.equal((await a.next('error')).message, 'Message too long')
    a.emit('send-message', '😀'.repeat(1_000))
    await hears(a, '😀'.repeat(1_000))
    const asked = [
      ['send-message', {}], ['send-message', 'a', 'b', 'c', 'd', 'e'], ['typing'], ['typing', 'yes'], ['typing', null],
      ['unknown'], ['matched', {}], ['find-match', { deep: [[[]]] }], ['', 1], ['message:send', null],
      ['user:typing', 5], ['room:leave', { roomId: 'lobby' }], ['message:send', { roomId: 'lobby', content: 'hi' }],
    ]
    for (const [event, ...args] of asked) {
      const reply = await a.ask(event, ...args)
      const good = event === 'send-message' && args.length > 1
      assert.equal(reply.success, good, `${event} ${JSON.stringify(args)}: ${JSON.stringify(reply)}`)
      if (!good) assert.deepEqual([typeof reply.error, typeof reply.code], ['string', 'string'])
    }
    a.emit('send-message', Buffer.from('hi'))
    await a.next('error')
    FIRST.say(b, 'still here')
    await a.next('message', { where: (m) => m.content === 'still here' })
    const fromA = b.all('message').filter((m) => m.senderId === a.id)
    assert.deepEqual(fromA.map((m) => m.content), ['😀'.repeat(1_000), 'a'])
    assert.deepEqual([...a.acks.values()].filter((count) => count !== 1), [])
    await server.assertAlive()
    await part(a)
  })

  it('of twelve who search at once each is in exactly one room with somebody else', LIMIT, async (t) => {
    const users = await joinMany(t, server, 12)
    for (const user of users) user.words = FIRST
    for (const user of users) user.emit('find-match')
    const matches = await Promise.all(users.map(matched))
    const rooms = new Map(matches.map(({ roomId }) => [roomId, []]))
    for (const [n, user] of users.entries()) rooms.get(matches[n].roomId).push(user)
    assert.equal(rooms.size, 6)
    for (const [one, other, ...more] of rooms.values()) {
      assert.deepEqual(more, [])
      assert.deepEqual([one.all('matched')[0].partnerId, other.all('matched')[0].partnerId], [other.id, one.id])
    }
    for (const user of users) {
      assert.equal(user.all('waiting').length, 1)
      assert.ok(!user.wire.some((packet) => users.some((u) => u !== user && packet.includes(u.engineId))), 'no socket id')
    }
    await part(...[...rooms.values()].map(([one]) => one))
  })

  it('the choice is random: in forty evenings it is not always the one who waits longest', LONG, async (t) => {
    let first = 0
    const EVENINGS = 40
    for (let evening = 0; evening < EVENINGS; evening++) {
      const [chosen, other, late] = await joinMany(t, server, 3)
      // Two who met do not meet again: these two wait side by side.
      await search(chosen, FIRST)
      await search(other, FIRST)
      await Promise.all([matched(chosen), matched(other)])
      await part(chosen)
      // On another node it is told a moment later, and until then it is in a room.
      await other.next('partner-disconnected')
      await search(chosen, FIRST)
      await search(other, FIRST)
      await search(late, FIRST)
      if ((await matched(late)).partnerId === chosen.id) first++
      await part(late)
      for (const user of [chosen, other]) await user.ask('cancel-match')
      for (const user of [chosen, other, late]) user.close()
    }
    // Each with a chance of one half; outside of these bounds in one of 10^9 runs.
    assert.ok(first >= 2 && first <= 38, `the first was chosen ${first} times of ${EVENINGS}`)
  })

  it(`nobody there: ${NOBODY}`, LONG, async (t) => {
    const a = await join(t, server)
    const began = performance.now()
    await search(a, FIRST)
    const { message } = await a.next('error', { ms: 45_000 })
    const ms = performance.now() - began
    assert.equal(message, NOBODY)
    assert.ok(ms > 30_000 - SLACK_MS && ms < 40_000, `after ${Math.round(ms)} ms`)
    const { b } = await talk(t, server)
    assert.deepEqual(a.all('matched'), [], 'who gave up is met by nobody')
    await search(a, FIRST)
    await a.ask('cancel-match')
    await part(b)
  })
})

describe('the second vocabulary', () => {
  const server = serviceFor(...SPOKEN)

  it('an evening: search, match, chat with replies, typing, skip, leave', LONG, async (t) => {
    const { a, b, roomId } = await talk(t, server, SECOND)
    for (const user of [a, b]) {
      assert.deepEqual(user.all('match:success'), [{ roomId, partnerId: 'Stranger' }])
    }
    SECOND.say(a, ' hi ')
    const { id, timestamp, ...heard } = await b.next('message:receive')
    assert.deepEqual(heard, { senderId: a.id, content: 'hi', type: 'text', replyTo: null })
    assert.deepEqual([typeof id, typeof timestamp], ['string', 'number'])
    for (const replyTo of [id, { id, content: 'hi' }]) {
      SECOND.say(b, 'you?', { replyTo })
      assert.deepEqual((await a.next('message:receive')).replyTo, replyTo)
    }
    for (const on of [true, false]) {
      SECOND.write(a, on)
      assert.deepEqual(await b.next('partner:typing'), { isTyping: on })
    }
    a.emit('match:find')
    assert.equal((await a.next('match:error')).message, 'Already in a room')
    b.emit('match:skip')
    await b.next('match:waiting')
    await a.next('partner:left')
    b.emit('match:find')
    assert.match((await b.next('match:error')).message, COOLDOWN)
    b.emit('match:cancel')
    SECOND.say(a, 'anyone?')
    assert.equal((await a.next('match:error')).message, 'Not in a chat room')
    SECOND.say(a, '')
    assert.equal((await a.next('match:error')).message, 'Message cannot be empty')
    await answered(b)
    assert.deepEqual(a.all('message:receive').length, 2, 'its own messages are not told to the writer')
    for (const user of [a, b]) {
      assert.deepEqual(user.names().filter((name) => ONLY.first.includes(name)), [], 'nothing of the other vocabulary')
      for (const { event, args } of user.log) {
        assert.equal(args.length, ['match:waiting', 'partner:left'].includes(event) ? 0 : 1, `arguments of ${event}`)
      }
    }
  })

  it('both vocabularies in one room, each told in its own', LIMIT, async (t) => {
    const { a, b, roomId } = await talk(t, server, FIRST, SECOND)
    assert.deepEqual([a.all('matched')[0].partnerId, b.all('match:success')[0].partnerId], [b.id, 'Stranger'])
    SECOND.say(b, 'from the second', { replyTo: 'x' })
    const heard = await hears(a, 'from the second')
    assert.deepEqual([heard.roomId, heard.senderId, 'replyTo' in heard], [roomId, b.id, false])
    FIRST.say(a, '\u0001"x"\u0001no reply')
    const { content, replyTo } = await b.next('message:receive')
    assert.deepEqual([content, replyTo], ['\u0001"x"\u0001no reply', null])
    FIRST.write(a, true)
    await b.next('partner:typing')
    SECOND.write(b, true)
    await a.next('partner-typing')
    // The first search has decided, whatever is used later.
    b.emit('leave-room')
    await a.next('partner-disconnected')
    b.emit('send-message', 'gone')
    assert.equal((await b.next('match:error')).message, 'Not in a chat room')
    assert.deepEqual(b.names().filter((name) => ONLY.first.includes(name)), [])
    assert.deepEqual(a.names().filter((name) => ONLY.second.includes(name)), [])
  })
})

describe('losing the connection', () => {
  const server = serviceFor(...SPOKEN)

  for (const [name, words] of Object.entries(VOCABULARIES)) {
    it(`${name} vocabulary, with a secret: back in the room, with what was missed`, LIMIT, async (t) => {
      const { a, b, roomId } = await talk(t, server, words)
      words.say(a, 'before')
      await hears(b, 'before')
      words.write(b, true)
      await a.next(words.typing, { where: (m) => m.isTyping })
      await b.drop()
      await a.next(words.typing, { where: (m) => !m.isTyping })
      for (const text of ['1', '2', '3']) words.say(a, text)
      await a.ask('cancel-match')
      await b.connected()
      const resumed = await b.next('session:resumed')
      assert.deepEqual(resumed, { state: 'talking', roomId, partnerId: a.id })
      const again = await b.next(words.matched)
      assert.deepEqual([again.roomId, again.resumed], [roomId, true])
      for (const text of ['1', '2', '3']) await hears(b, text)
      words.say(b, 'after')
      if (words === FIRST) for (const text of ['before', '1', '2', '3']) await hears(a, text)
      await hears(a, 'after')
      assert.deepEqual(a.all(words.left), [])
      await part(a)
      await b.next(words.left)
    })
  }

  it('while waiting: still searched for, and told so', LIMIT, async (t) => {
    const guest = newSecret()
    const a = await join(t, server, { guest })
    await search(a, FIRST)
    await a.drop()
    const back = await join(t, server, { guest })
    back.words = FIRST
    assert.deepEqual(await back.next('session:resumed'), { state: 'waiting' })
    await back.next('waiting')
    const b = await join(t, server)
    await search(b, FIRST)
    assert.equal((await matched(b)).partnerId, back.id)
    assert.equal((await matched(back)).partnerId, b.id)
    await part(b)
  })

  it('the partner left meanwhile: told on return', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    await b.drop()
    await a.next('partner-typing')
    await part(a)
    await b.connected()
    assert.deepEqual(await b.next('session:resumed'), { state: 'idle' })
    await b.next('partner-disconnected')
    b.emit('send-message', 'anyone?')
    assert.equal((await b.next('error')).message, 'Not in a chat room')
  })

  it('without a secret nobody can come back: the partner is told at once', LIMIT, async (t) => {
    const { a, b } = await talk(t, server, FIRST, FIRST, {}, { auth: {} })
    const dropped = performance.now()
    await b.drop()
    await a.next('partner-disconnected')
    assert.ok(performance.now() - dropped < 10_000, 'not after the 30 s of grace')
    await search(a, FIRST)
    await a.ask('cancel-match')
  })

  it('from another device: the first is replaced', LIMIT, async (t) => {
    const guest = newSecret()
    const { a, b } = await talk(t, server, FIRST, FIRST, {}, { guest })
    const device = await join(t, server, { guest })
    device.words = FIRST
    await b.next('replaced')
    assert.equal((await device.next('session:resumed')).state, 'talking')
    FIRST.say(a, 'which device?')
    await hears(device, 'which device?')
    await part(a)
  })
})

describe('a grace of one second', () => {
  const server = serviceFor(...SPOKEN, ...grace(1))

  it('not back in time: partner-disconnected', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    await b.drop()
    await a.next('partner-disconnected')
    FIRST.say(a, 'anyone?')
    assert.equal((await a.next('error')).message, 'Not in a chat room')
  })
})

describe('how many people there are', () => {
  const server = serviceFor(...SPOKEN)

  it('online-count: a number, when it changed, at most once a second, of all nodes', LONG, async (t) => {
    const began = performance.now()
    const users = await joinMany(t, server, 20)
    const [watching, ...others] = users
    for (const user of users) await counted(user, 20)
    for (const user of others.slice(0, 15)) user.close()
    await counted(watching, 5)
    const silent = watching.all('online-count').length
    await stats(server, (now) => now.onlineUsers === 5)
    await new Promise((done) => setTimeout(done, 2_500))
    assert.equal(watching.all('online-count').length, silent, 'not told again what did not change')
    for (const user of users.filter((u) => u.socket.connected)) {
      const told = user.log.filter((e) => e.event === 'online-count')
      for (const [n, { args }] of told.entries()) {
        assert.equal(typeof args[0], 'number')
        if (n > 0) assert.notEqual(args[0], told[n - 1].args[0], 'only when it changed')
      }
      // Two may come closer together than they were sent; all of them cannot.
      const seconds = (told.at(-1).at - began) / 1_000
      assert.ok(told.length <= seconds + 2, `${told.length} times in ${seconds} s`)
    }
  })

  /** Takes the counts in the order told, until it is that one: on its way up it may have been that before. */
  async function counted(user, online) {
    while ((await user.next('online-count')) !== online);
  }

  it('GET /stats counts people, searches and rooms of all nodes', LIMIT, async (t) => {
    const { a } = await talk(t, server)
    const waiting = await join(t, server)
    await search(waiting, FIRST)
    const now = await stats(server, (n) => n.onlineUsers === 3 && n.waitingUsers === 1 && n.activeRooms === 1)
    assert.deepEqual(Object.keys(now).sort(), ['activeRooms', 'onlineUsers', 'timestamp', 'waitingUsers'])
    assert.ok(Math.abs(Date.now() - now.timestamp) < 60_000, 'milliseconds')
    await waiting.ask('cancel-match')
    await part(a)
    await stats(server, (n) => n.onlineUsers === 3 && n.waitingUsers === 0 && n.activeRooms === 0)
  })

  /** What every door of the service says, as soon as it is what `is` expects. */
  async function stats(service, is) {
    const ends = performance.now() + 10_000
    let counted
    for (const url of service.urls ?? [service.url]) {
      for (;;) {
        const response = await fetch(`${url}/stats`, { signal: AbortSignal.timeout(5_000) })
        assert.equal(response.status, 200)
        const now = await response.json()
        if (is(now)) {
          counted = now
          break
        }
        assert.ok(performance.now() < ends, `still ${JSON.stringify(now)}`)
        await new Promise((done) => setTimeout(done, 50))
      }
    }
    return counted
  }
})

describe('where it is spoken', ONE_NODE, () => {
  const server = serviceFor('--dialects', 'animochat,qala', ...NO_LIMITS)

  it('first: at / and /animochat, the second at /qala alone, and they never meet', LIMIT, async (t) => {
    const root = await join(t, server)
    const named = await join(t, server, { namespace: '/animochat' })
    await search(root, FIRST)
    await search(named, FIRST)
    assert.equal((await matched(named)).partnerId, root.id)
    const other = await join(t, server, { namespace: '/qala' })
    await search(await join(t, server), FIRST)
    const alone = { native_language: 'und', target_language: 'und', age: 20, proficiency_level: 'any' }
    assert.equal((await other.do('matching:join_queue', alone)).queuePosition, 1)
    assert.equal((await other.ask('find-match')).code, 'unknown_event')
    const lost = userOf(t, server, { namespace: '/nowhere' })
    assert.equal(await lost.refused(), 'Invalid namespace')
  })

  it('GET /health', LIMIT, async () => {
    assert.deepEqual([(await server.get('/health')).json.status, (await server.get('/health/ready')).json.ready], ['ok', true])
  })
})

describe('limits of a person', () => {
  const server = serviceFor('--dialects', 'animochat', '--chat-events-per-minute', '5', '--matching-events-per-minute', '5')

  it('too much is refused with the time to wait', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    for (let n = 0; n < 6; n++) FIRST.say(a, String(n))
    const error = await a.next('error')
    assert.match(error.message, /^Too many requests\. Please wait \d+s$/)
    assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 12_000, String(error.retryAfterMs))
    assert.deepEqual((await b.take('message', 5)).map((m) => m.content), ['0', '1', '2', '3', '4'])
    for (let n = 0; n < 5; n++) b.emit('find-match')
    await b.next('error', { where: (e) => e.code === 'rate_limited' })
  })
})
