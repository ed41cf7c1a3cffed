// What broke in the systems of the families animochat, sorsu and webrtc-chat when they were run, one named test per
// finding, in the families' own words. five-systems.test.mjs has the same for qala.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join, joinMany } from './support/client.mjs'
import { FAMILIES, isAnswer, undisturbed } from './support/families.mjs'
import { candidate, description, range } from './support/matching.mjs'
import { nodesFor } from './support/redis.mjs'
import { LIMIT, LONG, NO_LIMITS, grace, serverFor } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'
import { SORSU, chat, part, say, settled as settledSorsu, shown } from './support/sorsu.mjs'
import { WEBRTC_CHAT, enter, match, meet, searching, settled } from './support/webrtc-chat.mjs'

const ANIMOCHAT = ['--dialects', 'animochat', ...NO_LIMITS]
const CROWD = 1_000
const SEARCH_AGAIN_MS = 30_000
/** How often the existing server of sorsu asked again whether somebody was found, also after that. */
const ASKED_AGAIN_MS = 2_000

/** In every event's words of the five systems: none, nothing, a number, a text, a list. */
const ENDED_A_PROCESS = [[], [undefined], [null], [7], ['text'], [[]]]

for (const [name, family] of Object.entries(FAMILIES)) {
  describe(`${name}: one client ended the whole process`, () => {
    const server = serviceFor(...family.flags, ...NO_LIMITS)

    it(`${name}: one event without a callback, without an object, with a number: the server lives`, LIMIT, async (t) => {
      const others = await undisturbed(t, server, family)
      const user = await family.enter(t, server)
      for (const event of [...Object.keys(family.events), 'message:send', 'send-message', 'message', 'typing:start']) {
        for (const args of ENDED_A_PROCESS) user.emit(event, ...args)
      }
      // Answered when everything before it has been handled.
      assert.ok(isAnswer(await user.ask('nonsense')))
      await others.check()
      await server.assertAlive()
      assert.equal(await server.counter('panics'), 0)
    })
  })
}

/** Each of `users` was told of one match, `partner` says with whom, and that one was told the same. */
function assertPairs(users, matches, partner) {
  const byId = new Map(users.map((user, n) => [user.id, matches[n]]))
  assert.equal(byId.size, users.length, 'everybody is somebody else')
  const rooms = new Map()
  for (const [id, found] of byId) {
    const theirs = byId.get(partner(found))
    assert.ok(theirs && partner(found) !== id, `${id} met ${partner(found)}`)
    assert.deepEqual([partner(theirs), theirs.roomId], [id, found.roomId])
    rooms.set(found.roomId, (rooms.get(found.roomId) ?? 0) + 1)
  }
  assert.equal(rooms.size, users.length / 2)
  assert.ok([...rooms.values()].every((members) => members === 2))
}

describe('animochat family, spoken', () => {
  const server = serviceFor(...ANIMOCHAT)

  it(`animochat: of ${CROWD} who search at once nobody is matched twice, nobody is lost`, LONG, async (t) => {
    const users = await joinMany(t, server, CROWD)
    for (const user of users) user.emit('find-match')
    const matches = await Promise.all(users.map((user) => user.next('matched', { ms: SEARCH_AGAIN_MS })))
    // Whatever is asked next is answered after all that came before.
    await Promise.all(users.map((user) => user.ask('find-match')))
    assert.deepEqual(users.filter((user) => user.all('matched').length !== 1).map((user) => user.id), [])
    assertPairs(users, matches, ({ partnerId }) => partnerId)
  })

  it('animochat: cancelling stops the search', LIMIT, async (t) => {
    const gone = await join(t, server)
    gone.emit('find-match')
    await gone.ask('cancel-match')
    await FAMILIES.animochat.talk(t, server)
    await gone.ask('cancel-match')
    assert.deepEqual(gone.all('matched'), [])
  })

  it('animochat: nobody writes into a room by its id', LIMIT, async (t) => {
    const others = await undisturbed(t, server, FAMILIES.animochat)
    const stranger = await join(t, server)
    const { roomId } = others
    for (const [event, payload] of [
      ['message:send', { roomId, content: 'guess who' }],
      ['user:typing', { roomId, isTyping: true }],
      ['room:leave', { roomId }],
    ]) assert.equal((await stranger.ask(event, payload)).code, 'not_in_session', event)
    await others.check()
  })

  it('animochat: the online count is not told on every connect: each hears it at most once a second', LONG, async (t) => {
    const began = performance.now()
    const users = []
    for (const _ of range(100)) users.push(await join(t, server))
    for (const user of users) while ((await user.next('online-count')) !== users.length);
    const seconds = (performance.now() - began) / 1_000
    for (const user of users) {
      const told = user.all('online-count').length
      assert.ok(told <= seconds + 2, `told ${told} times in ${seconds} s`)
    }
  })
})

