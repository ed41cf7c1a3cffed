// One drill from its first server to its last word: nodes, people, what is broken, and the audit of it all.
import { grace, NO_LIMITS, Server } from '../../clients/support/server.mjs'
import { audit } from './audit.mjs'
import { Crowd } from './crowd.mjs'
import { differences, kept } from './kept.mjs'
import { Prober, recoveredAt } from './prober.mjs'
import { storyOf } from './story.mjs'
import { now, pause } from './time.mjs'

const PEOPLE = 500
const PROCESSES = 2
const NODES = 3
/** Longer than a node may stand still, or be cut off, in a drill. */
export const GRACE_SECONDS = 12
const TRAFFIC_BEFORE_MS = 5_000
const TRAFFIC_AFTER_MS = 4_000
/** In this time everything that is under way at the end comes to rest: grace, until a death is noticed, a lease. */
const SETTLE_MS = (GRACE_SECONDS + 12) * 1_000
/** In this time what somebody left behind on purpose is gone. */
const GONE_MS = 2_000

export class Scene {
  faults = []
  /** `{kind, user, at, what}` that a drill itself found. */
  violations = []
  /** `{what, ms, limitMs}` of each time that counts as recovery. */
  recoveries = []
  /** What else is worth saying in the drill's line. */
  notes = []
  nodes = []
  #crowd = new Crowd(PROCESSES)
  #probers = []
  #lost = new Set()

  #patience

  /** `patience`: how many times its limit a recovery may take before that counts as a violation. */
  constructor(redis, { patience = 1 } = {}) {
    this.redis = redis
    this.#patience = patience
  }

  /** `urls`: how each node reaches Redis, where that differs; `flags`: more of them; `door`: starts what stands in
   * front of the nodes, where something does, and tells its address; `lonely`: how many people wait all the time. */
  async start(urls = [], { flags: more = [], door, lonely } = {}) {
    for (let n = 0; n < NODES; n += 1) {
      const flags = ['--redis-url', urls[n] ?? this.redis.url, '--node', `n-${n}`, ...NO_LIMITS, ...grace(GRACE_SECONDS)]
      const node = new Server([...flags, '--rematch-seconds', '0', '--log-level', 'error', ...more])
      await node.start()
      // As its people are told.
      node.name = (await node.get('/health')).json.node
      this.nodes.push(node)
    }
    this.people = await this.#crowd.start(door ? [await door(this.nodes)] : this.nodes.map(({ url }) => url), PEOPLE, lonely)
    // Who asks a node itself cannot be there while it is not.
    this.#probers = door ? [] : this.nodes.map((node, n) => new Prober([node, this.nodes[(n + 1) % NODES]]))
    for (const prober of this.#probers) await prober.start()
    await pause(TRAFFIC_BEFORE_MS)
  }

  /** A node is stopped as an operator does, and one starts in its place. That excuses nothing. */
  async restarts(node) {
    const { mended } = this.breaks(`restart of ${node.name}`, { isPlanned: true })
    await node.finish()
    Object.assign(node, { output: '', flags: [...node.flags, '--port', String(node.port)] })
    await node.start()
    node.name = (await node.get('/health')).json.node
    mended()
  }

  /** Something is broken now; `mended` says from when on it is not. */
  breaks(what, { node = null, ...more } = {}) {
    const from = now()
    const fault = { what, from, until: from, node: node?.name ?? null, ...more }
    this.faults.push(fault)
    const mended = (at = now()) => Object.assign(fault, { until: at })
    return { fault, mended }
  }

  /** A node that will not come back: nobody asks it for anything any more. */
  loses(node) {
    this.#lost.add(node)
  }

  violates(kind, what, at = now()) {
    this.violations.push({ kind, user: null, at, what })
  }

  /** Notes how long after `since` matches came about again, between all nodes but these. */
  recovers(what, since, limitMs, { without = [], among = this.nodes } = {}) {
    for (const { nodes, attempts } of this.#probersOf(without, among)) {
      const at = recoveredAt(attempts, since)
      const names = nodes.map(({ name }) => name).join(' and ')
      if (at === undefined) {
        this.violates('left', `${what}: no match between ${names} any more: ${attempts.at(-1)?.why}`, since)
      } else this.#recovered(what, at - since, limitMs, names)
    }
  }

  #probersOf(without, among) {
    return this.#probers.filter(({ nodes }) =>
      !nodes.some((node) => without.includes(node)) && nodes.some((node) => among.includes(node)))
  }

  #recovered(what, ms, limitMs, where) {
    this.recoveries.push({ what, ms, limitMs })
    if (ms > limitMs * this.#patience) this.violates('slow', `${what}: ${Math.round(ms)} ms at ${where}, at most ${limitMs}`)
  }

  /** Lets everything come to rest and looks at everybody: what the audit says, and the people's stories. */
  async finish() {
    await pause(TRAFFIC_AFTER_MS)
    await this.#crowd.quiet()
    const differ = await this.#settle(() => this.#crowd.states(), SETTLE_MS)
    await this.#crowd.catchUp()
    const logs = await this.#crowd.logs()
    const end = now()
    const probes = this.#probers.map(({ nodes, attempts }) => ({ nodes: nodes.map(({ name }) => name), attempts }))
    const stories = logs.map((log) => storyOf(log, end))
    const unplanned = this.faults.filter(({ isPlanned }) => !isPlanned)
    const audited = audit(stories, unplanned, { graceMs: GRACE_SECONDS * 1_000 })
    this.violations.push(...differ.map((one) => ({ ...one, at: end })), ...audited.violations)
    return { ...audited, stories, logs, probes }
  }

  /** The rest: everybody goes, and nothing may be left. */
  async close() {
    await this.#crowd.depart()
    for (const prober of this.#probers.filter(({ nodes }) => nodes.every((node) => !this.#lost.has(node)))) await prober.stop()
    const left = await this.#settle(() => [], GONE_MS)
    const known = new Set(this.violations.map(({ what }) => what))
    for (const one of left.filter(({ what }) => !known.has(what))) {
      this.violations.push({ ...one, at: now(), what: `after everybody left: ${one.what}` })
    }
    for (const node of this.nodes.filter((one) => !this.#lost.has(one))) {
      await node.finish().catch((error) => this.violates('node', `${node.name}: ${error.message}`))
    }
  }

  end() {
    this.#crowd.end()
    for (const node of this.nodes) if (node.pid) node.stop('SIGKILL').catch(() => {})
    this.redis.end()
  }

  /** Until people and Redis agree; what they do not agree about in the end. */
  async #settle(states, ms) {
    const began = now()
    for (;;) {
      const found = differences(await states(), await this.#kept(), this.#strangers())
      if (found.length === 0 || now() - began > ms) return found
      await pause(250)
    }
  }

  async #kept() {
    return kept(await this.redis.masters())
  }

  #strangers() {
    return new Set(this.#probers.flatMap(({ ids }) => ids ?? []))
  }
}
