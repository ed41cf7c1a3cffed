// The dialect signaling as its clients know it: calls of several in rooms by id, and every row of its contract.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertNoSocketIds } from './support/bystanders.mjs'
import { newSecret } from './support/client.mjs'
import { candidate, description, range } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, Server, bounded, grace, serverFor, shutdownTimeout } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'
import { SIGNALING, enter, member, members, newRoom, ok, refused } from './support/signaling.mjs'

/** Members of a room (contract). */
const MOST = 16
/** Rooms of a connection. */
const MOST_ROOMS = 16

const OFFER = description('offer')
const ANSWER = description('answer')

/** What a signal arrives as. */
const relayed = (roomId, from, to, carried) => ({
  roomId,
  fromId: from.userId,
  senderId: from.userId,
  userId: from.userId,
  targetUserId: to.userId,
  ...carried,
})

const users = (all) => all.map(({ userId }) => ({ userId }))

describe('signaling: an evening', () => {
  const server = serviceFor(...SIGNALING, ...NO_LIMITS)

  it('join, call each other, lose the connection, join again, leave: three people', LIMIT, async (t) => {
    const roomId = newRoom()
    const a = await enter(t, server)
    a.userId = 'ana'
    assert.deepEqual(await a.ask('join-room', { roomId, userId: 'ana' }), { ok: true, roomId, userId: 'ana', users: [] })
    assert.deepEqual(await a.next('room-users'), { roomId, users: [] })
    assert.deepEqual(await a.next('room-participants'), { participants: [] })

    // As deployed code does it: two arguments and no callback.
    const b = await enter(t, server)
    b.userId = 'ben'
    b.emit('join-room', roomId, 'ben')
    assert.deepEqual(await b.next('room-users'), { roomId, users: [{ userId: 'ana' }] })
    assert.deepEqual(await b.next('room-participants'), { participants: ['ana'] })
    assert.deepEqual(await a.next('user-joined'), { roomId, userId: 'ben' })

    const c = await member(t, server, roomId, 'cid')
    assert.deepEqual(await c.next('room-users'), { roomId, users: [{ userId: 'ana' }, { userId: 'ben' }] })
    for (const other of [a, b]) assert.deepEqual(await other.next('user-joined'), { roomId, userId: 'cid' })

    // Each pair for itself, and nobody hears what is not meant for them.
    for (const [from, to] of [[c, a], [c, b], [b, a]]) {
      from.emit('offer', { roomId, targetId: to.userId, offer: OFFER })
      assert.deepEqual(await to.next('offer'), relayed(roomId, from, to, { offer: OFFER }))
      to.emit('answer', { roomId, targetUserId: from.userId, answer: ANSWER })
      assert.deepEqual(await from.next('answer'), relayed(roomId, to, from, { answer: ANSWER }))
      for (const n of range(5)) from.emit('ice-candidate', { roomId, targetId: to.userId, candidate: candidate(n) })
      const heard = await to.take('ice-candidate', 5)
      assert.deepEqual(heard, range(5).map((n) => relayed(roomId, from, to, { candidate: candidate(n) })))
    }
    assert.deepEqual([a, b, c].map((user) => user.all('offer').length), [2, 1, 0])

    // Who shows no secret cannot be known again: it is gone with its connection, and joins anew.
    await b.drop()
    for (const other of [a, c]) {
      assert.deepEqual(await other.next('user-left'), { roomId, userId: 'ben', reason: 'disconnected' })
    }
    await b.connected()
    await ok(b, 'join-room', roomId, 'ben')
    for (const other of [a, c]) assert.deepEqual(await other.next('user-joined'), { roomId, userId: 'ben' })
    a.emit('offer', { roomId, targetId: 'ben', offer: OFFER })
    assert.deepEqual(await b.next('offer'), relayed(roomId, a, b, { offer: OFFER }))

    await ok(c, 'leave-room', { roomId })
    for (const other of [a, b]) {
      assert.deepEqual(await other.next('user-left'), { roomId, userId: 'cid', reason: 'left' })
    }
    b.emit('leave-room', roomId, 'ben')
    assert.deepEqual(await a.next('user-left'), { roomId, userId: 'ben', reason: 'left' })
    for (const user of [a, b, c]) {
      assert.deepEqual(user.all('error'), [])
      assert.ok(user.socket.connected)
    }
    assertNoSocketIds([a, b, c])
  })
})

