// HAProxy as users get it: deploy/haproxy.cfg, with the addresses of this test, on free ports. Beside it only a
// socket to read its counters from.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before } from 'node:test'
import { freePort } from './redis-servers.mjs'
import { bounded } from './server.mjs'

export const DEV = resolve(fileURLToPath(import.meta.url), '../../../../scripts/dev')
const START_MS = 5_000
/** Debian keeps haproxy where only root looks. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** Whether somebody accepts connections there. */
export function listens(port) {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => done(true)).once('error', () => done(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** The first of so many ports in a row that are free, below those that the system gives to outgoing connections. */
export async function freePorts(count) {
  const isFree = (port) => new Promise((done) => {
    const server = net.createServer().once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
  for (let first = 20_000; first + count <= 32_000; first += count) {
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
  return assert.fail(`no ${count} free ports in a row`)
}

export class Balancer {
  output = ''
  port = 0
  #folder
  #child

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  /** Starts it in front of these nodes. */
  async start(nodes) {
    this.port = await freePort()
    const ports = [this.port, await freePort(), ...nodes.map((node) => node.port)]
    const addresses = ports.map((port) => `127.0.0.1:${port}`)
    this.#folder = mkdtempSync(join(tmpdir(), 'qala-balancer-'))
    const file = (name, text) => {
      writeFileSync(join(this.#folder, name), text)
      return ['-f', join(this.#folder, name)]
    }
    const files = [
      ...file('haproxy.cfg', execFileSync(DEV, ['balancer', ...addresses])),
      ...file('counters.cfg', `global\n    stats socket ${this.#socket}\n`),
    ]
    const child = spawn('haproxy', ['-W', '-db', ...files], { env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    // Its workers end with it.
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
    child.once('error', (error) => (this.output += error))
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.output += chunk))
    const until = performance.now() + START_MS
    while (!(await listens(this.port))) {
      assert.ok(performance.now() < until, `haproxy does not answer (scripts/setup installs it):\n${this.output}`)
      await pause(10)
    }
  }

  async finish() {
    if (this.#child?.pid && this.#child.exitCode === null) {
      const gone = new Promise((done) => this.#child.once('exit', done))
      this.#child.kill('SIGTERM')
      await bounded(gone, START_MS, () => `haproxy was told to stop and still runs:\n${this.output}`)
    }
    if (this.#folder) rmSync(this.#folder, { recursive: true })
  }

  /** Whether it has looked for others to learn from. Only then does it teach the one that follows on a reload. */
  async knowsItsPeers() {
    const [, flags] = /id=balancers .*flags=0x([0-9a-f]+)/.exec(await this.ask('show peers'))
    const [resyncLocal, resyncRemote] = [1, 2]
    return (parseInt(flags, 16) & (resyncLocal | resyncRemote)) === (resyncLocal | resyncRemote)
  }

  /** Has it read its files anew: a new worker listens, the old one serves its WebSockets. */
  async reload() {
    const worker = async () => /^Pid: (\d+)$/m.exec(await this.ask('show info').catch(() => ''))?.[1]
    const before = await worker()
    this.#child.kill('SIGUSR2')
    const until = performance.now() + START_MS
    for (let now = before; now === undefined || now === before; now = await worker()) {
      assert.ok(performance.now() < until, `no new worker:\n${this.output}`)
      await pause(20)
    }
  }

  /** What `show stat` counts of the backend as a whole, or of one server: `{status, wredis, scur, ...}`. */
  async counters(server = 'BACKEND') {
    const csv = (await this.ask('show stat')).replace('# ', '').trim()
    const [head, ...lines] = csv.split('\n').map((line) => line.split(','))
    const line = lines.find(([proxy, name]) => proxy === 'nodes' && name === server)
    const value = (text) => (/^\d+$/.test(text) ? Number(text) : text)
    return Object.fromEntries(head.map((name, index) => [name, value(line[index])]))
  }

  /** The answer to a command of its socket. */
  ask(command) {
    const socket = net.connect(this.#socket)
    const answer = new Promise((done, failed) => {
      let text = ''
      socket.setEncoding('utf8').once('error', failed).once('end', () => done(text))
      socket.on('data', (chunk) => (text += chunk))
      socket.write(`${command}\n`)
    })
    return bounded(answer, START_MS, () => `no answer to ${command}`).finally(() => socket.destroy())
  }

  get #socket() {
    return join(this.#folder, 'haproxy.sock')
  }
}

/** A balancer in front of nodes that were started before, for the surrounding `describe`. */
export function balancerFor(nodes) {
  const balancer = new Balancer()
  before(() => balancer.start(nodes))
  after(() => balancer.finish())
  return balancer
}
