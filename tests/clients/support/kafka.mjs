// A broker that speaks Kafka's protocol (librdkafka's own, tests/kafka/broker.py) behind an address that stays: what
// is told comes out as it came in, checked against the schema.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bounded } from './server.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const PYTHON = join(ROOT, 'tests/kafka/.venv/bin/python')
const SCHEMA = join(ROOT, 'docs/events.v1.schema.json')
const START_MS = 20_000
/** The topic that the existing systems write to. */
const TOPIC = 'webrtc-events'

export class Broker {
  /** Every message so far, of all brokers that were here: `{key, value, partition, faults}`. */
  messages = []
  #door
  #port
  #child

  /** `host:port`, the same also after a restart. */
  get address() {
    return `127.0.0.1:${this.#door.address().port}`
  }

  /** Starts a broker, or another in the place of the one that was killed. */
  async start() {
    this.#door ??= await this.#open()
    assert.ok(existsSync(PYTHON), `no ${PYTHON}: scripts/setup makes it`)
    const words = [join(ROOT, 'tests/kafka/broker.py'), TOPIC, SCHEMA]
    const child = spawn(PYTHON, words, { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#child = child
    const ready = new Promise((done, failed) => {
      child.once('exit', (code) => failed(new Error(`the broker ended with ${code}`)))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = JSON.parse(line)
        if (said.port === undefined) return this.messages.push(said)
        this.#port = said.port
        done()
      })
    })
    ready.catch(() => {})
    await bounded(ready, START_MS, () => 'the broker is not ready')
  }

  /** Ends it without a goodbye; what it held is gone. */
  async kill() {
    const child = this.#child
    if (!child) return
    this.#child = this.#port = undefined
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    await ended
  }

  async finish() {
    await this.kill()
    this.#door?.close()
  }

  /** The address that stays: clients ask there for the broker, and are told where it is now. */
  #open() {
    const door = net.createServer((client) => {
      client.on('error', () => {})
      if (this.#port === undefined) return client.destroy()
      const broker = net.connect(this.#port, '127.0.0.1')
      broker.on('error', () => client.destroy())
      client.on('close', () => broker.destroy())
      client.pipe(broker).pipe(client)
    })
    return new Promise((done) => door.listen(0, '127.0.0.1', () => done(door)))
  }
}
