// What pages of the dialect signaling ask over HTTP: the rooms by id, and a name for a new one.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { range } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, serverFor } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'
import { SIGNALING, enter, member, members, newRoom, ok } from './support/signaling.mjs'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NOT_FOUND = { error: 'Room not found' }

/** A request to the first door: `{status, body}`. */
async function ask(server, path, method = 'GET') {
  const url = server.urls?.[0] ?? server.url
  const response = await fetch(url + path, { method, signal: AbortSignal.timeout(5_000) })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

const room = async (server, roomId) => {
  const { status, body } = await ask(server, `/api/rooms/${encodeURIComponent(roomId)}`)
  return { status, body }
}

describe('signaling over HTTP', () => {
  const server = serviceFor(...SIGNALING, ...NO_LIMITS)

  it('POST /api/rooms gives a new room, which is there before anybody comes', LIMIT, async (t) => {
    const first = await ask(server, '/api/rooms', 'POST')
    assert.equal(first.status, 200)
    assert.deepEqual(Object.keys(first.body), ['roomId'])
    const { roomId } = first.body
    assert.match(roomId, UUID)
    assert.notEqual((await ask(server, '/api/rooms', 'POST')).body.roomId, roomId)
    const { status, body } = await room(server, roomId)
    const { createdAt, ...rest } = body
    assert.deepEqual([status, rest], [200, { id: roomId, participants: [], participantCount: 0 }])
    assert.equal(new Date(createdAt).toISOString(), createdAt)
    assert.ok(Math.abs(Date.now() - Date.parse(createdAt)) < 60_000)
    const user = await member(t, server, roomId, 'ana')
    assert.deepEqual((await room(server, roomId)).body, { id: roomId, participants: ['ana'], participantCount: 1, createdAt })
    await ok(user, 'leave-room', { roomId })
    assert.equal((await room(server, roomId)).status, 200, 'it is kept for those who were told of it')
  })

  it('GET /api/rooms/:roomId tells who is there; an empty room is none', LIMIT, async (t) => {
    const roomId = `${newRoom()} / ? 🙂`
    assert.deepEqual(await room(server, roomId), { status: 404, body: NOT_FOUND })
    const all = await members(t, server, roomId, 3)
    const { status, body } = await room(server, roomId)
    assert.deepEqual([status, body.id, body.participantCount], [200, roomId, 3])
    assert.deepEqual(body.participants, all.map(({ userId }) => userId))
    for (const user of all) await ok(user, 'leave-room', { roomId })
    assert.deepEqual(await room(server, roomId), { status: 404, body: NOT_FOUND })
    assert.deepEqual(await room(server, 'x'.repeat(1_000)), { status: 404, body: NOT_FOUND })
  })

  it('GET /api/rooms lists them all, the newest first', LIMIT, async (t) => {
    const user = await enter(t, server)
    const rooms = range(5).map(newRoom)
    for (const roomId of rooms) await ok(user, 'join-room', { roomId, userId: 'ana' })
    const { status, body } = await ask(server, '/api/rooms')
    assert.equal(status, 200)
    const own = body.filter(({ id }) => rooms.includes(id))
    assert.deepEqual(new Set(own.map(({ id }) => id)), new Set(rooms))
    const times = body.map(({ createdAt }) => Date.parse(createdAt))
    assert.deepEqual(times, times.toSorted((a, b) => b - a))
    for (const { id, createdAt, ...rest } of own) {
      assert.deepEqual(rest, { participants: ['ana'], participantCount: 1 }, id)
      assert.deepEqual((await room(server, id)).body, { id, createdAt, ...rest })
    }
    user.close()
  })
})

describe('signaling over HTTP: limits', ONE_NODE, () => {
  const server = serverFor(...SIGNALING, ...NO_LIMITS, '--max-rooms', '3', '--room-members', '2')

  it('no more rooms and no more members than there may be', LIMIT, async (t) => {
    const roomId = newRoom()
    await members(t, server, roomId, 2)
    const late = await enter(t, server)
    assert.equal((await late.ask('join-room', { roomId, userId: 'late' })).code, 'room_full')
    for (const _ of range(2)) assert.equal((await ask(server, '/api/rooms', 'POST')).status, 200)
    const { status, body } = await ask(server, '/api/rooms', 'POST')
    assert.deepEqual([status, body], [503, { error: 'Too many rooms' }])
    assert.equal((await late.ask('join-room', { roomId: newRoom(), userId: 'late' })).code, 'rooms_full')
    assert.equal(await server.counter('refused_rooms_full'), 2)
  })
})

describe('without signaling', ONE_NODE, () => {
  const server = serverFor()

  it('there are no rooms by id', LIMIT, async () => {
    for (const method of ['GET', 'POST']) {
      assert.deepEqual((await ask(server, '/api/rooms', method)).body, { error: 'Not found' })
    }
  })
})
