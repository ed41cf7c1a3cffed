// Who may come in when the server knows a secret: HS256 tokens made here, refusals word for word.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { join, userOf } from './support/client.mjs'
import { accept, languages, matched, queue, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, serverFor } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'

const SECRET = 'a-secret-of-at-least-thirty-two-bytes-for-the-tests'
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1_000)

/** A token as the well-known issuers make them; every part can be spoiled. */
function token(claims = {}, { header = { alg: 'HS256', typ: 'JWT' }, secret = SECRET, hash = 'sha256' } = {}) {
  const usual = { sub: 'user-1', aud: 'authenticated', role: 'authenticated', iat: now(), exp: now() + 3_600 }
  const payload = { ...usual, ...claims }
  const body = `${part(header)}.${part(payload)}`
  return `${body}.${createHmac(hash, secret).update(body).digest('base64url')}`
}

const unsigned = (alg) => `${part({ alg, typ: 'JWT' })}.${part({ sub: 'user-1', exp: now() + 3_600 })}.`

const INVALID = {
  'expired an hour ago': () => token({ exp: now() - 3_600 }),
  'signed with another secret': () => token({}, { secret: 'another-secret-of-at-least-thirty-two-bytes' }),
  'algorithm none, unsigned': () => unsigned('none'),
  'algorithm None, unsigned': () => unsigned('None'),
  'algorithm none, but signed': () => token({}, { header: { alg: 'none', typ: 'JWT' } }),
  'another algorithm in the header': () => token({}, { header: { alg: 'RS256', typ: 'JWT' } }),
  'HS512 where HS256 is expected': () => token({}, { header: { alg: 'HS512', typ: 'JWT' }, hash: 'sha512' }),
  'without sub': () => token({ sub: undefined }),
  'sub of nothing': () => token({ sub: '' }),
  'sub as a number': () => token({ sub: 7 }),
  'not valid before tomorrow': () => token({ nbf: now() + 86_400 }),
  'payload exchanged after signing': () => {
    const [header, , signature] = token().split('.')
    return `${header}.${part({ sub: 'user-2', exp: now() + 3_600 })}.${signature}`
  },
  'signature cut off': () => token().split('.').slice(0, 2).join('.'),
  'no token at all, only words': () => 'let me in',
  'dots': () => '..',
}

describe('--jwt-secret', () => {
  const server = serviceFor(...NO_LIMITS, '--jwt-secret', SECRET)
  const userWith = (t, options) => userOf(t, server, options)

  for (const transports of [['websocket'], ['polling']]) {
    it(`no token over ${transports}: Authentication required`, LIMIT, async (t) => {
      for (const auth of [{}, { guest: 'x'.repeat(32) }]) {
        assert.equal(await userWith(t, { auth, transports }).refused(), 'Authentication required')
      }
    })

    it(`a valid token over ${transports}: the user id is its sub`, LIMIT, async (t) => {
      const user = await join(t, server, { auth: { token: token({ sub: 'user-9' }) }, transports })
      assert.equal(user.id, 'user-9')
      assert.equal(user.all('session:welcome')[0].guest, false)
    })
  }

  for (const [name, make] of Object.entries(INVALID)) {
    it(`${name}: Invalid token`, LIMIT, async (t) => {
      assert.equal(await userWith(t, { auth: { token: make() } }).refused(), 'Invalid token')
    })
  }

  it('a token that is no text: refused, the server lives', LIMIT, async (t) => {
    for (const bad of [5, true, {}, [token()], null]) {
      const message = await userWith(t, { auth: { token: bad } }).refused()
      assert.match(message, /^(Authentication required|Invalid token)$/)
    }
    await server.assertAlive()
  })

  it('the Authorization header is accepted where handshake.auth has none', LIMIT, async (t) => {
    const extraHeaders = { Authorization: `Bearer ${token({ sub: 'from-header' })}` }
    for (const transports of [['websocket'], ['polling']]) {
      const user = userWith(t, { auth: {}, extraHeaders, transports })
      await user.connect()
      assert.equal(user.id, 'from-header')
      user.close()
    }
  })

  it('a bad token in the Authorization header: Invalid token', LIMIT, async (t) => {
    const user = userWith(t, { auth: {}, extraHeaders: { Authorization: `Bearer ${token({ exp: 1 })}` } })
    assert.equal(await user.refused(), 'Invalid token')
  })

  it('handshake.auth goes before the header', LIMIT, async (t) => {
    const user = userWith(t, {
      auth: { token: token({ sub: 'from-auth' }) },
      extraHeaders: { Authorization: `Bearer ${token({ sub: 'from-header' })}` },
    })
    await user.connect()
    assert.equal(user.id, 'from-auth')
  })

  it('userId in the payload is ignored: the partner is told the sub', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server, { auth: { token: token({ sub: 'alice' }) } })
    const b = await join(t, server, { auth: { token: token({ sub: 'bob' }) } })
    await queue(a, wish(native, target, { userId: 'mallory' }))
    await queue(b, wish(target, native, { userId: 'alice' }))
    const [forA, forB] = await matched(a, b)
    assert.deepEqual([forA.partnerId, forB.partnerId], ['bob', 'alice'])
    await accept(a, b, forA)
  })

  it('two tokens of one user: the newer connection takes over', LIMIT, async (t) => {
    const older = await join(t, server, { as: 'twice', auth: { token: token({ sub: 'twice' }) } })
    const closed = older.disconnected()
    const newer = await join(t, server, { as: 'twice', auth: { token: token({ sub: 'twice', exp: now() + 60 }) } })
    await older.next('replaced')
    await closed
    await newer.settled()
  })

  it('events sent before the refusal is known: nothing is executed', LIMIT, async (t) => {
    const user = userWith(t, { auth: { token: 'wrong' } })
    let answered = false
    user.emit('matching:join_queue', wish('en', 'es'), () => {
      answered = true
    })
    assert.equal(await user.refused(), 'Invalid token')
    assert.equal(answered, false)
  })
})

describe('without authentication', ONE_NODE, () => {
  const server = serverFor()

  it('says at start that only this machine can reach it', () => {
    assert.match(server.output, /guest/)
    assert.match(server.output, /http:\/\/127\.0\.0\.1:\d+/)
  })
})
