// Fault drills: real nodes, real Redis servers, five hundred clients, something breaks, everybody is audited.
//
//   node tests/drill/run.mjs [--full] [--logs <directory>] [--patience <times>] [name...]
//
// Which binary: as in tests/clients/support/server.mjs. Each drill prints one line; what was wrong goes to stderr,
// with seconds since the fault. --full takes the long variants; --logs keeps what everybody did and was told, to
// find out why; --patience lets recoveries take so many times their limits, for machines that are busy. Exit code 1
// when a drill failed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { clusterMasterStopped, sentinelFailover } from './failover.mjs'
import { nodeCutOff, nodeFrozen, nodeKilled, rollingRestart } from './nodes.mjs'
import { redisAway, redisEmptied, redisRestarted } from './redis.mjs'
import { NODE_MS } from './support/faults.mjs'
import { lineOf, listOf } from './support/line.mjs'
import { Scene } from './support/scene.mjs'
import { now } from './support/time.mjs'

const DRILLS = {
  'node-killed': nodeKilled,
  'node-frozen': nodeFrozen,
  'node-cut-off': nodeCutOff,
  'rolling-restart': rollingRestart,
  'redis-restarted': redisRestarted,
  'redis-emptied': redisEmptied,
  'redis-away': redisAway,
  'sentinel-failover': sentinelFailover,
  'cluster-master-stopped': clusterMasterStopped,
}

const keep = (directory, name, all) => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${name}.json`), JSON.stringify(all))
}

/** Whether nothing was wrong. */
async function run(name, { servers, start = (scene) => scene.start(), act, end }, options) {
  const began = now()
  let scene
  try {
    scene = new Scene(await servers(), { patience: Number(options.patience) })
    await start(scene)
    const judge = await act(scene, options)
    const audited = await scene.finish()
    judge(audited)
    if (options.logs) keep(options.logs, name, { faults: scene.faults, logs: audited.logs, probes: audited.probes })
    await scene.close()
    const { violations, faults, people, recoveries, notes } = scene
    const told = audited.toldMs > 0 ? [{ ms: audited.toldMs, limitMs: NODE_MS }] : []
    const seconds = (now() - began) / 1_000
    console.log(lineOf(name, { ...audited, violations, faults, people, seconds, notes, recoveries: [...recoveries, ...told] }))
    if (violations.length > 0) console.error(listOf(violations, faults[0].from))
    return violations.length === 0
  } catch (error) {
    console.log(`drill ${name}: FAILED to run: ${error.message.split('\n')[0]}`)
    console.error(error.stack)
    return false
  } finally {
    if (scene) end?.(scene)
    scene?.end()
  }
}

// Servers and clients of a drill end with this process, however it is told to end.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => process.exit(1))

const { values: options, positionals: names } = parseArgs({
  options: { full: { type: 'boolean' }, logs: { type: 'string' }, patience: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const unknown = names.filter((name) => !DRILLS[name])
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; drills: ${Object.keys(DRILLS).join(', ')}`)
  process.exit(2)
}
let failed = 0
for (const name of names.length > 0 ? names : Object.keys(DRILLS)) {
  if (!(await run(name, DRILLS[name], options))) failed += 1
}
process.exit(failed > 0 ? 1 : 0)
