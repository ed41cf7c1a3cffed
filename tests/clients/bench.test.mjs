// `qala bench` from outside: what it finds, what it writes, how it ends. A few seconds against real servers; how fast
// they are does not matter here.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import Ajv from 'ajv'
import { FAULTS, startDouble } from './support/double.mjs'
import { binary, bounded, LONG, serverFor } from './support/server.mjs'

const SCHEMA = JSON.parse(readFileSync(new URL('../../loadtest/schema/result.schema.json', import.meta.url), 'utf8'))
const isResult = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(SCHEMA)
/** A busy machine is no finding here. */
const SHORT = ['--scenario', 'short', '--max-lag', 'off']
/** How long a bench of a few seconds may take on a machine that does other things as well. */
const ENDS_WITHIN_MS = 90_000

const folders = []
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** A running bench: `{child, folder, end: Promise<{code, output, result}>}`. */
function bench(...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'qala-bench-'))
  folders.push(folder)
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  const child = spawn(binary(), ['bench', '--out', folder, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const read = (chunk) => (output += chunk)
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  const exit = new Promise((done) => child.once('exit', done))
  const end = bounded(exit, ENDS_WITHIN_MS, () => `the bench does not end; it said:\n${output}`).then(
    (code) => {
      const files = readdirSync(folder)
      const result = files.includes('result.json') && JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))
      return { code, output, result }
    },
    (late) => {
      child.kill('SIGKILL')
      throw late
    },
  )
  return { child, folder, end, said: () => output }
}

function assertClean({ code, output, result }) {
  assert.deepEqual(result.oracle.violations, [], output)
  assert.deepEqual(result.errors, [], output)
  assert.equal(code, 0, output)
}

describe('a bench with a server of its own', LONG, () => {
  it('ends well and writes every report', async () => {
    const { folder, end } = bench(...SHORT, '--assert', 'errors == 0', '--assert', 'match.count > 100')
    const ended = await end
    assertClean(ended)
    const { result, output } = ended
    assert.ok(isResult(result), JSON.stringify(isResult.errors, null, 1))
    assert.equal(result.setting.own_server, 'embedded store')
    assert.equal(result.counts.sent, result.counts.heard)
    assert.equal(result.metrics.match.count, 2 * result.counts.matches)
    assert.ok(result.processes.server.resident_peak_bytes > 1e6)
    assert.match(output, /\nPASS {3}all 2 conditions held; the oracle is clean\n/)
    const files = ['junit.xml', 'match.hgrm', 'report.html', 'result.json', 'signal.hgrm', 'summary.md']
    for (const file of files) assert.ok(readdirSync(folder).includes(file), file)
    const read = (file) => readFileSync(join(folder, file), 'utf8')
    assert.match(read('report.html'), /<header class="pass"><h1><span>PASS<\/span>/)
    assert.match(read('summary.md'), /^## qala bench passed\n/)
    assert.match(read('junit.xml'), / failures="0" /)
  })

  it('plays the same schedule with the same seed', async () => {
    const runs = await Promise.all([1, 1, 2].map((seed) => bench(...SHORT, '--seed', `${seed}`).end))
    const [one, again, other] = runs.map(({ result }) => result.counts.searches)
    assert.equal(one, again)
    assert.notEqual(one, other)
  })

  it('plays every client family, also all at once', async () => {
    const families = ['animochat', 'webrtc-chat', 'sorsu', 'signaling']
    const played = [...families, ['qala', ...families].join()].map(async (dialect) => {
      const ended = await bench(...SHORT, '--dialect', dialect).end
      assertClean(ended)
      assert.ok(ended.result.counts.matches > 50, dialect)
    })
    await Promise.all(played)
  })

  it('brings tokens where there is a secret', async () => {
    const ended = await bench(...SHORT, '--jwt-secret', 'a secret of enough bytes to sign with').end
    assertClean(ended)
    assert.doesNotMatch(JSON.stringify(ended.result), /a secret of enough/)
  })

  it('plays on when everybody drops and comes back, when some read nothing and some fall silent', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'qala-bench-')), 'rough.toml')
    folders.push(join(file, '..'))
    writeFileSync(file, `
      clients = 300
      rate = 60.0
      duration_seconds = 6.0
      ramp_seconds = 0.5
      shape = { kind = "storm" }
      talk = { seconds = 1.0 }
      troubles = { slow_percent = 10.0, slow_seconds = 1.0, half_open_percent = 5.0 }
    `)
    const ended = await bench('--scenario', file, '--max-lag', 'off').end
    assert.deepEqual(ended.result.oracle.violations, [], ended.output)
    assert.ok(ended.result.counts.connects > 500, ended.output)
  })
})