describe('webrtc-chat family, spoken', () => {
  const server = serviceFor(...WEBRTC_CHAT, ...NO_LIMITS, ...grace(1))

  it('webrtc-chat: the peer of one who disconnects is told peer_disconnected', LIMIT, async (t) => {
    for (const leave of [(user) => user.drop(), (user) => user.close()]) {
      const { a, b, roomId } = await match(t, server)
      await leave(a)
      const gone = await b.next('peer_disconnected')
      assert.deepEqual([gone.peerId, gone.roomId], [a.id, roomId])
    }
  })

  it('webrtc-chat: two who both met somebody recently search again, and find others', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    a.emit('skip')
    await b.next('peer_skipped')
    await searching(a)
    b.emit('find_match')
    await searching(b)
    const [c, d] = [await enter(t, server), await enter(t, server)]
    c.emit('find_match')
    await meet(a, c)
    d.emit('find_match')
    await meet(b, d)
    // And those two pairs once more, each with one of the other.
    a.emit('skip')
    await searching(a)
    b.emit('skip')
    await b.next('waiting')
    await Promise.all([settled(a), settled(b)])
    assert.deepEqual([a, b].map((user) => user.all('match_found').length), [2, 2], 'not with each other again')
    d.emit('find_match')
    await meet(a, d)
    c.emit('find_match')
    await meet(b, c)
  })

  it('webrtc-chat: the payloads of its own load test are accepted', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const [event, payload] of [
      ['webrtc_offer', { sdp: 'v=0\r\n', type: 'offer' }], ['webrtc_answer', { sdp: 'v=0\r\n', type: 'answer' }],
      ['webrtc_ice_candidate', candidate(1)],
      ['webrtc_offer', { sdp: description('offer') }], ['webrtc_answer', { sdp: description('answer') }],
      ['webrtc_ice_candidate', { candidate: candidate(2) }],
    ]) {
      a.emit(event, payload)
      assert.deepEqual(await b.next(event), payload)
    }
    await settled(a)
    assert.deepEqual(a.all('signaling_error'), [])
  })
})

describe('webrtc-chat family, spoken, with its own budgets', () => {
  const server = serviceFor(...WEBRTC_CHAT)

  it('webrtc-chat: over a limit the answer is rate_limited with retryAfter, and the connection stays', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (const n of range(200)) a.emit('webrtc_ice_candidate', candidate(n))
    const limited = await a.next('rate_limited')
    assert.equal(limited.type, 'signaling')
    assert.ok(limited.retryAfter > 0 && limited.retryAfter <= 60_000, String(limited.retryAfter))
    assert.deepEqual(await a.ask('message', 'still here'), { success: true })
    assert.equal(await b.next('message'), 'still here')
    assert.deepEqual(a.all('error'), [], 'no generic error')
  })
})

