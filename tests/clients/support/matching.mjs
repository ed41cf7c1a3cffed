// What two people do until they talk, in the qala dialect.
import assert from 'node:assert/strict'
import { join } from './client.mjs'

/** A wish that every other default wish meets, crosswise: `wish('en', 'es')` fits `wish('es', 'en')`. */
export const wish = (native, target, more = {}) => ({
  native_language: native,
  target_language: target,
  age: 25,
  gender: 'female',
  proficiency_level: 'intermediate',
  ...more,
})

let used = 0
/** Two languages that no other test on this server uses: `['aaa', 'aab']`, ... */
export function languages() {
  const letter = (n) => String.fromCharCode(97 + (Math.floor(n) % 26))
  const code = (n) => letter(n / 676) + letter(n / 26) + letter(n)
  return [code(used++), code(used++)]
}

/** Queues the user; the acknowledgement must be a success with place and estimate. Who is queued after this has
 * joined later: those of one millisecond stand in no certain order where they come to different nodes. */
export async function queue(user, payload) {
  const reply = await user.do('matching:join_queue', payload)
  assert.equal(typeof reply.queuePosition, 'number')
  assert.equal(typeof reply.estimatedWait, 'number')
  const listed = Date.now()
  while (Date.now() === listed) await new Promise((done) => setImmediate(done))
  return reply
}

/** Both notices of one match, checked against each other. */
export async function matched(a, b, options) {
  const [forA, forB] = await Promise.all([
    a.next('matching:match_found', options),
    b.next('matching:match_found', options),
  ])
  assert.equal(forA.matchId, forB.matchId, 'both sides name the same match')
  assert.equal(forA.sessionId, forB.sessionId, 'both sides name the same session')
  assert.equal(forA.partnerId, b.id, 'a is told of b')
  assert.equal(forB.partnerId, a.id, 'b is told of a')
  assert.notEqual(forA.initiator, forB.initiator, 'exactly one side makes the offer')
  return [forA, forB]
}

/** Both accept and are told that the talk begins: `{matchId, sessionId}`. */
export async function accept(a, b, { matchId, sessionId }) {
  for (const user of [a, b]) await user.do('matching:accept_match', { matchId, sessionId })
  for (const user of [a, b]) {
    const ready = await user.next('matching:match_ready', { where: (m) => m.matchId === matchId })
    assert.equal(ready.sessionId, sessionId)
  }
  return { matchId, sessionId }
}

/** Two users in a talk: `{a, b, sessionId, matchId}`; `a` makes the offer. */
export async function talk(t, server, options = {}, secondOptions = options) {
  const [native, target] = languages()
  const a = await join(t, server, options)
  const b = await join(t, server, secondOptions)
  await queue(a, wish(native, target))
  await queue(b, wish(target, native))
  const [forA] = await matched(a, b)
  const ids = await accept(a, b, forA)
  return forA.initiator ? { a, b, ...ids } : { a: b, b: a, ...ids }
}

/** A session description of the size that browsers send. */
export const description = (type) => ({
  type,
  sdp: `v=0\r\no=- 46117 2 IN IP4 127.0.0.1\r\ns=-\r\n${'a=x\r\n'.repeat(200)}`,
})

export const candidate = (n) => ({
  candidate: `candidate:${n} 1 udp 2122260223 192.0.2.1 ${50_000 + n} typ host`,
  sdpMid: '0',
  sdpMLineIndex: 0,
})

/** 0, 1, 2, ... `count - 1`. */
export const range = (count) => Array.from({ length: count }, (_, n) => n)