describe('signaling: rooms', () => {
  const server = serviceFor(...SIGNALING, ...NO_LIMITS)

  it('sixteen are in, each with each; a seventeenth is refused until somebody leaves', LONG, async (t) => {
    const roomId = newRoom()
    const all = await members(t, server, roomId, MOST)
    for (const from of all) {
      for (const to of all) {
        if (from !== to) from.emit('offer', { roomId, targetId: to.userId, offer: { ...OFFER, from: from.userId } })
      }
    }
    for (const to of all) {
      const offers = await to.take('offer', MOST - 1)
      const senders = offers.map(({ fromId }) => fromId).sort()
      assert.deepEqual(senders, all.filter((from) => from !== to).map(({ userId }) => userId).sort())
      for (const { fromId, offer, targetUserId } of offers) assert.deepEqual([offer.from, targetUserId], [fromId, to.userId])
    }
    const late = await enter(t, server)
    await refused(late, 'room_full', 'join-room', { roomId, userId: 'late' })
    await refused(late, 'room_full', 'join-room', roomId, 'late')
    assert.ok((await server.counter('refused_room_full')) >= 2)
    await ok(all[3], 'leave-room', { roomId })
    assert.equal((await all[0].next('user-left')).userId, 'user-3')
    const { users: there } = await ok(late, 'join-room', { roomId, userId: 'late' })
    assert.equal(there.length, MOST - 1)
    // A full room is no obstacle for somebody who comes in by a name that is there.
    const again = await enter(t, server)
    await ok(again, 'join-room', { roomId, userId: 'user-5' })
    assert.equal((await all[5].next('replaced')).userId, 'user-5')
  })

  it('who joins by the same id takes over: the older one is told and is out, the others see both', LIMIT, async (t) => {
    const roomId = newRoom()
    const [a, older] = await members(t, server, roomId, 2)
    const newer = await member(t, server, roomId, older.userId)
    assert.deepEqual(newer.all('room-users'), [{ roomId, users: users([a]) }])
    const told = await older.next('replaced')
    assert.deepEqual([told.roomId, told.userId, typeof told.message], [roomId, older.userId, 'string'])
    assert.deepEqual(await a.next('user-left'), { roomId, userId: older.userId, reason: 'replaced' })
    assert.deepEqual(await a.next('user-joined'), { roomId, userId: older.userId })
    await refused(older, 'not_in_room', 'offer', { roomId, targetId: a.userId, offer: OFFER })
    assert.ok(older.socket.connected, 'it may be in other rooms')
    a.emit('offer', { roomId, targetId: older.userId, offer: OFFER })
    assert.deepEqual(await newer.next('offer'), relayed(roomId, a, newer, { offer: OFFER }))
    await ok(newer, 'offer', { roomId, targetId: a.userId, offer: OFFER })
    assert.deepEqual(older.all('offer'), [])
    // What the older one does has no effect on the newer.
    older.close()
    await ok(newer, 'answer', { roomId, targetId: a.userId, answer: ANSWER })
    await a.next('answer')
    assert.equal(a.all('user-left').length, 1)
  })

  it('joining twice is joining once; by another id it is leaving and joining', LIMIT, async (t) => {
    const roomId = newRoom()
    const [a, b] = await members(t, server, roomId, 2)
    const { users: there } = await ok(b, 'join-room', { roomId, userId: b.userId })
    assert.deepEqual(there, users([a]))
    assert.equal(b.all('room-users').length, 2)
    await ok(b, 'join-room', { roomId, userId: 'other' })
    assert.deepEqual(await a.next('user-left'), { roomId, userId: b.userId, reason: 'left' })
    assert.deepEqual(await a.next('user-joined'), { roomId, userId: 'other' })
    assert.equal(a.all('user-joined').length, 2)
  })

  it('a connection is in sixteen rooms at most, which know nothing of each other', LIMIT, async (t) => {
    const rooms = range(MOST_ROOMS).map(newRoom)
    const a = await enter(t, server)
    for (const [n, roomId] of rooms.entries()) await ok(a, 'join-room', { roomId, userId: `ana-${n}` })
    await refused(a, 'too_many_rooms', 'join-room', { roomId: newRoom(), userId: 'ana' })
    const b = await member(t, server, rooms[2], 'ben')
    a.userId = 'ana-2'
    b.emit('offer', { roomId: rooms[2], targetId: 'ana-2', offer: OFFER })
    assert.deepEqual(await a.next('offer'), relayed(rooms[2], b, a, { offer: OFFER }))
    await refused(b, 'target_not_found', 'offer', { roomId: rooms[2], targetId: 'ana-3', offer: OFFER })
    await refused(b, 'not_in_room', 'offer', { roomId: rooms[3], targetId: 'ana-3', offer: OFFER })
    await refused(b, 'room_not_found', 'offer', { roomId: newRoom(), targetId: 'ana-3', offer: OFFER })
    await ok(a, 'leave-room', { roomId: rooms[7] })
    await ok(a, 'join-room', { roomId: newRoom(), userId: 'ana' })
    a.close()
    assert.deepEqual(await b.next('user-left'), { roomId: rooms[2], userId: 'ana-2', reason: 'disconnected' })
  })

  it('refusals: each with its code, in the acknowledgement and as an event', LIMIT, async (t) => {
    const roomId = newRoom()
    const a = await member(t, server, roomId, 'ana')
    const b = await enter(t, server)
    await refused(b, 'not_in_room', 'leave-room', { roomId })
    await refused(b, 'room_not_found', 'leave-room', { roomId: newRoom() })
    await refused(a, 'target_not_found', 'ice-candidate', { roomId, targetId: 'nobody', candidate: candidate(1) })
    await refused(a, 'target_not_found', 'ice-candidate', { roomId, targetId: 'ana', candidate: candidate(1) })
    const { field } = await refused(b, 'invalid', 'join-room', { roomId })
    assert.equal(field, 'userId')
    assert.equal((await refused(b, 'invalid', 'join-room', '', 'ben')).field, 'roomId')
    assert.equal((await refused(b, 'too_large', 'join-room', { roomId, userId: 'x'.repeat(129) })).field, 'userId')
    await ok(b, 'join-room', { roomId, userId: '☎'.repeat(128) })
    assert.equal((await a.next('user-joined')).userId, '☎'.repeat(128))
    const huge = { ...OFFER, sdp: 'x'.repeat(40_000) }
    assert.equal((await refused(b, 'too_large', 'offer', { roomId, targetId: 'ana', offer: huge })).field, 'offer')
  })

  it('ids are any text: spaces, newlines, percent signs, words of the store', LIMIT, async (t) => {
    const names = ['a b', 'a%20b', 'line\nbreak', 'created', 'version', '{h:signaling}', '"quoted"', '🙂', ' ', '-']
    const roomId = `${newRoom()} {r}%0A\n🙂`
    const all = []
    for (const userId of names) {
      const user = await member(t, server, roomId, userId)
      assert.deepEqual((await user.next('room-users')).users, users(all))
      for (const other of all) assert.deepEqual(await other.next('user-joined'), { roomId, userId })
      all.push(user)
    }
    for (const to of all.slice(1)) {
      all[0].emit('offer', { roomId, targetId: to.userId, offer: OFFER })
      assert.deepEqual(await to.next('offer'), relayed(roomId, all[0], to, { offer: OFFER }))
    }
  })
})

