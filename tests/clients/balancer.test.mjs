// Three nodes and a Redis behind HAProxy with deploy/haproxy.cfg, and clients that keep no cookies: for them it is
// one service, whatever transport they use and whichever node goes.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import http from 'node:http'
import { describe, it } from 'node:test'
import { balancerFor, DEV, freePorts, listens } from './support/balancer.mjs'
import { join, joinMany } from './support/client.mjs'
import { accept, candidate, description, languages, matched, queue, range, talk, wish } from './support/matching.mjs'
import { polling, rawOpen } from './support/raw.mjs'
import { nodesFor } from './support/redis.mjs'
import { binary, bounded, LIMIT, LONG, NO_LIMITS } from './support/server.mjs'

/** Within which clients of a dead node must be in again: two tries of the client and one of the balancer. */
const BACK_MS = 5_000
/** Within which clients of a node that stops must be in again: they are told when to try. */
const LEFT_MS = 10_000
/** Within which the balancer must have seen that a node is ready, or is not any more. */
const SEEN_MS = 3_000
/** How long a balancer that starts looks for peers to learn from. */
const PEERS_MS = 10_000
const POLLING = { transports: ['polling'] }
const BOTH = { transports: ['polling', 'websocket'] }
const COMING_BACK = { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500 }

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** Until `look()` is true. */
async function until(what, ms, look) {
  const began = performance.now()
  while (!(await look())) {
    assert.ok(performance.now() - began < ms, `not within ${ms} ms: ${what}`)
    await pause(20)
  }
}

/** Counts how often each was disconnected from now on. */
function falls(users) {
  const counts = new Map(users.map((user) => [user, 0]))
  for (const user of users) user.socket.on('disconnect', () => counts.set(user, counts.get(user) + 1))
  return (user) => counts.get(user)
}

/** The name of the node that somebody came to. */
const nodeOf = (user) => user.all('session:welcome')[0].node

/** Connects until it comes to a node that `fits`. */
async function joinWhere(t, balancer, fits, options) {
  for (let tries = 0; tries < 30; tries += 1) {
    const user = await join(t, balancer, options)
    if (fits(nodeOf(user))) return user
  }
  return assert.fail('the balancer never came to such a node')
}

/** A new polling session: status, and what the answer says of it. */
async function handshake(balancer) {
  const signal = AbortSignal.timeout(10_000)
  const response = await fetch(`${balancer.url}/socket.io/?EIO=4&transport=polling`, { signal })
  const text = await response.text()
  const said = (name) => response.headers.get(name)
  return { status: response.status, node: said('x-qala-node'), sid: said('x-qala-sid'), text }
}

