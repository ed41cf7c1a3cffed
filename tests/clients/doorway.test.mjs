// What stands before the engine: whose address it is, who polls which session, how many may say nothing, how large a
// message may be before and after somebody said who it is, and what every answer carries.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import WebSocket from 'ws'
import { User, join, newSecret } from './support/client.mjs'
import { range } from './support/matching.mjs'
import { polling, rawConnected, rawOpen } from './support/raw.mjs'
import { LIMIT, bounded, serverFor } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'

const PROXY = ['--trusted-proxies', '127.0.0.1']
const forwarded = (address) => ({ 'x-forwarded-for': address })

/** One request of somebody whom the proxy names: the status, and after how many seconds to come again. */
async function ask(server, address, { path = '/health', ...options } = {}) {
  const headers = { ...options.headers, ...(address && forwarded(address)) }
  const response = await fetch(server.url + path, { ...options, headers, signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after')), text, headers: response.headers }
}

const ENGINE = '/socket.io/?EIO=4&transport=polling'
const handshake = async (server, address, headers) => {
  const { status, text } = await ask(server, address, { path: ENGINE, headers })
  assert.equal(status, 200, text)
  return JSON.parse(text.slice(1)).sid
}
const say = (server, sid, body, address, headers) =>
  ask(server, address, { path: `${ENGINE}&sid=${sid}`, method: 'POST', body, headers })

describe('whose address it is', ONE_NODE, () => {
  const server = serverFor(...PROXY, '--requests-per-address-per-minute', '3')
  const few = serverFor(...PROXY, '--requests-per-address-per-minute', '0', '--connections-per-address', '2')
  const alone = serverFor('--requests-per-address-per-minute', '3')

  it('each whom the proxy names has its own number; who has spent it is told for how many seconds', LIMIT, async () => {
    for (const _ of range(3)) assert.equal((await ask(server, '203.0.113.1')).status, 200)
    const refused = await ask(server, '203.0.113.1')
    assert.equal(refused.status, 429)
    assert.ok(refused.retryAfter >= 1 && refused.retryAfter <= 20, String(refused.retryAfter))
    // What it says of itself stands before what the proxy says of it.
    for (const spoofed of ['127.0.0.1, 203.0.113.1', '198.51.100.7,203.0.113.1', '", 203.0.113.1'])
      assert.equal((await ask(server, spoofed)).status, 429, spoofed)
    assert.equal((await ask(server, '203.0.113.2')).status, 200)
    assert.equal((await ask(server)).status, 200, 'this machine itself')
    assert.equal(await server.counter('requests_per_address_over_limit'), 4)
  })

  it('addresses of IPv6 count together by their /64', LIMIT, async () => {
    for (const last of range(3)) assert.equal((await ask(server, `2001:db8::${last}`)).status, 200)
    assert.equal((await ask(server, '2001:db8::ffff:1')).status, 429)
    assert.equal((await ask(server, '2001:db8:0:1::1')).status, 200)
  })

  it('nobody is believed who is not trusted: everybody is this machine', LIMIT, async () => {
    for (const _ of range(10)) assert.equal((await ask(alone, '203.0.113.1')).status, 200)
  })

  it('connections count for whom the proxy names, on both transports', LIMIT, async (t) => {
    for (const transport of ['websocket', 'polling']) {
      const address = transport === 'polling' ? '203.0.113.4' : '203.0.113.3'
      const come = () => {
        const options = { transports: [transport], extraHeaders: forwarded(address) }
        const user = new User(few.url, { guest: newSecret(), ...options })
        t.after(() => user.close())
        return user
      }
      for (const _ of range(2)) await come().connect()
      const message = await come().refused()
      assert.equal(message, 'Too many connections from this IP (max 2). Please close other tabs or wait a moment.')
    }
    await join(t, few)
  })
})

describe('--limits-dry-run on', ONE_NODE, () => {
  const number = (name, value) => [`--${name}`, String(value)]
  const server = serverFor(
    ...PROXY,
    ...number('limits-dry-run', 'on'),
    ...number('requests-per-address-per-minute', 2),
    ...number('connections-per-address', 1),
    ...number('attempts-per-address-per-minute', 1),
    ...number('matching-events-per-minute', 2),
  )

  it('nobody is refused, and all that would have been is counted', LIMIT, async (t) => {
    const users = []
    for (const _ of range(3)) {
      const user = new User(server.url, { guest: newSecret(), extraHeaders: forwarded('203.0.113.1') })
      t.after(() => user.close())
      users.push(await user.connect())
    }
    for (const _ of range(5)) await users[0].do('matching:leave_queue')
    const { json } = await server.get('/health')
    const counted = Object.entries(json.counters).filter(([name, count]) => name.startsWith('dry_run_') && count > 0)
    assert.deepEqual(Object.fromEntries(counted), {
      dry_run_requests: 1,
      dry_run_attempts: 2,
      dry_run_connections: 2,
      dry_run_matching: 3,
    })
    const { text } = await server.get('/metrics')
    assert.match(text, /^qala_limits_dry_run_total\{limit="matching"\} 3$/m)
    assert.equal(json.counters.requests_per_address_over_limit + json.counters.refused_rate_limited, 0)
  })
})

describe('a session that polls', ONE_NODE, () => {
  const server = serverFor(...PROXY, '--requests-per-address-per-minute', '0')
  const [own, other] = ['203.0.113.1', '203.0.113.2']
  const unknown = { code: 1, message: 'Session ID unknown' }

  it('is its own client\'s: nobody at another address goes on with it, before or after it came in', LIMIT, async () => {
    const sid = await handshake(server, own)
    const foreign = async () => {
      for (const asked of [
        await say(server, sid, '40', other),
        await say(server, sid, '40', other, { authorization: 'Bearer x' }),
        await ask(server, other, { path: `${ENGINE}&sid=${sid}` }),
      ]) {
        assert.equal(asked.status, 400)
        assert.deepEqual(JSON.parse(asked.text), unknown)
      }
      const url = `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&sid=${sid}`
      const ws = new WebSocket(url, { headers: forwarded(other) })
      const refused = new Promise((done) => ws.once('unexpected-response', (_, { statusCode }) => done(statusCode)))
      ws.on('error', () => {})
      assert.equal(await bounded(refused, 10_000, () => 'it was not refused'), 400)
      ws.terminate()
    }
    await foreign()
    assert.equal((await say(server, sid, '40{}', own)).status, 200)
    assert.match((await ask(server, own, { path: `${ENGINE}&sid=${sid}` })).text, /40\{/)
    await foreign()
    assert.equal(await server.counter('polls_of_others'), 8)
    assert.equal((await say(server, sid, '421["heartbeat"]', own)).status, 200)
    assert.match((await ask(server, own, { path: `${ENGINE}&sid=${sid}` })).text, /431\[/)
  })

  it('goes on from elsewhere with the token that it began with, and with no other', LIMIT, async () => {
    const [token, wrong] = ['a', 'b'].map((word) => ({ authorization: `Bearer ${word}` }))
    const sid = await handshake(server, own, token)
    assert.equal((await say(server, sid, '40', other, wrong)).status, 400)
    assert.equal((await say(server, sid, '40', other, token)).status, 200)
  })

  it('is none that began as a WebSocket', LIMIT, async (t) => {
    const raw = await rawConnected(t, server)
    const { sid } = JSON.parse(raw.texts[0].slice(1))
    assert.equal((await say(server, sid, '422["heartbeat"]')).status, 400)
    raw.send('421["heartbeat"]')
    await raw.text('431[')
    assert.ok(!raw.texts.some((text) => text.startsWith('432')))
  })
})

describe('--max-unauthenticated 2', ONE_NODE, () => {
  const server = serverFor('--max-unauthenticated', '2')

  it('a third that has not said who it is is told to come again; when one has, there is room', LIMIT, async (t) => {
    const [first] = [await rawOpen(t, server), await polling(server, 'GET', '')]
    const refused = await ask(server, undefined, { path: ENGINE })
    assert.deepEqual([refused.status, refused.retryAfter], [503, 5])
    assert.equal(await server.counter('unauthenticated_over_limit'), 1)
    first.send('40')
    await first.text('40{')
    await join(t, server)
  })
})

describe('--connect-timeout 1', ONE_NODE, () => {
  const server = serverFor('--connect-timeout', '1')

  it('who polls and never says who it is is closed', LIMIT, async () => {
    const sid = await handshake(server)
    // Held until there is something to say.
    const { text } = await ask(server, undefined, { path: `${ENGINE}&sid=${sid}` })
    for (let packets = text; !/^1$|\x1e1$/.test(packets); ) {
      const next = await ask(server, undefined, { path: `${ENGINE}&sid=${sid}` })
      if (next.status === 400) break
      packets = next.text
    }
    assert.equal((await say(server, sid, '40')).status, 400)
  })
})

describe('64 KiB, and no attachments', ONE_NODE, () => {
  const server = serverFor()
  const large = (bytes) => `42["heartbeat","${'x'.repeat(bytes - 18)}"]`

  for (const [when, opened] of [['before', rawOpen], ['after', rawConnected]]) {
    it(`websocket, ${when} saying who it is: one byte more closes it`, LIMIT, async (t) => {
      const raw = await opened(t, server)
      raw.send(large(65_536 + 1))
      await raw.closed()
      const binary = await opened(t, server)
      binary.send(Buffer.alloc(65_536 + 1))
      await binary.closed()
      await server.assertAlive()
    })

    it(`polling, ${when} saying who it is: one byte more is refused`, LIMIT, async () => {
      const sid = await handshake(server)
      if (when === 'after') assert.equal((await say(server, sid, '40')).status, 200)
      const { status } = await say(server, sid, large(65_536 + 1))
      assert.ok([400, 413].includes(status), String(status))
      await server.assertAlive()
    })
  }

  it('64 KiB are let through on both', LIMIT, async (t) => {
    const raw = await rawConnected(t, server)
    raw.send(large(65_536 - 1).replace('42[', '421['))
    await raw.text('431[')
    const sid = await handshake(server)
    assert.equal((await say(server, sid, '40')).status, 200)
    assert.equal((await say(server, sid, large(65_536))).status, 200)
  })

  it('an event that announces attachments before anybody came in closes that connection alone', LIMIT, async (t) => {
    const stays = await rawConnected(t, server)
    const raw = await rawOpen(t, server)
    raw.send('4510-["heartbeat",{"_placeholder":true,"num":0}]')
    await raw.closed()
    stays.send('421["heartbeat"]')
    await stays.text('431[')
  })
})

describe('what every answer carries', ONE_NODE, () => {
  const server = serverFor('--allowed-origins', 'https://app.example.com', '--demo', 'on')
  const HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' }

  it('no guessing of types, no referrer, no frame, no content that it did not name', LIMIT, async () => {
    for (const [path, status, options] of [
      ['/', 200],
      ['/demo/app.js', 200],
      ['/health', 200],
      ['/metrics', 200],
      ['/nothing', 404],
      ['/health', 405, { method: 'DELETE' }],
      [ENGINE, 200],
      [ENGINE, 403, { headers: { origin: 'https://evil.test' } }],
      [`${ENGINE}&sid=nobodys`, 400],
    ]) {
      const { status: got, headers } = await ask(server, undefined, { path, ...options })
      assert.equal(got, status, path)
      for (const [name, value] of Object.entries(HEADERS)) assert.equal(headers.get(name), value, `${path} ${name}`)
      const policy = headers.get('content-security-policy')
      assert.match(policy, /frame-ancestors 'none'/, path)
      assert.match(policy, /^default-src '(self|none)'/, path)
    }
  })

  it('a page that may not connect is told what to do about it', LIMIT, async () => {
    const { text } = await ask(server, undefined, { path: ENGINE, headers: { origin: 'https://evil.test' } })
    assert.equal(text, "this page's origin is not allowed: --allowed-origins lists the pages that may connect\n")
  })
})

describe('an address that others reach, and nobody said which pages may', ONE_NODE, () => {
  const server = serverFor('--host', '0.0.0.0', '--auth', 'none')

  it('no page comes in on either transport, its own host\'s neither; who is no browser does', LIMIT, async (t) => {
    for (const origin of [server.url, 'http://localhost', 'null']) {
      const { status, text } = await ask(server, undefined, { path: ENGINE, headers: { origin } })
      assert.equal(status, 403, origin)
      assert.match(text, /^no page may connect here: .*--allowed-origins/)
    }
    const page = new User(server.url, { extraHeaders: { origin: server.url } })
    t.after(() => page.close())
    await page.refused()
    await join(t, server)
  })
})
