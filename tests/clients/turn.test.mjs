// Relays for those who find no direct way: credentials from qala, a real coturn, and two tabs that may take no other
// way.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Browser } from './support/browser.mjs'
import { join } from './support/client.mjs'
import { languages, matched, queue, wish } from './support/matching.mjs'
import { Relay } from './support/relay.mjs'
import { LIMIT, LONG, NO_LIMITS, NO_OUTSIDE, OUTSIDE, Server, serverFor } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'
import { WEBRTC_CHAT, enter } from './support/webrtc-chat.mjs'

const SECRET = 'a secret that the relay knows'
const JWT_SECRET = 'a-secret-of-at-least-thirty-two-bytes-for-the-tests'
const URLS = ['turn:relay.example.com:3478?transport=udp', 'turns:relay.example.com:5349?transport=tcp']
const RELAYS = ['--turn-url', URLS.join(','), '--turn-secret', SECRET]
const MEET_MS = 30_000

function token(sub) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub })}`
  return `${body}.${createHmac('sha256', JWT_SECRET).update(body).digest('base64url')}`
}

const ask = (server, headers = {}, query = '') => fetch(`${server.url}/api/turn${query}`, { headers })

/** Fails unless a relay with the secret lets them in as that user, for so many seconds. */
function holds(iceServers, user, seconds) {
  const [{ urls, username, credential }] = iceServers
  const [until, ...name] = username.split(':')
  assert.deepEqual([iceServers.length, urls, name.join(':')], [1, URLS, user])
  const left = Number(until) - Date.now() / 1_000
  assert.ok(left > seconds - 30 && left <= seconds, `${left} s left`)
  assert.equal(credential, createHmac('sha1', SECRET).update(username).digest('base64'))
}

describe('GET /api/turn', ONE_NODE, () => {
  const guests = serverFor(...NO_LIMITS, ...RELAYS)
  const tokens = serverFor(...RELAYS, '--jwt-secret', JWT_SECRET, '--turn-lifetime', '600',
    '--dialects', 'qala,animochat', '--auth', 'qala=jwt,animochat=guest')
  const none = serverFor()

  it('a guest where guests may enter: for a new one each time, kept by nobody on the way', LIMIT, async () => {
    const answer = await ask(guests)
    assert.deepEqual([answer.status, answer.headers.get('cache-control')], [200, 'no-store'])
    const { iceServers, ttl, expiresAt } = await answer.json()
    const [{ username }] = iceServers
    assert.equal(ttl, 43_200)
    assert.ok(Math.abs(expiresAt - Number(username.split(':')[0]) * 1_000) < 1_000)
    holds(iceServers, username.split(':')[1], ttl)
    const again = await (await ask(guests)).json()
    assert.notEqual(again.iceServers[0].username.split(':')[1], username.split(':')[1])
  })

  it('whoever shows a token, under the name in it; 401 for everybody else', LIMIT, async () => {
    const answer = await ask(tokens, { authorization: `Bearer ${token('ana')}` })
    assert.equal(answer.status, 200)
    holds((await answer.json()).iceServers, 'ana', 600)
    for (const [headers, error] of [
      [{}, 'Authentication required'],
      [{ authorization: 'Bearer nonsense' }, 'Invalid token'],
      [{ authorization: `Bearer ${token('ana')}x` }, 'Invalid token'],
    ]) {
      const refused = await ask(tokens, headers)
      assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer'])
      assert.deepEqual(await refused.json(), { error })
    }
  })

  it('?dialect= says of which client family somebody is', LIMIT, async () => {
    assert.equal((await ask(tokens, {}, '?dialect=animochat')).status, 200)
    assert.equal((await ask(tokens, {}, '?dialect=qala')).status, 401)
    assert.equal((await ask(tokens, {}, '?dialect=klingon')).status, 404)
  })

  it('nothing is there without relays', LIMIT, async () => {
    assert.equal((await ask(none)).status, 404)
  })
})

describe('GET /api/turn from elsewhere', ONE_NODE, () => {
  const server = serverFor(...RELAYS, '--host', '0.0.0.0', '--auth', 'none', '--requests-per-address-per-minute', '2')

  it('counts as a request of its address', { ...LIMIT, ...NO_OUTSIDE }, async () => {
    const from = { url: `http://${OUTSIDE}:${server.port}` }
    const statuses = [await ask(from), await ask(from), await ask(from)].map(({ status }) => status)
    assert.deepEqual(statuses, [200, 200, 429])
    assert.equal(await server.counter('requests_per_address_over_limit'), 1)
  })
})

