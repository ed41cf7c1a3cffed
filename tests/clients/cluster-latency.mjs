// How long two people on different nodes wait for each other's names and signals. Run by hand, against a release
// build, on a machine that does nothing else:
//
//   cargo build --release
//   QALA_BIN=target/release/qala node tests/clients/cluster-latency.mjs [match] [relay]
//
// Two nodes, the Redis that they share and this process, with one official socket.io client for each person, run
// on one machine. Everybody is connected before anything is counted.
//
// match: joins follow each other at a fixed rate, whatever becomes of them. Of each two people who fit nobody else,
// the first joins on one node and the second on the other; the clock starts when the second one's join is due. Timers
// here come up to a millisecond late: what is counted since this process came to send it is shown as well.
// relay: one signal, as large as a candidate, from one to the other; between nodes and within one.
import { randomBytes } from 'node:crypto'
import { io } from 'socket.io-client'
import { cpuMs, openLoop, report } from './support/figures.mjs'
import { accept, candidate, languages, matched, queue, wish } from './support/matching.mjs'
import { User } from './support/client.mjs'
import { single } from './support/redis-servers.mjs'
import { bounded, NO_LIMITS, Server } from './support/server.mjs'

const JOINS_PER_SECOND = [200, 1_000]
const WARM_UP_SECONDS = 2
const SECONDS = 8
const CONNECTING_AT_ONCE = 100
const CONNECT_MS = 10_000
/** After the last one joined, nobody should still wait. */
const MATCHED_MS = 10_000

const SIGNALS = 2_000
const TALKS = 20
const SIGNALS_PER_SECOND = 1_000

/** Nobody answers here: no proposal must run out while others are measured. */
const FLAGS = [...NO_LIMITS, '--accept-timeout', '120']

/** Somebody who joins once; `found` is when the match was told. */
class Person {
  found = new Promise((done) => (this.tell = done))

  constructor(url) {
    const auth = { guest: randomBytes(16).toString('hex') }
    this.socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true })
    this.socket.once('matching:match_found', () => this.tell(performance.now()))
    this.connected = new Promise((done, failed) => this.socket.once('connect', done).once('connect_error', failed))
  }

  join(payload) {
    this.socket.emit('matching:join_queue', payload, ({ success }) => success || this.tell(NaN))
  }
}

/** Two people for each pair, on different nodes; which node the first is on alternates. */
async function people(nodes, pairs) {
  const all = []
  while (all.length < 2 * pairs) {
    const some = Array.from({ length: Math.min(CONNECTING_AT_ONCE, 2 * pairs - all.length) }, (_, n) => {
      const number = all.length + n
      return new Person(nodes[((number >> 1) + number) % nodes.length].url)
    })
    await bounded(Promise.all(some.map(({ connected }) => connected)), CONNECT_MS, () => 'not all could connect')
    all.push(...some)
  }
  return all
}

async function matchesAt(perSecond, { nodes, used }) {
  const warmUp = (WARM_UP_SECONDS * perSecond) / 2
  const pairs = warmUp + (SECONDS * perSecond) / 2
  const all = await people(nodes, pairs)
  const wishes = Array.from({ length: pairs }, () => languages())
  const dueAt = []
  const before = used()
  const { late, rate } = await openLoop(perSecond, all.length, (n, due) => {
    const [native, target] = wishes[n >> 1]
    dueAt.push(due)
    all[n].join(n % 2 ? wish(target, native) : wish(native, target))
  })
  const after = used()
  const missing = () => 'not everybody was matched'
  const found = await bounded(Promise.all(all.map((person) => person.found)), MATCHED_MS, missing)
  for (const { socket } of all) socket.disconnect()

  const counted = Array.from({ length: pairs - warmUp }, (_, n) => 2 * (n + warmUp))
  const wait = (first, side) => found[first + side] - dueAt[first + 1]
  const sinceSent = (first, side) => wait(first, side) - late[first + 1]
  console.log(`\n${perSecond} joins per second asked for, ${rate.toFixed()} sent, ${counted.length} matches counted`)
  report('first one', counted.map((first) => wait(first, 0)))
  report('second one', counted.map((first) => wait(first, 1)))
  report('of it, sent late by', counted.map((first) => late[first + 1]))
  report('first one, since sent', counted.map((first) => sinceSent(first, 0)))
  report('second one, since sent', counted.map((first) => sinceSent(first, 1)))
  const cores = Object.entries(after).map(([name, ms]) => `${name} ${((ms - before[name]) / (pairs * 20 / perSecond)).toFixed()} %`)
  console.log(`processor time, of one core: ${cores.join(', ')}`)
}

