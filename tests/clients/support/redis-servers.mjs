// Real Redis servers: one, a master with a replica and three Sentinels, a Cluster of three. On ports that are
// free on loopback, from the distribution's redis-server, nothing of them left when they or this process end.
//
// A shell stands between this process and each server and waits for its own input to end: so a server ends with
// this process, however that ends, and its directory goes with it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bounded } from './server.mjs'

/** Ends the server of process `$!` once nobody is there any more, and what it wrote unless told to keep it. */
const HOLD = 'dir=$1; shift; "$@" >"$dir/log" 2>&1 & cat >"$dir/input"; kill -9 $!; wait; [ -s "$dir/input" ] || rm -rf "$dir"'
const START_MS = 20_000
const ANSWER_MS = 2_000
const LOOK_AGAIN_MS = 10
/** What every server of these tests is told: nothing on disk unless its own options say otherwise, and a replica
 * is served at once, not after others may have come. */
const USUAL = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']
const SLOTS = 16_384
/** A Cluster node listens on a second port, so much above its first. */
const BUS = 10_000
/** Below the range that the system gives out for connections, so that none of those takes a port away. Test files run
 * beside each other, in processes of neighbouring numbers: each begins so far from the others that they do not meet. */
const PORTS = { first: 12_000 + ((process.pid * 97) % 8_000), last: 22_000 }
let nextPort = PORTS.first

/** A server that can be ended and started again where it was. */
export class RedisServer {
  port = 0
  #directory
  #shell
  #ended

