// `GET /metrics` of a real server after a real evening: what happened is what is shown, and promtool finds nothing.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { join, joinMany } from './support/client.mjs'
import { single } from './support/redis-servers.mjs'
import { Server, LIMIT, LONG, acceptTimeout, serverFor } from './support/server.mjs'
import { accept, languages, matched, queue, talk, wish } from './support/matching.mjs'
import { WEBRTC_CHAT, match, settled } from './support/webrtc-chat.mjs'

/** The samples as a map: `name{label="value"}` -> number. */
async function metrics(server, path = '/metrics') {
  const { status, type, text } = await server.get(path)
  assert.equal(status, 200)
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8')
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const pairs = samples.map((line) => {
    const place = line.lastIndexOf(' ')
    return [line.slice(0, place), Number(line.slice(place + 1))]
  })
  assert.equal(new Map(pairs).size, pairs.length, 'no sample twice')
  return { text, of: (name) => new Map(pairs).get(name), names: pairs.map(([name]) => name) }
}

/** What promtool has to say against a page. */
function complaints(text) {
  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  assert.equal(error, undefined, 'promtool is missing: scripts/setup installs it')
  return { status, said: (stdout + stderr).trim() }
}

/** Looks again until it holds. */
async function until(what, holds) {
  const deadline = performance.now() + 10_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never: ${what}`)
    await sleep(20)
  }
}

describe('an evening in figures', () => {
  const server = serverFor(...acceptTimeout(20))

  it('promtool has nothing against the page, before anything happened', LIMIT, async () => {
    assert.deepEqual(complaints((await metrics(server)).text), { status: 0, said: '' })
  })

  it('tickets that wait are shown by pool and stage, and no longer when nobody waits', LIMIT, async (t) => {
    const a = await join(t, server)
    await queue(a, wish(...languages()))
    const name = 'qala_tickets_waiting{pool="qala",stage="0"}'
    assert.equal((await metrics(server)).of(name), 1)
    await a.do('matching:leave_queue')
    assert.equal((await metrics(server)).of(name), 0)
    assert.equal((await metrics(server)).of('qala_tickets_ended_total{end="cancelled"}'), 1)
  })

  it('a match, its room, what was said in it and how it ended', LIMIT, async (t) => {
    const before = await metrics(server)
    const since = async () => {
      const now = await metrics(server)
      return (name) => now.of(name) - before.of(name)
    }
    const { a, b, sessionId } = await talk(t, server)
    let grown = await since()
    for (const name of [
      'qala_proposals_made_total',
      'qala_proposals_ended_total{outcome="agreed"}',
      'qala_rooms',
      'qala_rooms_opened_total',
    ]) {
      assert.equal(grown(name), 1, name)
    }
    assert.equal(grown('qala_search_to_match_seconds_count{stage="0"}'), 2)
    assert.equal(grown('qala_search_to_match_seconds_bucket{stage="0",le="+Inf"}'), 2)
    assert.equal(grown('qala_tickets_ended_total{end="matched"}'), 2)

    a.emit('webrtc:offer', { sessionId, offer: { type: 'offer', sdp: 'v=0' } })
    await b.next('webrtc:offer')
    b.emit('webrtc:answer', { sessionId, answer: { type: 'answer', sdp: 'v=0' } })
    await a.next('webrtc:answer')
    for (const candidate of ['one', 'two']) a.emit('webrtc:ice_candidate', { sessionId, candidate: { candidate } })
    for (let n = 0; n < 2; n++) await b.next('webrtc:ice_candidate')
    await a.do('connection:quality', { sessionId, rtt_ms: 80 })
    await a.do('chat:send', { sessionId, content: 'hello' })
    await b.do('chat:send', { sessionId, content: 'good evening' })
    grown = await since()
    assert.equal(grown('qala_signals_relayed_total{kind="offer"}'), 1)
    assert.equal(grown('qala_signals_relayed_total{kind="answer"}'), 1)
    assert.equal(grown('qala_signals_relayed_total{kind="candidate"}'), 2)
    assert.equal(grown('qala_relay_seconds_count'), 4)
    assert.ok(grown('qala_relay_seconds_sum') > 0)
    assert.equal(grown('qala_quality_rtt_seconds_bucket{le="0.1"}'), 1)
    assert.equal(grown('qala_quality_rtt_seconds_bucket{le="0.05"}'), 0)
    assert.equal(grown('qala_chat_messages_total'), 2)
    assert.equal(grown('qala_store_operation_seconds_count{operation="append"}'), 2)
    assert.equal(grown('qala_store_operation_seconds_count{operation="open_room"}'), 1)

    await a.do('session:leave', { sessionId })
    await b.next('session:peer_left')
    grown = await since()
    assert.equal(grown('qala_rooms'), 0)
    assert.equal(grown('qala_rooms_closed_total{reason="left"}'), 1)
    assert.equal(grown('qala_room_seconds_count'), 1)
  })

  it('a rejected proposal, a refused command, a connection that is over', LIMIT, async (t) => {
    const before = await metrics(server)
    const [a, b] = await joinMany(t, server, 2)
    const [one, other] = languages()
    await queue(a, wish(one, other))
    await queue(b, wish(other, one))
    const [{ matchId }] = await matched(a, b)
    await a.do('matching:reject_match', { matchId })
    await b.next('matching:match_rejected')
    assert.equal((await b.ask('matching:accept_match', { matchId, sessionId: 'none' })).success, false)
    const now = await metrics(server)
    const grown = (name) => now.of(name) - before.of(name)
    assert.equal(grown('qala_proposals_ended_total{outcome="rejected"}'), 1)
    assert.equal(grown('qala_connections_opened_total'), 2)
    assert.ok(grown('qala_refusals_total{reason="match_gone"}') + grown('qala_refusals_total{reason="invalid"}') >= 1)
    b.close()
    const ended = (name) => before.of(name)
    await until('the connection is over', async () =>
      (await metrics(server)).of('qala_connection_seconds_count') > ended('qala_connection_seconds_count'))
  })

  it('the process, the runtime and the shards', LIMIT, async () => {
    const shown = await metrics(server)
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_open_fds',
      'process_max_fds',
      'process_start_time_seconds',
      'qala_runtime_busy_seconds_total{worker="0"}',
      'qala_runtime_tasks',
      'qala_shard_mailbox_length{shard="0"}',
    ]) {
      assert.ok(shown.of(name) >= 0, name)
    }
    assert.ok(Math.abs(shown.of('process_start_time_seconds') - Date.now() / 1_000) < 600)
    assert.equal(shown.of('qala_shards_silent'), 0)
    assert.equal(shown.of('qala_store_available'), 1)
  })

  it('promtool has nothing against the page after the evening', LIMIT, async () => {
    assert.deepEqual(complaints((await metrics(server)).text), { status: 0, said: '' })
  })
})

describe('the names of webrtc-chat', () => {
  const server = serverFor(...WEBRTC_CHAT)

  it('are shown with what happened, as JSON as well', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    a.emit('webrtc_offer', { sdp: { type: 'offer', sdp: 'v=0' } })
    await b.next('webrtc_offer')
    a.emit('connection_quality', { rtt: 120 })
    await settled(a)
    const shown = await metrics(server)
    for (const [name, value] of [
      ['webrtc_active_connections', 2],
      ['webrtc_total_connections', 2],
      ['webrtc_active_matches', 1],
      ['webrtc_matchmaking_success_total', 1],
      ['webrtc_matchmaking_duration_seconds_count', 2],
      ['webrtc_queue_size', 0],
      ['webrtc_signaling_messages_total{type="offer"}', 1],
      ['webrtc_signaling_latency_seconds_count', 1],
      ['webrtc_connection_quality_rtt_ms_sum', 120],
    ]) {
      assert.equal(shown.of(name), value, name)
    }
    assert.ok(shown.of('redis_operation_duration_seconds_count{operation="search"}') >= 2)
    const { status, json } = await server.get('/metrics/business')
    assert.equal(status, 200)
    assert.ok(Math.abs(json.timestamp - Date.now()) < 60_000)
    assert.deepEqual(json.connections, { active: 2, total: 2 })
    assert.deepEqual([json.matchmaking.activeMatches, json.matchmaking.successfulMatches], [1, 1])
    assert.ok(json.matchmaking.avgMatchmakingTime >= 0)
    assert.equal(json.signaling.totalMessages, 1)
    assert.ok(json.signaling.avgLatency > 0)
    assert.equal(json.quality.avgConnectionQuality, 120)
    assert.deepEqual([json.infrastructure.errorRate, json.infrastructure.rateLimitHits], [0, 0])
    assert.ok(json.infrastructure.avgRedisLatency > 0)
  })

  it('a spent budget counts under the word that the family has for it', LIMIT, async (t) => {
    const { a, b } = await match(t, server)
    for (let n = 0; n < 40; n++) a.emit('message', `message ${n}`)
    await a.next('rate_limited')
    await settled(b)
    const shown = await metrics(server)
    assert.equal(shown.of('webrtc_rate_limit_hits_total{type="messaging"}'), 10)
    assert.equal((await server.get('/metrics/business')).json.infrastructure.rateLimitHits, 10)
  })

  it('promtool objects to nothing but the spelling of two of them', LIMIT, async () => {
    const { said } = complaints((await metrics(server)).text)
    const about = new Set(said.split('\n').map((line) => line.split(' ')[0]))
    assert.deepEqual([...about].sort(), ['webrtc_connection_quality_rtt_ms', 'webrtc_total_connections'])
  })

  it('are not shown where it is not spoken', LIMIT, async (t) => {
    const other = new Server(['--dialects', 'animochat'])
    t.after(() => other.finish())
    await other.start()
    assert.ok(!(await metrics(other)).text.includes('webrtc_'))
  })
})

describe('two nodes', () => {
  it('letters between them are counted, and how late they come', LONG, async (t) => {
    const redis = await single()
    t.after(() => redis.finish())
    const nodes = [0, 1].map(() => new Server(['--redis-url', redis.url]))
    t.after(() => Promise.all(nodes.map((node) => node.finish())))
    await Promise.all(nodes.map((node) => node.start()))
    const people = await Promise.all(nodes.map((node) => join(t, node)))
    const [one, other] = languages()
    await queue(people[0], wish(one, other))
    await queue(people[1], wish(other, one))
    const [found] = await matched(...people)
    await accept(...people, found)
    for (const node of nodes) {
      await until('letters are counted', async () => {
        const shown = await metrics(node)
        const [received, lag, entries] = ['qala_letters_received_total', 'qala_inbox_lag_seconds_count', 'qala_inbox_entries']
          .map((name) => shown.of(name))
        return received > 0 && lag > 0 && lag <= received && entries >= 1
      })
      const shown = await metrics(node)
      assert.ok(shown.of('qala_inbox_lag_seconds_sum') / shown.of('qala_inbox_lag_seconds_count') < 2)
      assert.ok(shown.of('qala_store_operation_seconds_count{operation="search"}') >= 1)
    }
  })
})
