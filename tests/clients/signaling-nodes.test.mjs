// Members of a room on several nodes: what it costs to reach them, and what becomes of them when a node or Redis dies.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { description, range } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, Server, grace } from './support/server.mjs'
import { nodesFor } from './support/redis.mjs'
import { SIGNALING, enter, member, newRoom, ok } from './support/signaling.mjs'

const NODE_DEATH_MS = 8_000
const FLAGS = [...SIGNALING, ...NO_LIMITS, ...grace(2)]
const OFFER = description('offer')

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** Until `look()` is true. */
async function until(what, ms, look) {
  const began = performance.now()
  while (!(await look())) {
    assert.ok(performance.now() - began < ms, `not within ${ms} ms: ${what}`)
    await pause(20)
  }
}

/** Who is in a room, as a node says. */
async function participants(node, roomId) {
  const { status, json } = await node.get(`/api/rooms/${roomId}`)
  return status === 404 ? undefined : json.participants
}

/** An offer from one to the other arrives. */
async function reaches(from, to, roomId, mark) {
  await ok(from, 'offer', { roomId, targetId: to.userId, offer: { ...OFFER, mark } })
  const heard = await to.next('offer', { where: ({ offer }) => offer.mark === mark })
  assert.equal(heard.fromId, from.userId)
}

describe('a room on two nodes', () => {
  const { redis, nodes } = nodesFor(2, ...FLAGS)

  it('signals to somebody on the same node ask Redis nothing, to another node one append', LIMIT, async (t) => {
    const roomId = newRoom()
    const a = await member(t, nodes[0], roomId, 'ana')
    const b = await member(t, nodes[0], roomId, 'ben')
    const c = await member(t, nodes[1], roomId, 'cid')
    await a.take('user-joined', 2)
    const count = async (to) => {
      const requests = await redis.requestsDuring(async () => {
        for (const n of range(20)) await reaches(a, to, roomId, `${to.userId} ${n}`)
      })
      const told = requests.map(([command, ...rest]) => [command.toUpperCase(), ...rest])
      const appends = told.filter(([command]) => command === 'XADD').length
      // Besides: the readers of inboxes, signs of life, and what nodes say of themselves, which no signal is the
      // reason for.
      const usual = ([command, ...rest]) =>
        ['XADD', 'XREAD', 'XTRIM', 'XLEN', 'SET', 'EXPIRE'].includes(command) || (command === 'EVALSHA' && rest.includes('qala:nodes')) || rest[0] === 'qala:control'
      const others = told.filter((request) => !usual(request))
      // A renewal of each node may fall into that time: one in ten seconds.
      assert.ok(others.length <= 2, `also asked: ${others.map((request) => request.slice(0, 4).join(' '))}`)
      return appends
    }
    assert.equal(await count(b), 0)
    assert.equal(await count(c), 20)
  })

  it('many come and go on both at once: all know the same in the end, and each heard the way there', LONG, async (t) => {
    const roomId = newRoom()
    const people = await Promise.all(
      range(14).map(async (n) => {
        const user = await enter(t, nodes[n % 2])
        user.userId = `user-${n}`
        return user
      }),
    )
    await Promise.all(people.map((user) => ok(user, 'join-room', { roomId, userId: user.userId })))
    const leaving = people.filter((_, n) => n % 3 === 0)
    const staying = people.filter((_, n) => n % 3 !== 0)
    await Promise.all(leaving.map((user) => ok(user, 'leave-room', { roomId })))
    await Promise.all(leaving.slice(0, 3).map((user) => ok(user, 'join-room', { roomId, userId: user.userId })))
    const there = [...staying, ...leaving.slice(0, 3)]
    const names = there.map(({ userId }) => userId).sort()
    for (const node of nodes) assert.deepEqual((await participants(node, roomId)).sort(), names)
    /** Who is there for somebody who heard what this one heard. */
    const believed = (user) => {
      const known = new Set()
      for (const { event, args } of user.log) {
        if (event === 'room-users') {
          known.clear()
          for (const { userId } of args[0].users) known.add(userId)
        }
        if (event === 'user-joined') assert.ok(!known.has(args[0].userId), `${args[0].userId} joined twice`)
        if (event === 'user-joined') known.add(args[0].userId)
        if (event === 'user-left') assert.ok(known.delete(args[0].userId), `${args[0].userId} left and was not there`)
      }
      return [...known].sort()
    }
    for (const user of there) {
      const others = names.filter((name) => name !== user.userId)
      await until(`${user.userId} knows all`, 15_000, () => believed(user).join() === others.join())
    }
    for (const to of there.slice(1)) await reaches(there[0], to, roomId, to.userId)
  })
})