  /** `options`: those of redis-server besides the usual ones, `['--appendonly', 'yes']`. */
  constructor(options = []) {
    this.options = options
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts, or starts again on the same port: with what it kept, if it was killed so that it keeps something. */
  async start() {
    this.port ||= await freePort()
    this.#directory ??= mkdtempSync(join(tmpdir(), 'qala-redis-'))
    const words = ['redis-server', ...this.arguments(this.#directory)]
    const shell = spawn('sh', ['-c', HOLD, 'redis', this.#directory, ...words], { stdio: ['pipe', 'ignore', 'ignore'] })
    shell.stdin.on('error', () => {})
    this.#shell = shell
    this.#ended = new Promise((done) => shell.once('exit', done))
    // Neither may keep a process that has nothing else to do.
    shell.unref()
    shell.stdin.unref?.()
    await until('redis-server answers (scripts/setup installs it)', async () => (await this.ask('PING')) === 'PONG')
    return this
  }

  /** What redis-server is called with; `directory` is its own. */
  arguments(directory) {
    return ['--port', String(this.port), '--dir', directory, ...USUAL, ...this.options]
  }

  /** Ends it without a goodbye: everything that it held is gone, or, with `keep`, what it wrote is there for the
   * next start. */
  async kill({ keep = false } = {}) {
    const shell = this.#shell
    if (!shell) return
    this.#shell = undefined
    shell.ref()
    shell.stdin.end(keep ? 'keep\n' : '')
    await this.#ended
    if (!keep) this.#directory = undefined
  }

  /** Ends it if it runs, and what it kept. */
  async finish() {
    await this.kill()
    if (this.#directory) rmSync(this.#directory, { recursive: true, force: true })
    this.#directory = undefined
  }

  /** The server's own process, for signals. */
  async pid() {
    return Number(/process_id:(\d+)/.exec(await this.ask('INFO server'))[1])
  }

  /** The answer to a command of a few words, as text: one that is a single line or a bulk of several. An error is
   * thrown. */
  ask(command) {
    const socket = net.connect(this.port, '127.0.0.1')
    const answer = new Promise((done, failed) => {
      let text = ''
      socket.once('error', failed)
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
        const bulk = /^\$(-?\d+)\r\n/.exec(text)
        if (bulk && Buffer.byteLength(text) >= bulk[0].length + Number(bulk[1]) + 2) done(text.slice(bulk[0].length).trim())
        if (/^[+:].*\r\n/.test(text)) done(text.slice(1).trim())
        if (/^-.*\r\n/.test(text)) failed(new Error(text.slice(1).trim()))
      })
      socket.write(`${command}\r\n`)
    })
    return bounded(answer, ANSWER_MS, () => `no answer to ${command}`).finally(() => socket.destroy())
  }
}

/** A Sentinel: a redis-server with a file that it rewrites itself. */
class Sentinel extends RedisServer {
  constructor(master) {
    super()
    this.master = master
  }

  arguments(directory) {
    const file = join(directory, 'sentinel.conf')
    const lines = [
      `port ${this.port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor main 127.0.0.1 ${this.master.port} 2`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 2000',
    ]
    // Started again, it goes on with what it knows.
    if (!existsSync(file)) writeFileSync(file, `${lines.join('\n')}\n`)
    return [file, '--sentinel']
  }
}

/** Servers that belong together, and the URL by which qala finds them. */
class Servers {
  /** `masters`: those that hold data when all is well. */
  constructor(url, servers, masters) {
    Object.assign(this, { url, servers, masters })
  }

  /** Forgets everything, everywhere. */
  async flush() {
    await Promise.all(this.masters.map((master) => master.ask('FLUSHALL')))
  }

  /** Ends all of them. */
  async finish() {
    await Promise.all(this.servers.map((server) => server.finish()))
  }
}

/** One server. */
export async function single(options) {
  const server = await new RedisServer(options).start()
  return new Servers(server.url, [server], [server])
}

/** `servers`: a master, a replica, three Sentinels. */
export async function sentinel(options) {
  const master = await new RedisServer(options).start()
  const replica = await new RedisServer([...(options ?? []), '--replicaof', '127.0.0.1', String(master.port)]).start()
  await follows(replica)
  const sentinels = await Promise.all([1, 2, 3].map(() => new Sentinel(master).start()))
  for (const one of sentinels) {
    await until('the Sentinels know each other and the replica', async () =>
      /status=ok.*slaves=1,sentinels=3/.test(await one.ask('INFO sentinel')))
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return new Servers(`redis+sentinel://${hosts}/main`, [master, replica, ...sentinels], [master])
}

/** `servers`: three masters that share the slots, then, where asked for, a replica of each. */
export async function cluster(options = [], { replicas = false } = {}) {
  const all = [...options, '--cluster-enabled', 'yes', '--cluster-node-timeout', '1000']
  const servers = await Promise.all(Array.from({ length: replicas ? 6 : 3 }, () => new RedisServer(all).start()))
  const masters = servers.slice(0, 3)
  const border = (index) => Math.floor((SLOTS * index) / masters.length)
  for (const [index, master] of masters.entries()) {
    const slots = Array.from({ length: border(index + 1) - border(index) }, (_, n) => border(index) + n)
    await master.ask(`CLUSTER ADDSLOTS ${slots.join(' ')}`)
  }
  for (const [index, server] of servers.entries()) await server.ask(`CLUSTER SET-CONFIG-EPOCH ${index + 1}`)
  for (const server of servers.slice(1)) await server.ask(`CLUSTER MEET 127.0.0.1 ${servers[0].port}`)
  const stands = async (server) =>
    new RegExp(`cluster_state:ok[^]*cluster_known_nodes:${servers.length}`).test(await server.ask('CLUSTER INFO'))
  for (const server of servers) await until('the Cluster stands', () => stands(server))
  const following = servers.slice(3).map(async (replica, index) => {
    await replica.ask(`CLUSTER REPLICATE ${await masters[index].ask('CLUSTER MYID')}`)
    await follows(replica)
  })
  await Promise.all(following)
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return new Servers(`redis+cluster://${hosts}`, servers, masters)
}

function follows(replica) {
  return until('the replica follows', async () => (await replica.ask('INFO replication')).includes('master_link_status:up'))
}

/** Waits for something that takes a moment; what fails meanwhile has not come yet. */
export async function until(what, come) {
  const began = performance.now()
  while (!(await come().catch(() => false))) {
    assert.ok(performance.now() - began < START_MS, `not within ${START_MS} ms: ${what}`)
    await new Promise((done) => setTimeout(done, LOOK_AGAIN_MS))
  }
}

/** A port that nothing listens on, nor on the one that a Cluster node adds to it. */
export async function freePort() {
  for (; nextPort < PORTS.last; ) {
    const port = nextPort++
    if ((await isFree(port)) && (await isFree(port + BUS))) return port
  }
  assert.fail('no port is free')
}

function isFree(port) {
  const server = net.createServer()
  return new Promise((done) => {
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}
