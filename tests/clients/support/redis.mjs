// A real redis-server for a group of tests: on a free port, nothing on disk, ended with the test process.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { after, before } from 'node:test'
import { bounded, Server } from './server.mjs'

const START_MS = 5_000

export class Redis {
  port = 0
  #child

  get url() {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts, or starts again on the same port, without anything it held. */
  async start() {
    this.port ||= await freePort()
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    const child = spawn('redis-server', options, { cwd: tmpdir(), stdio: 'ignore' })
    this.#child = child
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
    const until = performance.now() + START_MS
    while ((await this.ask('PING').catch(() => '')) !== 'PONG') {
      assert.ok(performance.now() < until, 'redis-server does not answer (scripts/setup installs it)')
      await new Promise((done) => setTimeout(done, 5))
    }
  }

  /** Ends it without a goodbye: everything it held is gone. */
  async kill() {
    const gone = new Promise((done) => this.#child.once('exit', done))
    this.#child.kill('SIGKILL')
    await gone
  }

  finish() {
    this.#child?.kill('SIGKILL')
  }

  /** The answer to a command of a few words, as text: one that is a single line or a bulk of several. */
  ask(command) {
    const socket = net.connect(this.port, '127.0.0.1')
    const answer = new Promise((done, failed) => {
      let text = ''
      socket.once('error', failed)
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
        const bulk = /^\$(-?\d+)\r\n/.exec(text)
        if (bulk && Buffer.byteLength(text) >= bulk[0].length + Number(bulk[1]) + 2) done(text.slice(bulk[0].length).trim())
        if (!bulk && /^[+:-].*\r\n/.test(text)) done(text.slice(1).trim())
      })
      socket.write(`${command}\r\n`)
    })
    return bounded(answer, 2_000, () => `no answer to ${command}`).finally(() => socket.destroy())
  }

  /** Everything that clients ask for while `work` is done, in order: `['EVALSHA', hash, '2', 'key', ...]` each.
   * What scripts do inside is no request and is left out. */
  async requestsDuring(work) {
    const socket = net.connect(this.port, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    socket.write('MONITOR\r\n')
    const seen = async (what) => {
      while (!text.includes(what)) await new Promise((done) => setTimeout(done, 5))
    }
    try {
      await bounded(seen('+OK'), 2_000, () => 'no monitor')
      await work()
      // What was asked before this comes before it.
      const mark = `mark-${performance.now()}`
      await this.ask(`ECHO ${mark}`)
      await bounded(seen(mark), 2_000, () => 'the monitor stopped')
    } finally {
      socket.destroy()
    }
    const asked = text.split('\r\n').filter((line) => /^\+[\d.]+ \[\d+ (?!lua\])/.test(line) && !/"(ECHO|PING)"/i.test(line))
    return asked.map((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word))
  }
}

/** A port that nobody listens on. */
export async function freePort() {
  const server = net.createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

/** A Redis and `count` nodes that share it, for the surrounding `describe`: `{redis, nodes}`. */
export function nodesFor(count, ...flags) {
  const redis = new Redis()
  const nodes = Array.from({ length: count }, () => new Server())
  before(async () => {
    await redis.start()
    for (const node of nodes) {
      node.flags = ['--redis-url', redis.url, ...flags]
      await node.start()
    }
  })
  after(async () => {
    try {
      for (const node of nodes) await node.finish()
    } finally {
      redis.finish()
    }
  })
  return { redis, nodes }
}
