// What happens is told to others: to a broker of Kafka's protocol that comes and goes, to a stream in Redis, to the log.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from './support/client.mjs'
import { figure, outage } from './kafka-outage.mjs'
import { Broker } from './support/kafka.mjs'
import { accept, languages, matched, queue, talk, wish } from './support/matching.mjs'
import { single } from './support/redis-servers.mjs'
import { LONG, NO_LIMITS, Server } from './support/server.mjs'

const SECRET_TEXT = 'what only the two of them know'

async function until(what, holds) {
  const deadline = performance.now() + 30_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never: ${what}`)
    await sleep(20)
  }
}

async function serve(t, ...flags) {
  const server = new Server([...NO_LIMITS, ...flags])
  t.after(() => server.finish())
  await server.start()
  return server
}

async function brokerFor(t) {
  const broker = new Broker()
  t.after(() => broker.finish())
  await broker.start()
  return broker
}

const toKafka = (broker, ...more) => ['--kafka-brokers', broker.address, '--kafka-batch-timeout-ms', '20', ...more]

const kafkaIs = async (server, word) => (await server.get('/health')).json.kafka === word

/** Two people meet, talk, write and part: their ids and the room. */
async function evening(t, server) {
  const { a, b, sessionId } = await talk(t, server)
  a.emit('webrtc:offer', { sessionId, offer: { type: 'offer', sdp: SECRET_TEXT } })
  await b.next('webrtc:offer')
  await a.do('connection:quality', { sessionId, rtt_ms: 80 })
  await a.do('chat:send', { sessionId, content: SECRET_TEXT })
  await b.next('chat:message')
  await b.do('session:leave', { sessionId })
  await a.next('session:peer_left')
  for (const user of [a, b]) user.close()
  return { a: a.id, b: b.id, sessionId }
}

/** What an evening is told as, for the one who reports and for the one who leaves. */
const TALKED = ['connect', 'added_to_queue', 'proposed', 'match_found']
const TOLD = {
  a: [...TALKED, 'connection_quality', 'match_ended', 'disconnect'],
  b: [...TALKED, 'match_ended', 'disconnect'],
}

function assertEvening(events, { a, b, sessionId }) {
  for (const [who, user, peer] of [['a', a, b], ['b', b, a]]) {
    const own = events.filter((event) => event.userId === user)
    assert.deepEqual(own.map((event) => event.type), TOLD[who])
    const of = (type) => own.find((event) => event.type === type)
    assert.deepEqual([of('match_found').roomId, of('match_found').peerId], [sessionId, peer])
    const { roomId, reason, by, messages, durationMs } = of('match_ended')
    assert.deepEqual([roomId, reason, by, messages], [sessionId, 'left', who === 'b' ? 'user' : 'peer', 1])
    assert.ok(durationMs >= 0 && durationMs < 60_000)
    assert.equal(of('disconnect').reason, 'left')
  }
  assert.ok(!JSON.stringify(events).includes(SECRET_TEXT), 'nothing that somebody wrote')
}

describe('Kafka', () => {
  it('learns of an evening: valid, in order, each once, a user in one partition', LONG, async (t) => {
    const broker = await brokerFor(t)
    const server = await serve(t, ...toKafka(broker))
    const evenings = []
    for (let n = 0; n < 5; n++) evenings.push(await evening(t, server))
    const total = 5 * (TOLD.a.length + TOLD.b.length)
    await until(`${total} events`, () => broker.messages.length >= total)
    assert.deepEqual(broker.messages.flatMap((message) => message.faults), [])
    for (const { key, value } of broker.messages) assert.equal(key, value.userId)
    const events = broker.messages.map((message) => message.value)
    assert.equal(new Set(events.map((event) => event.id)).size, total)
    for (const one of evenings) assertEvening(events, one)
    const places = new Map()
    for (const { key, partition } of broker.messages) places.set(key, (places.get(key) ?? new Set()).add(partition))
    assert.ok([...places.values()].every((partitions) => partitions.size === 1))
    assert.ok(new Set([...places.values()].flatMap((partitions) => [...partitions])).size > 1, 'more than one is used')
    assert.ok(await kafkaIs(server, 'connected'))
    assert.deepEqual([await figure(server, 'written', 'kafka'), await figure(server, 'dropped', 'kafka')], [total, 0])
  })

  it('is away: people meet all the same, and another in its place learns of it', LONG, async (t) => {
    const broker = await brokerFor(t)
    const server = await serve(t, ...toKafka(broker))
    const before = await evening(t, server)
    const ofOne = TOLD.a.length + TOLD.b.length
    await until('the first evening', () => broker.messages.length >= ofOne)
    await broker.kill()
    const meanwhile = await evening(t, server)
    await until('the node notices', () => kafkaIs(server, 'disconnected'))
    assert.equal((await server.get('/health/ready')).status, 200, 'people may come all the same')
    const later = await evening(t, server)
    await broker.start()
    await until('everything', () => broker.messages.length >= 3 * ofOne)
    await until('the node notices', () => kafkaIs(server, 'connected'))
    // A batch of which nobody knows whether it arrived comes again.
    const events = [...new Map(broker.messages.map(({ value }) => [value.id, value])).values()]
    assert.equal(events.length, 3 * ofOne)
    for (const one of [before, meanwhile, later]) assertEvening(events, one)
    assert.equal(await figure(server, 'dropped', 'kafka'), 0)
  })

  it('is away for longer than the buffer lasts: what is dropped is counted, each one', LONG, async (t) => {
    const broker = await brokerFor(t)
    await broker.kill()
    const server = await serve(t, ...toKafka(broker, '--events-buffer', '10', '--kafka-batch-size', '4'))
    await until('the node notices before anything happens', () => kafkaIs(server, 'disconnected'))
    await broker.start()
    await until('the node notices', () => kafkaIs(server, 'connected'))
    const user = await join(t, server)
    await until('the first event', () => broker.messages.length === 1)
    await broker.kill()
    const [one, other] = languages()
    const told = 100
    for (let n = 0; n < told / 2; n++) {
      await user.do('matching:join_queue', wish(one, other))
      await user.do('matching:leave_queue')
    }
    const dropped = await figure(server, 'dropped', 'kafka')
    assert.ok(dropped >= told - 10 - 4 && dropped < told, `${dropped} of ${told}`)
    assert.equal(await figure(server, 'waiting', 'kafka'), told - dropped)
    await broker.start()
    const ids = () => new Set(broker.messages.map(({ value }) => value.id))
    await until('what was kept', () => ids().size === 1 + told - dropped)
    await until('nothing waits', async () => (await figure(server, 'waiting', 'kafka')) === 0)
    assert.equal(await figure(server, 'dropped', 'kafka'), dropped)
    assert.equal(await figure(server, 'written', 'kafka'), 1 + told - dropped)
    assert.deepEqual(broker.messages.flatMap((message) => message.faults), [])
  })

  it('is away for a while under load: what was told is delivered or counted as dropped, each one', LONG, async () => {
    const found = await outage({ seconds: 2, away: 2, rate: 60, clients: 300, buffer: 100 })
    assert.equal(found.code, 0, found.output)
    assert.ok(found.told > 500 && found.dropped > 0, JSON.stringify(found))
    assert.equal(found.delivered + found.dropped, found.told, JSON.stringify(found))
    assert.equal(found.delivered, found.written)
    // The buffer, and the batch that was on its way.
    assert.ok(found.waiting >= 100 && found.waiting <= 100 + 100, JSON.stringify(found))
  })

  it('what is in the buffer when the node ends is told first', LONG, async (t) => {
    const broker = await brokerFor(t)
    const server = await serve(t, '--kafka-brokers', broker.address, '--kafka-batch-timeout-ms', '60000')
    const user = await join(t, server)
    await queue(user, wish(...languages()))
    assert.equal(broker.messages.length, 0)
    assert.equal((await server.stop()).code, 0)
    await until('both', () => broker.messages.length >= 2)
    assert.deepEqual(broker.messages.map(({ value }) => value.type), ['connect', 'added_to_queue'])
  })
})

describe('a stream in Redis', () => {
  it('holds what happened on every node, and no more than it may', LONG, async (t) => {
    const redis = await single()
    t.after(() => redis.finish())
    const server = redis.servers[0]
    const flags = ['--redis-url', redis.url, '--events', 'redis', '--events-stream-length', '100']
    const nodes = [await serve(t, ...flags), await serve(t, ...flags)]
    const people = await Promise.all(nodes.map((node) => join(t, node)))
    const [one, other] = languages()
    await queue(people[0], wish(one, other))
    await queue(people[1], wish(other, one))
    const [found] = await matched(...people)
    await accept(...people, found)
    const read = async () => {
      const text = await server.ask(`EVAL "return cjson.encode(redis.call('XRANGE',KEYS[1],'-','+'))" 1 qala:events`)
      return Object.values(JSON.parse(text)).map(([, [name, json]]) => {
        assert.equal(name, 'event')
        return JSON.parse(json)
      })
    }
    await until('both are told to be in the room', async () =>
      (await read()).filter((event) => event.type === 'match_found').length === 2)
    const events = await read()
    for (const person of people) {
      const own = events.filter((event) => event.userId === person.id)
      assert.deepEqual(own.map((event) => event.type), TALKED)
      assert.equal(own[3].roomId, found.sessionId)
    }
    assert.equal(new Set(events.map((event) => event.node)).size, 2)
    const lonely = await join(t, nodes[0])
    for (let n = 0; n < 300; n++) {
      await lonely.do('matching:join_queue', wish(...languages()))
      await lonely.do('matching:leave_queue')
    }
    await until('all is written', async () => (await figure(nodes[0], 'waiting', 'redis')) === 0)
    const length = Number(await server.ask('XLEN qala:events'))
    // Redis cuts off whole blocks of a hundred.
    assert.ok(length >= 100 && length <= 300, `${length} of more than 600`)
    assert.deepEqual([await figure(nodes[0], 'dropped', 'redis'), await figure(nodes[1], 'dropped', 'redis')], [0, 0])
  })
})

describe('the log', () => {
  it('has a line for each event, with ids as fields, and none that somebody wrote', LONG, async (t) => {
    const server = await serve(t, '--events', 'log', '--log-format', 'json')
    const one = await evening(t, server)
    const lines = () =>
      server.output.split('\n').filter((line) => line.includes('"qala::events"')).map((line) => JSON.parse(line))
    await until('every line', () => lines().length >= TOLD.a.length + TOLD.b.length)
    for (const [who, user, peer] of [['a', one.a, one.b], ['b', one.b, one.a]]) {
      const own = lines().filter((line) => line.user === user)
      assert.deepEqual(own.map((line) => line.message), TOLD[who])
      const ended = own.find((line) => line.message === 'match_ended')
      assert.deepEqual([ended.level, ended.room, ended.peer, ended.messages], ['INFO', one.sessionId, peer, 1])
    }
    assert.ok(!server.output.includes(SECRET_TEXT))
  })
})
