// Health of a real server: what each path says to whom, with the store there, away and back, and going down.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from './support/client.mjs'
import { languages, queue, wish } from './support/matching.mjs'
import { freePort, single } from './support/redis-servers.mjs'
import { LIMIT, LONG, Server, binary, serverFor, shutdownTimeout } from './support/server.mjs'
import { WEBRTC_CHAT, enter } from './support/webrtc-chat.mjs'

const TOKEN = 'an-operators-token'
const FIGURES = ['/metrics', '/metrics/business', '/health/system']
const ABOUT_USERS = ['/health/detailed', '/health/connections']

async function get(url, token) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

async function statuses(base, paths, token) {
  return Promise.all(paths.map(async (path) => (await get(base + path, token)).status))
}

async function until(what, holds) {
  const deadline = performance.now() + 15_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never: ${what}`)
    await sleep(20)
  }
}

const fields = (value, ...names) => assert.deepEqual(Object.keys(value).sort(), [...names].sort())

describe('who sees what, where nobody said who may', () => {
  const server = serverFor()

  it('figures of the whole are open, what tells about users is not', LIMIT, async () => {
    assert.deepEqual(await statuses(server.url, FIGURES), [200, 200, 200])
    assert.deepEqual(await statuses(server.url, ABOUT_USERS), [403, 403])
    assert.deepEqual(await statuses(server.url, ABOUT_USERS, TOKEN), [403, 403])
    assert.match((await get(`${server.url}/health/connections`)).text, /--admin-token/)
  })

  it('/health/live and /health/ready say what they look at', LIMIT, async () => {
    const live = await server.get('/health/live')
    fields(live.json, 'alive', 'timestamp', 'uptime')
    assert.deepEqual([live.status, live.json.alive], [200, true])
    const ready = await server.get('/health/ready')
    fields(ready.json, 'ready', 'timestamp', 'checks')
    assert.deepEqual([ready.status, ready.json.ready, ready.json.checks], [200, true, { store: true, serving: true }])
  })

  it('/health/system tells what the process uses', LIMIT, async () => {
    const { json } = await server.get('/health/system')
    fields(json, 'timestamp', 'uptime', 'version', 'node', 'process', 'runtime')
    assert.ok(json.process.residentBytes > 1_000_000 && json.process.openFiles > 3 && json.process.threads > 1)
    assert.ok(json.runtime.workers >= 1 && json.runtime.busySeconds >= 0 && json.runtime.tasks > 0)
  })
})

describe('who sees what, with a token', () => {
  const server = serverFor('--admin-token', TOKEN)

  it('only who shows it sees figures and what tells about users', LIMIT, async () => {
    const closed = [...FIGURES, ...ABOUT_USERS]
    for (const token of [undefined, '', `${TOKEN}x`, TOKEN.slice(1)]) {
      assert.deepEqual(await statuses(server.url, closed, token), closed.map(() => 401), String(token))
    }
    assert.deepEqual(await statuses(server.url, closed, TOKEN), closed.map(() => 200))
    assert.equal((await get(`${server.url}/metrics`)).headers.get('www-authenticate'), 'Bearer')
    assert.deepEqual(await statuses(server.url, ['/health', '/health/live', '/health/ready']), [200, 200, 200])
  })

  it('/health/connections counts who is there and who waits', LIMIT, async (t) => {
    const [one, other] = languages()
    const people = [await join(t, server), await join(t, server)]
    await queue(people[0], wish(one, other))
    const json = JSON.parse((await get(`${server.url}/health/connections`, TOKEN)).text)
    assert.deepEqual([json.active, json.total, json.sessions, json.rooms], [2, 2, { active: 2, away: 0 }, 0])
    assert.deepEqual(json.waiting, [{ pool: 'qala', tickets: 1, byStage: [1, 0, 0, 0, 0] }])
    assert.equal(json.shards.reduce((sum, shard) => sum + shard.connections, 0), 2)
    assert.equal(json.shards.reduce((sum, shard) => sum + shard.sessions, 0), 2)
    for (const person of people) assert.ok(!JSON.stringify(json).includes(person.id), 'nobody is named')
    const detailed = JSON.parse((await get(`${server.url}/health/detailed`, TOKEN)).text)
    assert.equal(detailed.status, 'ok')
    assert.deepEqual([detailed.connections.active, detailed.store], [2, { kind: 'embedded', available: true }])
  })

  it('the token is in no answer and no log line', LIMIT, async () => {
    const closed = [...FIGURES, ...ABOUT_USERS]
    const said = await Promise.all(closed.map(async (path) => (await get(server.url + path, TOKEN)).text))
    assert.ok(!(said.join() + server.output).includes(TOKEN))
  })
})

describe('who sees what, with an address of its own', () => {
  it('operators see everything there, and clients none of it', LIMIT, async (t) => {
    const port = await freePort()
    const server = new Server(['--admin-listen', `127.0.0.1:${port}`])
    t.after(() => server.finish())
    await server.start()
    const closed = [...FIGURES, ...ABOUT_USERS]
    assert.deepEqual(await statuses(server.url, closed), closed.map(() => 404))
    const own = `http://127.0.0.1:${port}`
    const open = [...closed, '/health', '/health/live', '/health/ready', '/stats']
    assert.deepEqual(await statuses(own, open), open.map(() => 200))
    assert.deepEqual(await statuses(own, ['/', '/socket.io/?EIO=4&transport=polling']), [404, 404])
    assert.match(server.output, new RegExp(`operators http://127.0.0.1:${port}`))
  })

  it('an address that is taken is said', LIMIT, async (t) => {
    const holder = new Server()
    t.after(() => holder.finish())
    await holder.start()
    const server = new Server(['--admin-listen', `127.0.0.1:${holder.port}`])
    await assert.rejects(server.start(), new RegExp(`cannot listen on 127\\.0\\.0\\.1:${holder.port}`))
  })
})

