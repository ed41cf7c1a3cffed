// What the tests that every dialect has to pass need to know of one. A new dialect is one more entry here.
//
// `flags`          make it the first dialect
// `events`         what clients send, each with well-formed arguments
// `inRoom`         those of them whose argument matters, which two in a room send each other
// `right(event, argument)`  whether that argument is one the event may have
// `calm`           all that two in a room, who do nothing but talk, may be told
// `enter`          a connected user
// `talk`           two users in a room: `{a, b, roomId}`
// `rest`           the user does not search any more
// `say`, `hears`   a text from one to the other, and the one who must be told it next
// `reach`          what somebody else might send into the room of that id
import assert from 'node:assert/strict'
import { join } from './client.mjs'
import { candidate, description } from './matching.mjs'
import { WEBRTC_CHAT, enter, match } from './webrtc-chat.mjs'

const ID = 'a0000000-0000-4000-8000-000000000000'
const isText = (value) => typeof value === 'string' && value.trim() !== '' && [...value.trim()].length <= 1_000
const isObject = (value) => typeof value === 'object' && value !== null

const animochat = {
  flags: ['--dialects', 'animochat'],
  events: {
    'find-match': [], 'next-match': [], 'cancel-match': [], 'leave-room': [],
    'send-message': ['hi'], typing: [true],
    'match:find': [], 'match:skip': [], 'match:cancel': [], 'room:leave': [{ roomId: ID }],
    'message:send': [{ roomId: ID, content: 'hi', replyTo: 'x' }], 'user:typing': [{ roomId: ID, isTyping: true }],
  },
  inRoom: ['send-message', 'typing', 'message:send', 'user:typing'],
  right(event, argument) {
    if (event === 'send-message') return isText(argument) || isText(argument?.content)
    if (event === 'typing') return typeof argument === 'boolean'
    return !this.inRoom.includes(event)
  },
  calm: new Set(['session:welcome', 'online-count', 'waiting', 'matched', 'message']),
  enter: join,
  async talk(t, server) {
    const [a, b] = [await join(t, server), await join(t, server)]
    for (const user of [a, b]) {
      user.emit('find-match')
      await user.next('waiting')
    }
    const [{ roomId }] = await Promise.all([a, b].map((user) => user.next('matched')))
    for (const user of [a, b]) await user.next('message')
    return { a, b, roomId }
  },
  rest: (user) => user.ask('cancel-match'),
  async say(user, content) {
    user.emit('send-message', content)
    // The one who writes is told as well.
    await user.next('message', { where: (message) => message.content === content })
  },
  hears: (user, text) => user.next('message', { where: ({ senderId, content }) => senderId !== user.id && content === text }),
  reach: (roomId) => [
    ['message:send', { roomId, content: 'guess who' }], ['user:typing', { roomId, isTyping: true }], ['room:leave', { roomId }],
    ['send-message', { roomId, content: 'guess who' }], ['send-message', 'guess who'],
  ],
}

const webrtcChat = {
  flags: WEBRTC_CHAT,
  events: {
    find_match: [], cancel_match: [], skip: [],
    webrtc_offer: [{ sdp: description('offer') }], webrtc_answer: [description('answer')],
    webrtc_ice_candidate: [{ candidate: candidate(1) }],
    message: ['hi'], connection_quality: [{ rtt: 10 }], ping: [], validate_connection: [], webrtc_error: [],
  },
  inRoom: ['webrtc_offer', 'webrtc_answer', 'webrtc_ice_candidate', 'message', 'connection_quality'],
  right(event, argument) {
    if (event === 'message') return isText(argument)
    return !this.inRoom.includes(event)
  },
  calm: new Set(['connected', 'waiting', 'match_found', 'message']),
  enter,
  talk: match,
  async rest(user) {
    user.emit('cancel_match')
    await user.next('match_cancelled')
  },
  say: async (user, text) => assert.deepEqual(await user.ask('message', text), { success: true }),
  hears: (user, text) => user.next('message', { where: (heard) => heard === text }),
  // Its clients name no room: whoever is in none reaches nobody.
  reach: (roomId) => [
    ['message', 'guess who'], ['webrtc_offer', { roomId, sdp: description('offer') }],
    ['webrtc_ice_candidate', { roomId, candidate: candidate(1) }],
  ],
}

export const FAMILIES = { animochat, 'webrtc-chat': webrtcChat }

/** Whether somebody who asked was told yes or no, in the words of any dialect. */
export const isAnswer = (reply) => isObject(reply) && ('success' in reply || 'error' in reply || 'ok' in reply)

/** Whether it was no. */
export const isRefusal = (reply) => isAnswer(reply) && reply.success !== true && reply.ok !== true

/** Two in a room who talk all the time; `check()` ends that and fails if anything but it came to them. */
export async function undisturbed(t, server, family) {
  const { a, b, roomId } = await family.talk(t, server)
  let stopped = false
  let sent = 0
  const talking = (async () => {
    while (!stopped) {
      const [from, to] = sent % 2 ? [a, b] : [b, a]
      await family.say(from, `message ${sent}`)
      await family.hears(to, `message ${sent}`)
      sent += 1
      await new Promise((done) => setTimeout(done, 5))
    }
  })()
  talking.catch(() => {})
  const stop = () => {
    stopped = true
    return talking
  }
  t.after(() => stop().catch(() => {}))

  const check = async () => {
    const before = sent
    while (sent < before + 2) await Promise.race([talking, new Promise((done) => setTimeout(done, 5))])
    await stop()
    for (const user of [a, b]) {
      assert.ok(user.socket.connected, 'a bystander was disconnected')
      assert.deepEqual(user.names().filter((name) => !family.calm.has(name)), [], 'a bystander was disturbed')
      assert.ok(!user.wire.some((packet) => packet.includes('guess who')), 'a stranger reached the bystanders\' room')
    }
  }
  return { a, b, roomId, check }
}
