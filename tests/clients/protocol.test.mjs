// Broken and hostile packets below the event layer: raw WebSockets, bare HTTP and half-open connections.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bystanders } from './support/bystanders.mjs'
import { User, join, newSecret } from './support/client.mjs'
import { range, talk } from './support/matching.mjs'
import { polling, rawConnected, rawOpen, tcp } from './support/raw.mjs'
import { LIMIT, LONG, NO_LIMITS, serverFor } from './support/server.mjs'

/** Text frames on a connection that has entered the namespace. */
const MALFORMED = [
  '', '4', '42', '42[', '42[]', '42{}', '42[1]', '42[null]', '42[{}]', '42"x"', '42["chat:send"', '42["chat:send",]', '49', '4x',
  '9', 'abc', '43', '430', '43999[]', '430[{}]', '44{"message":"x"}', '40', '40[', '40{"guest":5}', '45-["x"]', '451-["x"]',
  '451-["chat:send",{"_placeholder":true,"num":7}]', '4510000-["x",{"_placeholder":true,"num":0}]', '46', '461-0[]',
  '4299999999999999999999["chat:send",{}]', '42-1["chat:send",{}]', '42/nope,["chat:send",{}]', '41/nope,', '42/,["x"]',
  '2probe', '3', '3probe', '5', '6', '\u0000', '4\u0000', `42${'['.repeat(5_000)}`, `42["x",${'{"a":'.repeat(5_000)}`,
]

describe('broken packets', () => {
  const server = serverFor(...NO_LIMITS)

  it('every malformed frame: only its own connection may end', LONG, async (t) => {
    const others = await bystanders(t, server)
    for (const frame of MALFORMED) {
      const raw = await rawConnected(t, server)
      raw.send(frame)
      // Either the connection goes on, which its answer shows, or it is closed: never neither.
      raw.send('427["heartbeat"]')
      await Promise.race([raw.text('437['), raw.closed()])
      raw.close()
    }
    await others.check()
    await server.assertAlive()
  })

  it('all malformed frames before CONNECT: nothing is executed, the server lives', LONG, async (t) => {
    const others = await bystanders(t, server)
    for (const frame of [...MALFORMED, '42["matching:join_queue",{}]', '420["heartbeat"]']) {
      const raw = await rawOpen(t, server)
      raw.send(frame)
      raw.close()
    }
    await others.check()
    await server.assertAlive()
  })

  it('an event before CONNECT: no acknowledgement, the connection is closed or refuses', LIMIT, async (t) => {
    const raw = await rawOpen(t, server)
    raw.send('420["heartbeat"]')
    raw.send('40{}')
    await Promise.race([raw.closed(), raw.text('40{')])
    assert.ok(!raw.texts.some((text) => text.startsWith('43')), raw.texts.join(' | '))
  })

  it('a frame of 1 MB: that connection is closed', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    for (const frame of [
      `42["chat:send",{"content":"${'x'.repeat(1_000_000)}"}]`,
      'x'.repeat(1_000_000),
      Buffer.alloc(1_000_000),
    ]) {
      const raw = await rawConnected(t, server)
      raw.send(frame)
      await raw.closed()
    }
    await others.check()
    await server.assertAlive()
  })

  it('a message of 1 MB in small fragments: that connection is closed', LIMIT, async (t) => {
    const raw = await rawConnected(t, server)
    for (const n of range(1_000)) raw.send('x'.repeat(1_000), { fin: n === 999 })
    await raw.closed()
    await server.assertAlive()
  })

  it('invalid UTF-8 in a text frame: that connection is closed', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    const raw = await rawConnected(t, server)
    raw.send(Buffer.from([0x34, 0x32, 0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d]), { binary: false })
    await raw.closed()
    await others.check()
  })

  it('announced attachments that never come, and ones that nobody announced', LIMIT, async (t) => {
    const others = await bystanders(t, server)
    for (const [text, ...binaries] of [
      ['451-["chat:send",{"_placeholder":true,"num":0}]'],
      ['459999-["chat:send",{"_placeholder":true,"num":0}]', Buffer.alloc(10)],
      ['451-7["chat:send",{"_placeholder":true,"num":5}]', Buffer.alloc(10)],
      ['2', Buffer.alloc(10)],
    ]) {
      const raw = await rawConnected(t, server)
      raw.send(text)
      for (const binary of binaries) raw.send(binary)
      raw.send('428["heartbeat"]')
    }
    await others.check()
    await server.assertAlive()
  })
})