/** Two people in a talk, on these nodes. */
async function talk([first, second]) {
  const [native, target] = languages()
  const [a, b] = await Promise.all([first, second].map((node) => new User(node.url).connect()))
  await queue(a, wish(native, target))
  await queue(b, wish(target, native))
  const [forA] = await matched(a, b)
  return { a: a.socket, b: b.socket, ...(await accept(a, b, forA)) }
}

/** Milliseconds of signals that wait for each other. */
async function oneAtATime({ a, b, sessionId }) {
  const took = []
  for (let n = 0; n < SIGNALS; n += 1) {
    const arrived = new Promise((done) => b.once('webrtc:ice_candidate', () => done(performance.now())))
    const began = performance.now()
    a.emit('webrtc:ice_candidate', { sessionId, candidate: candidate(n) })
    took.push((await bounded(arrived, CONNECT_MS, () => 'a signal did not arrive')) - began)
  }
  return took
}

/** The same of signals that do not wait, each of another talk than the one before: since they were due. */
async function atARate(talks) {
  const arrived = []
  const due = []
  let count = 0
  let last
  const all = new Promise((done) => (last = done))
  for (const { b } of talks) {
    b.on('webrtc:ice_candidate', ({ candidate: { sdpMLineIndex: n } }) => {
      arrived[n] = performance.now()
      if ((count += 1) === SIGNALS) last()
    })
  }
  const { late } = await openLoop(SIGNALS_PER_SECOND, SIGNALS, (n, at) => {
    due.push(at)
    const { a, sessionId } = talks[n % talks.length]
    a.emit('webrtc:ice_candidate', { sessionId, candidate: { ...candidate(n), sdpMLineIndex: n } })
  })
  await bounded(all, CONNECT_MS, () => `${count} of ${SIGNALS} signals arrived`)
  return { took: arrived.map((at, n) => at - due[n]), late }
}

async function relays({ nodes }) {
  const places = { 'between nodes': [nodes[0], nodes[1]], 'within a node': [nodes[0], nodes[0]] }
  for (const [where, pair] of Object.entries(places)) {
    const talks = []
    while (talks.length < TALKS) talks.push(await talk(pair))
    await oneAtATime(talks[0])
    console.log(`\n${where}: ${SIGNALS} signals one at a time, then ${SIGNALS_PER_SECOND} per second in ${TALKS} talks`)
    report('one at a time', await oneAtATime(talks[0]))
    const { took, late } = await atARate(talks)
    report('at that rate', took)
    report('of it, sent late by', late)
    report('at that rate, since sent', took.map((ms, n) => ms - late[n]))
    for (const { a, b } of talks) for (const socket of [a, b]) socket.disconnect()
  }
}

const measure = process.argv.slice(2)
const redis = await single()
const nodes = [1, 2].map(() => new Server(['--redis-url', redis.url, ...FLAGS]))
try {
  for (const node of nodes) await node.start()
  const redisPid = await redis.servers[0].pid()
  const used = () => ({
    nodes: nodes.reduce((sum, node) => sum + cpuMs(node.pid), 0),
    Redis: cpuMs(redisPid),
    'this process': cpuMs(process.pid),
  })
  const cluster = { nodes, used }
  if (!measure.length || measure.includes('match')) {
    for (const perSecond of JOINS_PER_SECOND) await matchesAt(perSecond, cluster)
  }
  if (!measure.length || measure.includes('relay')) await relays(cluster)
} finally {
  for (const node of nodes) await node.finish()
  await redis.finish()
}