describe('signaling: coming back', () => {
  const server = serviceFor(...SIGNALING, ...NO_LIMITS, ...grace(2))

  it('who shows a secret keeps its place: signals wait, and it is told which rooms it is in', LIMIT, async (t) => {
    const roomId = newRoom()
    const guest = newSecret()
    const a = await member(t, server, roomId, 'ana')
    const b = await member(t, server, roomId, 'ben', { guest })
    await a.next('user-joined')
    await b.drop()
    assert.deepEqual(await a.next('user-away'), { roomId, userId: 'ben', graceMs: 2_000 })
    await ok(a, 'offer', { roomId, targetId: 'ben', offer: OFFER })
    await b.connected()
    const { rooms } = await b.next('session-resumed')
    assert.deepEqual(rooms, [{ roomId, userId: 'ben', users: [{ userId: 'ana' }] }])
    assert.deepEqual(await b.next('offer'), relayed(roomId, a, b, { offer: OFFER }))
    assert.deepEqual(await a.next('user-back'), { roomId, userId: 'ben' })
    await ok(b, 'answer', { roomId, targetId: 'ana', answer: ANSWER })
    assert.deepEqual(await a.next('answer'), relayed(roomId, b, a, { answer: ANSWER }))
    for (const n of range(20)) a.emit('ice-candidate', { roomId, targetId: 'ben', candidate: candidate(n) })
    const heard = await b.take('ice-candidate', 20)
    assert.deepEqual(heard.map((each) => each.candidate), range(20).map(candidate))
    assert.deepEqual([a.all('user-left'), a.all('user-joined').length], [[], 1])
  })

  it('who joins again after coming back comes in anew: the others make their calls anew', LIMIT, async (t) => {
    const roomId = newRoom()
    const a = await member(t, server, roomId, 'ana')
    const b = await member(t, server, roomId, 'ben', { guest: newSecret() })
    await a.next('user-joined')
    await b.drop()
    await b.connected()
    await ok(b, 'join-room', { roomId, userId: 'ben' })
    assert.deepEqual(await a.next('user-left'), { roomId, userId: 'ben', reason: 'replaced' })
    assert.deepEqual(await a.next('user-joined'), { roomId, userId: 'ben' })
    assert.deepEqual(b.all('replaced'), [])
    await ok(a, 'offer', { roomId, targetId: 'ben', offer: OFFER })
    assert.deepEqual(await b.next('offer'), relayed(roomId, a, b, { offer: OFFER }))
  })

  it('who does not come back in time has left', LIMIT, async (t) => {
    const roomId = newRoom()
    const a = await member(t, server, roomId, 'ana')
    const b = await member(t, server, roomId, 'ben', { guest: newSecret() })
    await b.drop()
    await a.next('user-away')
    assert.deepEqual(await a.next('user-left'), { roomId, userId: 'ben', reason: 'disconnected' })
    await refused(a, 'target_not_found', 'offer', { roomId, targetId: 'ben', offer: OFFER })
    const c = await member(t, server, roomId, 'cid')
    assert.deepEqual(await c.next('room-users'), { roomId, users: [{ userId: 'ana' }] })
  })
})