describe('namespaces', () => {
  const server = serverFor(...NO_LIMITS)

  for (const namespace of ['/nope', '/admin', '/a/b?c=d', `/${'n'.repeat(1_000)}`]) {
    it(`${namespace.slice(0, 12)}: refused with Invalid namespace`, LIMIT, async (t) => {
      const user = new User(server.url, { namespace })
      t.after(() => user.close())
      assert.equal(await user.refused(), 'Invalid namespace')
    })
  }

  it('refused from one namespace, the connection can still enter the right one', LIMIT, async (t) => {
    const raw = await rawOpen(t, server)
    raw.send('40/nope,{}')
    assert.equal(await raw.text('44/nope,'), '44/nope,{"message":"Invalid namespace"}')
    raw.send('40{}')
    await raw.text('40{')
  })
})

describe('half-open connections', () => {
  const server = serverFor(...NO_LIMITS)
  const COUNT = 50

  it(`${COUNT} of each kind left standing: others connect and talk as before`, LONG, async (t) => {
    const others = await bystanders(t, server)
    const half = [
      () => tcp(t, server),
      () => tcp(t, server, 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n'),
      () => tcp(t, server, 'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n4'),
      () => tcp(t, server, '\u0016\u0003\u0001 not HTTP at all\r\n\r\n'),
      () => rawOpen(t, server),
      () => polling(server, 'GET', ''),
    ]
    await Promise.all(half.flatMap((open) => range(COUNT).map(open)))
    await others.check()
    const { a, b, sessionId } = await talk(t, server)
    await a.do('chat:send', { sessionId, content: 'hello' })
    await b.next('chat:message')
  })

  it('requests that are not Engine.IO 4: refused, not executed', LIMIT, async (t) => {
    const base = `${server.url}/socket.io/`
    for (const [method, query] of [
      ['GET', ''], ['GET', '?EIO=3&transport=polling'], ['GET', '?EIO=4&transport=smoke'], ['GET', '?EIO=4'],
      ['GET', '?EIO=4&transport=websocket'], ['GET', '?EIO=4&transport=polling&sid=nobody'], ['POST', '?EIO=4&transport=polling'],
      ['DELETE', '?EIO=4&transport=polling'], ['PUT', '?EIO=4&transport=polling&sid=%ff%fe'],
    ]) {
      const { status } = await fetch(base + query, { method, signal: AbortSignal.timeout(5_000) })
      assert.ok(status >= 400 && status < 500, `${method} ${query}: ${status}`)
    }
    await server.assertAlive()
  })
})

describe('acting as somebody else over polling', () => {
  const server = serverFor(...NO_LIMITS)

  it('a public id is no session id: 400, and nothing happens in the name of that user', LIMIT, async (t) => {
    const { a, b, sessionId, matchId } = await talk(t, server)
    const packet = `42["chat:send",{"sessionId":"${sessionId}","content":"not me"}]`
    for (const known of [a.id, b.id, sessionId, matchId, newSecret()]) {
      const post = await polling(server, 'POST', `&sid=${encodeURIComponent(known)}`, packet)
      assert.equal(post.status, 400, `POST as ${known}: ${post.text}`)
      const get = await polling(server, 'GET', `&sid=${encodeURIComponent(known)}`)
      assert.equal(get.status, 400, `GET as ${known}: ${get.text}`)
    }
    await b.do('chat:send', { sessionId, content: 'really me' })
    assert.equal((await a.next('chat:message')).content, 'really me')
    assert.deepEqual(b.all('chat:message'), [])
  })

  it('a public id is no guest secret: whoever shows it is somebody else', LIMIT, async (t) => {
    const { a, b } = await talk(t, server)
    const thief = new User(server.url, { guest: b.id })
    t.after(() => thief.close())
    await thief.connect().catch(() => {})
    assert.notEqual(thief.id, b.id)
    await a.settled()
    assert.deepEqual(b.all('replaced'), [])
  })

  it('guest secrets too short, too long or no text: refused or a fresh guest', LIMIT, async (t) => {
    const seen = new Set()
    for (const guest of ['short', 'x'.repeat(129), '', 5, null, {}, ['x'.repeat(20)], true]) {
      const user = new User(server.url, { auth: { guest } })
      t.after(() => user.close())
      const welcome = await user.connected().then(() => user.next('session:welcome'), () => undefined)
      if (!welcome) continue
      assert.ok(!seen.has(welcome.userId), `${JSON.stringify(guest)} makes two people one`)
      seen.add(welcome.userId)
    }
    await server.assertAlive()
    await join(t, server)
  })
})
