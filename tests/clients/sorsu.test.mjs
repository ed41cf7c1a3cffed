// The dialect sorsu as its clients see it: an evening of campus chat, without a backend.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { describe, it } from 'node:test'
import { User, newSecret } from './support/client.mjs'
import { LIMIT, LONG, NO_LIMITS, grace, serverFor } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'
import { SORSU, chat, enter, fields, guestOf, isTime, meet, part, present, say, settled } from './support/sorsu.mjs'

const MISSING = 'Authentication failed: Missing credentials'
const INVALID = 'Authentication failed: Invalid session. Please refresh the page to get a new session.'
const MISMATCH = 'Authentication failed: Guest mismatch'
const FIELDS = ['message_id', 'sender_guest_id', 'content', 'created_at', 'is_flagged', 'sequence_number']
/** What is told without being asked; nothing else may be. */
const ONES = ['match:found', 'message', 'typing', 'chat:ended', 'session:welcome', 'session:resumed']
const range = (count) => Array.from({ length: count }, (_, n) => n + 1)

/** The next messages of a guest have these texts and, from `first` on, one number after the other. */
async function hears(user, first, ...texts) {
  const messages = await user.take('message', texts.length)
  assert.deepEqual(messages.map((m) => m.content), texts)
  assert.deepEqual(messages.map((m) => m.sequence_number), texts.map((_, n) => first + n))
  return messages
}

/** What is believed of a deployed client: it shows a message only when its number is the last one plus 1. */
function shown(user) {
  let last = 0
  return user.all('message').filter((m) => m.sequence_number === last + 1 && ++last).map((m) => m.content)
}

