// Two people on two nodes that share a Redis: for them it is one service, also when parts of it die.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join } from './support/client.mjs'
import { accept, candidate, description, languages, matched, queue, range, wish } from './support/matching.mjs'
import { acceptTimeout, grace, LIMIT, LONG, NO_LIMITS, Server } from './support/server.mjs'
import { nodesFor } from './support/redis.mjs'

const NODE_DEATH_MS = 6_000
const BACK_MS = 2_000

/** Two people on two nodes (or one, twice) who were proposed to each other; `a` came first. */
async function proposed(t, [first, second]) {
  const [native, target] = languages()
  const a = await join(t, first)
  const b = await join(t, second)
  await queue(a, wish(native, target))
  await queue(b, wish(target, native))
  const [forA] = await matched(a, b)
  return { a, b, forA, native, target }
}

async function talk(t, nodes) {
  const { a, b, forA, ...more } = await proposed(t, nodes)
  return { a, b, ...(await accept(a, b, forA)), ...more }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** Until `look()` is true; how long that took. */
async function until(what, ms, look) {
  const began = performance.now()
  while (!(await look())) {
    assert.ok(performance.now() - began < ms, `not within ${ms} ms: ${what}`)
    await pause(20)
  }
  return performance.now() - began
}

describe('two people on two nodes', () => {
  // A shared store takes a while to answer: 500 at once are more than usually may wait for it.
  const waiting = ['--commands-waiting', '1000']
  const { nodes } = nodesFor(2, ...NO_LIMITS, ...waiting, ...acceptTimeout(3), '--rematch-seconds', '0')

  it('the nodes say where they keep what they share', LIMIT, async () => {
    for (const node of nodes) {
      assert.match(node.output, /store redis at 127\.0\.0\.1:\d+$/m)
      const { json } = await node.get('/health')
      assert.deepEqual([json.status, json.store], ['ok', { kind: 'redis', available: true }])
      assert.equal((await node.get('/health/ready')).status, 200)
    }
    assert.notEqual((await nodes[0].get('/health')).json.node, (await nodes[1].get('/health')).json.node)
  })

  it('match, accept, call, chat, leave', LIMIT, async (t) => {
    const { a, b, sessionId } = await talk(t, nodes)
    await a.do('webrtc:offer', { sessionId, offer: description('offer') })
    assert.equal((await b.next('webrtc:offer')).sessionId, sessionId)
    await b.do('webrtc:answer', { sessionId, answer: description('answer') })
    assert.equal((await a.next('webrtc:answer')).sessionId, sessionId)
    for (const n of range(20)) a.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
    const came = await b.take('webrtc:ice_candidate', 20)
    assert.deepEqual(came.map((c) => c.candidate.candidate), range(20).map((n) => candidate(n).candidate))
    const contents = range(10).map((n) => `message ${n}`)
    for (const [index, content] of contents.entries()) {
      const [from, to] = index % 2 ? [a, b] : [b, a]
      assert.equal((await from.do('chat:send', { sessionId, content })).sequence, index + 1)
      assert.equal((await to.next('chat:message')).content, content)
    }
    await pause(50)
    assert.equal(b.all('webrtc:ice_candidate').length, 20, 'each candidate once')
    await a.do('webrtc:connection_ready', { sessionId })
    assert.deepEqual(await b.next('webrtc:connection_ready'), { sessionId, from: a.id })
    await b.do('connection:quality', { sessionId, rtt_ms: 12.5 })
    assert.equal((await a.next('connection:quality')).sessionId, sessionId)
    await a.do('session:leave', { sessionId })
    assert.equal((await b.next('session:peer_left')).sessionId, sessionId)
  })

  it('500 chats at once: all acknowledged, each once, in order', LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, nodes)
    const contents = range(500).map((n) => `${n}`)
    await Promise.all(contents.map((content) => a.do('chat:send', { sessionId, content })))
    const came = await b.take('chat:message', contents.length)
    assert.deepEqual(came.map((m) => m.content), contents)
    assert.deepEqual(came.map((m) => m.sequence), contents.map((_, n) => n + 1))
  })

  it('a rejection reaches the other node, and the one who was rejected is queued again', LIMIT, async (t) => {
    const { a, b, forA } = await proposed(t, nodes)
    await a.do('matching:reject_match', { matchId: forA.matchId })
    const failed = await b.next('matching:match_rejected')
    assert.deepEqual([failed.matchId, failed.requeued], [forA.matchId, true])
  })

  it('nobody answers in time: both are told', LIMIT, async (t) => {
    const { a, b, forA } = await proposed(t, nodes)
    for (const user of [a, b]) assert.equal((await user.next('matching:match_rejected')).matchId, forA.matchId)
  })

  it('two processes of one name are two nodes', LIMIT, async (t) => {
    const twins = [new Server([...nodes[0].flags, '--node', 'twin']), new Server([...nodes[0].flags, '--node', 'twin'])]
    for (const twin of twins) {
      await twin.start()
      t.after(() => twin.finish())
    }
    const names = await Promise.all(twins.map(async (twin) => (await twin.get('/health')).json.node))
    for (const name of names) assert.match(name, /^twin-[2-9a-z]{4}$/)
    assert.notEqual(names[0], names[1])
    const { a, b, sessionId } = await talk(t, twins)
    await a.do('webrtc:offer', { sessionId, offer: description('offer') })
    assert.equal((await b.next('webrtc:offer')).sessionId, sessionId)
  })
})

