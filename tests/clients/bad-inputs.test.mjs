// Nothing that a client sends stops the server, stays unanswered where an answer was asked for, or reaches somebody
// else: the same for every dialect. (That of qala, whose answers say more, is garbage.test.mjs.)
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertNoSocketIds } from './support/bystanders.mjs'
import { FAMILIES, isAnswer, isRefusal, undisturbed } from './support/families.mjs'
import { LIMIT, LONG, NO_LIMITS, bounded } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

const nested = (depth) => {
  let value = 1
  for (let n = 0; n < depth; n += 1) value = n % 2 ? [value] : { a: value }
  return value
}

const ARGUMENTS = [
  undefined, null, 0, -1, 1.5, 1e300, true, '', 'x', ' \n\t ', '\u0000', 'x'.repeat(60_000),
  [], [1, 'a', null], {}, { a: { b: [{}] } }, nested(200),
]
/** In the place of a field's value. */
const VALUES = [true, null, { a: 1 }, [[]], -7.5, '', 'x'.repeat(1_500)]
const UNKNOWN = ['nonsense', '', '__proto__', 'constructor', 'session:welcome', 'NONSENSE', 'x'.repeat(5_000)]

/** Argument lists for the event, each with a name and whether it is certainly wrong. */
function* argumentsFor(family, event) {
  for (const value of ARGUMENTS) {
    const args = value === undefined ? [] : [value]
    yield { what: JSON.stringify(value)?.slice(0, 20) ?? 'nothing', args, wrong: !family.right(event, value) }
  }
  const [valid] = family.events[event]
  if (typeof valid !== 'object') return
  for (const field of Object.keys(valid)) {
    const { [field]: _, ...rest } = valid
    yield { what: `without ${field}`, args: [rest], wrong: false }
    for (const value of VALUES) {
      yield { what: `${field}: ${JSON.stringify(value).slice(0, 20)}`, args: [{ ...valid, [field]: value }], wrong: false }
    }
  }
}

/** Somebody who may send the event: one of two in a room where its argument matters, alone otherwise. */
async function sender(t, server, family, event) {
  if (!family.inRoom.includes(event)) return { user: await family.enter(t, server) }
  const { a, b } = await family.talk(t, server)
  return { user: a, partner: b }
}

function assertOneEach(user) {
  for (const [id, times] of user.acks) assert.equal(times, 1, `acknowledgement ${id} came ${times} times`)
}

async function assertWell(server) {
  await server.assertAlive()
  assert.equal(await server.counter('panics'), 0)
}

for (const [name, family] of Object.entries(FAMILIES)) {
  const EVENTS = Object.keys(family.events)

  describe(`${name}: bad inputs`, () => {
    const server = serviceFor(...family.flags, ...NO_LIMITS)

    for (const event of EVENTS) {
      it(`${name} ${event}: every wrong payload gets one acknowledgement, and goes no further`, LONG, async (t) => {
        const others = await undisturbed(t, server, family)
        const { user, partner } = await sender(t, server, family, event)
        for (const { what, args, wrong } of argumentsFor(family, event)) {
          user.emit(event, ...args)
          const reply = await user.ask(event, ...args)
          assert.ok(wrong ? isRefusal(reply) : isAnswer(reply), `${what}: ${JSON.stringify(reply)}`)
        }
        assert.ok(user.socket.connected)
        if (partner) {
          await family.say(user, 'the talk goes on')
          await family.hears(partner, 'the talk goes on')
        } else {
          await family.rest(user)
        }
        assertOneEach(user)
        await others.check()
        await assertWell(server)
      })
    }

    it(`${name}: too many arguments: one acknowledgement each`, LIMIT, async (t) => {
      const others = await undisturbed(t, server, family)
      for (const event of EVENTS) {
        const { user, partner } = await sender(t, server, family, event)
        const [argument = null] = family.events[event]
        const args = [argument, 1, 'two', [3], { four: 4 }, null]
        user.emit(event, ...args)
        const reply = await user.ask(event, ...args)
        assert.ok(isAnswer(reply), `${event}: ${JSON.stringify(reply)}`)
        assertOneEach(user)
        user.close()
        partner?.close()
      }
      await others.check()
      await assertWell(server)
    })

    it(`${name}: a 70 kB string in every event: a refusal or a closed connection, for its sender alone`, LONG, async (t) => {
      const others = await undisturbed(t, server, family)
      const text = 'x'.repeat(70_000)
      for (const event of EVENTS) {
        const [valid] = family.events[event]
        const field = typeof valid === 'object' ? Object.keys(valid).at(-1) : undefined
        const { user, partner } = await sender(t, server, family, event)
        const gone = new Promise((done) => user.socket.once('disconnect', () => done('closed')))
        const acked = new Promise((done) => user.socket.emit(event, field ? { ...valid, [field]: text } : text, done))
        const outcome = await bounded(Promise.race([gone, acked]), 10_000, () => `${event}: neither answer nor end`)
        if (outcome !== 'closed') assert.ok(isRefusal(outcome) || !partner, `${event}: ${JSON.stringify(outcome)}`)
        assert.ok(!partner?.wire.some((packet) => packet.includes('xxxxxxxx')), `${event}: it reached the partner`)
        user.close()
        partner?.close()
      }
      await others.check()
      await assertWell(server)
    })

    it(`${name}: binary attachments: refused where a callback asks, delivered to nobody`, LIMIT, async (t) => {
      const others = await undisturbed(t, server, family)
      const { a, b } = await family.talk(t, server)
      for (const event of [...EVENTS, 'nonsense']) {
        const [valid] = family.events[event] ?? []
        for (const argument of [Buffer.from('abc'), { ...(typeof valid === 'object' ? valid : {}), more: Buffer.alloc(1_000) }]) {
          a.emit(event, argument)
          const reply = await a.ask(event, argument)
          assert.ok(isRefusal(reply), `${event}: ${JSON.stringify(reply)}`)
        }
      }
      await family.say(a, 'text goes on')
      await family.hears(b, 'text goes on')
      assert.deepEqual(b.names().filter((event) => !family.calm.has(event)), [])
      assertOneEach(a)
      await others.check()
      await assertWell(server)
    })

    it(`${name}: unknown events: refused where a callback asks, ignored otherwise`, LIMIT, async (t) => {
      const others = await undisturbed(t, server, family)
      const user = await family.enter(t, server)
      for (const event of UNKNOWN) {
        for (const args of [[], [{ roomId: others.roomId }], [null, 1, 'x']]) {
          user.emit(event, ...args)
          const reply = await user.ask(event, ...args)
          assert.ok(isRefusal(reply), `${event.slice(0, 20)}: ${JSON.stringify(reply)}`)
        }
      }
      assert.ok(user.socket.connected)
      assertOneEach(user)
      await others.check()
      await assertWell(server)
    })

    it(`${name}: somebody else's room, known by its id: not reached, from outside or from another room`, LIMIT, async (t) => {
      const others = await undisturbed(t, server, family)
      const lone = await family.enter(t, server)
      for (const [event, payload] of family.reach(others.roomId)) {
        lone.emit(event, payload)
        assert.ok(isRefusal(await lone.ask(event, payload)), event)
      }
      const { a, b } = await family.talk(t, server)
      for (const [event, payload] of family.reach(others.roomId)) await a.ask(event, payload)
      await others.check()
      assertNoSocketIds([lone, a, b, others.a, others.b])
    })
  })
}