describe('an evening', () => {
  const server = serviceFor(...SORSU, ...NO_LIMITS)

  it('search, match, chat, typing, reconnect in the middle, end, somebody else', LONG, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    assert.ok(Number.isSafeInteger(chatId) && chatId > 0, `a whole number: ${chatId}`)
    for (const user of [a, b]) {
      const [found] = user.all('match:found')
      fields(found, 'chat_id', 'partner_id', 'started_at')
      isTime(found.started_at)
    }
    const written = await say(a, 'hi')
    const [heard] = await hears(b, 1, 'hi')
    fields(heard, ...FIELDS)
    assert.deepEqual(heard, written, 'the writer is told what its partner is told')
    assert.deepEqual([heard.sender_guest_id, heard.is_flagged], [a.id, false])
    assert.ok(Number.isSafeInteger(heard.message_id) && heard.message_id > 0)
    isTime(heard.created_at)
    // By number and by its text; each side's numbers are its reader's own.
    assert.equal((await say({ ...b, do: b.do.bind(b), chatId: String(chatId) }, 'you?')).sequence_number, 1)
    await hears(a, 1, 'you?')
    for (const n of range(10)) {
      await say(a, `a${n}`)
      await say(b, `b${n}`)
    }
    await hears(a, 2, ...range(10).map((n) => `b${n}`))
    await hears(b, 2, ...range(10).map((n) => `a${n}`))
    for (const [event, on] of [['typing:start', true], ['typing:stop', false]]) {
      b.emit(event, { chatId })
      assert.deepEqual(await a.next('typing'), { sender_guest_id: b.id, is_typing: on })
    }

    await b.drop()
    assert.deepEqual(await a.next('typing'), { sender_guest_id: b.id, is_typing: false })
    for (const n of range(3)) assert.equal((await say(a, `missed ${n}`)).sequence_number, 11 + n)
    await b.connected()
    b.emit('chat:rejoin', { chatId })
    assert.deepEqual(await b.next('session:resumed'), { state: 'talking', chat_id: chatId, partner_id: a.id })
    await hears(b, 12, 'missed 1', 'missed 2', 'missed 3')
    const { messages } = await b.do('chat:rejoin', { chatId, afterSequence: 13 })
    assert.deepEqual(messages.map((m) => [m.sequence_number, m.content]), [[14, 'missed 3']])
    const all = (await b.do('chat:rejoin', { chatId: String(chatId) })).messages
    assert.deepEqual(all, b.all('message'), 'as it was told, with the same ids')
    await say(b, 'back')
    await hears(a, 12, 'back')
    assert.equal(shown(a).length, 12)
    assert.equal(shown(b).length, 14)

    const order = []
    b.socket.on('chat:ended', () => order.push('event'))
    await b.do('chat:end', { chatId })
    assert.deepEqual([...order, 'acknowledgement'], ['event', 'acknowledgement'])
    const [forA, forB] = [await a.next('chat:ended'), await b.next('chat:ended')]
    for (const ended of [forA, forB]) {
      fields(ended, 'chat_id', 'ended_by', 'ended_at')
      assert.deepEqual([ended.chat_id, ended.ended_by], [chatId, b.id])
      isTime(ended.ended_at)
    }
    for (const user of [a, b]) {
      for (const [event, payload] of [['message:send', { chatId, content: 'x' }], ['chat:end', { chatId }]]) {
        assert.equal((await user.ask(event, payload)).error, 'Not in this chat')
      }
    }
    // Somebody else, or the same again: nobody is kept apart.
    await a.do('presence:join')
    const c = await present(t, server)
    const second = await meet(a, c)
    assert.notEqual(second, chatId)
    await say(c, 'hello')
    await hears(a, 1, 'hello')
    await part(a)
    await c.next('chat:ended')
    await a.do('presence:join')
    await c.do('presence:join')
    assert.notEqual(await meet(a, c), second)
    await part(c)
    await settled(a)
    for (const user of [a, b, c]) {
      assert.deepEqual(user.names().filter((name) => !ONES.includes(name)), [], 'nothing else is told')
      const ids = user.all('match:found').map((m) => m.chat_id)
      assert.equal(new Set(ids).size, ids.length, 'no match is told twice')
      const ends = user.all('chat:ended').map((m) => m.chat_id)
      assert.equal(new Set(ends).size, ends.length, 'nor an end')
      assert.ok(!user.wire.some((packet) => [a, b, c].some((u) => u !== user && packet.includes(u.engineId))), 'no socket id')
    }
  })

  it('presence:leave stops the search; joining twice is one search', LIMIT, async (t) => {
    const a = await present(t, server)
    await a.do('presence:leave')
    await a.do('presence:leave')
    const b = await present(t, server)
    await b.do('presence:join')
    const c = await present(t, server)
    await meet(b, c)
    assert.deepEqual(a.all('match:found'), [])
    // Who is in a chat is present already.
    const { error } = await b.ask('presence:join')
    assert.equal(error, 'Already in a chat')
    await part(b)
    await settled(c)
    assert.deepEqual([b.all('match:found').length, c.all('match:found').length], [1, 1])
  })

  it('match:found is told once to each, whatever else happens', LIMIT, async (t) => {
    const { a, b } = await chat(t, server)
    // The clock: two others who meet, talk and part.
    for (const _ of range(2)) {
      a.emit('presence:join')
      const { a: one } = await chat(t, server)
      await part(one)
    }
    for (const user of [a, b]) {
      await settled(user)
      assert.equal(user.all('match:found').length, 1)
    }
    await part(a)
  })

  it('clientMessageId: written once, acknowledged alike', LIMIT, async (t) => {
    const { a, b } = await chat(t, server)
    const first = await say(a, 'once', { clientMessageId: 'm-1' })
    assert.equal(first.client_message_id, 'm-1')
    assert.deepEqual(await say(a, 'once', { clientMessageId: 'm-1' }), first)
    await say(a, 'then')
    await hears(b, 1, 'once', 'then')
    await part(a)
  })

  it('of twelve who search at once each is in exactly one chat with somebody else', LIMIT, async (t) => {
    const users = await Promise.all(range(12).map(() => enter(t, server)))
    for (const user of users) user.emit('presence:join')
    const found = await Promise.all(users.map((user) => user.next('match:found')))
    const chats = new Map(found.map(({ chat_id }) => [chat_id, []]))
    for (const [n, user] of users.entries()) chats.get(found[n].chat_id).push(user)
    assert.equal(chats.size, 6)
    for (const [chatId, [one, other, ...more]] of chats) {
      assert.deepEqual(more, [])
      assert.deepEqual([one, other].map((user) => user.all('match:found')[0].partner_id), [other.id, one.id])
      one.chatId = chatId
      await part(one)
    }
    for (const user of users) assert.equal(user.all('match:found').length, 1)
  })

  it('nobody is told of, or may write into, a chat of others', LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    const mallory = await enter(t, server)
    for (const [event, payload] of [
      ['message:send', { chatId, content: 'x' }], ['typing:start', { chatId }], ['chat:end', { chatId }],
      ['chat:rejoin', { chatId }],
    ]) {
      assert.equal((await mallory.ask(event, payload)).error, 'Not in this chat', event)
    }
    await say(a, 'still here')
    await hears(b, 1, 'still here')
    assert.deepEqual([mallory.all('message'), a.all('typing'), b.all('chat:ended')], [[], [], []])
    await part(a)
  })
})

