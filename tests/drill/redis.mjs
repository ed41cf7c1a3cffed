// Drills that are about the one Redis that all nodes share.
import { signalsWithoutStore } from './support/audit.mjs'
import { TELLING_MS } from './support/faults.mjs'
import { KEEPING, single } from './support/servers.mjs'
import { now, pause } from './support/time.mjs'

const BACK_MS = 2_000
const DOWN_MS = 1_000
const OUTAGE_MS = 20_000
const FULL_OUTAGE_MS = 7 * 60_000
/** In this time a node notices that its store is gone. */
const NOTICED_MS = 3_000

async function restart(scene, what, more) {
  const [server] = scene.redis.servers
  const { fault, mended } = scene.breaks(what, more)
  await server.kill()
  await pause(DOWN_MS)
  await server.start()
  mended()
  await pause(BACK_MS + 1_000)
  return () => scene.recovers('a match after the return', fault.until, BACK_MS)
}

/** Redis dies and comes back with everything that it had acknowledged. */
export const redisRestarted = {
  servers: () => single(...KEEPING),
  act: (scene) => restart(scene, 'SIGKILL of Redis, back with its data'),
}

/** Redis dies and comes back empty. */
export const redisEmptied = {
  servers: () => single('--appendonly', 'no'),
  act: (scene) => restart(scene, 'SIGKILL of Redis, back empty', { forgets: true }),
}

/** Redis is away for long: nobody goes down with it, and talks go on. */
export const redisAway = {
  servers: () => single(...KEEPING),
  async act(scene, { full }) {
    const outageMs = full ? FULL_OUTAGE_MS : OUTAGE_MS
    const [server] = scene.redis.servers
    const { fault, mended } = scene.breaks(`Redis away for ${outageMs / 1_000} s`)
    await server.kill()
    await pause(NOTICED_MS)
    while (now() < fault.from + outageMs) {
      await expectHealth(scene, { ready: 503, live: 200 })
      await pause(1_000)
    }
    await server.start()
    mended()
    await pause(BACK_MS + 1_000)
    await expectHealth(scene, { ready: 200, live: 200 })
    return ({ stories }) => {
      scene.recovers('a match after the return', fault.until, BACK_MS)
      expectCalls(scene, stories, fault)
      expectRefusals(scene, stories, fault)
    }
  },
}

async function expectHealth(scene, expected) {
  for (const node of scene.nodes) {
    for (const [path, status] of Object.entries(expected)) {
      const said = await node.get(`/health/${path}`).then((reply) => reply.status, (error) => error.message)
      if (said !== status) scene.violates('node', `${node.name}: /health/${path} is ${said}, not ${status}`)
    }
  }
}

/** Signals within a node pass all the time. */
function expectCalls(scene, stories, { from, until }) {
  const { sent, violations } = signalsWithoutStore(stories, { from: from + NOTICED_MS, until })
  scene.violations.push(...violations)
  if (sent === 0) scene.violates('node', 'no signal passed while Redis was away')
}

/** What needs the store is refused as `unavailable`, and nothing but that: unless it was about a talk or a match
 * of which one was told in the same moment that it is over. */
function expectRefusals(scene, stories, { from, until }) {
  const refused = stories.flatMap((story) => story.refused.map((one) => ({ story, ...one })))
    .filter(({ at }) => at > from + NOTICED_MS && at < until)
  if (!refused.some(({ event, code }) => event === 'matching:join_queue' && code === 'unavailable')) {
    scene.violates('node', 'no join was refused as unavailable while Redis was away')
  }
  const goesOn = ({ story, at, sessionId }) =>
    sessionId === undefined || story.matches.some((match) => match.sessionId === sessionId && match.to > at + TELLING_MS)
  for (const one of refused.filter(({ code }) => code !== 'unavailable').filter(goesOn)) {
    const what = `${one.event} is refused as ${one.code} while Redis is away`
    scene.violations.push({ kind: 'node', user: one.story.user, at: one.at, what })
  }
}
