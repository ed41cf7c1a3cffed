// Who may come in where a Supabase project knows its users: tokens by published keys, rows by the real PostgREST, and
// what happens while parts of the project are away.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { join, userOf } from './support/client.mjs'
import { languages, matched, queue, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, Server } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'
import { hs256, now, Signer, supabaseFor } from './support/supabase.mjs'

const COLUMNS = 'id,email,full_name,native_language,target_languages,age,gender,is_banned'
const AWAY = 'Authentication failed: Service unavailable. Please try again in a moment.'

/** A server whose flags are known only when the tests begin. */
function serverWith(flags) {
  const server = new Server()
  before(() => {
    server.flags = [...NO_LIMITS, ...flags()]
    return server.start()
  })
  after(() => server.finish())
  return server
}

const bearing = (token) => ({ auth: { token } })
const refusal = (t, server, token) => userOf(t, server, bearing(token)).refused()

describe('a Supabase project', ONE_NODE, () => {
  const project = supabaseFor()
  const of = (...more) => ['--supabase-url', project.url, '--jwt-leeway', '0', ...more]
  const withRows = (...more) => of('--supabase-key', project.serviceKey, '--profile-seconds', '0', ...more)
  const token = (sub, claims) => project.signer.token({ sub, ...claims })

  describe('by its published keys', () => {
    const others = ['RS256', 'EdDSA'].map((alg) => new Signer(alg, alg))
    before(() => project.keys.push(...others))
    const server = serverWith(() => of('--jwt-audience', 'authenticated', '--jwt-issuer', 'the-project', '--max-token-bytes', '4096'))
    const issued = (signer, claims, header) => signer.token({ sub: 'u1', iss: 'the-project', ...claims }, header)

    it('tokens of every kind of key are accepted', LIMIT, async (t) => {
      for (const signer of [project.signer, ...others]) {
        const user = await join(t, server, { as: signer.alg, ...bearing(issued(signer, { sub: signer.alg })) })
        assert.equal(user.id, signer.alg)
      }
      assert.equal(project.count('/auth/v1/user'), 0)
    })

    it('what does not hold is refused: each in the words of the contract', LIMIT, async (t) => {
      const [rsa] = others
      const good = issued(project.signer)
      const [, payload, signature] = good.split('.')
      const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const none = part({ alg: 'none', kid: project.signer.kid })
      const wrong = {
        'signed with the published key as a secret': hs256({ sub: 'u1', iss: 'the-project', aud: 'authenticated', exp: now() + 60 }, rsa.published.n, { kid: rsa.kid }),
        'with the text of the key server as a secret': hs256({ sub: 'u1', iss: 'the-project', aud: 'authenticated', exp: now() + 60 }, JSON.stringify(rsa.published), { kid: rsa.kid }),
        'the name of another key': issued(rsa, {}, { kid: project.signer.kid }),
        'the algorithm of another key': issued(project.signer, {}, { alg: 'RS256' }),
        'algorithm none': `${none}.${payload}.`,
        'algorithm none, but signed': `${none}.${payload}.${signature}`,
        'for somebody else': issued(project.signer, { aud: 'another' }),
        'for nobody': issued(project.signer, { aud: undefined }),
        'of another issuer': issued(project.signer, { iss: 'another' }),
        expired: issued(project.signer, { exp: now() - 1 }),
        'not valid yet': issued(project.signer, { nbf: now() + 60 }),
        'by a key that nobody published': issued(new Signer('ES256', project.signer.kid)),
        'longer than allowed': issued(project.signer, { more: 'x'.repeat(4_096) }),
        huge: 'x'.repeat(60_000),
      }
      for (const [what, token] of Object.entries(wrong)) {
        assert.equal(await refusal(t, server, token), 'Invalid token', what)
      }
      assert.equal(await userOf(t, server, { auth: {}, query: { token: good } }).refused(), 'Authentication required')
      await server.assertAlive()
    })

    it('known keys hold while the key server is away', LIMIT, async (t) => {
      project.away('/auth/')
      t.after(() => project.away())
      await join(t, server, { as: 'u2', ...bearing(issued(project.signer, { sub: 'u2' })) })
      assert.equal(await refusal(t, server, issued(new Signer('ES256', 'unknown'))), 'Invalid token')
    })

    it('the time of a token ends the connection, and a newer one in time does not', LIMIT, async (t) => {
      const [goes, stays] = await Promise.all(['goes', 'stays'].map((sub) =>
        join(t, server, { as: sub, ...bearing(issued(project.signer, { sub, exp: now() + 3 })) })))
      const until = now() + 3_600
      const renewed = await stays.do('auth:renew', { token: issued(project.signer, { sub: 'stays', exp: until }) })
      assert.deepEqual(renewed, { success: true, expiresAt: until * 1_000 })
      const closed = goes.disconnected()
      await goes.next('auth:expired')
      // The client comes back by itself where it may, and its session waits for it.
      assert.match(await closed, /transport (close|error)/)
      await stays.settled()
      assert.equal(await server.counter('connections_expired'), 1)
    })

    it('a newer token must hold, be of the same user, and not come too often', LIMIT, async (t) => {
      const user = await join(t, server, { as: 'u3', ...bearing(issued(project.signer, { sub: 'u3' })) })
      const renew = (payload) => user.ask('auth:renew', payload)
      const late = async (payload) => {
        const reply = await renew(payload)
        if (reply.code !== 'rate_limited') return reply
        assert.ok(reply.retry_after_ms > 0 && reply.retry_after_ms <= 1_000)
        await new Promise((done) => setTimeout(done, reply.retry_after_ms))
        return renew(payload)
      }
      assert.deepEqual(await late({ token: issued(project.signer, { sub: 'u4' }) }), { success: false, error: 'Authentication failed', code: 'denied' })
      assert.deepEqual(await late({ token: issued(project.signer, { sub: 'u3', exp: 1 }) }), { success: false, error: 'Invalid token', code: 'denied' })
      const { field, code } = await late({ token: 7 })
      assert.deepEqual({ field, code }, { field: 'token', code: 'invalid' })
      assert.equal((await late({ token: issued(project.signer, { sub: 'u3' }) })).success, true)
      assert.equal((await renew({ token: issued(project.signer, { sub: 'u3' }) })).code, 'rate_limited')
      await user.settled()
    })
  })

  describe('with rows of its users', () => {
    const server = serverWith(() => withRows('--token-in-query', 'on'))

    it('age and gender are those of the row, whatever a client says', LIMIT, async (t) => {
      const [native, target] = languages()
      const ids = await Promise.all([project.user({ age: 60, gender: 'male' }), project.user({ age: 25 }), project.user({ age: 25 })])
      const [old, young, seeker] = await Promise.all(ids.map((id) => join(t, server, { as: id, ...bearing(token(id)) })))
      await queue(old, wish(native, target, { age: 25, gender: 'female' }))
      await queue(young, wish(native, target, { age: 60, gender: 'male' }))
      const asked = { age_min: 20, age_max: 30, gender_preference: 'female', strict: ['age', 'gender'] }
      await queue(seeker, wish(target, native, asked))
      await matched(young, seeker)
      assert.deepEqual(old.all('matching:match_found'), [])
      assert.ok(project.asked.includes(`/rest/v1/users?id=eq.${ids[0]}&select=${COLUMNS}`))
    })

    it('no row: User profile required', LIMIT, async (t) => {
      for (const sub of [crypto.randomUUID(), 'no-uuid', 'x&or=(age.gt.1)']) {
        assert.equal(await refusal(t, server, token(sub)), 'User profile required', sub)
      }
    })

    it('a banned user: Account suspended, until the row says otherwise', LIMIT, async (t) => {
      const id = await project.user({ banned: true })
      assert.equal(await refusal(t, server, token(id)), 'Account suspended')
      await project.sql(`update users set is_banned = false where id = '${id}'`)
      await join(t, server, { as: id, ...bearing(token(id)) })
    })

    it('rows that cannot be read: nobody comes in, and everybody as soon as they can', LIMIT, async (t) => {
      const id = await project.user()
      project.away('/rest/')
      t.after(() => project.away())
      assert.equal(await refusal(t, server, token(id)), AWAY)
      assert.equal(await server.counter('connections_unidentified'), 1)
      project.away()
      await join(t, server, { as: id, ...bearing(token(id)) })
    })

    it('a token in the address is accepted where that was asked for', LIMIT, async (t) => {
      const id = await project.user()
      const user = userOf(t, server, { as: id, auth: {}, query: { token: token(id) } })
      await user.connect()
      assert.equal(user.id, id)
      assert.ok(!server.output.includes(token(id).split('.')[1]), 'no token in what the server says')
    })
  })

  describe('rows that cannot be read, and clients are believed', () => {
    const server = serverWith(() => withRows('--profile-when-away', 'claims'))

    it('the last row that was read holds, else what clients say', LIMIT, async (t) => {
      const [known, banned, unknown] = await Promise.all([project.user(), project.user({ banned: true }), project.user()])
      await join(t, server, { as: known, ...bearing(token(known)) })
      assert.equal(await refusal(t, server, token(banned)), 'Account suspended')
      project.away('/rest/')
      t.after(() => project.away())
      await join(t, server, { as: unknown, ...bearing(token(unknown)) })
      assert.equal(await refusal(t, server, token(banned)), 'Account suspended')
    })
  })

  describe('that publishes no keys', () => {
    let before_
    before(() => ([before_, project.keys] = [project.keys, []]))
    after(() => (project.keys = before_))
    const server = serverWith(() => withRows())

    it('is asked whose a token is', LIMIT, async (t) => {
      const id = await project.user()
      const user = await join(t, server, { as: id, ...bearing(project.legacyToken({ sub: id })) })
      assert.equal(user.id, id)
      assert.equal(project.count('/auth/v1/user'), 1)
      assert.equal(await refusal(t, server, hs256({ sub: id, exp: now() + 60 }, 'another secret')), 'Invalid token')
      assert.equal(await refusal(t, server, project.legacyToken({ sub: id, exp: now() - 60 })), 'Invalid token')
      project.away('/auth/v1/user')
      t.after(() => project.away())
      assert.equal(await refusal(t, server, project.legacyToken({ sub: id })), AWAY)
    })
  })
})