describe('bad inputs', () => {
  const server = serviceFor(...SORSU, ...NO_LIMITS)

  it('each is refused in the words that clients know, callbacks are called once, nobody is harmed', LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    const noChat = [undefined, null, 5, true, 'x', [], {}, { chatId: null }, { chatId: {} }, { chatId: 'x' }, { chatId: -1 }]
    for (const payload of noChat) {
      const args = payload === undefined ? [] : [payload]
      assert.equal((await a.ask('message:send', ...args)).error, 'Invalid message data', JSON.stringify(payload))
      for (const event of ['typing:start', 'typing:stop', 'chat:rejoin', 'chat:end']) {
        const { success, error, code } = await a.ask(event, ...args)
        assert.deepEqual([success, error, code], [false, 'Invalid data', 'invalid'], `${event} ${JSON.stringify(payload)}`)
      }
    }
    for (const content of [undefined, null, 5, true, [], {}, '', ' \n\t ']) {
      assert.equal((await a.ask('message:send', { chatId, content })).error, 'Invalid message data')
    }
    assert.equal((await a.ask('message:send', { chatId, content: 'x'.repeat(1_001) })).error, 'Message too long')
    assert.equal((await a.ask('message:send', { chatId: chatId + 1, content: 'x' })).error, 'Not in this chat')
    assert.equal((await a.ask('message:send', { chatId, content: Buffer.from('x') })).success, false)
    for (const [event, ...args] of [['unknown'], ['match:found', {}], ['', 1], ['chat:started', { chatId }]]) {
      assert.equal((await a.ask(event, ...args)).error, 'Unknown event')
    }
    // Without a callback nothing comes of it, and too many arguments are no harm.
    for (const payload of noChat) {
      for (const event of ['message:send', 'typing:start', 'chat:rejoin', 'chat:end']) a.emit(event, payload)
    }
    assert.equal((await a.ask('message:send', { chatId, content: 'a' }, 'b', 'c', 'd', 'e')).success, true)
    await say(a, '😀'.repeat(1_000))
    await hears(b, 1, 'a', '😀'.repeat(1_000))
    assert.deepEqual([...a.acks.values()].filter((count) => count !== 1), [])
    await server.assertAlive()
    await part(a)
  })
})

