// What those who run the service see of it and have done: over a node's own address, and through Redis.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from './support/client.mjs'
import { accept, languages, matched, queue, talk, wish } from './support/matching.mjs'
import { nodesFor } from './support/redis.mjs'
import { LIMIT, NO_LIMITS, Server, serverFor } from './support/server.mjs'

async function until(what, look) {
  const deadline = performance.now() + 15_000
  for (;;) {
    const found = await look()
    if (found) return found
    assert.ok(performance.now() < deadline, `never: ${what}`)
    await sleep(50)
  }
}

async function post(server, path, body, headers = {}) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    signal: AbortSignal.timeout(5_000),
  })
  return { status: response.status, json: await response.json() }
}

async function snapshot(server, survey) {
  const { status, json } = await post(server, '/admin/snapshot', survey)
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

const order = async (server, what, id) =>
  (await post(server, '/admin/orders', { order: what, by: 'ops@host', id })).json

const interventions = (events) =>
  events.map(({ json }) => JSON.parse(json)).filter(({ type }) => type === 'intervention')

describe('a node with the embedded store', () => {
  const server = serverFor(...NO_LIMITS)

  it('queues, rooms and why somebody waits', LIMIT, async (t) => {
    const [native, target] = languages()
    const waiting = await join(t, server)
    await queue(waiting, wish(native, target))
    const { a, b, sessionId } = await talk(t, server)
    const seen = await until('the figures of all three', async () => {
      const picture = await snapshot(server, {
        rooms: { offset: 0, limit: 10 },
        events: 20,
        detail: { user: { pool: 'qala', user: waiting.id } },
      })
      return picture.nodes[0].talking === 2 && picture.nodes[0].waiting === 1 ? picture : undefined
    })
    assert.equal(seen.store.kind, 'embedded')
    const [one, other] = [native, target].sort()
    const found = seen.queues.find((known) => known.one === one && known.other === other)
    assert.deepEqual((one === native ? found.forward : found.backward).waiting, [1, 0, 0, 0, 0])
    const room = seen.rooms.rooms.find(({ id }) => id === sessionId)
    assert.deepEqual(room.members.map(({ user }) => user).sort(), [a.id, b.id].sort())
    assert.equal(seen.found.user.state, 'waiting')
    assert.equal(seen.found.user.explanation.candidates, 0)
    assert.ok(seen.nodes[0].resident_bytes > 1_000_000 && seen.totals.rooms_opened >= 1)
    waiting.close()
  })

  it('a room is closed and a user disconnected by order, and events say who did it', LIMIT, async (t) => {
    await snapshot(server, { events: 500 })
    const { a, b, sessionId } = await talk(t, server)
    const members = [a, b].map(({ id }) => ({ user: id, node: seenNode(server) }))
    const close = { close_room: { pool: 'qala', room: sessionId, members } }
    assert.equal(await order(server, close, 'one'), 'given')
    for (const user of [a, b]) assert.equal((await user.next('session:peer_left')).sessionId, sessionId)
    const gone = a.disconnected()
    const disconnect = { disconnect: { pool: 'qala', user: a.id, node: seenNode(server) } }
    assert.equal(await order(server, disconnect, 'two'), 'given')
    await gone
    // Once more by the same name: nothing.
    assert.equal(await order(server, disconnect, 'two'), 'given')
    const { events } = await snapshot(server, { events: 500 })
    const told = interventions(events).map(({ action, operator, userId }) => [action, operator, userId])
    assert.equal(told.length, 2, JSON.stringify(told))
    assert.equal(told[0][0], 'close_room')
    assert.deepEqual(told[1], ['disconnect', 'ops@host', a.id])
  })

  it('pages, strangers and nonsense are refused', LIMIT, async () => {
    assert.equal((await post(server, '/admin/snapshot', {}, { origin: server.url })).status, 403)
    assert.equal((await post(server, '/admin/snapshot', {}, { 'x-forwarded-for': '10.0.0.1' })).status, 403)
    assert.equal((await post(server, '/admin/orders', {}, { 'content-type': 'text/plain' })).status, 415)
    assert.equal((await post(server, '/admin/orders', {})).status, 400)
    assert.equal((await server.get('/admin/snapshot')).status, 405)
  })

  it('who has a token asks for it', LIMIT, async (t) => {
    const closed = new Server(['--admin-token', 'right-and-long-enough'])
    t.after(() => closed.finish())
    await closed.start()
    assert.equal((await post(closed, '/admin/snapshot', {})).status, 401)
    const authorization = 'Bearer right-and-long-enough'
    assert.equal((await post(closed, '/admin/snapshot', {}, { authorization })).status, 200)
  })

  it('a node that is drained ends in order', LIMIT, async (t) => {
    const drained = new Server()
    await drained.start()
    const user = await join(t, drained)
    const node = (await drained.get('/health')).json.node
    const gone = user.disconnected()
    assert.equal(await order(drained, { drain: { node: 'another' } }, 'one'), 'not_found')
    assert.equal(await order(drained, { drain: { node } }, 'two'), 'given')
    await user.next('server_shutdown')
    await gone
    assert.deepEqual(await drained.exit(), { code: 0, signal: null })
  })
})

/** Any: the only node takes what is for whom it has. */
const seenNode = () => 'any'

describe('nodes that share a Redis', () => {
  const { redis, nodes } = nodesFor(2, ...NO_LIMITS)

  it('an order for one of them is carried out there, and told although nothing else is', LIMIT, async (t) => {
    const [native, target] = languages()
    const [a, b] = [await join(t, nodes[0]), await join(t, nodes[1])]
    await queue(a, wish(native, target))
    await queue(b, wish(target, native))
    const [forA] = await matched(a, b)
    const { sessionId } = await accept(a, b, forA)
    const names = await Promise.all(nodes.map(async (node) => (await node.get('/health')).json.node))
    const members = [a, b].map(({ id }, index) => ({ user: id, node: names[index] }))
    const close = { order: { close_room: { pool: 'qala', room: sessionId, members } }, by: 'ops@host', id: 'one' }
    // As one line, in which words with spaces stand in quotation marks.
    const quoted = JSON.stringify(JSON.stringify(close))
    await redis.ask(`XADD qala:{n:${names[1]}}:inbox NOMKSTREAM * "" ${quoted}`)
    for (const user of [a, b]) assert.equal((await user.next('session:peer_left')).sessionId, sessionId)
    await until('an event', async () => (await redis.ask('XLEN qala:events')) === '1')
    const first = `EVAL "return redis.call('XRANGE', KEYS[1], '-', '+')[1][2][2]" 1 qala:events`
    const event = JSON.parse(await redis.ask(first))
    assert.deepEqual(
      [event.type, event.action, event.operator, event.userId, event.roomId, event.node],
      ['intervention', 'close_room', 'ops@host', b.id, sessionId, names[1]],
    )
  })

  it('what nodes say of themselves is there, and their own pictures are not', LIMIT, async () => {
    const { status, json } = await post(nodes[0], '/admin/snapshot', {})
    assert.deepEqual([status, Object.keys(json)], [409, ['error']])
    const node = (await nodes[0].get('/health')).json.node
    const key = `qala:{n:${node}}:stats`
    await until('figures', async () => (await redis.ask(`STRLEN ${key}`)) !== '0')
    const figures = JSON.parse(await redis.ask(`GET ${key}`))
    assert.deepEqual([figures.node, figures.draining, figures.store_available], [node, false, true])
  })
})