describe('what a step costs', () => {
  const { redis, nodes } = nodesFor(2, ...NO_LIMITS)

  /** What was asked of Redis, without signs of life, reading and renewals, by what it is about. */
  const asked = async (work) => {
    const requests = await redis.requestsDuring(work)
    return requests
      .filter(([command]) => !['XREAD', 'XTRIM', 'XLEN', 'SET', 'EXPIRE'].includes(command.toUpperCase()))
      .map((words) => [words[0].toUpperCase(), words.find((word) => word.startsWith('qala:'))])
      .filter(([, key]) => !['qala:nodes', 'qala:rooms', 'qala:control'].includes(key))
      .map(([command, key]) => `${command} ${key.replace(/^qala:\{(.).*\}.*$/, '$1')}`)
  }

  it('a join is one request', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, nodes[0])
    await a.settled()
    assert.deepEqual(await asked(() => queue(a, wish(native, target))), ['EVALSHA p'])
    await a.do('matching:leave_queue')
  })

  it('a signal is one append to the other node, and nothing within a node', LIMIT, async (t) => {
    const apart = await talk(t, nodes)
    const together = await talk(t, [nodes[0], nodes[0]])
    const signal = ({ a, b, sessionId }) => async () => {
      await a.do('webrtc:offer', { sessionId, offer: description('offer') })
      await b.next('webrtc:offer')
    }
    assert.deepEqual(await asked(signal(apart)), ['XADD n'])
    assert.deepEqual(await asked(signal(together)), [])
  })

  it('a chat message is one request, and one append where the peer is elsewhere', LIMIT, async (t) => {
    const apart = await talk(t, nodes)
    const together = await talk(t, [nodes[1], nodes[1]])
    const chat = ({ a, b, sessionId }) => async () => {
      await a.do('chat:send', { sessionId, content: 'hello' })
      await b.next('chat:message')
    }
    assert.deepEqual(await asked(chat(apart)), ['EVALSHA r', 'XADD n'])
    assert.deepEqual(await asked(chat(together)), ['EVALSHA r'])
  })
})

