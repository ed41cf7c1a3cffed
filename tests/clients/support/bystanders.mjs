// Two people in a talk who must not notice anything: their chat goes on all the time, and in the end
// everything they ever received is looked through.
import assert from 'node:assert/strict'
import { talk } from './matching.mjs'

/** All that two people who talk and never lose their connection may be told. */
const EXPECTED = new Set([
  'session:welcome',
  'queue:position_update',
  'matching:match_found',
  'matching:match_accepted',
  'matching:match_ready',
  'chat:message',
])

/** Starts the talk; `check()` ends the chatting and fails if anything disturbed it. */
export async function bystanders(t, server) {
  const { a, b, sessionId } = await talk(t, server)
  let stopped = false
  let sent = 0
  const chatting = (async () => {
    while (!stopped) {
      const [from, to] = sent % 2 ? [a, b] : [b, a]
      const content = `message ${sent}`
      await from.do('chat:send', { sessionId, content })
      assert.equal((await to.next('chat:message', { where: (m) => m.from === from.id })).content, content)
      sent += 1
      await new Promise((done) => setTimeout(done, 5))
    }
  })()
  chatting.catch(() => {})
  const stop = () => {
    stopped = true
    return chatting
  }
  t.after(() => stop().catch(() => {}))

  const check = async () => {
    const before = sent
    while (sent < before + 2) await Promise.race([chatting, new Promise((done) => setTimeout(done, 5))])
    await stop()
    for (const user of [a, b]) {
      assert.ok(user.socket.connected, 'a bystander was disconnected')
      const unexpected = user.names().filter((name) => !EXPECTED.has(name))
      assert.deepEqual(unexpected, [], 'a bystander was disturbed')
      assert.equal(user.all('matching:match_found').length, 1)
      const others = user.all('chat:message').filter((m) => ![a.id, b.id].includes(m.from))
      assert.deepEqual(others, [], 'a stranger wrote into the bystanders\' room')
      assert.ok(user.all('chat:message').every((m) => /^message \d+$/.test(m.content)))
    }
  }
  return { a, b, sessionId, check }
}

/** Fails when the connection id of one appears in anything another one received. */
export function assertNoSocketIds(users) {
  for (const user of users) {
    for (const other of users.filter((one) => one !== user)) {
      for (const secret of [other.connectionId, other.engineId, other.guest].filter(Boolean)) {
        assert.ok(!user.wire.some((text) => text.includes(secret)), `${secret} of another user was received`)
      }
    }
  }
}