describe('three nodes behind a balancer', () => {
  const { nodes } = nodesFor(3, ...NO_LIMITS)
  const balancer = balancerFor(nodes)

  it('the answer to a handshake names the node and the session, that to other requests neither', LIMIT, async () => {
    for (const node of nodes) {
      const { json } = await node.get('/health')
      const { node: named, sid, text } = await handshake(node)
      assert.deepEqual([named, sid], [json.node, JSON.parse(text.slice(1)).sid])
      const poll = await fetch(`${node.url}/socket.io/?EIO=4&transport=polling&sid=${sid}x`)
      assert.deepEqual([poll.headers.get('x-qala-node'), poll.headers.get('x-qala-sid')], [null, null])
    }
  })

  it('60 that only poll: on all nodes, each stays on its own for many requests', LONG, async (t) => {
    const users = await joinMany(t, balancer, 60, POLLING)
    const fallen = falls(users)
    const counts = new Map()
    for (const user of users) counts.set(nodeOf(user), (counts.get(nodeOf(user)) ?? 0) + 1)
    assert.equal(counts.size, 3, 'all nodes have some')
    await Promise.all(users.map(async (user) => {
      for (const _ of range(20)) await user.settled()
    }))
    assert.deepEqual(users.filter((user) => fallen(user) > 0 || !user.socket.connected), [])
    t.diagnostic(`on the nodes: ${[...counts.values()].join(', ')}`)
  })

  it('from polling to WebSocket: the upgrade comes to the node of the session', LIMIT, async (t) => {
    const users = await joinMany(t, balancer, 15, BOTH)
    const fallen = falls(users)
    const transport = (user) => user.socket.io.engine.transport.name
    await until('all are upgraded', 5_000, () => users.every((user) => transport(user) === 'websocket'))
    for (const user of users) await user.settled()
    assert.deepEqual(users.filter((user) => fallen(user) > 0), [])
  })

  it('WebSocket only', LIMIT, async (t) => {
    const users = await joinMany(t, balancer, 15)
    const fallen = falls(users)
    for (const user of users) await user.settled()
    assert.deepEqual(users.filter((user) => fallen(user) > 0), [])
  })

  for (const [what, first, second] of [['both poll', POLLING, POLLING], ['one polls, one does not', POLLING, {}]]) {
    it(`two who met on two nodes call and chat: ${what}`, LIMIT, async (t) => {
      const a = await join(t, balancer, first)
      const b = await joinWhere(t, balancer, (node) => node !== nodeOf(a), second)
      const [native, target] = languages()
      await queue(a, wish(native, target))
      await queue(b, wish(target, native))
      const [forA] = await matched(a, b)
      const { sessionId } = await accept(a, b, forA)
      await a.do('webrtc:offer', { sessionId, offer: description('offer') })
      assert.equal((await b.next('webrtc:offer')).sessionId, sessionId)
      await b.do('webrtc:answer', { sessionId, answer: description('answer') })
      assert.equal((await a.next('webrtc:answer')).sessionId, sessionId)
      for (const n of range(10)) a.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
      const came = await b.take('webrtc:ice_candidate', 10)
      assert.deepEqual(came.map((c) => c.candidate.candidate), range(10).map((n) => candidate(n).candidate))
      for (const n of range(10)) {
        const [from, to] = n % 2 ? [a, b] : [b, a]
        assert.equal((await from.do('chat:send', { sessionId, content: `message ${n}` })).sequence, n + 1)
        assert.equal((await to.next('chat:message')).content, `message ${n}`)
      }
      await a.do('session:leave', { sessionId })
      await b.next('session:peer_left')
    })
  }

  it('a poll that the client gave up is given up at the node as well', LIMIT, async () => {
    const { sid, node: named } = await handshake(balancer)
    await polling(balancer, 'POST', `&sid=${sid}`, '40{}')
    // All there is to say: the welcome, and a ping that is answered.
    for (let said = ''; !/welcome/.test(said) || !/(^|\x1e)2/m.test(said); ) {
      said += `\x1e${(await polling(balancer, 'GET', `&sid=${sid}`)).text}`
    }
    await polling(balancer, 'POST', `&sid=${sid}`, '3')
    const names = await Promise.all(nodes.map(async (node) => (await node.get('/health')).json.node))
    const underway = async () => (await balancer.counters(`node${names.indexOf(named) + 1}`)).scur
    const given = new AbortController()
    const poll = fetch(`${balancer.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { signal: given.signal })
    poll.catch(() => {})
    await until('the node holds the poll', SEEN_MS, async () => (await underway()) === 1)
    given.abort()
    await until('nobody waits for it', SEEN_MS, async () => (await underway()) === 0)
    assert.equal((await polling(balancer, 'POST', `&sid=${sid}`, '420["heartbeat"]')).text, 'ok')
    assert.match((await polling(balancer, 'GET', `&sid=${sid}`)).text, /^430\[/)
  })

  it('the balancer is reloaded: who polls stays on the node', LONG, async (t) => {
    await until('it has looked for peers', PEERS_MS, () => balancer.knowsItsPeers())
    const users = await joinMany(t, balancer, 30, POLLING)
    const fallen = falls(users)
    await balancer.reload()
    await Promise.all(users.map(async (user) => {
      for (const _ of range(10)) await user.settled()
    }))
    assert.deepEqual(users.filter((user) => fallen(user) > 0), [])
  })

  it('one address: 100 requests without a session in a minute, and as many with one as it likes', LIMIT, async (t) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4, localAddress: '127.0.0.2' })
    t.after(() => agent.destroy())
    const get = (path) => new Promise((done, failed) => {
      const whole = (answer) => answer.resume().once('end', () => done(answer))
      http.get(balancer.url + path, { agent }, whole).once('error', failed)
    })
    const answers = await Promise.all(range(120).map(() => get('/health/live')))
    const refused = answers.filter(({ statusCode }) => statusCode === 429)
    assert.deepEqual([answers.length - refused.length, refused[0]?.headers['retry-after']], [100, '60'])
    assert.equal((await get('/socket.io/?EIO=4&transport=polling&sid=unknown')).statusCode, 400)
    assert.equal((await handshake(balancer)).status, 200, 'another address')
  })
})

describe('a node behind a balancer is killed', () => {
  const { nodes } = nodesFor(3, ...NO_LIMITS)
  const balancer = balancerFor(nodes)

  it('its clients are back on other nodes soon, nobody comes to it, others notice nothing', LONG, async (t) => {
    const doomed = nodes[1]
    const kinds = [POLLING, BOTH, {}]
    const users = await Promise.all(range(30).map((n) => join(t, balancer, { ...kinds[n % 3], ...COMING_BACK })))
    const fallen = falls(users)
    const name = (await doomed.get('/health')).json.node
    const lost = users.filter((user) => nodeOf(user) === name)
    assert.ok(lost.length > 0, 'the node has some')
    // Taken out of the list of those that must have ended well.
    nodes.splice(1, 1)
    await doomed.stop('SIGKILL')
    const began = performance.now()
    const came = await Promise.all(range(60).map(() => handshake(balancer)))
    assert.deepEqual(came.filter(({ status }) => status !== 200), [])
    const { wredis } = await balancer.counters()
    assert.ok(wredis > 0, 'nothing was tried at the dead node')
    const isBack = (user) => user.socket.connected && user.all('session:welcome').length === 2
    await until('all are back', BACK_MS, () => lost.every(isBack))
    const back = performance.now() - began
    for (const user of users) await user.settled()
    assert.deepEqual(users.filter((user) => fallen(user) > 0), lost, 'those of the dead node and nobody else')
    t.diagnostic(`${lost.length} back after ${back.toFixed()} ms; ${wredis} requests tried again elsewhere`)
    await talk(t, balancer)
    await talk(t, balancer, POLLING)
  })
})

describe('a node behind a balancer stops in order', () => {
  const { nodes } = nodesFor(3, ...NO_LIMITS)
  const balancer = balancerFor(nodes)

  it('nobody who comes meanwhile is refused; its clients are told and come to others', LONG, async (t) => {
    const kinds = [POLLING, {}]
    const users = await Promise.all(range(30).map((n) => join(t, balancer, { ...kinds[n % 2], ...COMING_BACK })))
    const fallen = falls(users)
    const [leaving] = nodes.splice(1, 1)
    const name = (await leaving.get('/health')).json.node
    const lost = users.filter((user) => nodeOf(user) === name)
    assert.ok(lost.length > 0, 'the node has some')
    let coming = true
    const comers = range(4).map(async (n) => {
      let count = 0
      for (; coming; count += 1) {
        if (n % 2) assert.equal((await handshake(balancer)).status, 200)
        else (await rawOpen(t, balancer)).close()
      }
      return count
    })
    await leaving.finish()
    await until('the balancer knows', SEEN_MS, async () => (await balancer.counters('node2')).status === 'DOWN')
    coming = false
    const came = (await Promise.all(comers)).reduce((sum, count) => sum + count)
    const isBack = (user) => user.socket.connected && user.all('session:welcome').length === 2
    await until('all are back', LEFT_MS, () => lost.every(isBack))
    const told = users.filter((user) => user.all('server_shutdown').length > 0)
    assert.deepEqual([told, users.filter((user) => fallen(user) > 0)], [lost, lost])
    t.diagnostic(`${came} came meanwhile`)
  })
})

describe('Redis is away behind a balancer', () => {
  const { redis, nodes } = nodesFor(3, ...NO_LIMITS)
  const balancer = balancerFor(nodes)

  it('talks of those who poll go on, nobody new comes in until it is back', LONG, async (t) => {
    const a = await join(t, balancer, POLLING)
    const b = await joinWhere(t, balancer, (node) => node === nodeOf(a), POLLING)
    const [native, target] = languages()
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [forA] = await matched(a, b)
    const { sessionId } = await accept(a, b, forA)
    const fallen = falls([a, b])
    await redis.kill()
    await until('no node is ready', 10_000, async () => (await handshake(balancer)).status === 503)
    for (const [from, to] of [[a, b], [b, a], [a, b]]) {
      await from.do('webrtc:offer', { sessionId, offer: description('offer') })
      assert.equal((await to.next('webrtc:offer')).sessionId, sessionId)
    }
    await redis.start()
    await until('somebody new comes in', BACK_MS, async () => (await handshake(balancer)).status === 200)
    await a.do('webrtc:offer', { sessionId, offer: description('offer') })
    await b.next('webrtc:offer')
    assert.deepEqual([fallen(a), fallen(b)], [0, 0])
  })
})

describe('scripts/dev cluster', () => {
  /** Runs it until `work(output)` is done, then ends it as Ctrl-C does: its exit code and all it said. */
  async function run(words, work = async () => {}) {
    const child = spawn(DEV, words, { env: { ...process.env, QALA_BIN: binary() }, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise((done) => child.once('close', done))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    try {
      await until('ready', 20_000, () => /^ready/m.test(output) || child.exitCode !== null)
      if (child.exitCode === null) await work(output)
      child.kill('SIGINT')
      return { code: await bounded(ended, 20_000, () => `it still runs: ${output}`), output }
    } finally {
      child.kill('SIGTERM')
    }
  }

  it('Redis, nodes and balancer on ports that follow each other; Ctrl-C ends them all', LONG, async (t) => {
    const port = await freePorts(21)
    const ports = [port, port + 10, port + 11, port + 20]
    const { code, output } = await run(['cluster', '2', '--port', String(port)], async (output) => {
      assert.deepEqual(await Promise.all(ports.map(listens)), [true, true, true, true], output)
      const server = { url: /demo +(\S+)/.exec(output)[1] }
      assert.equal(server.url, `http://127.0.0.1:${port}`)
      assert.match(await (await fetch(server.url)).text(), /<title>/)
      const named = await Promise.all(range(6).map(async () => (await handshake(server)).node))
      const plain = named.map((node) => node.replace(/-[2-9a-z]{4}$/, ''))
      assert.deepEqual([...new Set(plain)].sort(), ['node1', 'node2'])
      await talk(t, server, POLLING)
    })
    assert.equal(code, 0, output)
    assert.deepEqual(await Promise.all(ports.map(listens)), [false, false, false, false], output)
  })

  it('says what is wrong with its words', LIMIT, async () => {
    for (const [words, sentence] of [
      [['cluster', '0'], '0 is not a number of nodes from 1 to 9'],
      [['cluster', '10'], '10 is not a number of nodes from 1 to 9'],
      [['cluster', '2', '--port', 'x'], '--port x is not a port'],
      [['balancer', '127.0.0.1:1'], 'an address to listen on, one for peers, and those of the nodes'],
    ]) {
      const { code, output } = await run(words)
      assert.equal(code, 2)
      assert.ok(output.includes(sentence), output)
    }
  })
})
