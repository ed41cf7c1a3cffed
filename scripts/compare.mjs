// Runs one scenario against qala and against the reference peer (a plain Node.js Socket.IO server that does the same
// job), in turn, on this machine, and prints both and their ratio. Each round starts both servers anew.
//
//   scripts/compare [--rounds 3] [--peers ../shared/peers] [--binary target/release/qala] [options of qala bench]
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const START_MS = 20_000
/** Bench exit codes whose figures count: everything held, or a condition was missed. */
const COUNTS = [0, 1]

/** What is compared: name, where in the result, and how it is written. */
const ROWS = [
  ['match p50', (r) => r.metrics.match.p50_us / 1e3, 'ms'],
  ['match p99', (r) => r.metrics.match.p99_us / 1e3, 'ms'],
  ['signal p50', (r) => r.metrics.signal.p50_us / 1e3, 'ms'],
  ['signal p99', (r) => r.metrics.signal.p99_us / 1e3, 'ms'],
  ['chat p99', (r) => r.metrics.chat.p99_us / 1e3, 'ms'],
  ['connect p99', (r) => r.metrics.connect.p99_us / 1e3, 'ms'],
  ['server cpu', (r) => r.processes.server.cpu_seconds, 's'],
  ['server memory', (r) => r.processes.server.resident_peak_bytes / 1e6, 'MB'],
  ['matches', (r) => r.counts.matches, ''],
  ['errors', (r) => r.counts.errors, ''],
  ['violations', (r) => Object.values(r.oracle.counts).reduce((sum, times) => sum + times, 0), ''],
]

function take(given, flag, otherwise) {
  const place = given.indexOf(flag)
  if (place < 0) return otherwise
  const [, value] = given.splice(place, 2)
  if (value === undefined) throw new Error(`${flag} needs a value`)
  return value
}

function freePort() {
  return new Promise((done, failed) => {
    const server = net.createServer().once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** A server process: resolves when it has said `ready`. */
async function start(command, args, options, ready) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const end = new Promise((done) => child.once('exit', done))
  const isReady = new Promise((done) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      said += chunk
      if (ready.test(said)) done(true)
    })
  })
  const late = new Promise((done) => setTimeout(done, START_MS, false).unref())
  if ((await Promise.race([isReady, end.then(() => false), late])) !== true) {
    child.kill('SIGKILL')
    throw new Error(`${command} did not start; it said:\n${said}`)
  }
  const stop = () => {
    child.kill('SIGTERM')
    return end
  }
  return { pid: child.pid, stop }
}

function bench(binary, url, pid, given, folder) {
  const args = ['bench', '--url', url, '--dialect', 'webrtc-chat', '--server-pid', `${pid}`, '--out', folder, ...given]
  return new Promise((done, failed) => {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (said += chunk))
    child.once('exit', (code) => {
      process.stderr.write(`  ${said.trim().split('\n').findLast((line) => /^(PASS|FAIL|STOPPED)/.test(line)) ?? said}\n`)
      if (code === 130 || code === 2 || code === 3) failed(new Error(`qala bench ended with ${code}`))
      else done({ counts: COUNTS.includes(code), ...JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) })
    })
  })
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const shown = (value, unit) => `${value >= 100 || unit === '' ? value.toFixed(0) : value.toFixed(2)}${unit && ` ${unit}`}`

function print(results) {
  console.log('| median of each | qala | reference peer | qala / peer |\n|---|---|---|---|')
  for (const [name, of, unit] of ROWS) {
    const [qala, peer] = ['qala', 'peer'].map((who) => median(results[who].map(of)))
    const ratio = peer > 0 ? (qala / peer).toFixed(2) : '-'
    console.log(`| ${name} | ${shown(qala, unit)} | ${shown(peer, unit)} | ${ratio} |`)
  }
}

async function main() {
  const given = process.argv.slice(2)
  const rounds = Number(take(given, '--rounds', '3'))
  const peers = resolve(ROOT, take(given, '--peers', '../shared/peers'))
  const binary = resolve(ROOT, take(given, '--binary', 'target/release/qala'))
  const scratch = mkdtempSync(join(tmpdir(), 'qala-compare-'))
  try {
    cpSync(peers, scratch, { recursive: true })
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: scratch, stdio: 'inherit' })
    const servers = {
      qala: (port) => start(binary, ['serve', '--port', `${port}`, '--dialects', 'webrtc-chat', '--demo', 'off', '--log-level', 'warn'], {}, /^ready/m),
      peer: (port) =>
        start('node', ['server.js'], { cwd: scratch, env: { ...process.env, PORT: `${port}`, MODE: 'memory' } }, /pid \d+/),
    }
    const results = { qala: [], peer: [] }
    for (let round = 0; round < rounds; round += 1) {
      // Whoever goes first in one round goes second in the next.
      for (const who of round % 2 ? ['peer', 'qala'] : ['qala', 'peer']) {
        process.stderr.write(`round ${round + 1} of ${rounds}: ${who}\n`)
        const port = await freePort()
        const server = await servers[who](port)
        try {
          results[who].push(await bench(binary, `http://127.0.0.1:${port}`, server.pid, given, join(scratch, `${who}-${round}`)))
        } finally {
          await server.stop()
        }
      }
    }
    print(results)
    const doubtful = Object.values(results).flat().filter((result) => !result.counts).length
    if (doubtful > 0) console.log(`\n${doubtful} of ${2 * rounds} runs did not end well; see above.`)
    process.exitCode = doubtful > 0 ? 1 : 0
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

main().catch((error) => {
  console.error(`error: ${error.message}`)
  process.exitCode = 1
})
