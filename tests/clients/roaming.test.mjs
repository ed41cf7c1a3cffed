// A client that comes back on another node goes on where it was; of two connections the newer one counts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join } from './support/client.mjs'
import { accept, candidate, description, languages, matched, queue, range, wish } from './support/matching.mjs'
import { until } from './support/redis-servers.mjs'
import { nodesFor } from './support/redis.mjs'
import { grace, LIMIT, LONG, NO_LIMITS, Server } from './support/server.mjs'

/** A session of a living node is there at once; what a dead node had is fetched a second later. */
const AFTER_DEATH_MS = 3_000

const returns = (t, user, node) => join(t, node, { guest: user.guest })

async function proposed(t, [first, second]) {
  const [native, target] = languages()
  const a = await join(t, first)
  const b = await join(t, second)
  await queue(a, wish(native, target))
  await queue(b, wish(target, native))
  const [forA] = await matched(a, b)
  return { a, b, forA }
}

async function talk(t, nodes) {
  const { a, b, forA } = await proposed(t, nodes)
  return { a, b, ...(await accept(a, b, forA)) }
}

/** Signals and chat pass in both directions, each once. */
async function assertTalking(a, b, sessionId) {
  for (const [from, to] of [[a, b], [b, a]]) {
    const before = to.all('chat:message').length
    await from.do('webrtc:offer', { sessionId, offer: description('offer') })
    assert.equal((await to.next('webrtc:offer')).sessionId, sessionId)
    const content = `from ${from.id}`
    await from.do('chat:send', { sessionId, content })
    assert.equal((await to.next('chat:message')).content, content)
    await to.settled()
    assert.equal(to.all('chat:message').length, before + 1)
  }
}

describe('back on another node', () => {
  const { redis, nodes } = nodesFor(3, ...NO_LIMITS, '--rematch-seconds', '0')

  it('waiting: the place is kept, and the match is found there', LIMIT, async (t) => {
    const [native, target] = languages()
    const first = await join(t, nodes[0])
    const second = await join(t, nodes[0])
    await queue(first, wish(native, target))
    await queue(second, wish(native, target))
    await first.drop()
    const back = await returns(t, first, nodes[1])
    assert.equal((await back.next('session:resumed')).state, 'waiting')
    const other = await join(t, nodes[2])
    await queue(other, wish(target, native))
    const [found] = await matched(back, other)
    assert.equal(found.partnerId, other.id)
    await accept(back, other, found)
    assert.deepEqual(second.all('matching:match_found'), [])
  })

  it('proposed: accepted there, the room stands', LIMIT, async (t) => {
    const { a, b, forA } = await proposed(t, nodes)
    await a.drop()
    const back = await returns(t, a, nodes[2])
    const resumed = await back.next('session:resumed')
    assert.deepEqual([resumed.state, resumed.matchId], ['proposed', forA.matchId])
    const { sessionId } = await accept(back, b, forA)
    await assertTalking(back, b, sessionId)
  })

  it('talking: what was missed comes, and the talk goes on', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, nodes)
    await a.drop()
    assert.equal((await b.next('session:peer_away')).sessionId, sessionId)
    for (const n of range(20)) {
      await b.do('chat:send', { sessionId, content: String(n) })
      b.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
    }
    await b.settled()
    const back = await returns(t, a, nodes[2])
    const resumed = await back.next('session:resumed')
    assert.deepEqual([resumed.state, resumed.sessionId, resumed.partnerId], ['talking', sessionId, b.id])
    assert.equal((await b.next('session:peer_back')).sessionId, sessionId)
    await back.take('chat:message', 20)
    assert.deepEqual(back.all('chat:message').map((m) => m.content), range(20).map(String))
    await back.take('webrtc:ice_candidate', 20)
    assert.deepEqual(back.all('webrtc:ice_candidate').map((s) => s.candidate), range(20).map(candidate))
    await assertTalking(back, b, sessionId)
    await back.do('session:leave', { sessionId })
    assert.equal((await b.next('session:peer_left')).sessionId, sessionId)
    // The peer is told before the store has closed it.
    await until('the room is closed', async () => (await redis.ask(`EXISTS qala:{r:${sessionId}}`)) === '0')
  })

  it('both at once, to each other\'s nodes: they find each other', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, nodes)
    await Promise.all([a.drop(), b.drop()])
    const [again, other] = await Promise.all([returns(t, a, nodes[1]), returns(t, b, nodes[0])])
    for (const user of [again, other]) {
      assert.equal((await user.next('session:resumed')).sessionId, sessionId)
    }
    await assertTalking(again, other, sessionId)
  })

  it('connected twice: the older is told and closed, the newer goes on', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, nodes)
    const gone = a.disconnected()
    const device = await returns(t, a, nodes[1])
    await a.next('replaced')
    await gone
    assert.equal((await device.next('session:resumed')).sessionId, sessionId)
    await assertTalking(device, b, sessionId)
    const third = await returns(t, a, nodes[2])
    await device.next('replaced')
    assert.equal((await third.next('session:resumed')).sessionId, sessionId)
    await assertTalking(third, b, sessionId)
    assert.deepEqual(b.all('session:peer_left'), [])
  })

  it('who said good-bye begins anew', LIMIT, async (t) => {
    const { a } = await talk(t, nodes)
    await a.close()
    const back = await returns(t, a, nodes[1])
    const [native, target] = languages()
    await queue(back, wish(native, target))
    assert.deepEqual(back.all('session:resumed'), [])
  })
})

