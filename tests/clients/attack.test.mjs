// A small crowd that means harm (tests/attack/ has the large one, with times): everybody else is served meanwhile, the
// harmful ones are sent away and counted, and when they are gone nothing of them is left.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { range, talk } from './support/matching.mjs'
import { LONG, bounded, serverFor } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'

const ATTACKERS = fileURLToPath(new URL('../attack/attackers.mjs', import.meta.url))
const [SILENT, FLOODING, DEAF] = [150, 20, 5]

describe('a crowd that means harm', ONE_NODE, () => {
  const server = serverFor('--connect-timeout', '2')

  it('everybody else meets, calls and writes; the crowd is sent away, and nothing of it stays', LONG, async (t) => {
    const attackers = fork(ATTACKERS, [server.url, SILENT, FLOODING, DEAF].map(String))
    t.after(() => attackers.kill('SIGKILL'))
    await bounded(once(attackers, 'message'), 60_000, () => 'the crowd did not come')
    for (const _ of range(5)) {
      const { a, b, sessionId } = await talk(t, server)
      await a.do('webrtc:offer', { sessionId, offer: { type: 'offer', sdp: 'v=0' } })
      assert.equal((await b.next('webrtc:offer')).from, a.id)
      await b.do('chat:send', { sessionId, content: 'hello' })
      assert.equal((await a.next('chat:message')).content, 'hello')
      for (const user of [a, b]) user.close()
    }
    for (const name of ['silent_streams', 'flooders_closed', 'refused_rate_limited']) {
      while ((await server.counter(name)) === 0) await sleep(100)
    }
    attackers.send('stop')
    await once(attackers, 'exit')
    while ((await server.get('/health')).json.connections > 0) await sleep(100)
    const { json } = await server.get('/health')
    assert.equal(json.counters.panics, 0)
    await server.assertAlive()
  })
})