describe('a node dies', () => {
  const { nodes } = nodesFor(1, ...FLAGS)

  it('its members are told as left, rooms it was alone in vanish, and they may join elsewhere', LONG, async (t) => {
    const doomed = new Server([...nodes[0].flags])
    await doomed.start()
    t.after(() => doomed.stop('SIGKILL').catch(() => {}))
    const [roomId, alone] = [newRoom(), newRoom()]
    const a = await member(t, nodes[0], roomId, 'ana')
    const b = await member(t, nodes[0], roomId, 'ben')
    await member(t, doomed, roomId, 'cid')
    await member(t, doomed, roomId, 'dan')
    await member(t, doomed, alone, 'eva')
    await pause(2_000)
    assert.deepEqual(await participants(nodes[0], roomId), ['ana', 'ben', 'cid', 'dan'])
    await doomed.stop('SIGKILL')
    for (const user of [a, b]) {
      const left = await user.take('user-left', 2, { ms: NODE_DEATH_MS })
      assert.deepEqual(left.map(({ userId, reason }) => [userId, reason]).sort(), [['cid', 'disconnected'], ['dan', 'disconnected']])
    }
    await until('the store knows', 5_000, async () => (await participants(nodes[0], roomId)).join() === 'ana,ben')
    const c = await member(t, nodes[0], roomId, 'cid')
    assert.deepEqual(await a.next('user-joined', { where: ({ userId }) => userId === 'cid' && a.all('user-left').length === 2 }), { roomId, userId: 'cid' })
    await reaches(a, c, roomId, 'again')
    await until('the lease of the lonely ends', 40_000, async () => (await participants(nodes[0], alone)) === undefined)
    assert.equal(a.all('user-left').length, 2, 'nobody is told twice')
  })

  it('a node that stood still comes back: its members are in again', LONG, async (t) => {
    const slow = new Server([...nodes[0].flags])
    await slow.start()
    t.after(() => slow.finish())
    const roomId = newRoom()
    const a = await member(t, nodes[0], roomId, 'ana')
    const b = await member(t, slow, roomId, 'ben')
    await a.next('user-joined')
    process.kill(slow.pid, 'SIGSTOP')
    await a.next('user-left', { ms: NODE_DEATH_MS })
    process.kill(slow.pid, 'SIGCONT')
    assert.deepEqual(await a.next('user-joined', { ms: 5_000 }), { roomId, userId: 'ben' })
    await reaches(a, b, roomId, 'to ben')
    await reaches(b, a, roomId, 'to ana')
    assert.deepEqual(b.all('user-left'), [], 'who stood still thinks nobody dead')
  })

  it('a node that stops in order takes its members along', LONG, async (t) => {
    const leaving = new Server([...nodes[0].flags])
    await leaving.start()
    const roomId = newRoom()
    const a = await member(t, nodes[0], roomId, 'ana')
    await member(t, leaving, roomId, 'ben')
    // One that no sign of life told of, a second apart, is only missed when its members' leases end.
    await pause(2_000)
    await leaving.finish()
    assert.equal((await a.next('user-left', { ms: NODE_DEATH_MS })).userId, 'ben')
    await until('the store knows', 5_000, async () => (await participants(nodes[0], roomId)).join() === 'ana')
  })
})

describe('Redis dies', () => {
  const { redis, nodes } = nodesFor(2, ...FLAGS)

  it('signals on a node go on; when it is back and empty, rooms are as they were', LONG, async (t) => {
    const roomId = newRoom()
    const a = await member(t, nodes[0], roomId, 'ana')
    const b = await member(t, nodes[0], roomId, 'ben')
    const c = await member(t, nodes[1], roomId, 'cid')
    await a.take('user-joined', 2)
    await redis.kill()
    await until('the nodes notice', 5_000, async () => (await nodes[0].get('/health/ready')).status === 503)
    await reaches(a, b, roomId, 'meanwhile')
    const late = await enter(t, nodes[0])
    const refused = await late.ask('join-room', { roomId, userId: 'late' })
    assert.deepEqual([refused.ok, refused.code], [false, 'unavailable'])
    assert.ok(refused.retryAfterMs > 0)
    assert.equal((await nodes[0].get(`/api/rooms/${roomId}`)).status, 503)
    await ok(b, 'leave-room', { roomId })
    assert.equal((await a.next('user-left')).userId, 'ben')
    await redis.start()
    for (const node of nodes) {
      const there = async () => [...((await participants(node, roomId).catch(() => [])) ?? [])].sort().join()
      await until('the room is known again', 5_000, async () => (await there()) === 'ana,cid')
    }
    await reaches(a, c, roomId, 'back')
    await reaches(c, a, roomId, 'back as well')
    const d = await member(t, nodes[1], roomId, 'dan')
    for (const user of [a, c]) await user.next('user-joined', { where: ({ userId }) => userId === 'dan' })
    await reaches(d, a, roomId, 'new')
    assert.deepEqual([a.all('user-left').length, c.all('user-left').length <= 1, a.all('replaced')], [1, true, []])
  })
})
