// What people in rooms by id do.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { userOf } from './client.mjs'

/** Flags with which it is the first dialect. */
export const SIGNALING = ['--dialects', 'signaling']

/** A room that no other test uses. */
export const newRoom = () => randomUUID()

/** A connected client. Deployed ones show no secret: give `guest` for one that may come back as the same. */
export async function enter(t, server, { guest, ...options } = {}) {
  const user = userOf(t, server, guest ? { guest, ...options } : { auth: {}, ...options })
  await user.connected()
  return user
}

/** `ask` that must succeed. */
export async function ok(user, event, ...args) {
  const reply = await user.ask(event, ...args)
  assert.equal(reply?.ok, true, `${event} was refused: ${JSON.stringify(reply)}`)
  return reply
}

/** `ask` that must be refused with that code, which an event says as well. */
export async function refused(user, code, event, ...args) {
  const reply = await user.ask(event, ...args)
  assert.equal(reply?.ok, false, `${event} was not refused: ${JSON.stringify(reply)}`)
  assert.equal(reply.code, code)
  const error = await user.next('error')
  assert.deepEqual({ ok: false, ...error }, reply)
  return reply
}

/** A connected client in a room. */
export async function member(t, server, roomId, userId, options) {
  const user = await enter(t, server, options)
  await ok(user, 'join-room', { roomId, userId })
  user.userId = userId
  return user
}

/** `count` members, one after the other, each of whom has heard of all others. */
export async function members(t, server, roomId, count, options) {
  const all = []
  for (let n = 0; n < count; n++) {
    const joined = await member(t, server, roomId, `user-${n}`, options)
    for (const other of all) {
      assert.deepEqual(await other.next('user-joined'), { roomId, userId: joined.userId })
    }
    all.push(joined)
  }
  return all
}