describe('signaling: bad inputs', () => {
  const server = serviceFor(...SIGNALING, ...NO_LIMITS)
  const EVENTS = ['join-room', 'leave-room', 'offer', 'answer', 'ice-candidate', 'nonsense', '__proto__', '']
  const WRONG = [[], [null], [0], [-1.5], [true], [''], ['\u0000'], ['x'.repeat(40_000)], [[]], [{}], [{ a: [{}] }],
    [{ roomId: 5, userId: 'x' }], [{ roomId: 'r', userId: {} }], [{ roomId: 'r', userId: '' }], ['r', 7], ['r', null],
    [{ roomId: 'r'.repeat(40_000), userId: 'u' }], [{ roomId: 'r', targetId: 'u' }], [{ roomId: 'r', targetId: 5, offer: 1 }],
    [Buffer.from('x')], [{ roomId: Buffer.alloc(9) }], [1, 'two', [3], { four: 4 }, null]]

  it('every wrong payload of every event: one acknowledgement each, and others notice nothing', LONG, async (t) => {
    const roomId = newRoom()
    const [a, b] = await members(t, server, roomId, 2)
    for (const event of EVENTS) {
      const user = await enter(t, server)
      for (const args of WRONG) {
        user.emit(event, ...args)
        const reply = await user.ask(event, ...args)
        assert.equal(reply.ok, false, `${event} ${JSON.stringify(args)}: ${JSON.stringify(reply)}`)
        assert.equal(typeof reply.code, 'string')
        assert.equal(typeof reply.message, 'string')
      }
      for (const [id, times] of user.acks) assert.equal(times, 1, `acknowledgement ${id} came ${times} times`)
      assert.ok(user.socket.connected, event)
      user.close()
    }
    await ok(a, 'offer', { roomId, targetId: b.userId, offer: OFFER })
    assert.deepEqual(await b.next('offer'), relayed(roomId, a, b, { offer: OFFER }))
    for (const user of [a, b]) assert.deepEqual(user.all('user-left'), [])
    await server.assertAlive()
  })

  it('more arguments than an event has are passed over', LIMIT, async (t) => {
    const roomId = newRoom()
    const user = await enter(t, server)
    await ok(user, 'join-room', roomId, 'ana', 1, 2, { three: 3 })
    await ok(user, 'join-room', { roomId, userId: 'ana' }, 'x', 'y')
    await ok(user, 'leave-room', roomId, 'somebody else', null, [])
  })
})

describe('signaling: budgets', () => {
  const server = serviceFor(...SIGNALING)

  it('three thousand signals a minute, then rate_limited; joining has its own', LONG, async (t) => {
    const roomId = newRoom()
    const [a, b] = await members(t, server, roomId, 2)
    for (const n of range(3_050)) a.emit('ice-candidate', { roomId, targetId: b.userId, candidate: { n } })
    const limited = await a.next('error')
    assert.equal(limited.code, 'rate_limited')
    assert.ok(limited.retryAfterMs > 0)
    await ok(a, 'join-room', { roomId, userId: a.userId })
    const heard = await b.take('ice-candidate', 3_000)
    assert.deepEqual(heard.map((each) => each.candidate.n), range(3_000))
    assert.ok(a.all('error').length < 20, 'told now and then, not each time')
    assert.ok(a.socket.connected && b.socket.connected)
  })
})

describe('signaling: beside another dialect', ONE_NODE, () => {
  const server = serverFor('--dialects', 'qala,signaling', ...NO_LIMITS)

  it('is spoken at its namespace', LIMIT, async (t) => {
    const [a, b] = await members(t, server, newRoom(), 2, { namespace: '/signaling' })
    assert.ok(a.socket.connected && b.socket.connected)
  })
})

describe('signaling: the end of the server', ONE_NODE, () => {
  it('server-shutdown is told before the connection is closed', LIMIT, async (t) => {
    const server = new Server([...SIGNALING, ...shutdownTimeout(2)])
    await server.start()
    try {
      const [user] = await members(t, server, newRoom(), 1)
      const gone = user.disconnected()
      const stopped = server.stop()
      const told = await user.next('server-shutdown')
      assert.equal(typeof told.retryAfterMs, 'number')
      await bounded(gone, 5_000, () => 'still connected')
      assert.equal((await stopped).code, 0)
    } finally {
      await server.finish()
    }
  })
})
