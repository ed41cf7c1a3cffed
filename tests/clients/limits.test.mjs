// Every limit that one client can reach: its number, its refusal, its counter, and that others are served on.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { User, join, newSecret } from './support/client.mjs'
import { languages, queue, range, talk, wish } from './support/matching.mjs'
import { polling, rawConnected, rawOpen } from './support/raw.mjs'
import { LIMIT, NO_LIMITS, NO_OUTSIDE, OUTSIDE, bounded, serverFor } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'
import { WEBRTC_CHAT, enter, fields, welcomed } from './support/webrtc-chat.mjs'

describe('--max-connections 2', ONE_NODE, () => {
  const server = serverFor('--max-connections', '2')

  it('the third is refused with a sentence and counted; when one leaves there is room again', LIMIT, async (t) => {
    const [first] = [await join(t, server), await join(t, server)]
    const third = new User(server.url, { guest: newSecret() })
    t.after(() => third.close())
    assert.equal(await third.refused(), 'Server is full. Please try again later.')
    assert.equal(await server.counter('connections_over_limit'), 1)
    first.close()
    while ((await (await fetch(`${server.url}/health`)).json()).connections > 1);
    await join(t, server)
  })
})

describe('--connect-timeout 1', ONE_NODE, () => {
  const server = serverFor('--connect-timeout', '1')

  it('a WebSocket that never says who it is is closed; one that does stays', LIMIT, async (t) => {
    const stays = await rawConnected(t, server)
    const silent = await rawOpen(t, server)
    await silent.closed()
    stays.send('421["heartbeat"]')
    await stays.text('431[')
  })
})

describe('--max-waiting 1', () => {
  const server = serviceFor('--max-waiting', '1')

  it('a second ticket is refused as queue_full with a time; the first is served on', LIMIT, async (t) => {
    const [native, target] = languages()
    const first = await join(t, server)
    await queue(first, wish(native, target))
    const second = await join(t, server)
    const refused = await second.ask('matching:join_queue', wish(native, target))
    assert.equal(refused.success, false)
    assert.equal(refused.code, 'queue_full')
    assert.ok(refused.retry_after_ms > 0)
    assert.equal(await server.counter('refused_queue_full'), 1)
    await first.do('matching:leave_queue')
    await queue(second, wish(native, target))
  })
})

describe('sizes', () => {
  const server = serviceFor(...NO_LIMITS, '--sdp-bytes', '1024', '--chat-characters', '5')

  it('a signal or message over its size is refused by name, the peer hears nothing of it', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    const offer = await a.ask('webrtc:offer', { sessionId, offer: { type: 'offer', sdp: 'x'.repeat(1_024) } })
    assert.deepEqual([offer.success, offer.code, offer.field], [false, 'too_large', 'offer'])
    const chat = await a.ask('chat:send', { sessionId, content: '123456' })
    assert.deepEqual([chat.success, chat.code, chat.field], [false, 'too_large', 'content'])
    assert.equal(await server.counter('refused_too_large'), 2)
    await a.do('chat:send', { sessionId, content: '12345' })
    await b.next('chat:message')
    assert.deepEqual(b.all('webrtc:offer'), [])
  })
})

describe('--max-payload-bytes 8000', ONE_NODE, () => {
  const server = serverFor('--max-payload-bytes', '8000')

  it('a request over --max-payload-bytes is refused before it is read', LIMIT, async () => {
    const { sid } = JSON.parse((await polling(server, 'GET', '')).text.slice(1))
    const { status } = await polling(server, 'POST', `&sid=${sid}`, `42["heartbeat","${'x'.repeat(8_000)}"]`)
    assert.ok([400, 413].includes(status), `status ${status}`)
    await server.assertAlive()
  })
})

describe('origins', ONE_NODE, () => {
  const server = serverFor('--allowed-origins', 'https://app.example.com')
  const ask = (origin, method = 'GET') =>
    fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, {
      method,
      headers: { origin, ...(method === 'OPTIONS' && { 'access-control-request-method': 'POST' }) },
    })

  it('a page that is listed may connect and read, with credentials', LIMIT, async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await ask('https://app.example.com', method)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example.com')
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true')
    }
  })

  it('a page that is not is refused on both transports and counted', LIMIT, async (t) => {
    assert.equal((await ask('https://evil.example.com')).status, 403)
    const user = new User(server.url, { extraHeaders: { origin: 'https://evil.example.com' } })
    t.after(() => user.close())
    await user.refused()
    assert.equal(await server.counter('origins_refused'), 2)
    await join(t, server)
  })
})

describe('--transports websocket', ONE_NODE, () => {
  const server = serverFor('--transports', 'websocket')

  it('polling is refused, WebSocket is served', LIMIT, async (t) => {
    assert.equal((await polling(server, 'GET', '')).status, 400)
    await join(t, server)
  })
})

describe('connections of one address per minute', ONE_NODE, () => {
  const OPEN = [...WEBRTC_CHAT, '--host', '0.0.0.0', '--auth', 'webrtc-chat=guest', '--requests-per-address-per-minute', '0']
  /** One comes back every twelve seconds. */
  const MOST_WAIT_MS = 12_000
  const attempts = (number) => ['--attempts-per-address-per-minute', String(number)]
  const own = new Map([['websocket', serverFor(...OPEN)], ['polling', serverFor(...OPEN)]])
  const said = serverFor(...OPEN, ...attempts(2))
  const unlimited = serverFor(...OPEN, ...attempts(0))

  const from = (t, server, transport = 'websocket') => {
    const user = new User(`http://${OUTSIDE}:${server.port}`, { guest: newSecret(), transports: [transport] })
    t.after(() => user.close())
    return user
  }
  const comesIn = async (t, server, transport) => {
    const user = from(t, server, transport)
    await user.connected()
    return welcomed(user)
  }
  /** Is told when to try again and nothing else, whatever it says, and is dismissed. */
  const turnedAway = async (t, server, transport) => {
    const user = from(t, server, transport)
    const dismissed = new Promise((done) => user.socket.once('disconnect', done))
    user.emit('find_match')
    await user.connected()
    const limited = await user.next('rate_limited')
    fields(limited, 'type', 'message', 'retryAfter')
    assert.equal(limited.type, 'connection')
    assert.equal(await bounded(dismissed, 5_000, () => 'still connected'), 'io server disconnect')
    assert.deepEqual(user.names(), ['rate_limited'])
    return limited.retryAfter
  }

  for (const [transport, server] of own) {
    it(`five over ${transport}; the sixth is told rate_limited with the time to wait`, { ...LIMIT, ...NO_OUTSIDE }, async (t) => {
      const users = []
      for (const _ of range(5)) users.push(await comesIn(t, server, transport))
      const wait = await turnedAway(t, server, transport)
      assert.ok(wait > 0 && wait <= MOST_WAIT_MS, String(wait))
      assert.equal(await server.counter('attempts_per_address_over_limit'), 1)
      assert.equal((await server.get('/health')).json.sessions, 5)
      // This machine itself is not counted, and nobody who is in notices.
      await enter(t, server)
      for (const user of users) assert.ok(user.socket.connected)
    })
  }

  it('--attempts-per-address-per-minute sets the number; 0 is no limit', { ...LIMIT, ...NO_OUTSIDE }, async (t) => {
    for (const _ of range(2)) await comesIn(t, said)
    assert.ok((await turnedAway(t, said)) <= 30_000)
    for (const _ of range(20)) await comesIn(t, unlimited)
    assert.equal(await unlimited.counter('attempts_per_address_over_limit'), 0)
  })
})
