// Drills that are about one node of three.
import { Balancer } from '../clients/support/balancer.mjs'
import { NODE_MS } from './support/faults.mjs'
import { moves } from './support/moves.mjs'
import { Proxy } from './support/proxy.mjs'
import { single } from './support/servers.mjs'
import { now, pause, until } from './support/time.mjs'

const BACK_MS = 2_000
const HALT_MS = 10_000
const DRAIN_SECONDS = 2
const LONELY = 100
/** In this time the balancer takes a node that is back. */
const UP_MS = 5_000

/** A node dies. */
export const nodeKilled = {
  servers: single,
  async act(scene) {
    const [, node] = scene.nodes
    scene.loses(node)
    const { fault } = scene.breaks('SIGKILL of a node', { node, isolates: true })
    await node.stop('SIGKILL')
    await pause(NODE_MS + 1_000)
    return () => scene.recovers('a match elsewhere', fault.from, NODE_MS, { without: [node] })
  },
}

/** A node stands still for ten seconds. */
export const nodeFrozen = {
  servers: single,
  async act(scene) {
    const [, node] = scene.nodes
    const { fault, mended } = scene.breaks('SIGSTOP of a node for 10 s', { node, isolates: true })
    process.kill(node.pid, 'SIGSTOP')
    await pause(HALT_MS)
    process.kill(node.pid, 'SIGCONT')
    mended()
    await pause(BACK_MS + 1_000)
    return () => {
      scene.recovers('a match elsewhere', fault.from, NODE_MS, { without: [node] })
      scene.recovers('a match on the node', fault.until, NODE_MS, { among: [node] })
    }
  },
}

/** The way between one node and Redis is cut for ten seconds, in silence. */
export const nodeCutOff = {
  servers: single,
  async start(scene) {
    scene.proxy = new Proxy()
    await scene.proxy.start(scene.redis.servers[0].port)
    await scene.start([undefined, `redis://127.0.0.1:${scene.proxy.port}`])
  },
  async act(scene) {
    const [, node] = scene.nodes
    const { fault, mended } = scene.breaks('cut between a node and Redis for 10 s', { node, isolates: true })
    scene.proxy.cut()
    await pause(HALT_MS)
    scene.proxy.mend()
    mended(now())
    await pause(BACK_MS + 1_000)
    return () => {
      scene.recovers('a match elsewhere', fault.from, NODE_MS, { without: [node] })
      scene.recovers('a match on the node', fault.until, BACK_MS, { among: [node] })
    }
  },
  end: (scene) => scene.proxy?.end(),
}

/** One node after the other is stopped and started again behind a load balancer: nobody loses a room or a place. */
export const rollingRestart = {
  servers: single,
  async start(scene) {
    scene.balancer = new Balancer()
    await scene.start([], {
      flags: ['--drain-seconds', String(DRAIN_SECONDS)],
      lonely: LONELY,
      door: async (nodes) => {
        await scene.balancer.start(nodes)
        return scene.balancer.url
      },
    })
  },
  async act(scene) {
    for (const [index, node] of scene.nodes.entries()) {
      await scene.restarts(node)
      const isUp = async () => (await scene.balancer.counters(`node${index + 1}`)).status.startsWith('UP')
      await until(`the balancer takes ${node.name}`, UP_MS, isUp)
    }
    return ({ logs }) => {
      const { rooms, places, violations } = moves(logs)
      scene.violations.push(...violations)
      const lost = (kind) => violations.filter((one) => one.kind === kind).length
      scene.notes.push(`lost rooms ${lost('room')} of ${rooms}`, `lost places ${lost('place')} of ${places}`)
      if (rooms === 0 || places === 0) scene.violates('node', 'nobody was in a room, or nobody waited, when a node stopped')
    }
  },
  end: (scene) => scene.balancer?.finish(),
}
