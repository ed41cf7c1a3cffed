// The dashboards and alerts of deploy/ over a real evening: two nodes with Redis and Kafka, `qala bench` as the crowd,
// and a real Prometheus that asked them every second. Every query of every panel must return data.
//
//   DASHBOARD_SECONDS=60 node --test tests/deploy/dashboards.test.mjs      plays for longer than CI does
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { User } from '../clients/support/client.mjs'
import { Broker } from '../clients/support/kafka.mjs'
import { accept, languages, matched, queue, wish } from '../clients/support/matching.mjs'
import { single } from '../clients/support/redis-servers.mjs'
import { binary, NO_LIMITS, Server } from '../clients/support/server.mjs'
import { Prometheus } from './support.mjs'

const SECONDS = Number(process.env.DASHBOARD_SECONDS ?? 8)
const FOLDER = new URL('../../deploy/grafana/dashboards/', import.meta.url)
/** Starting, the crowd's ramp and end, and all queries. */
const LIMIT = { timeout: (SECONDS + 90) * 1_000 }

const dashboards = readdirSync(FOLDER).map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, FOLDER))) }))

/** What Grafana puts in place of its variables; the rate's window is four times the scrape interval and more. */
const filled = (query) => query.replaceAll('$__rate_interval', '8s').replaceAll('$__range', `${SECONDS}s`)
  .replaceAll('$job', 'qala').replaceAll('$instance', '.*')

/** A crowd on one node: its exit code and what it said. */
function crowd(url) {
  const flags = ['--scenario', 'short', '--rate', '30', '--duration', String(SECONDS), '--max-lag', 'off']
  const child = spawn(binary(), ['bench', '--url', url, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((done) => child.once('exit', (code) => done({ code, output })))
}

/** Two who meet across the nodes, talk, and tell how good their connection is, until `over()`. */
async function pairs(nodes, over) {
  while (!over()) {
    const [a, b] = await Promise.all(nodes.map((node) => new User(node.url).connect()))
    try {
      const [one, other] = languages()
      await queue(a, wish(one, other))
      await queue(b, wish(other, one))
      const [found] = await matched(a, b)
      const { sessionId } = await accept(a, b, found)
      for (let n = 0; n < 3; n++) {
        for (const user of [a, b]) {
          user.emit('webrtc:ice_candidate', { sessionId, candidate: { candidate: `of ${user.id}` } })
          await user.do('connection:quality', { sessionId, rtt_ms: 80 })
          await user.do('chat:send', { sessionId, content: 'good evening' })
        }
        await sleep(250)
      }
      await a.do('session:leave', { sessionId })
      await b.next('session:peer_left')
    } finally {
      a.close()
      b.close()
    }
  }
}

describe(`dashboards after ${SECONDS} s`, LIMIT, () => {
  const broker = new Broker({ checked: false })
  let redis, nodes, prometheus, began, evening
  before(async () => {
    await broker.start()
    redis = await single()
    const told = ['--events', 'log,redis', '--log-level', 'warn', '--kafka-brokers', broker.address]
    nodes = [0, 1].map(() => new Server([...NO_LIMITS, '--redis-url', redis.url, ...told]))
    for (const node of nodes) await node.start()
    prometheus = new Prometheus(nodes)
    await prometheus.start()
    began = Date.now() / 1_000
    let ended = false
    const couples = pairs(nodes, () => ended)
    evening = await crowd(nodes[0].url)
    ended = true
    await couples
  }, LIMIT)
  after(async () => {
    await prometheus?.finish()
    for (const node of nodes ?? []) await node.finish()
    await redis?.finish()
    await broker.finish()
  })

  it('the crowd was well', () => assert.equal(evening.code, 0, evening.output))

  it('promtool has nothing against what the nodes show', async () => {
    for (const node of nodes) {
      const { text } = await node.get('/metrics')
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
      assert.deepEqual([status, stdout + stderr], [0, ''])
    }
  })

  for (const dashboard of dashboards) {
    it(`${dashboard.file}: every query returns data`, async () => {
      const now = Date.now() / 1_000
      const empty = []
      let asked = 0
      for (const panel of dashboard.panels) {
        for (const { expr, instant } of panel.targets) {
          const query = filled(expr)
          const { result } = instant
            ? await prometheus.ask('query', { query, time: now })
            : await prometheus.ask('query_range', { query, start: began, end: now, step: 1 })
          const values = result.flatMap((series) => series.values ?? [series.value]).map(([, value]) => Number(value))
          if (!values.some(Number.isFinite)) empty.push(`${panel.title}: ${query}`)
          asked += 1
        }
      }
      assert.deepEqual(empty, [])
      assert.ok(asked >= 14, `${asked} queries`)
    })
  }

  it('variables and annotations are answered', async () => {
    for (const { file, templating, annotations } of dashboards) {
      for (const { query: { query } } of templating.list) {
        const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(query)
        const values = await prometheus.ask(`label/${label}/values`, { 'match[]': filled(series) })
        assert.equal(values.length, label === 'job' ? 1 : nodes.length, `${file}: ${query}`)
      }
      for (const { expr } of annotations.list) await prometheus.ask('query', { query: filled(expr) })
    }
  })

  it('every alert could be evaluated, and none fires while all is well', async () => {
    const { groups } = await prometheus.ask('rules')
    const rules = groups.flatMap((group) => group.rules)
    assert.ok(rules.length >= 20, `${rules.length} alerts`)
    assert.deepEqual(rules.filter((rule) => rule.health !== 'ok').map(({ name, lastError }) => [name, lastError]), [])
    assert.deepEqual(rules.filter((rule) => rule.state === 'firing').map(({ name }) => name), [])
  })
})