describe('relays with a match', ONE_NODE, () => {
  const qala = serverFor(...NO_LIMITS, ...RELAYS)
  const webrtcChat = serverFor(...WEBRTC_CHAT, ...RELAYS)

  it('qala: with match_found, each under its own name, and again on coming back', LIMIT, async (t) => {
    const [native, target] = languages()
    const [a, b] = [await join(t, qala), await join(t, qala)]
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const found = await matched(a, b)
    for (const [index, user] of [a, b].entries()) holds(found[index].iceServers, user.id, 43_200)
    await a.drop()
    await a.connect()
    holds((await a.next('session:resumed')).iceServers, a.id, 43_200)
  })

  it('webrtc-chat: with match_found', LIMIT, async (t) => {
    const users = [await enter(t, webrtcChat), await enter(t, webrtcChat)]
    for (const user of users) user.emit('find_match')
    for (const user of users) {
      const { iceServers } = await user.next('match_found')
      holds(iceServers, user.id, 43_200)
    }
  })
})

describe('two tabs that may take no way but a relay', ONE_NODE, () => {
  const relay = new Relay(SECRET)
  const server = new Server(NO_LIMITS)
  const browser = new Browser()
  before(async () => {
    await relay.start()
    server.flags = [...NO_LIMITS, '--turn-url', relay.url, '--turn-secret', SECRET]
    await server.start()
    await browser.start()
  })
  after(async () => {
    await browser.finish()
    await server.finish()
    await relay.finish()
  })

  /** A page whose calls may only be relayed, and are remembered. */
  async function tab(t, query) {
    const page = await browser.newPage()
    t.after(() => page.close())
    await page.addInitScript(() => {
      const Own = window.RTCPeerConnection
      window.calls = []
      window.RTCPeerConnection = class extends Own {
        constructor(configuration) {
          super({ ...configuration, iceTransportPolicy: 'relay' })
          window.calls.push(this)
        }
      }
    })
    await page.goto(`${server.url}/${query}`)
    return page
  }

  /** The kinds of the two candidates that the page's last call goes over. */
  const way = (page) => page.evaluate(async () => {
    const stats = await window.calls.at(-1).getStats()
    const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === 'transport')
    const pair = stats.get(selectedCandidatePairId)
    return [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.get(id).candidateType)
  })

  it('talk through it: video both ways, both ends of the selected pair are relays', LONG, async (t) => {
    const tabs = [await tab(t, '?speak=en&learn=es&auto=1'), await tab(t, '?speak=es&learn=en&auto=1')]
    for (const page of tabs) {
      await page.waitForSelector('body[data-state="talking"]', { state: 'attached', timeout: MEET_MS })
        .catch((error) => assert.fail(`${error.message}\n${relay.output}`))
    }
    for (const page of tabs) {
      await page.waitForFunction(async () => (await window.qala.framesReceived()) > 0, undefined, { timeout: MEET_MS })
      assert.deepEqual(await way(page), ['relay', 'relay'])
    }
  })

  it('a credential from /api/turn opens a relay, one that was tampered with does not', LONG, async (t) => {
    const page = await browser.newPage()
    t.after(() => page.close())
    await page.goto(server.url)
    const kinds = (spoil) => page.evaluate(async (spoil) => {
      const { iceServers } = await (await fetch('/api/turn')).json()
      if (spoil) iceServers[0].credential = iceServers[0].credential.split('').reverse().join('')
      const call = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' })
      call.createDataChannel('probe')
      const found = []
      const done = new Promise((resolve) => {
        call.onicecandidate = ({ candidate }) => (candidate ? found.push(candidate.type) : resolve())
      })
      await call.setLocalDescription()
      await done
      call.close()
      return found
    }, spoil)
    assert.deepEqual([...new Set(await kinds(false))], ['relay'])
    assert.deepEqual(await kinds(true), [])
  })
})
