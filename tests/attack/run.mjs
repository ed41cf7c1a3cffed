// What becomes of everybody else while a crowd that means harm is there: connections that say nothing, that send as
// fast as they can, that never read. `qala bench` plays the others, before and during; the server's memory is read
// before, during and after. By hand, on a release build:
//
//   cargo build --release && QALA_BIN=target/release/qala node tests/attack/run.mjs [silent flooding deaf]
//
// 10,000, 1,000 and 200 unless told. Ends with 1 when the others' match p99 is more than twice what it was (less than
// 5 ms more counts as noise), when one of them saw something wrong, or when memory did not stay or return.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Server, binary } from '../clients/support/server.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const [SILENT, FLOODING, DEAF] = (process.argv.length > 2 ? process.argv.slice(2) : ['10000', '1000', '200']).map(Number)
/** The others. */
const OTHERS = ['--clients', '1000', '--rate', '50', '--duration', '30']
/** At most this much for each of those who mean harm, besides what the others need; and this much is left of it. */
const BOUND_KB = { silent: 25, flooding: 60, deaf: 6_000 }
const LEFT_MB = 40
const NOISE_US = 5_000
/** Those who mean harm are gone, and the allocator has given back what it holds. */
const RETURNS_WITHIN_MS = 60_000

const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024

/** One run of the others: their match p99, and what the run says of itself. */
async function others(server, folder) {
  const bench = spawn(binary(), ['bench', '--url', server.url, '--out', folder, ...OTHERS], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(bench, 'exit')
  const { metrics, verdict, oracle } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))
  return { p50: metrics.match.p50_us, p99: metrics.match.p99_us, count: metrics.match.count, verdict, oracle }
}

/** The highest of what memory is until `done`. */
async function highest(pid, done) {
  let most = 0
  let over = false
  done.finally(() => (over = true)).catch(() => {})
  while (!over) {
    most = Math.max(most, residentMb(pid))
    await sleep(100)
  }
  return most
}

const folder = mkdtempSync(join(tmpdir(), 'qala-attack-'))
const server = new Server([])
await server.start()
const counters = async () => (await server.get('/health')).json.counters
let failed = false
const expect = (holds, what) => {
  failed ||= !holds
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`)
}
try {
  const before = await others(server, folder)
  await sleep(5_000)
  const calmMb = residentMb(server.pid)
  const attackers = fork(join(HERE, 'attackers.mjs'), [server.url, SILENT, FLOODING, DEAF].map(String))
  // Only what is left of the machine: what is measured is the server, not who gets more of two cores.
  setPriority(attackers.pid, 19)
  await once(attackers, 'message')
  await sleep(5_000)
  const running = others(server, folder)
  const peak = highest(server.pid, running)
  const during = await running
  const peakMb = await peak
  attackers.send('how many')
  const [crowd] = await once(attackers, 'message')
  attackers.send('stop')
  await once(attackers, 'exit')
  const gone = performance.now()
  let afterMb = residentMb(server.pid)
  while (afterMb > calmMb + LEFT_MB && performance.now() - gone < RETURNS_WITHIN_MS) {
    await sleep(1_000)
    afterMb = residentMb(server.pid)
  }
  const bound = calmMb + (SILENT * BOUND_KB.silent + FLOODING * BOUND_KB.flooding + DEAF * BOUND_KB.deaf) / 1024 + 60
  const ms = (us) => (us / 1_000).toFixed(2)
  console.log(`asked for ${SILENT} silent, ${FLOODING} flooding, ${DEAF} deaf; at the end`, crowd)
  console.log('server', Object.fromEntries(Object.entries(await counters()).filter(([name, count]) => count > 0 &&
    /silent|flood|slow|over_limit|rate_limited|busy/.test(name))))
  console.log(`match before: p50 ${ms(before.p50)} ms, p99 ${ms(before.p99)} ms of ${before.count}; ` +
    `during: p50 ${ms(during.p50)} ms, p99 ${ms(during.p99)} ms of ${during.count}`)
  console.log(`memory before ${calmMb.toFixed(0)} MB, highest ${peakMb.toFixed(0)} MB, after ${afterMb.toFixed(0)} MB`)
  expect(during.p99 <= Math.max(2 * before.p99, before.p99 + NOISE_US), 'the others\' match p99 at most doubles')
  expect(during.verdict.ending !== 'violation', `the others saw nothing wrong (${during.verdict.first})`)
  expect(peakMb <= bound, `memory stays under ${bound.toFixed(0)} MB`)
  expect(afterMb <= calmMb + LEFT_MB, `memory returns to within ${LEFT_MB} MB`)
} finally {
  await server.finish()
  rmSync(folder, { recursive: true, force: true })
}
assert.equal(failed, false, 'see above')
