// What the tester's own clients take, and those of the crate rust_socketio, in turn under the same load on this machine:
// memory in RAM for each client, and processor time of the tester for each request that was acknowledged.
//
//   cargo build --release --features rust-socketio
//   node scripts/clients.mjs [--clients 1000,10000] [--binary target/release/qala] [options of qala bench]
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const CLIENTS = ['own', 'rust-socketio']
/** Clients of a run that shows what a tester takes without any to speak of. */
const FEW = 2
/** Seconds in which each run connects, and plays; that of few clients plays for a moment. */
const RAMP = 5
const DURATION = 20
const MOMENT = 1
/** Exit codes whose figures count: everything held, or the tester was slow, which is what is asked here. */
const COUNTS = [0, 4]

function take(given, flag, otherwise) {
  const place = given.indexOf(flag)
  if (place < 0) return otherwise
  const [, value] = given.splice(place, 2)
  if (value === undefined) throw new Error(`${flag} needs a value`)
  return value
}

function bench(binary, folder, client, clients, given) {
  const seconds = clients === FEW ? MOMENT : DURATION
  const load = ['--clients', `${clients}`, '--rate', `${clients / 20}`, '--ramp', `${RAMP}`, '--duration', `${seconds}`]
  const child = spawn(binary, ['bench', '--client', client, ...load, '--out', folder, ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('exit', (code) => {
      if (!COUNTS.includes(code)) return failed(new Error(`qala bench of ${clients} ${client} ended with ${code}`))
      done(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')))
    })
  })
}

/** Memory of the tester when all are connected and nobody searches yet. */
function idleBytes({ series, scenario }) {
  const idle = series.filter((row) => row.connected === scenario.clients && row.at_seconds <= RAMP + 1.5)
  if (idle.length === 0) throw new Error(`${scenario.clients} clients were not connected in time`)
  return idle.at(-1).tester.resident_bytes
}

/** Processor time of the tester while it plays, for each acknowledgement, in us. */
function cpuEach({ series, metrics }) {
  const plays = series.filter((row) => row.at_seconds > RAMP + 1.5)
  const seconds = plays.reduce((sum, row) => sum + (row.tester.cpu_percent / 100) * row.seconds, 0)
  return (seconds / metrics.ack.count) * 1e6
}

async function main() {
  const given = process.argv.slice(2)
  const sizes = take(given, '--clients', '1000,10000').split(',').map(Number)
  const binary = resolve(ROOT, take(given, '--binary', 'target/release/qala'))
  const scratch = mkdtempSync(join(tmpdir(), 'qala-clients-'))
  try {
    console.log('| clients | of | memory each | cpu each | cpu | acknowledged | match p50 | ack p50 | lag p99 |')
    console.log('|---|---|---|---|---|---|---|---|---|')
    for (const clients of sizes) {
      for (const client of CLIENTS) {
        const run = (number) => bench(binary, join(scratch, `${client}-${number}`), client, number, given)
        const none = idleBytes(await run(FEW))
        const result = await run(clients)
        const memory = (idleBytes(result) - none) / (clients - FEW)
        const ms = (us) => `${(us / 1e3).toFixed(2)} ms`
        const { match, ack, lag } = result.metrics
        const cells = [clients, client, `${(memory / 1e3).toFixed(2)} kB`, `${cpuEach(result).toFixed(1)} us`]
        cells.push(`${result.processes.tester.cpu_percent.toFixed(0)} %`, ack.count)
        cells.push(ms(match.p50_us), ms(ack.p50_us), ms(lag.p99_us))
        console.log(`| ${cells.join(' | ')} |`)
      }
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

main().catch((error) => {
  console.error(`error: ${error.message}`)
  process.exitCode = 1
})
