// What two people do until they talk, in the dialect webrtc-chat.
import assert from 'node:assert/strict'
import { userOf } from './client.mjs'

/** Flags with which it is the first dialect. */
export const WEBRTC_CHAT = ['--dialects', 'webrtc-chat']

/** A connected user, who knows its own id. */
export async function enter(t, server, options) {
  const user = userOf(t, server, options)
  await user.connected()
  return welcomed(user)
}

/** The first of all events of a connection. */
export async function welcomed(user) {
  const { socketId } = await user.next('connected')
  user.id = socketId
  return user
}

/** When everything sent before has been handled: the answer to a ping comes after it. */
export async function settled(user) {
  user.emit('ping')
  await user.next('pong')
}

/** The user searches; who searches after this has done so later, in the order that the store keeps. */
export async function searching(user) {
  await user.next('waiting')
  const listed = Date.now()
  while (Date.now() === listed) await new Promise((done) => setImmediate(done))
}

/** Both are told of one match, each of the other: `[match of a, match of b]`. */
export async function meet(a, b, options) {
  const [forA, forB] = await Promise.all([a, b].map((user) => user.next('match_found', options)))
  assert.equal(forA.roomId, forB.roomId, 'both sides name the same room')
  assert.deepEqual([forA.peerId, forB.peerId], [b.id, a.id], 'each is told of the other')
  assert.notEqual(forA.initiator, forB.initiator, 'exactly one side makes the offer')
  return [forA, forB]
}

/** Two users in a match, nobody else waiting: `{a, b, roomId}`; `a` makes the offer. */
export async function match(t, server, options = {}) {
  const one = await enter(t, server, options)
  const other = await enter(t, server, options)
  one.emit('find_match')
  await one.next('waiting')
  other.emit('find_match')
  const [{ roomId, initiator }] = await meet(one, other)
  return initiator ? { a: one, b: other, roomId } : { a: other, b: one, roomId }
}

/** The argument of an event must have exactly these fields. */
export function fields(body, ...names) {
  assert.deepEqual(Object.keys(body).sort(), [...names].sort())
}
