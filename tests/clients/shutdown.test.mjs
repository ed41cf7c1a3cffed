// A graceful end: clients are told, connections are closed, the process goes with exit code 0 in time.
import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, it } from 'node:test'
import { User, join, joinMany } from './support/client.mjs'
import { languages, queue, talk, wish } from './support/matching.mjs'
import { rawOpen, tcp } from './support/raw.mjs'
import { LIMIT, LONG, Server, serverFor, shutdownTimeout } from './support/server.mjs'

const CLIENTS = 50
const TIMEOUT_S = 5
/** What the process may take beyond the given time to be seen as gone on a busy machine. */
const SLACK_MS = 2_000

async function fresh(t, ...flags) {
  const server = new Server(flags)
  t.after(() => server.finish())
  await server.start()
  return server
}

describe('health', () => {
  const server = serverFor()

  it('GET /health: 200 and JSON, with people connected and without', LIMIT, async (t) => {
    for (const people of [0, 3]) {
      await joinMany(t, server, people)
      const { status, type, json } = await server.get('/health')
      assert.equal(status, 200)
      assert.match(type, /^application\/json/)
      assert.equal(json.status, 'ok')
    }
  })

  it('paths that do not exist: 404', LIMIT, async () => {
    for (const path of ['/nothing', '/health/../../etc/passwd', '/%00', '/.env', '/socket.io.js/../x']) {
      assert.equal((await server.get(path)).status, 404, path)
    }
  })
})

describe('stopping', () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    it(`${signal} with ${CLIENTS} clients: told, closed, exit code 0 in ${TIMEOUT_S} s`, LONG, async (t) => {
      const server = await fresh(t, ...shutdownTimeout(TIMEOUT_S))
      const clients = [
        ...(await joinMany(t, server, CLIENTS / 2)),
        ...(await joinMany(t, server, CLIENTS / 2, { transports: ['polling'] })),
      ]
      const closed = Promise.all(clients.map((client) => client.disconnected()))
      const stopped = server.stop(signal)
      const told = await Promise.all(clients.map((client) => client.next('server_shutdown')))
      for (const notice of told) assert.ok(notice.retry_after_ms > 0, JSON.stringify(notice))
      await closed
      const { code, ms } = await stopped
      assert.equal(code, 0)
      assert.ok(ms <= TIMEOUT_S * 1_000 + SLACK_MS, `took ${ms} ms`)
    })
  }

  it('in the middle of waiting, talking and half-open connections: exit code 0 in time', LONG, async (t) => {
    const server = await fresh(t, ...shutdownTimeout(2))
    const { a, b } = await talk(t, server)
    const [native, target] = languages()
    await queue(await join(t, server), wish(native, target))
    await rawOpen(t, server)
    await tcp(t, server, 'GET / HTTP/1.1\r\n')
    const stopped = server.stop()
    await Promise.all([a, b].map((user) => user.next('server_shutdown')))
    const { code, ms } = await stopped
    assert.equal(code, 0)
    assert.ok(ms <= 2_000 + SLACK_MS, `took ${ms} ms`)
  })

  it('new connections are refused once clients were told', LONG, async (t) => {
    const server = await fresh(t, ...shutdownTimeout(TIMEOUT_S))
    const client = await join(t, server)
    const stopped = server.stop()
    await client.next('server_shutdown')
    const late = new User(server.url)
    t.after(() => late.close())
    assert.ok(await late.refused())
    assert.equal((await stopped).code, 0)
    const error = await new Promise((done) => {
      const socket = net.connect(server.port, '127.0.0.1')
      socket.once('error', (e) => done(e.code)).once('connect', () => done('connected'))
    })
    assert.equal(error, 'ECONNREFUSED')
  })

  it('nobody connected: exit code 0 without waiting for the timeout', LONG, async (t) => {
    const server = await fresh(t, ...shutdownTimeout(15))
    const { code, ms } = await server.stop()
    assert.equal(code, 0)
    assert.ok(ms < 10_000, `took ${ms} ms`)
  })

  it('a port in use: an error that names it and an exit code that is not 0', LONG, async (t) => {
    const first = await fresh(t)
    const second = new Server(['--port', String(first.port)])
    await assert.rejects(second.start(), (error) => {
      assert.match(error.message, /ended before it was ready \(code [1-9]/)
      assert.match(second.output, new RegExp(String(first.port)))
      return true
    })
  })
})