describe('back from a node that died', () => {
  const { redis, nodes } = nodesFor(2, ...NO_LIMITS, ...grace(10))

  const doomed = async (t) => {
    const node = new Server(['--redis-url', redis.url, ...NO_LIMITS, ...grace(10)])
    await node.start()
    t.after(() => node.stop('SIGKILL').catch(() => {}))
    return node
  }

  it('a talk goes on, of one and of both', LONG, async (t) => {
    const node = await doomed(t)
    const one = await talk(t, [node, nodes[1]])
    const both = await talk(t, [node, node])
    await one.b.do('chat:send', { sessionId: one.sessionId, content: 'before' })
    await one.a.next('chat:message')
    await node.stop('SIGKILL')
    const [a, c, d] = await Promise.all([
      returns(t, one.a, nodes[0]), returns(t, both.a, nodes[0]), returns(t, both.b, nodes[1]),
    ])
    const resumed = await a.next('session:resumed', { ms: AFTER_DEATH_MS })
    assert.deepEqual([resumed.state, resumed.sessionId, resumed.lastSequence], ['talking', one.sessionId, 1])
    await assertTalking(a, one.b, one.sessionId)
    for (const user of [c, d]) {
      assert.equal((await user.next('session:resumed', { ms: AFTER_DEATH_MS })).sessionId, both.sessionId)
    }
    await assertTalking(c, d, both.sessionId)
  })

  it('a node that stops in order: a talk goes on elsewhere, and the peer hears only that it is back', LONG, async (t) => {
    const node = await doomed(t)
    const { a, b, sessionId } = await talk(t, [node, nodes[1]])
    const gone = a.disconnected()
    await Promise.all([node.stop(), gone])
    const back = await returns(t, a, nodes[0])
    assert.equal((await back.next('session:resumed', { ms: AFTER_DEATH_MS })).sessionId, sessionId)
    await assertTalking(back, b, sessionId)
    assert.deepEqual([b.all('session:peer_away'), b.all('session:peer_left')], [[], []])
  })

  it('a ticket keeps its place, a proposal can be accepted', LONG, async (t) => {
    const node = await doomed(t)
    const [native, target] = languages()
    const waiting = await join(t, node)
    await queue(waiting, wish(native, target))
    const { a, b, forA } = await proposed(t, [node, nodes[1]])
    await node.stop('SIGKILL')
    const [back, again] = await Promise.all([returns(t, waiting, nodes[0]), returns(t, a, nodes[0])])
    assert.equal((await back.next('session:resumed', { ms: AFTER_DEATH_MS })).state, 'waiting')
    assert.equal((await again.next('session:resumed', { ms: AFTER_DEATH_MS })).matchId, forA.matchId)
    const { sessionId } = await accept(again, b, forA)
    await assertTalking(again, b, sessionId)
  })
})
