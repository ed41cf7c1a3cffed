// What it costs that Kafka is away for a while: the events that find no room in the buffer, and nothing else. Run by
// hand, against a release build:
//
//   cargo build --release
//   QALA_BIN=target/release/qala node tests/clients/kafka-outage.mjs [seconds away] [searches per second]
//
// A server with `qala bench` as its load; in the middle, the broker (librdkafka's own) is out of reach and then
// there again. A short one of it is a test in events.test.mjs. All of it shares this machine.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Broker } from './support/kafka.mjs'
import { binary, bounded, grace, NO_LIMITS, Server } from './support/server.mjs'

/** How long what was kept may take to arrive. */
const CATCHES_UP_WITHIN_MS = 60_000

/** Plays it: `{told, written, dropped, delivered, doubled, waiting, p99: {before, away, after}, code, output}`, the
 * p99 in milliseconds from when a match was possible to when a side is told, the median over seconds of their p99. */
export async function outage({ seconds, away, rate, clients, buffer }) {
  const broker = new Broker({ checked: false })
  // The log is told as well, and writes nothing at that level: what it counts is what there was to tell.
  const flags = ['--events', 'log', '--log-level', 'warn', '--events-buffer', String(buffer)]
  let server
  try {
    await broker.start()
    server = new Server([...NO_LIMITS, ...grace(2), ...flags, '--kafka-brokers', broker.address])
    await server.start()
    const load = bench(server.url, { clients, rate, duration: 2 * seconds + away })
    await sleep(seconds * 1_000)
    const left = Date.now()
    broker.close()
    await sleep(away * 1_000)
    const waiting = await figure(server, 'waiting', 'kafka')
    broker.reopen()
    const back = Date.now()
    const { code, output, result } = await load
    const ids = () => new Set(broker.messages.map(({ value }) => value.id))
    const caughtUp = async () => {
      while ((await server.get('/health')).json.sessions > 0) await sleep(50)
      for (const sink of ['log', 'kafka']) while ((await figure(server, 'waiting', sink)) > 0) await sleep(50)
      while (ids().size < (await figure(server, 'written', 'kafka'))) await sleep(50)
    }
    await bounded(caughtUp(), CATCHES_UP_WITHIN_MS, () => 'what was kept does not arrive')
    return {
      // The log has as little room in a burst, and counts as well.
      told: (await figure(server, 'written', 'log')) + (await figure(server, 'dropped', 'log')),
      written: await figure(server, 'written', 'kafka'),
      dropped: await figure(server, 'dropped', 'kafka'),
      delivered: ids().size,
      doubled: broker.messages.length - ids().size,
      waiting,
      p99: phases(result, left, back),
      code,
      output,
    }
  } finally {
    await server?.finish()
    await broker.finish()
  }
}

/** A sink's figure. */
export async function figure(server, name, sink) {
  const { text } = await server.get('/metrics')
  return Number(new RegExp(`^qala_events_${name}(?:_total)?\\{sink="${sink}"\\} (\\d+)$`, 'm').exec(text)[1])
}

/** A bench against a server that runs: `{code, output, result}`. */
async function bench(url, { clients, rate, duration }) {
  const folder = mkdtempSync(join(tmpdir(), 'qala-outage-'))
  try {
    const flags = ['--clients', clients, '--rate', rate, '--duration', duration].map(String)
    const words = ['bench', '--url', url, '--out', folder, '--max-lag', 'off', '--scenario', 'short', ...flags]
    const child = spawn(binary(), words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const code = await new Promise((done) => child.once('exit', done))
    return { code, output, result: JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function phases({ setting, series, series_metrics }, left, back) {
  const place = series_metrics.indexOf('match')
  const p99 = (from, to) => {
    const within = (row) => {
      const end = setting.started_at_ms + row.at_seconds * 1_000
      return end - row.seconds * 1_000 >= from && end <= to && row.cells[place].per_second > 0
    }
    const values = series.filter(within).map((row) => row.cells[place].p99_us / 1_000).sort((x, y) => x - y)
    return values[Math.floor(values.length / 2)]
  }
  return { before: p99(0, left), away: p99(left, back), after: p99(back, Infinity) }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [away, rate] = [process.argv[2] ?? 30, process.argv[3] ?? 200].map(Number)
  const found = await outage({ seconds: 20, away, rate, clients: 10 * rate, buffer: 10_000 })
  const { told, delivered, doubled, dropped, waiting, p99, code } = found
  console.log(`${told} events told, ${delivered} delivered (${doubled} of them twice), ${dropped} dropped and counted`)
  console.log(`${waiting} waited when the broker came back; bench ended with ${code}`)
  const shown = Object.entries(p99).map(([phase, ms]) => `${phase} ${ms?.toFixed(2)} ms`)
  console.log(`match, median over seconds of p99: ${shown.join(', ')}`)
  const exact = told === delivered + dropped
  console.log(exact ? 'told = delivered + dropped' : 'NOT EXACT: told is not delivered + dropped')
  process.exitCode = exact && code === 0 ? 0 : 1
}