describe('two instances', ONE_NODE, () => {
  const animochat = nodesFor(2, ...ANIMOCHAT)
  const webrtcChat = nodesFor(2, ...WEBRTC_CHAT, ...NO_LIMITS, ...grace(1))

  it('animochat: two instances match each other', LIMIT, async (t) => {
    const [one, other] = animochat.nodes
    for (const [first, second] of [[one, other], [other, one]]) {
      const [a, b] = [await join(t, first), await join(t, second)]
      for (const user of [a, b]) user.emit('find-match')
      const matches = await Promise.all([a, b].map((user) => user.next('matched')))
      assertPairs([a, b], matches, ({ partnerId }) => partnerId)
      a.emit('send-message', 'across')
      await b.next('message', { where: ({ content, senderId }) => content === 'across' && senderId === a.id })
      await a.ask('leave-room')
      await b.next('partner-disconnected')
    }
  })

  it('webrtc-chat: on two instances both sides learn of the match, signals arrive, and the end is told', LIMIT, async (t) => {
    const [one, other] = webrtcChat.nodes
    for (const [first, second] of [[one, other], [other, one]]) {
      const [a, b] = [await enter(t, first), await enter(t, second)]
      a.emit('find_match')
      await a.next('waiting')
      b.emit('find_match')
      await meet(a, b)
      for (const [from, to] of [[a, b], [b, a]]) {
        for (const [event, payload] of [
          ['webrtc_offer', { sdp: description('offer') }], ['webrtc_answer', { sdp: description('answer') }],
          ['webrtc_ice_candidate', { candidate: candidate(1) }],
        ]) {
          from.emit(event, payload)
          assert.deepEqual(await to.next(event), payload)
        }
      }
      await a.drop()
      assert.equal((await b.next('peer_disconnected')).peerId, a.id)
    }
  })
})

async function connections(server) {
  const seen = await Promise.all((server.nodes ?? [server]).map((node) => node.get('/health')))
  return seen.reduce((sum, { json }) => sum + json.connections, 0)
}

/** What the two of a chat go through, wherever they are. */
function sorsuTests(where, server) {
  it(`sorsu on ${where}: match:found is told once to each, however long they talk`, LIMIT, async (t) => {
    const { a, b, chatId } = await chat(t, server)
    const talked = performance.now()
    for (let n = 0; performance.now() - talked < 2.5 * ASKED_AGAIN_MS; n += 1) {
      const [from, to] = n % 2 ? [a, b] : [b, a]
      await say(from, `still here ${n}`)
      await to.next('message', { where: ({ content }) => content === `still here ${n}` })
      // Pages say that they are present whenever they connect, and who is searching asks again.
      from.emit('presence:join')
      await from.ask('chat:rejoin', { chatId })
    }
    // Others who search meanwhile are none of their business.
    const { a: c, b: d } = await chat(t, server)
    for (const user of [a, b, c, d]) {
      await settledSorsu(user)
      assert.equal(user.all('match:found').length, 1)
    }
    await b.drop()
    await b.connected()
    await b.next('session:resumed')
    await settledSorsu(b)
    assert.equal(b.all('match:found').length, 1, 'nor to who comes back')
    await part(a)
    await part(c)
  })

  it(`sorsu on ${where}: both talk in turn and at once, and no client stalls`, LIMIT, async (t) => {
    const { a, b } = await chat(t, server)
    const said = new Map([[a, []], [b, []]])
    const write = (user, text) => {
      said.get(user).push(text)
      return say(user, text)
    }
    for (const n of range(10)) {
      await write(a, `in turn ${n}`)
      await write(b, `in turn as well ${n}`)
    }
    await write(a, 'twice')
    await write(a, 'in a row')
    await Promise.all(range(50).flatMap((n) => [write(a, `at once ${n}`), write(b, `at once as well ${n}`)]))
    const heardAll = async (user, peer) => {
      const last = said.get(peer).at(-1)
      await user.next('message', { where: ({ content }) => content === last })
      assert.deepEqual(shown(user), said.get(peer))
      assert.deepEqual(user.all('message').map((m) => m.sequence_number), range(said.get(peer).length).map((n) => n + 1))
    }
    await heardAll(a, b)
    await heardAll(b, a)
    // Who writes before the node has seen the end writes to a connection that is gone: pages ask for that again.
    const before = await connections(server)
    await b.drop()
    while ((await connections(server)) >= before) await new Promise((done) => setTimeout(done, 10))
    await write(a, 'while away')
    await b.connected()
    await write(b, 'back')
    await heardAll(a, b)
    await heardAll(b, a)
    await part(a)
  })
}

describe('sorsu family, spoken on one node', ONE_NODE, () => {
  sorsuTests('one node', serverFor(...SORSU, ...NO_LIMITS))
})

describe('sorsu family, spoken on two nodes', ONE_NODE, () => {
  const { nodes } = nodesFor(2, ...SORSU, ...NO_LIMITS)
  let came = 0
  sorsuTests('two nodes', { nodes, entrance: () => nodes[came++ % nodes.length].url })
})
