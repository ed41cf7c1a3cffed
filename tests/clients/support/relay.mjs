// A real TURN server: coturn, with the secret that it shares with qala.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listens } from './balancer.mjs'
import { freePort } from './redis-servers.mjs'

const START_MS = 10_000

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

export class Relay {
  output = ''
  port = 0
  #folder
  #child

  constructor(secret) {
    this.secret = secret
  }

  get url() {
    return `turn:127.0.0.1:${this.port}?transport=udp`
  }

  async start() {
    this.port = await freePort()
    this.#folder = mkdtempSync(join(tmpdir(), 'qala-relay-'))
    const options = [
      '-n', '--no-cli', '--no-tls', '--no-dtls', '--listening-ip=127.0.0.1', `--listening-port=${this.port}`,
      '--relay-ip=127.0.0.1', '--allow-loopback-peers', '--use-auth-secret', `--static-auth-secret=${this.secret}`,
      '--realm=qala.test', '--log-file=stdout', `--pidfile=${join(this.#folder, 'pid')}`,
      `--userdb=${join(this.#folder, 'users')}`,
    ]
    const child = spawn('turnserver', options, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
    child.once('error', (error) => (this.output += error))
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.output += chunk))
    const until = performance.now() + START_MS
    while (!(await listens(this.port))) {
      if (performance.now() > until) throw new Error(`no relay (scripts/setup installs coturn); it said:\n${this.output}`)
      await pause(20)
    }
  }

  async finish() {
    if (this.#child?.pid && this.#child.exitCode === null) {
      const gone = new Promise((done) => this.#child.once('exit', done))
      this.#child.kill('SIGKILL')
      await gone
    }
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true })
  }
}
