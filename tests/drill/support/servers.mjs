// Real Redis servers for a drill: one, one with a replica and three Sentinels, a Cluster of three with a replica
// each. Every server has a directory of its own and ends with this process.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ask } from './resp.mjs'
import { until } from './time.mjs'

const START_MS = 20_000
/** After so long without an answer a Sentinel, or a Cluster, takes a master for dead. */
export const DOWN_AFTER_MS = 2_000

/** What makes a server bring back everything it has ever acknowledged. */
export const KEEPING = ['--appendonly', 'yes', '--appendfsync', 'always']

const running = new Set()
process.once('exit', () => {
  for (const server of running) server.end()
})

class RedisServer {
  #child
  #directory = mkdtempSync(join(tmpdir(), 'qala-drill-'))

  constructor(port, options) {
    Object.assign(this, { port, options })
  }

  /** Starts it, or starts it again on the same port with what its directory holds. */
  async start() {
    const fixed = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.#directory, '--save', '']
    this.#spawn([...fixed, ...this.options])
    // One that still loads its data answers with an error.
    await until(`redis-server answers on ${this.port}`, START_MS, () => this.ask('PING').then(() => true, () => false))
  }

  async startSentinel(lines) {
    const file = join(this.#directory, 'sentinel.conf')
    writeFileSync(file, [`port ${this.port}`, 'bind 127.0.0.1', `dir ${this.#directory}`, ...lines, ''].join('\n'))
    this.#spawn([file, '--sentinel'])
    await until(`a Sentinel answers on ${this.port}`, START_MS, () => this.ask('PING').then(() => true, () => false))
  }

  ask(...words) {
    return ask(this.port, ...words)
  }

  /** Ends it without a goodbye; its directory stays. */
  async kill() {
    const gone = new Promise((done) => this.#child.once('exit', done))
    this.#child.kill('SIGKILL')
    await gone
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** For good. */
  end() {
    this.#child?.kill('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true })
    running.delete(this)
  }

  #spawn(words) {
    this.#child = spawn('redis-server', words.map(String), { stdio: 'ignore' })
    running.add(this)
  }
}

/** So many ports that nothing listens on, nor on those that Cluster nodes add to them. They lie below the range
 * from which connections get theirs, so that none of those takes one away while a server is down. */
async function freePorts(count) {
  const ports = []
  for (let port = 12_000 + (process.pid % 4_000) * 2; ports.length < count; port += 1) {
    if (!taken.has(port) && (await isFree(port)) && (await isFree(port + 10_000))) ports.push(port)
    taken.add(port)
    if (port > 22_000) throw new Error('no port is free')
  }
  return ports
}

const taken = new Set()

function isFree(port) {
  const server = net.createServer()
  return new Promise((done) => {
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}

const rolesOf = (servers) =>
  Promise.all(servers.filter((server) => server.isRunning).map(async (server) => [server, (await server.ask('ROLE'))[0]]))

async function mastersOf(servers) {
  return (await rolesOf(servers)).filter(([, role]) => role === 'master').map(([server]) => server)
}

/** `{url, servers, masters(), end()}`: one server with these options. */
export async function single(...options) {
  const server = new RedisServer((await freePorts(1))[0], options)
  await server.start()
  return {
    url: `redis://127.0.0.1:${server.port}`,
    servers: [server],
    masters: async () => [server],
    end: () => server.end(),
  }
}

/** A master, a replica and three Sentinels that watch them. */
export async function watched() {
  const [first, second, ...rest] = await freePorts(5)
  const master = new RedisServer(first, [])
  await master.start()
  const replica = new RedisServer(second, ['--replicaof', '127.0.0.1', first])
  await replica.start()
  const following = async () => (await replica.ask('INFO', 'replication')).includes('master_link_status:up')
  await until('the replica follows', START_MS, following)
  const sentinels = rest.map((port) => new RedisServer(port, []))
  for (const sentinel of sentinels) {
    await sentinel.startSentinel([
      `sentinel monitor main 127.0.0.1 ${first} 2`,
      `sentinel down-after-milliseconds main ${DOWN_AFTER_MS}`,
      'sentinel failover-timeout main 10000',
    ])
  }
  for (const sentinel of sentinels) {
    const knows = async () => /status=ok.*slaves=1,sentinels=3/.test(await sentinel.ask('INFO', 'sentinel'))
    await until('the Sentinels know each other and the replica', START_MS, knows)
  }
  const servers = [master, replica]
  return {
    url: `redis+sentinel://${rest.map((port) => `127.0.0.1:${port}`).join(',')}/main`,
    servers,
    masters: () => mastersOf(servers),
    end: () => [...servers, ...sentinels].forEach((server) => server.end()),
  }
}

/** Three masters that share the slots, and a replica of each. */
export async function cluster() {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', DOWN_AFTER_MS, '--repl-diskless-sync-delay', '0']
  const servers = (await freePorts(6)).map((port) => new RedisServer(port, options))
  for (const server of servers) await server.start()
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`)
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-replicas', '1', '--cluster-yes'])
  for (const server of servers) {
    await until('the Cluster stands', START_MS, async () => (await server.ask('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    const replicates = async () => !(await server.ask('INFO', 'replication')).includes('master_link_status:down')
    await until('the replicas follow', START_MS, replicates)
  }
  return {
    url: `redis+cluster://${hosts.join(',')}`,
    servers,
    masters: () => mastersOf(servers),
    end: () => servers.forEach((server) => server.end()),
  }
}

/** The one of these masters that keeps the slot of `key`. */
export async function masterOf(masters, key) {
  for (const master of masters) {
    try {
      await master.ask('TYPE', key)
      return master
    } catch (error) {
      if (!/^MOVED/.test(error.message)) throw error
    }
  }
  throw new Error(`nobody keeps ${key}`)
}
