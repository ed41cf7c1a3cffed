// What two people do until they talk, in the dialect sorsu.
import assert from 'node:assert/strict'
import { newSecret, userOf } from './client.mjs'

/** Flags with which it is the first dialect. */
export const SORSU = ['--dialects', 'sorsu']

/** A guest who is not connected yet. `token`: whose it is, somebody new unless told. */
export function guestOf(t, server, { token = newSecret(), guestId, ...options } = {}) {
  const user = userOf(t, server, { as: token, auth: { token, guestId }, ...options })
  user.token = token
  return user
}

/** A connected guest, who knows its own id. */
export async function enter(t, server, options) {
  const user = guestOf(t, server, options)
  await user.connected()
  user.id = (await user.next('session:welcome')).guest_id
  return user
}

/** A connected guest who is searching, and found by whoever searches after this. */
export async function present(t, server, options) {
  const user = await enter(t, server, options)
  await user.do('presence:join')
  return user
}

/** Both are told of one chat, each of the other. */
export async function meet(...users) {
  const [forA, forB] = await Promise.all(users.map((user) => user.next('match:found')))
  const [a, b] = users
  assert.equal(forA.chat_id, forB.chat_id, 'both sides name the same chat')
  assert.deepEqual([forA.partner_id, forB.partner_id], [b.id, a.id], 'each is told of the other')
  a.chatId = b.chatId = forA.chat_id
  return forA.chat_id
}

/** Two guests in a chat, nobody else waiting: `{a, b, chatId}`. */
export async function chat(t, server, options = {}, others = options) {
  const a = await present(t, server, options)
  const b = await present(t, server, others)
  return { a, b, chatId: await meet(a, b) }
}

/** Writes, and must be told that it is written. */
export async function say(user, content, more = {}) {
  return (await user.do('message:send', { chatId: user.chatId, content, ...more })).message
}

/** When everything sent before has been handled. */
export const settled = (user) => user.ask('typing:stop', { chatId: user.chatId ?? 0 })

/** Ends the chat, so that the next test meets nobody of this one. */
export const part = (user) => user.do('chat:end', { chatId: user.chatId })

/** The argument of an event must have exactly these fields. */
export function fields(body, ...names) {
  assert.deepEqual(Object.keys(body).sort(), [...names].sort())
}

/** A time as this family writes it, not far from now. */
export function isTime(text) {
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.ok(Math.abs(Date.now() - Date.parse(text)) < 60_000, text)
}