describe('losing the connection', () => {
  const server = serviceFor(...SORSU, ...NO_LIMITS)

  it('numbers go on where they were, on both sides, through many returns', LONG, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    let said = 0
    for (const _ of range(4)) {
      for (const [away, here] of [[a, b], [b, a]]) {
        await away.drop()
        await here.next('typing')
        await say(here, `to ${here.id} ${++said}`)
        await away.connected()
        await away.next('session:resumed')
        await away.next('message', { where: (m) => m.content.endsWith(` ${said}`) })
        await say(away, `from ${away.id} ${++said}`)
        await here.next('message', { where: (m) => m.content.endsWith(` ${said}`) })
      }
    }
    for (const user of [a, b]) {
      assert.deepEqual(user.all('message').map((m) => m.sequence_number), range(8))
      assert.equal(shown(user).length, 8)
      assert.equal(user.all('match:found').length, 1)
    }
    assert.deepEqual([a.all('chat:ended'), b.all('chat:ended')], [[], []])
    const { messages } = await a.do('chat:rejoin', { chatId })
    assert.deepEqual(messages, a.all('message'))
    await part(a)
  })

  it('while searching: still searched for', LIMIT, async (t) => {
    const a = await present(t, server)
    await a.drop()
    await a.connected()
    assert.deepEqual(await a.next('session:resumed'), { state: 'waiting' })
    const b = await present(t, server)
    await meet(a, b)
    await part(b)
  })

  it('the partner ended the chat meanwhile: told on return, and by whom', LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    await b.drop()
    await a.next('typing')
    await part(a)
    await b.connected()
    b.emit('chat:rejoin', { chatId })
    assert.deepEqual(await b.next('session:resumed'), { state: 'idle' })
    const { chat_id, ended_by } = await b.next('chat:ended')
    assert.deepEqual([chat_id, ended_by], [chatId, a.id])
    await settled(b)
    assert.equal(b.all('chat:ended').length, 1)
    // A chat of which nothing is known any more.
    assert.equal((await b.ask('chat:rejoin', { chatId: 12_345 })).error, 'Not in this chat')
    const lost = await b.next('chat:ended')
    assert.deepEqual([lost.chat_id, lost.ended_by], [12_345, null])
  })

  it('a second page of the same guest takes over', LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    const page = await enter(t, server, { token: b.token, guestId: b.id })
    await b.next('replaced')
    assert.deepEqual(await page.next('session:resumed'), { state: 'talking', chat_id: chatId, partner_id: a.id })
    await say(a, 'which page?')
    await hears(page, 1, 'which page?')
    page.chatId = chatId
    await part(page)
    await a.next('chat:ended')
  })
})

describe('--grace-seconds 1', () => {
  const server = serviceFor(...SORSU, ...NO_LIMITS, ...grace(1))

  it('who does not come back in time has ended the chat; who says good-bye at once', LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    await b.drop()
    const { chat_id, ended_by } = await a.next('chat:ended')
    assert.deepEqual([chat_id, ended_by], [chatId, b.id])
    await b.connected()
    assert.equal((await b.ask('chat:rejoin', { chatId })).error, 'Not in this chat')
    assert.equal((await b.next('chat:ended')).chat_id, chatId)
    const again = await chat(t, server)
    again.a.close()
    assert.equal((await again.b.next('chat:ended')).ended_by, again.a.id)
  })
})

describe('who may enter', () => {
  const server = serviceFor(...SORSU, ...NO_LIMITS)
  const guestId = (token) => `guest-${createHash('sha256').update(`qala guest ${token}`).digest('hex').slice(0, 32)}`

  for (const transports of [['websocket'], ['polling']]) {
    it(`refusals over ${transports}, word for word`, LIMIT, async (t) => {
      const token = newSecret()
      for (const [auth, refusal] of [
        [{}, MISSING], [{ token: '' }, MISSING], [{ token: null }, MISSING], [{ guest: token }, MISSING],
        [{ guestId: guestId(token) }, MISSING],
        [{ token: 'short' }, INVALID], [{ token: 5 }, INVALID], [{ token: {} }, INVALID],
        [{ token: 'x'.repeat(5_000) }, INVALID],
        [{ token, guestId: 'guest-1' }, MISMATCH], [{ token, guestId: 5 }, MISMATCH],
        [{ token: newSecret(), guestId: guestId(token) }, MISMATCH],
      ]) {
        const user = new User(server.url ?? server.urls[0], { auth, transports })
        t.after(() => user.close())
        assert.equal(await user.refused(), refusal, JSON.stringify(auth).slice(0, 80))
      }
    })

    it(`a token over ${transports}: the same guest each time, with or without its id`, LIMIT, async (t) => {
      const token = newSecret()
      for (const id of [undefined, null, guestId(token)]) {
        const user = await enter(t, server, { token, guestId: id, transports })
        assert.equal(user.id, guestId(token))
        user.close()
      }
    })
  }
})

