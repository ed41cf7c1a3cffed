// Log lines: for people or for machines, in a file that is not let grow, of one user on request, and never with
// anything in them that nobody but two people should know.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { describe, it } from 'node:test'
import { User, join } from './support/client.mjs'
import { accept, languages, matched, queue, wish } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, NO_OUTSIDE, OUTSIDE, Server, serverFor } from './support/server.mjs'
import { ONE_NODE } from './support/service.mjs'

const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const LINES_MS = 5_000

/** Whatever must not be in a log: each stands out, and is nowhere else. */
const SECRETS = {
  jwt: 'marked-jwt-secret-of-enough-bytes', relay: 'marked-relay-secret-of-enough-bytes',
  admin: 'marked-admin-token', guest: 'marked-guest-secret-0123456789', chat: 'marked words of a chat',
  sdp: 'v=0 marked-sdp', candidate: 'candidate:1 1 udp 1 192.0.2.77 9 typ host marked-candidate',
}

function token(sub) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub })}`
  return `${body}.${createHmac('sha256', SECRETS.jwt).update(body).digest('base64url')}`
}

function folder(t) {
  const made = mkdtempSync(path(tmpdir(), 'qala-log-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function fresh(t, ...flags) {
  const server = new Server([...NO_LIMITS, ...flags])
  t.after(() => server.finish())
  await server.start()
  return server
}

/** The log lines of what a server said: those that are objects. */
const objects = (text) => text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))

/** Waits until what the server said has all that. */
async function said(server, ...wanted) {
  const until = performance.now() + LINES_MS
  const missing = () => wanted.filter((words) => !words.test(server.output))
  while (missing().length > 0) {
    assert.ok(performance.now() < until, `no ${missing().join(', ')} in:\n${server.output}`)
    await pause(20)
  }
}

describe('how lines are written', ONE_NODE, () => {
  it('one object each where nobody watches: level, target, what happened, ids as fields', LIMIT, async (t) => {
    const server = await fresh(t, '--events', 'log')
    const user = await join(t, server)
    await said(server, /"connect"/)
    const lines = objects(server.output)
    assert.ok(lines.some(({ level, message, node, port }) => level === 'INFO' && message === 'serving' && node && port === server.port))
    const connected = lines.find(({ message }) => message === 'connect')
    assert.deepEqual([connected.target, connected.user, connected.dialect], ['qala::events', user.id, 'qala'])
    assert.ok(Date.parse(connected.timestamp) > 0)
  })

  it('--log-format text: for people', LIMIT, async (t) => {
    const server = await fresh(t, '--log-format', 'text')
    await said(server, /^\S+Z +INFO qala::server: serving node="/m)
    assert.deepEqual(objects(server.output), [])
  })

  it('the last line comes out as well: stopped', LIMIT, async (t) => {
    const server = await fresh(t)
    await server.stop()
    await said(server, /"stopping"/, /"stopped"/)
  })
})

describe('--log-file', ONE_NODE, () => {
  it('is there besides stderr; full ones are kept, so many of them, and no line is torn', LONG, async (t) => {
    const file = path(folder(t), 'qala.log')
    const most = 4_096
    const server = await fresh(t, '--events', 'log', '--log-file', file, '--log-file-bytes', String(most), '--log-files', '3')
    const user = await join(t, server)
    const [native, target] = languages()
    for (let n = 0; n < 60; n += 1) {
      await user.do('matching:join_queue', wish(native, target))
      await user.do('matching:leave_queue')
    }
    await server.stop()
    const files = readdirSync(path(file, '..')).sort()
    assert.deepEqual(files, ['qala.log', 'qala.log.1', 'qala.log.2'])
    for (const name of files) {
      const text = readFileSync(path(file, '..', name), 'utf8')
      assert.equal(text.trimEnd().split('\n').length, objects(text).length, `${name}: objects alone`)
      assert.ok(statSync(path(file, '..', name)).size < most + 1_024)
    }
    assert.equal(objects(readFileSync(file, 'utf8')).at(-1).message, 'stopped')
    assert.equal(objects(server.output).at(-1).message, 'stopped')
  })

  it('that cannot be written: an error that names it', LIMIT, async () => {
    const server = new Server(['--log-file', '/proc/nowhere/qala.log'])
    await assert.rejects(server.start(), /cannot write the log to \/proc\/nowhere\/qala\.log/)
  })
})

describe('--trace-user', ONE_NODE, () => {
  const ADMIN = { authorization: `Bearer ${SECRETS.admin}` }
  const traced = (server) => objects(server.output).filter(({ target }) => target === 'qala::trace')

  it('everything that one user asks and is told, by name; of nobody else anything', LIMIT, async (t) => {
    const server = await fresh(t, '--trace-user', 'ana', '--jwt-secret', SECRETS.jwt)
    const [native, target] = languages()
    const enter = (sub) => join(t, server, { auth: { token: token(sub) } })
    const [ana, ben] = [await enter('ana'), await enter('ben')]
    await queue(ana, wish(native, target))
    await queue(ben, wish(target, native))
    const [forAna] = await matched(ana, ben)
    await accept(ana, ben, forAna)
    await ben.do('chat:send', { sessionId: forAna.sessionId, content: SECRETS.chat })
    await ana.next('chat:message')
    const refused = await ana.ask('chat:send', { sessionId: forAna.sessionId })
    assert.equal(refused.code, 'invalid')
    ana.close()
    await said(server, /"disconnected"/)
    const lines = traced(server)
    assert.deepEqual([...new Set(lines.map(({ user }) => user))], ['ana'])
    const short = lines.map(({ message, command, event, refused }) => [message, command ?? event ?? refused].filter(Boolean).join(' '))
    for (const line of ['connected', 'told session:welcome', 'asks join', 'answered', 'told matching:match_found', 'asks accept',
      'told matching:match_ready', 'told chat:message', 'asks invalid', 'answered invalid', 'disconnected']) {
      assert.ok(short.includes(line), `no "${line}" among:\n${short.join('\n')}`)
    }
  })

  it('while the node runs, for operators: PUT /trace/<id>, DELETE /trace', LIMIT, async (t) => {
    const server = await fresh(t, '--admin-token', SECRETS.admin)
    const user = await join(t, server)
    const ask = (method, at, headers) => fetch(`${server.url}${at}`, { method, headers })
    assert.equal((await ask('PUT', `/trace/${user.id}`)).status, 401)
    await user.ask('heartbeat')
    assert.equal((await ask('PUT', `/trace/${user.id}`, ADMIN)).status, 204)
    await user.ask('heartbeat')
    assert.equal((await ask('DELETE', '/trace', ADMIN)).status, 204)
    await user.ask('heartbeat')
    await server.stop()
    assert.deepEqual(traced(server).map(({ message }) => message), ['asks', 'answered'])
  })

  it('nobody may where nobody said who may', LIMIT, async (t) => {
    const server = await fresh(t)
    assert.equal((await fetch(`${server.url}/trace/ana`, { method: 'PUT' })).status, 403)
  })
})

describe('an evening at debug', ONE_NODE, () => {
  const server = serverFor(...NO_LIMITS, '--host', '0.0.0.0', '--auth', 'qala=jwt,webrtc-chat=guest', '--dialects', 'qala,webrtc-chat',
    '--log-level', 'debug', '--events', 'log', '--jwt-secret', SECRETS.jwt, '--admin-token', SECRETS.admin,
    '--turn-url', 'turn:relay.example.com', '--turn-secret', SECRETS.relay, '--trace-user', 'ana')

  it('leaves no token, description, candidate, word, credential, secret or address of anybody in the log', { ...LONG, ...NO_OUTSIDE }, async (t) => {
    const url = `http://${OUTSIDE}:${server.port}`
    const [native, target] = languages()
    const tokens = ['ana', 'ben'].map(token)
    const users = tokens.map((token) => new User(url, { auth: { token } }))
    const polls = new User(url, { auth: { token: token('cyd') }, transports: ['polling'] })
    const guest = new User(url, { guest: SECRETS.guest, namespace: '/webrtc-chat' })
    t.after(() => [...users, polls, guest].forEach((user) => user.close()))
    const [ana, ben] = users
    await Promise.all([ana.connect(), ben.connect(), polls.connect(), guest.connected()])
    await queue(ana, wish(native, target))
    await queue(ben, wish(target, native))
    const [forAna] = await matched(ana, ben)
    await accept(ana, ben, forAna)
    const { sessionId, iceServers } = forAna
    for (const [from, to] of [[ana, ben], [ben, ana]]) {
      await from.do('webrtc:offer', { sessionId, offer: { type: 'offer', sdp: SECRETS.sdp } })
      await to.next('webrtc:offer')
      await from.do('webrtc:ice_candidate', { sessionId, candidate: { candidate: SECRETS.candidate } })
      await to.next('webrtc:ice_candidate')
      await from.do('chat:send', { sessionId, content: SECRETS.chat })
      await to.next('chat:message')
    }
    // What is refused is not quoted either.
    await ana.ask('chat:send', { sessionId, content: SECRETS.chat.repeat(100) })
    await ana.ask('webrtc:offer', { sessionId: SECRETS.chat, offer: SECRETS.sdp })
    ana.emit(SECRETS.chat, SECRETS.chat)
    const stranger = new User(url, { auth: { token: `${token('eve')}x` } })
    t.after(() => stranger.close())
    assert.equal(await stranger.refused(), 'Invalid token')
    await fetch(`${url}/api/turn`, { headers: { authorization: `Bearer ${tokens[0]}` } })
    await fetch(`${url}/health/detailed`, { headers: { authorization: `Bearer ${SECRETS.admin}` } })
    await ana.drop()
    await ana.connect()
    await ana.do('session:leave', { sessionId })
    const engine = [ana, ben, polls, guest].flatMap((user) => [user.engineId, user.connectionId])
    for (const user of [...users, polls, guest]) user.close()
    await said(server, /"match_ended"/)
    const lines = objects(server.output)
    assert.ok(lines.length > 20, 'the evening was logged')
    const text = server.output.replace(/^.*(http|ws):\/\/.*$/gm, '')
    const never = {
      ...SECRETS, 'part of a token': tokens[0].split('.')[2], 'another token': tokens[1].split('.')[2],
      credential: iceServers[0].credential, address: OUTSIDE,
      ...Object.fromEntries(engine.map((id) => [`engine id ${id}`, id])),
    }
    for (const [what, secret] of Object.entries(never)) assert.ok(!text.includes(secret), `${what} is in the log:\n${text.split('\n').find((line) => line.includes(secret))}`)
  })
})
