// What an attacker writes by hand: HTTP heads byte by byte, WebSocket frames as no library would send them, and a look
// at what the server's process holds meanwhile.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import net from 'node:net'
import { bounded } from './server.mjs'

const WAIT_MS = 10_000
/** What the process may hold more than before, whatever one connection sends. */
const MORE_KB = 32 * 1024

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': KEY }

/** A TCP connection that remembers everything it heard. */
export class Wire {
  heard = Buffer.alloc(0)
  #waiting = new Set()

  constructor(t, server) {
    this.socket = net.connect(server.port, '127.0.0.1')
    t.after(() => this.socket.destroy())
    this.socket.on('error', () => {})
    this.ended = new Promise((done) => this.socket.once('close', done))
    this.socket.on('data', (bytes) => {
      this.heard = Buffer.concat([this.heard, bytes])
      for (const check of [...this.#waiting]) check()
    })
  }

  get text() {
    return this.heard.toString('latin1')
  }

  /** Writes as fast as the server reads; `false` when it has closed. */
  async write(bytes) {
    if (this.socket.destroyed || !this.socket.writable) return false
    if (this.socket.write(bytes)) return true
    const drained = new Promise((done) => this.socket.once('drain', () => done(true)))
    return bounded(Promise.race([drained, this.ended.then(() => false)]), WAIT_MS, () => 'the server neither reads nor closes')
  }

  /** Waits until the server has said this, or closed. */
  async says(part) {
    const said = new Promise((done) => {
      const check = () => {
        if (!this.text.includes(part)) return
        this.#waiting.delete(check)
        done(true)
      }
      this.#waiting.add(check)
      check()
    })
    return bounded(Promise.race([said, this.ended.then(() => this.text.includes(part))]), WAIT_MS, () => `not ${part}: ${this.text}`)
  }

  /** Waits for an answer of any kind, or the end. */
  async answered() {
    if (await this.says('\r\n\r\n')) return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1])
    return undefined
  }

  closed() {
    return bounded(this.ended, WAIT_MS, () => `the server keeps the connection: ${this.text.slice(0, 500)}`)
  }
}

/** A request's head. */
export function head(target, headers = {}, method = 'GET') {
  const lines = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Asks for a WebSocket; the query and the headers may be anything. */
export async function upgrade(t, server, { query = 'EIO=4&transport=websocket', headers = {} } = {}) {
  const wire = new Wire(t, server)
  await wire.write(head(`/socket.io/?${query}`, { ...UPGRADE, ...headers }))
  return wire
}

/** A WebSocket on which the namespace was entered. */
export async function entered(t, server, auth = {}) {
  const wire = await upgrade(t, server)
  await wire.says('0{"sid"')
  await wire.write(frame(`40${JSON.stringify(auth)}`))
  await wire.says('40{"sid"')
  return wire
}

/** A frame, text unless it is a buffer; every bit of its head can be set. */
export function frame(data, { opcode, fin = true, rsv = 0, masked = true } = {}) {
  const payload = Buffer.from(data)
  const long = payload.length > 65_535 ? 8 : payload.length > 125 ? 2 : 0
  const header = Buffer.alloc(2 + long)
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | (opcode ?? (Buffer.isBuffer(data) ? 2 : 1))
  header[1] = (masked ? 0x80 : 0) | (long === 8 ? 127 : long === 2 ? 126 : payload.length)
  if (long === 2) header.writeUInt16BE(payload.length, 2)
  if (long === 8) header.writeBigUInt64BE(BigInt(payload.length), 2)
  if (!masked) return Buffer.concat([header, payload])
  const mask = randomBytes(4)
  for (let n = 0; n < payload.length; n += 1) payload[n] ^= mask[n % 4]
  return Buffer.concat([header, mask, payload])
}

/** The session id of a fresh session that polls. */
export async function pollingSession(server) {
  const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)
  return JSON.parse((await response.text()).slice(1)).sid
}

/** A POST of the polling transport with any body: its status, or `undefined` where the server closed. */
export async function post(server, sid, body, headers = {}) {
  const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
    method: 'POST', body, headers, duplex: 'half', signal: AbortSignal.timeout(WAIT_MS),
  }).catch((error) => {
    assert.notEqual(error.name, 'TimeoutError', 'the request stays without an answer')
    return undefined
  })
  await response?.arrayBuffer()
  return response?.status
}

const residentKb = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
export const threads = (server) => readdirSync(`/proc/${server.pid}/task`).length

/** Does it, and fails if the server's process holds much more at any time. */
export async function holdsNoMore(server, attack) {
  const before = residentKb(server.pid)
  let most = before
  const look = setInterval(() => { most = Math.max(most, residentKb(server.pid)) }, 20)
  try {
    await attack()
  } finally {
    clearInterval(look)
  }
  most = Math.max(most, residentKb(server.pid))
  assert.ok(most - before <= MORE_KB, `${most - before} kB more than before, at most ${MORE_KB}`)
}
