// A broker that speaks Kafka's protocol (librdkafka's own, tests/kafka/broker.py) behind an address that stays, and
// that can be closed: what is told comes out as it came in, checked against the schema.
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
const HOST = '127.0.0.1'
/** The topic that the existing systems write to. */
const TOPIC = 'webrtc-events'

export class Broker {
  /** Every message so far, of all brokers that were here: `{key, value, partition, faults}`. */
  messages = []
  #door
  #port
  #child
  #closed = false
  #inside = new Set()
  #words

  /** `checked`: whether each message is held against the schema, which takes longer than all the rest. */
  constructor({ checked = true } = {}) {
    this.#words = [join(ROOT, 'tests/kafka/broker.py'), TOPIC, ...(checked ? [SCHEMA] : [])]
  }

  /** `host:port`, the same also after a restart. */
  get address() {
    return `${HOST}:${this.#door.address().port}`
  }

  /** Nobody reaches it any more; what it holds stays, as with one that is stopped for a while. */
  close() {
    this.#closed = true
    for (const client of this.#inside) client.destroy()
  }

  /** Whoever comes now reaches it again. */
  reopen() {
    this.#closed = false
  }

  /** Starts a broker, or another in the place of the one that was killed. */
  async start() {
    this.#door ??= await this.#open()
    assert.ok(existsSync(PYTHON), `no ${PYTHON}: scripts/setup makes it`)
    const child = spawn(PYTHON, this.#words, { stdio: ['pipe', 'pipe', 'ignore'] })
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

  /** The address that stays. A broker tells clients its own address: they are told that of the door in its place. */
  #open() {
    const door = net.createServer((client) => {
      client.on('error', () => {})
      if (this.#port === undefined || this.#closed) return client.destroy()
      const [own, shown] = [this.#port, door.address().port].map(place)
      const broker = net.connect(this.#port, HOST)
      broker.on('error', () => {})
      broker.on('close', () => client.destroy())
      broker.on('data', (answer) => client.write(replaced(answer, own, shown)))
      this.#inside.add(client)
      client.on('close', () => {
        this.#inside.delete(client)
        broker.destroy()
      })
      client.pipe(broker)
    })
    return new Promise((done) => door.listen(0, HOST, () => done(door)))
  }
}

/** A broker's address as it stands in an answer: its name, then its port. */
function place(port) {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(port)
  return Buffer.concat([Buffer.from(HOST), number])
}

/** The bytes with one piece in place of another of the same length. */
function replaced(bytes, piece, other) {
  for (let at = bytes.indexOf(piece); at >= 0; at = bytes.indexOf(piece, at + other.length)) other.copy(bytes, at)
  return bytes
}