describe('how a bench ends', LONG, () => {
  it('1 where a condition is missed, which is said first', async () => {
    const { code, output } = await bench(...SHORT, '--assert', 'match.p50 < 0ms').end
    assert.match(output, /\nFAIL {3}match\.p50 is [\d.]+ ms, should be < 0ms \(from \d+ s on; see report\.html#match\)\n/)
    assert.equal(code, 1)
  })

  it('1 where it is worse than an earlier run', async () => {
    const first = bench(...SHORT)
    const { result } = await first.end
    for (const summary of Object.values(result.metrics)) for (const key of Object.keys(summary)) summary[key] = 1
    const baseline = join(first.folder, 'baseline.json')
    writeFileSync(baseline, JSON.stringify(result))
    const { code, output } = await bench(...SHORT, '--baseline', baseline, '--max-regression', '0%').end
    // Where everything takes less than half a millisecond it is not told from noise.
    const worse = / was 0\.00 ms, \+0 % +worse\n/.test(output)
    assert.equal(code, worse ? 1 : 0, output)
  })

  it('4 where the tester was too slow', async () => {
    const { code, output } = await bench('--scenario', 'short', '--max-lag', '0').end
    assert.match(output, /\nFAIL {3}the tester was the bottleneck: its schedule lag p99 is /)
    assert.equal(code, 4)
  })

  it('130 when it is interrupted, with its reports', async () => {
    const run = bench(...SHORT, '--duration', '600')
    const talking = async () => {
      while (!/talking [1-9]/.test(run.said())) await new Promise((done) => setTimeout(done, 20))
    }
    await bounded(talking(), 30_000, () => run.said())
    run.child.kill('SIGINT')
    const { code, output, result } = await run.end
    assert.equal(code, 130, output)
    assert.ok(isResult(result), JSON.stringify(isResult.errors))
    assert.equal(result.verdict.ending, 'interrupted')
    assert.ok(result.counts.matches > 0)
  })
})

describe('a bench of a server that runs', LONG, () => {
  const server = serverFor()

  it('shows that the server stood still', async () => {
    const run = bench(...SHORT, '--url', server.url, '--duration', '8')
    const matching = async () => {
      while (!/matches [1-9]/.test(run.said())) await new Promise((done) => setTimeout(done, 20))
    }
    await bounded(matching(), 30_000, () => run.said())
    process.kill(server.pid, 'SIGSTOP')
    await new Promise((done) => setTimeout(done, 2_000))
    process.kill(server.pid, 'SIGCONT')
    const ended = await run.end
    assertClean(ended)
    // Searches were due all the time: one in five of them while nobody answered.
    const { max_us, p90_us } = ended.result.metrics.match
    assert.ok(max_us > 1_500_000 && p90_us > 200_000, ended.output)
    // It listens on this machine, so that its process is found.
    assert.ok(ended.result.processes.server.resident_peak_bytes > 1e6, ended.output)
  })

  it('asks a server that is elsewhere for its memory and CPU', async (t) => {
    let asked = 0
    const page = createServer((request, response) => {
      asked += 1
      response.end(`process_resident_memory_bytes 1.23e+08\nprocess_cpu_seconds_total ${asked / 10}\n`)
    })
    await new Promise((done) => page.listen(0, '127.0.0.1', done))
    t.after(() => page.close())
    const metrics = `http://127.0.0.1:${page.address().port}/metrics`
    const { code, output, result } = await bench(...SHORT, '--url', server.url, '--metrics-url', metrics).end
    assert.equal(code, 0, output)
    assert.equal(result.processes.server.resident_peak_bytes, 123e6)
    assert.ok(asked > 3 && result.processes.server.cpu_seconds >= 0.2, `${asked} ${output}`)
    assert.match(output, /\nserver +123 MB at most, /)
  })

  it('understands the options of the webrtc-chat family’s own tester', async () => {
    const given = ['--serverUrl', server.url, '--maxConnections', '100', '--concurrency', '10', '--testDuration', '2']
    const ended = await bench(...given, '--rampUpTime', '1', '--rate', '20', '--max-lag', 'off').end
    assertClean(ended)
    assert.equal(ended.result.scenario.clients, 100)
  })
})

// Its faults are also those of a server in the tester's own process (loadtest/src/oracle/tests/double.rs); these come
// over real connections, and end in an exit code.
describe('a bench of a server that is not qala', { ...LONG, concurrency: 3 }, () => {
  // Few enough to meet again, of one pair of languages, with talks short enough for the faults of many.
  const scenario = `
    clients = 40
    rate = 20.0
    duration_seconds = 5.0
    ramp_seconds = 0.2
    talk = { seconds = 0.6, signals = 5, lines = 2 }
    people = { pairs = [{ languages = ["en", "es"], weight = 1.0 }], reject_percent = 5.0 }
  `
  const folder = mkdtempSync(join(tmpdir(), 'qala-bench-'))
  folders.push(folder)
  const file = join(folder, 'few.toml')
  writeFileSync(file, scenario)

  async function played(t, fault) {
    const double = await startDouble(fault)
    t.after(() => double.close())
    return bench('--scenario', file, '--max-lag', 'off', '--url', double.url).end
  }

  it('finds nothing wrong with one that does its job', async (t) => {
    const ended = await played(t)
    assertClean(ended)
    assert.ok(ended.result.counts.matches > 20, ended.output)
  })

  for (const [fault, kind] of Object.entries(FAULTS)) {
    it(`5, and says ${kind}, of one that ${fault}`, async (t) => {
      const { code, output, result } = await played(t, fault)
      assert.ok(result.oracle.counts[kind] > 0, output)
      const first = result.oracle.violations.find((violation) => violation.kind === kind)
      assert.ok(first.clients.length > 0 && first.at_seconds > 0, output)
      assert.match(output, new RegExp(`\noracle .*\\b${kind} \\d`), output)
      assert.equal(code, 5, output)
    })
  }
})
