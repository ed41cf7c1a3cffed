// What tests with two users run against: one node that keeps everything itself or, where TEST_STORE says
// `redis`, `sentinel` or `cluster`, two nodes that share those servers. For who uses it both are one service;
// who comes one after the other in a test then comes to one node after the other.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { cluster, sentinel, single } from './redis-servers.mjs'
import { Server, serverFor } from './server.mjs'

const NODES = 2
const SETS = { redis: single, sentinel, cluster }
const STORE = process.env.TEST_STORE ?? 'embedded'
assert.ok(STORE === 'embedded' || STORE in SETS, `TEST_STORE is embedded, ${Object.keys(SETS).join(' or ')}`)

/** For groups of tests about a single node: nothing of them is different where several share a store. */
export const ONE_NODE = { skip: STORE === 'embedded' ? false : 'about one node' }

/** Servers of one set serve all groups of a test file, one group after the other. */
let servers
after(async () => (await servers)?.finish())

/** A service for the surrounding `describe`: running before its first test, gone after its last. */
export function serviceFor(...flags) {
  if (STORE === 'embedded') return serverFor(...flags)
  const service = new Service(flags)
  before(() => service.start())
  after(() => service.finish())
  return service
}

/** The same, with flags that are known only when the tests begin. */
export function serviceWith(more, ...flags) {
  const service = STORE === 'embedded' ? new Server(flags) : new Service(flags)
  before(() => {
    service.flags = [...more(), ...flags]
    return service.start()
  })
  after(() => service.finish())
  return service
}

/** Nodes that share a store; to tests what a `Server` is, with several doors. */
class Service {
  #nodes
  /** For each test, who has come to which node. */
  #places = new WeakMap()

  constructor(flags) {
    this.flags = flags
    this.#nodes = Array.from({ length: NODES }, () => new Server())
  }

  async start() {
    servers ??= SETS[STORE]()
    const { url } = await servers
    for (const node of this.#nodes) {
      node.flags = ['--redis-url', url, ...this.flags]
      await node.start()
    }
  }

  /** Ends every node, then forgets what they shared, so that the next group of tests meets nobody of this one. */
  async finish() {
    const ends = await Promise.allSettled(this.#nodes.map((node) => node.finish()))
    await (await servers)?.flush()
    for (const { reason } of ends) if (reason) throw reason
  }

  /** Where `who` enters in the test `t`, each time anew. */
  entrance(t, who) {
    const places = this.#places.get(t) ?? { taken: 0, of: new Map() }
    this.#places.set(t, places)
    const before = places.of.get(who)
    // Whoever was here before comes back to another node.
    const place = before === undefined ? places.taken++ : before + 1
    places.of.set(who, place)
    return this.#nodes[place % NODES].url
  }

  /** Every door. */
  get urls() {
    return this.#nodes.map((node) => node.url)
  }

  /** The sum over all nodes. */
  async counter(name) {
    const counts = await Promise.all(this.#nodes.map((node) => node.counter(name)))
    return counts.reduce((sum, count) => sum + count)
  }

  async assertAlive() {
    for (const node of this.#nodes) await node.assertAlive()
  }
}
