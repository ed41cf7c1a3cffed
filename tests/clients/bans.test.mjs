// Users whom operators put out: over HTTP at one node, or by an entry in Redis, and at once on all nodes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join, newSecret, userOf } from './support/client.mjs'
import { languages, queue, talk, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, Server, serverFor } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'
import { nodesFor } from './support/redis.mjs'

const TOKEN = 'what-operators-show-here'
const FLAGS = [...NO_LIMITS, '--admin-token', TOKEN]

/** An operator's request: status and body. */
async function order(server, what, body, token = TOKEN) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${server.url}/admin/${what}`, { method: 'POST', headers, body: text })
  return { status: answer.status, body: await answer.json() }
}

const DONE = { status: 200, body: { success: true } }
const SUSPENDED = 'Account suspended'

/** Until `look()` is true; how long that took, ms. */
async function until(what, look) {
  const began = performance.now()
  while (!(await look())) {
    assert.ok(performance.now() - began < 10_000, what)
    await new Promise((done) => setTimeout(done, 20))
  }
  return performance.now() - began
}

/** Until that guest is refused there: each node hears by itself. */
const refused = (t, server, guest) => until('it is refused', async () => {
  const user = userOf(t, server, { guest })
  const message = await user.connected().then(() => 'came in', (refusal) => refusal.message)
  user.close()
  return message === SUSPENDED
})

describe('users who are put out, on two nodes', ONE_NODE, () => {
  const { redis, nodes } = nodesFor(2, ...FLAGS)

  it('go at once from both, their partners are told, and they do not come back until they may', LIMIT, async (t) => {
    const guest = newSecret()
    const { a, b } = await talk(t, nodes[1], { guest }, {})
    const [bad, partner] = a.guest === guest ? [a, b] : [b, a]
    const gone = bad.disconnected()
    const began = performance.now()
    assert.deepEqual(await order(nodes[0], 'ban', { user: bad.id, reason: 'spam' }), DONE)
    await bad.next('auth:suspended')
    console.log(`put out at another node after ${(performance.now() - began).toFixed(0)} ms`)
    await gone
    await partner.next('session:peer_left')
    for (const node of nodes) assert.equal(await userOf(t, node, { guest }).refused(), SUSPENDED)
    assert.equal(await nodes[1].counter('connections_suspended'), 1)

    assert.deepEqual(await order(nodes[1], 'unban', { user: bad.id }), DONE)
    for (const node of nodes) {
      const back = userOf(t, node, { guest })
      const took = await until('it may come back', () => back.connected().then(() => true, () => false))
      console.log(`let in again after ${took.toFixed(0)} ms`)
      back.close()
    }
  })

  it('are also those whom somebody else names in the stream, and only for as long as it says', LIMIT, async (t) => {
    const guest = newSecret()
    const users = await Promise.all(nodes.map((node, place) => join(t, node, place ? {} : { guest })))
    const [bad, other] = users
    const gone = bad.disconnected()
    const began = performance.now()
    await redis.ask(`XADD qala:control * action ban user ${bad.id} seconds 3`)
    await bad.next('auth:suspended')
    console.log(`put out by the stream after ${(performance.now() - began).toFixed(0)} ms`)
    await gone
    await refused(t, nodes[1], guest)
    const back = userOf(t, nodes[1], { guest })
    await until('the ban ends by itself', () => back.connected().then(() => true, () => false))
    await other.settled()
    // What means nothing harms nobody.
    await redis.ask('XADD qala:control * action dance')
    await redis.ask(`XADD qala:control * action ban user ${other.id} seconds soon`)
    const marked = newSecret()
    const last = await join(t, nodes[0], { guest: marked })
    await redis.ask(`XADD qala:control * action ban user ${last.id}`)
    await last.next('auth:suspended')
    await other.settled()
  })

  it('wait for nobody any more', LIMIT, async (t) => {
    const [native, target] = languages()
    const bad = await join(t, nodes[0])
    await queue(bad, wish(native, target))
    assert.deepEqual(await order(nodes[1], 'ban', { user: bad.id }), DONE)
    await bad.disconnected()
    const other = await join(t, nodes[1])
    await queue(other, wish(target, native))
    await other.settled()
    assert.deepEqual(other.all('matching:match_found'), [])
  })

  it('are known to a node that starts later, also after Redis forgot everything', LIMIT, async (t) => {
    const guest = newSecret()
    const bad = await join(t, nodes[0], { guest })
    assert.deepEqual(await order(nodes[0], 'ban', { user: bad.id }), DONE)
    await bad.disconnected()
    const refusedByAnother = async () => {
      const later = new Server(['--redis-url', redis.url, ...FLAGS])
      await later.start()
      try {
        await refused(t, later, guest)
      } finally {
        await later.finish()
      }
    }
    await refusedByAnother()
    await redis.ask('FLUSHALL')
    await until('the nodes tell Redis again', async () => Number(await redis.ask('XLEN qala:control')) > 0)
    await refusedByAnother()
  })
})

describe('orders of operators', ONE_NODE, () => {
  const server = serverFor(...FLAGS)

  it('are carried out without a store as well', LIMIT, async (t) => {
    const guest = newSecret()
    const bad = await join(t, server, { guest })
    assert.deepEqual(await order(server, 'ban', { user: bad.id, seconds: 60 }), DONE)
    await bad.next('auth:suspended')
    assert.equal(await userOf(t, server, { guest }).refused(), SUSPENDED)
    assert.deepEqual(await order(server, 'unban', { user: bad.id }), DONE)
    await join(t, server, { guest })
  })

  it('are refused to everybody else, and where they say nothing', LIMIT, async () => {
    for (const what of ['ban', 'unban']) {
      assert.equal((await order(server, what, { user: 'u1' }, 'somebody-elses-token')).status, 401)
      for (const body of ['', '{}', '[]', { user: '' }, { user: 7 }, { user: 'x'.repeat(129) }, { user: 'u1', until: 5 }]) {
        assert.equal((await order(server, what, body)).status, 400, `${what} ${JSON.stringify(body)}`)
      }
    }
    assert.equal((await order(server, 'ban', { user: 'u1', seconds: 0 })).status, 400)
    assert.equal((await server.get('/admin/ban')).status, 401)
  })
})