describe('in the words of webrtc-chat', () => {
  it('UP, DEGRADED without Redis, UP again, DOWN on the way out', LONG, async (t) => {
    const redis = await single()
    t.after(() => redis.finish())
    const server = new Server([...WEBRTC_CHAT, '--redis-url', redis.url, ...shutdownTimeout(5)])
    t.after(() => server.finish())
    await server.start()
    const health = async () => {
      const { status, json } = await server.get('/health')
      return [status, json.status, json.redis, (await server.get('/health/ready')).status]
    }
    const { json } = await server.get('/health')
    for (const field of ['status', 'timestamp', 'uptime', 'version', 'redis', 'kafka']) assert.ok(field in json, field)
    assert.deepEqual(await health(), [200, 'UP', 'connected', 200])
    await redis.servers[0].kill()
    await until('the node notices that Redis is away', async () => (await health())[1] === 'DEGRADED')
    assert.deepEqual(await health(), [200, 'DEGRADED', 'disconnected', 503])
    const { status, json: live } = await server.get('/health/live')
    assert.deepEqual([status, live.alive], [200, true])
    assert.match((await server.get('/metrics')).text, /^qala_store_available 0$/m)
    await redis.servers[0].start()
    await until('the node notices that Redis is back', async () => (await health())[1] === 'UP')
    // Somebody is there, so that the way out takes a moment.
    for (let n = 0; n < 100; n++) await enter(t, server)
    const stopped = server.stop()
    const seen = new Set()
    for (let over = false; !over; ) {
      const answer = await server.get('/health').catch(() => undefined)
      if (answer === undefined) over = true
      else seen.add(`${answer.status} ${answer.json.status}`)
    }
    assert.ok(seen.has('503 DOWN'), [...seen].join())
    assert.equal((await stopped).code, 0)
  })
})

describe('qala health', () => {
  it('asks the node that runs with the same variables, by its address for operators', LIMIT, async (t) => {
    const [clients, operators] = [await freePort(), await freePort()]
    const admin = `127.0.0.1:${operators}`
    const server = new Server(['--port', String(clients), '--admin-listen', admin])
    t.after(() => server.finish())
    await server.start()
    const ask = (words, env) => {
      const { status, stdout } = spawnSync(binary(), ['health', ...words], { env, encoding: 'utf8' })
      return [status, stdout]
    }
    const well = (place) => [0, `ok: http://${place} answers 200\n`]
    assert.deepEqual(ask([], { PORT: String(clients) }), well(`127.0.0.1:${clients}/health/live`))
    assert.deepEqual(ask([], { QALA_ADMIN_LISTEN: admin }), well(`${admin}/health/live`))
    assert.deepEqual(ask([], { QALA_ADMIN_LISTEN: `0.0.0.0:${operators}` }), well(`${admin}/health/live`))
    assert.deepEqual(ask([`http://localhost:${operators}/metrics`], {}), well(`localhost:${operators}/metrics`))
    assert.deepEqual(ask([`http://127.0.0.1:${clients}/nothing`], {}), [1, ''])
  })
})
