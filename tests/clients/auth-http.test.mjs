// `--auth http`: a server of one's own says whose a token is.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { join, userOf } from './support/client.mjs'
import { languages, matched, queue, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, Server } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'

const AWAY = 'Authentication failed: Service unavailable. Please try again in a moment.'
const now = () => Math.floor(Date.now() / 1_000)

/** What it says of each token: a status and a body, or nothing at all. */
const KNOWN = {
  'of-ana': [200, { user: 'ana' }],
  'of-seven': [200, { user: 7 }],
  'of-young': [200, { user: 'young', age: 25, gender: 'female' }],
  'of-banned': [200, { user: 'banned', banned: true }],
  'of-child': [200, { user: 'child', age: 7 }],
  'of-nobody': [200, { name: 'ana' }],
  unknown: [401, { error: 'no such token' }],
  forbidden: [403, {}],
  broken: [500, {}],
  busy: [429, {}],
  nonsense: [200, '<html>'],
  endless: [200, 'x'.repeat(300_000)],
  moved: [302, {}],
}

describe('--auth http', ONE_NODE, () => {
  const asked = []
  const who = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { token } = JSON.parse(body)
    asked.push({ method: request.method, url: request.url, type: request.headers['content-type'], body })
    const soon = { 'of-soon': [200, { user: 'soon', expires_at: now() + 2 }] }
    const [status, answer] = { ...KNOWN, ...soon }[token] ?? [401, {}]
    response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' })
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  const server = new Server()
  before(async () => {
    await new Promise((done) => who.listen(0, '127.0.0.1', done))
    server.flags = [...NO_LIMITS, '--auth', 'http', '--auth-url', `http://127.0.0.1:${who.address().port}/whose?by=qala`]
    await server.start()
  })
  after(async () => {
    who.closeAllConnections()
    who.close()
    await server.finish()
  })
  const refusal = (t, token) => userOf(t, server, { auth: { token } }).refused()

  it('whoever it names comes in as that user', LIMIT, async (t) => {
    for (const [token, id] of [['of-ana', 'ana'], ['of-seven', '7']]) {
      const user = await join(t, server, { as: id, auth: { token } })
      assert.equal(user.id, id)
    }
    const { method, url, type, body } = asked[0]
    assert.deepEqual({ method, url, type, body }, { method: 'POST', url: '/whose?by=qala', type: 'application/json', body: '{"token":"of-ana"}' })
  })

  it('what it says of somebody goes before what a client says', LIMIT, async (t) => {
    const [native, target] = languages()
    const young = await join(t, server, { as: 'young', auth: { token: 'of-young' } })
    const seeker = await join(t, server, { as: 'ana', auth: { token: 'of-ana' } })
    await queue(young, wish(native, target, { age: 80, gender: 'male' }))
    await queue(seeker, wish(target, native, { age_min: 20, age_max: 30, gender_preference: 'female', strict: ['age', 'gender'] }))
    await matched(young, seeker)
  })

  it('everybody else is refused in the words of the contract', LIMIT, async (t) => {
    for (const [token, message] of [
      ['unknown', 'Invalid token'],
      ['forbidden', 'Invalid token'],
      ['of-nobody', 'Invalid token'],
      ['of-banned', 'Account suspended'],
      ['of-child', 'User profile required'],
      ['x'.repeat(8_193), 'Invalid token'],
    ]) {
      assert.equal(await refusal(t, token), message, token)
    }
    assert.equal(await userOf(t, server, { auth: {} }).refused(), 'Authentication required')
    assert.ok(asked.every(({ body }) => body.length < 8_200), 'what is too long is not sent on')
  })

  it('the end that it names ends the connection', LIMIT, async (t) => {
    const user = await join(t, server, { as: 'soon', auth: { token: 'of-soon' } })
    const gone = user.disconnected()
    await user.next('auth:expired')
    await gone
  })

  it('an answer that is none: nobody comes in, and everybody else as before', LIMIT, async (t) => {
    for (const token of ['broken', 'busy', 'nonsense', 'endless', 'moved']) {
      assert.equal(await refusal(t, token), AWAY, token)
      // One that answers is left alone after failures in a row only.
      await join(t, server, { as: 'ana', auth: { token: 'of-ana' } })
    }
  })
})
