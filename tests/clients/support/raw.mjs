// A WebSocket, a TCP socket or a bare HTTP request: what no well-behaved client would send.
import net from 'node:net'
import WebSocket from 'ws'
import { bounded } from './server.mjs'

const WAIT_MS = 10_000

export class Raw {
  /** Text frames received so far. */
  texts = []
  #waiting = new Set()

  constructor(server) {
    this.ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    this.opened = new Promise((done, failed) => this.ws.once('open', done).once('error', failed))
    this.ended = new Promise((done) => this.ws.once('close', (code) => done(code)))
    this.opened.catch(() => {})
    this.ws.on('error', () => {})
    this.ws.on('message', (data) => {
      const text = data.toString()
      if (text === '2') return this.send('3')
      this.texts.push(text)
      for (const check of [...this.#waiting]) check()
    })
  }

  /** A frame as it is, text unless it is a buffer. */
  send(data, options) {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(data, options, () => {})
  }

  /** The first text frame, past or future, that begins like this. */
  text(prefix) {
    const found = new Promise((done) => {
      const check = () => {
        const text = this.texts.find((t) => t.startsWith(prefix))
        if (text === undefined) return
        this.#waiting.delete(check)
        done(text)
      }
      this.#waiting.add(check)
      check()
    })
    return bounded(found, WAIT_MS, () => `no frame ${prefix}...; received: ${this.texts.join(' | ')}`)
  }

  /** The close code. */
  closed() {
    return bounded(this.ended, WAIT_MS, () => `the server keeps the connection; received: ${this.texts.join(' | ')}`)
  }

  close() {
    this.ws.terminate()
  }
}

/** An open WebSocket on which Engine.IO has said hello, but no namespace was entered. */
export async function rawOpen(t, server) {
  const raw = new Raw(server)
  t.after(() => raw.close())
  await bounded(raw.opened, WAIT_MS, () => 'the WebSocket did not open')
  await raw.text('0{')
  return raw
}

/** The same, after CONNECT was answered. */
export async function rawConnected(t, server, auth = {}) {
  const raw = await rawOpen(t, server)
  raw.send(`40${JSON.stringify(auth)}`)
  await raw.text('40{')
  return raw
}

/** Opens a TCP connection, writes the bytes and leaves it standing until the test ends. */
export async function tcp(t, server, bytes) {
  const socket = net.connect(server.port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await bounded(new Promise((done) => socket.once('connect', done)), WAIT_MS, () => 'no TCP connection')
  if (bytes) socket.write(bytes)
  return socket
}

/** One request of the polling transport: `{status, text}`. */
export async function polling(server, method, query, body) {
  const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling${query}`, {
    method,
    body,
    headers: body === undefined ? {} : { 'content-type': 'text/plain;charset=UTF-8' },
    signal: AbortSignal.timeout(WAIT_MS),
  })
  return { status: response.status, text: await response.text() }
}
