// A real Redis for a group of tests, and the nodes that share it.
import net from 'node:net'
import { after, before } from 'node:test'
import { RedisServer } from './redis-servers.mjs'
import { bounded, Server } from './server.mjs'

/** A Redis that says what it was asked. */
class Redis extends RedisServer {
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
      await redis.finish()
    }
  })
  return { redis, nodes }
}