describe('limits of a guest', () => {
  const server = serviceFor(...SORSU)

  it('10 messages in 60 s; the 11th is refused with the time to wait; coming back costs none of them', LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    for (const n of range(10)) {
      await say(a, String(n))
      await a.do('chat:rejoin', { chatId })
    }
    const { success, error, code, retry_after_ms } = await a.ask('message:send', { chatId, content: '11' })
    assert.deepEqual([success, error, code], [false, 'Rate limit exceeded', 'rate_limited'])
    assert.ok(retry_after_ms > 0 && retry_after_ms <= 6_000, String(retry_after_ms))
    a.emit('message:send', { chatId, content: '12' })
    const limited = await a.next('rate_limited')
    assert.deepEqual([limited.scope, typeof limited.retry_after_ms], ['message', 'number'])
    await say(b, 'has a budget of its own')
    await hears(b, 1, ...range(10).map(String))
    await part(b)
  })
})

describe('limits of an address', ONE_NODE, () => {
  const outside = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal)
  const skip = outside ? false : 'this machine has no address besides loopback'
  const open = ['--host', '0.0.0.0', '--auth', 'sorsu=guest', ...NO_LIMITS, '--requests-per-address-per-minute', '0']
  const inProduction = serverFor(...SORSU, ...open, '--production', 'on')
  const roomy = serverFor(...SORSU, ...open, '--production', 'on', '--connections-per-address', '8')
  const from = (t, server) => {
    const user = new User(`http://${outside.address}:${server.port}`, { auth: { token: newSecret() } })
    t.after(() => user.close())
    return user
  }

  it('5 connections in production, then its text; when one leaves there is room again', { ...LIMIT, skip }, async (t) => {
    const users = range(5).map(() => from(t, inProduction))
    for (const user of users) await user.connected()
    const text = 'Too many connections from this IP (max 5). Please close other tabs or wait a moment.'
    assert.equal(await from(t, inProduction).refused(), text)
    assert.equal(await inProduction.counter('connections_per_address_over_limit'), 1)
    // This machine itself is not counted.
    await enter(t, inProduction)
    users[0].close()
    while ((await inProduction.get('/health')).json.connections > 5);
    await from(t, inProduction).connected()
  })

  it('10 attempts a minute, the good ones included', { ...LIMIT, skip }, async (t) => {
    for (const n of range(10)) {
      const user = from(t, roomy)
      if (n % 2) await user.connected()
      else {
        user.socket.auth = {}
        assert.equal(await user.refused(), MISSING)
      }
    }
    assert.equal(await from(t, roomy).refused(), 'Too many authentication attempts. Please try again later.')
    assert.equal(await roomy.counter('attempts_per_address_over_limit'), 1)
    await enter(t, roomy)
  })
})

describe('over HTTP', ONE_NODE, () => {
  const first = serverFor(...SORSU)
  const second = serverFor('--dialects', 'qala,sorsu')

  it('any other path answers 200 with a word of life where sorsu is first', LIMIT, async (t) => {
    await enter(t, first)
    for (const path of ['/', '/anything/at/all?x=1', '/stats']) {
      const { status, json } = await first.get(path)
      fields(json, 'status', 'service', 'timestamp', 'connections')
      assert.deepEqual([status, json.status, json.service, json.connections], [200, 'ok', 'websocket-server', 1], path)
      isTime(json.timestamp)
    }
    assert.equal((await first.get('/health')).json.store.kind, 'embedded')
    assert.equal((await second.get('/anything')).status, 404)
  })

  it('the second of two is spoken at /sorsu, and its people never meet the others', LIMIT, async (t) => {
    const { a, b } = await chat(t, second, { namespace: '/sorsu' })
    await say(a, 'hi')
    await hears(b, 1, 'hi')
    const named = await enter(t, first, { namespace: '/sorsu' })
    await named.do('presence:join')
    await meet(named, await present(t, first))
  })
})
