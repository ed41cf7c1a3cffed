// Drills in which another Redis takes over from one that died.
import { cluster, DOWN_AFTER_MS, masterOf, watched } from './support/servers.mjs'
import { pause, until } from './support/time.mjs'

const BACK_MS = 2_000
const FAILOVER_MS = 20_000

/** Kills a master; the instant at which its replica has taken over. */
async function failOver(scene, master, what) {
  const before = await scene.redis.masters()
  const { fault, mended } = scene.breaks(what, { forgets: true })
  await master.kill()
  const took = async () => (await scene.redis.masters()).some((server) => !before.includes(server))
  mended(await until('a replica takes over', FAILOVER_MS, took))
  await pause(BACK_MS + 1_000)
  return fault
}

/** A Sentinel master dies. */
export const sentinelFailover = {
  servers: watched,
  async act(scene) {
    const [master] = await scene.redis.masters()
    const fault = await failOver(scene, master, `SIGKILL of a Sentinel master (down-after ${DOWN_AFTER_MS} ms)`)
    return () => scene.recovers('a match after the death', fault.from, DOWN_AFTER_MS + BACK_MS)
  },
}

/** The Cluster's master that holds the pool dies. */
export const clusterMasterStopped = {
  servers: cluster,
  async act(scene) {
    const master = await masterOf(await scene.redis.masters(), 'qala:{p:qala}:tickets')
    const fault = await failOver(scene, master, `SIGKILL of a Cluster master (node-timeout ${DOWN_AFTER_MS} ms)`)
    return () => scene.recovers('a match after its replica took over', fault.until, BACK_MS)
  },
}