describe('a node dies', () => {
  const { redis, nodes } = nodesFor(2, ...NO_LIMITS, ...grace(2))

  it('the other user is told in time, and nothing of the node is left', LONG, async (t) => {
    const doomed = new Server([...nodes[0].flags])
    await doomed.start()
    t.after(() => doomed.stop('SIGKILL').catch(() => {}))
    const { b, sessionId } = await talk(t, [doomed, nodes[1]])
    const waiting = await proposed(t, [doomed, nodes[1]])
    const { node } = (await doomed.get('/health')).json
    const began = performance.now()
    await doomed.stop('SIGKILL')
    const away = await b.next('session:peer_away', { ms: NODE_DEATH_MS })
    assert.equal(away.sessionId, sessionId)
    const noticed = performance.now() - began
    assert.ok(noticed < NODE_DEATH_MS, `told after ${noticed} ms`)
    const failed = await waiting.b.next('matching:match_rejected', { ms: 1_000 })
    assert.deepEqual([failed.matchId, failed.requeued], [waiting.forA.matchId, true])
    const left = await b.next('session:peer_left', { ms: 4_000 })
    assert.equal(left.sessionId, sessionId)
    const gone = performance.now() - began
    assert.ok(gone - noticed > 1_500 && gone - noticed < 3_000, `left ${gone - noticed} ms later`)
    t.diagnostic(`peer_away after ${noticed.toFixed()} ms, peer_left after ${gone.toFixed()} ms`)
    const seconds = Number(await redis.ask(`TTL qala:{n:${node}}:inbox`))
    assert.ok(seconds > 0 && seconds <= 60, `its inbox goes in ${seconds} s`)
    assert.equal(await redis.ask('ZCARD qala:nodes'), '2')
  })

  it('a node that stood still for a while finds its talks as they were', LONG, async (t) => {
    const slow = new Server(['--redis-url', redis.url, ...NO_LIMITS, ...grace(20)])
    await slow.start()
    t.after(() => slow.finish())
    const steady = new Server(['--redis-url', redis.url, ...NO_LIMITS, ...grace(20)])
    await steady.start()
    t.after(() => steady.finish())
    const { a, b, sessionId } = await talk(t, [slow, steady])
    process.kill(slow.pid, 'SIGSTOP')
    await b.next('session:peer_away', { ms: NODE_DEATH_MS })
    b.emit('webrtc:offer', { sessionId, offer: description('offer') })
    await pause(1_000)
    process.kill(slow.pid, 'SIGCONT')
    await b.next('session:peer_back', { ms: BACK_MS })
    await a.next('webrtc:offer', { ms: BACK_MS })
    await a.do('chat:send', { sessionId, content: 'still here' })
    assert.equal((await b.next('chat:message')).content, 'still here')
    assert.deepEqual(a.all('session:peer_away'), [], 'who stood still thinks nobody dead')
  })

  it('a node that stops in order leaves nothing behind', LIMIT, async () => {
    const short = new Server([...nodes[0].flags])
    await short.start()
    const { node } = (await short.get('/health')).json
    await until('it is known', 5_000, async () => (await redis.ask(`EXISTS qala:{n:${node}}:inbox`)) === '1')
    await short.finish()
    assert.equal(await redis.ask(`EXISTS qala:{n:${node}}:inbox`), '0')
    assert.equal(await redis.ask('ZCARD qala:nodes'), '2')
  })
})

describe('Redis dies and comes back empty', () => {
  const { redis, nodes } = nodesFor(2, ...NO_LIMITS)

  it('talks within a node go on, joins are refused, and all is well within two seconds', LONG, async (t) => {
    const [native, target] = languages()
    const { a, b, sessionId } = await talk(t, [nodes[0], nodes[0]])
    const far = await talk(t, nodes)
    const c = await join(t, nodes[0])
    const d = await join(t, nodes[1])
    await redis.kill()
    await until('the nodes notice', 5_000, async () => (await nodes[0].get('/health/ready')).status === 503)
    const { status, json } = await nodes[0].get('/health')
    assert.deepEqual([status, json.store.available], [200, false])
    assert.equal((await nodes[0].get('/health/live')).status, 200)
    await a.do('webrtc:offer', { sessionId, offer: description('offer') })
    await b.next('webrtc:offer')
    const refused = await c.ask('matching:join_queue', wish(native, target))
    assert.deepEqual([refused.success, refused.code], [false, 'unavailable'])
    await pause(1_500)
    await redis.start()
    const began = performance.now()
    const joined = async (user, payload) => (await user.ask('matching:join_queue', payload)).success
    await until('a join works', BACK_MS, () => joined(c, wish(native, target)))
    await until('a join works elsewhere', BACK_MS, () => joined(d, wish(target, native)))
    await matched(c, d, { ms: BACK_MS })
    t.diagnostic(`a match between nodes ${(performance.now() - began).toFixed()} ms after Redis' return`)
    await far.a.do('webrtc:offer', { sessionId: far.sessionId, offer: description('offer') })
    await far.b.next('webrtc:offer', { ms: BACK_MS })
    for (const user of [a, b, far.a, far.b]) assert.ok(!user.names().includes('session:peer_away'), 'nobody was thought dead')
    assert.equal((await nodes[0].get('/health/ready')).status, 200)
  })
})

describe('a node without its Redis', () => {
  it('does not start, and says why', LIMIT, async () => {
      const node = new Server(['--redis-url', 'redis://:hunter2@127.0.0.1:1'])
    const error = await node.start().then(
      () => assert.fail('it started'),
      (failed) => failed,
    )
    assert.match(error.message, /cannot reach redis at 127\.0\.0\.1:1 \(connection refused, tried 3 times in 5 s\)/)
    assert.doesNotMatch(error.message, /hunter2/)
  })
})
