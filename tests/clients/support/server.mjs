// Starts the real `qala serve` for one group of tests and stops exactly that process again.
//
// Which binary: QALA_BIN, else <CARGO_TARGET_DIR or ../../target>/debug/qala. Nothing of the caller's
// environment reaches the server but PATH and HOME: a PORT or JWT_SECRET set outside must not change a test.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before } from 'node:test'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const START_MS = 15_000
const STOP_MS = 20_000

const outside = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal)
/** This machine's address that is not loopback: whoever comes over it has the limits of an address. `undefined` where
 * it has none, and `NO_OUTSIDE` says so to the tests that need it. */
export const OUTSIDE = outside?.address
export const NO_OUTSIDE = { skip: outside ? false : 'this machine has no address besides loopback' }

/** How long one test may take before it counts as failed: most of them, and those with crowds or a browser. */
export const LIMIT = { timeout: 30_000 }
export const LONG = { timeout: 120_000 }

/** No limits per minute: for groups that are not about the limits. */
export const NO_LIMITS = ['matching', 'chat', 'signaling'].flatMap((scope) => [`--${scope}-events-per-minute`, '0'])
/** The times that tests shorten, in seconds. */
export const acceptTimeout = (seconds) => ['--accept-timeout', String(seconds)]
export const shutdownTimeout = (seconds) => ['--shutdown-timeout', String(seconds)]
export const grace = (seconds) => ['--grace-seconds', String(seconds)]
export const stages = (...seconds) => ['--stage-seconds', seconds.join(',')]

/** Where the binary under test lies, with a sentence for whoever has not built it yet. */
export function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target')
  const path = process.env.QALA_BIN ?? join(resolve(ROOT, target), 'debug', 'qala')
  assert.ok(existsSync(path), `no binary at ${path}: run \`cargo build\` or set QALA_BIN`)
  return path
}

/** A server for the surrounding `describe`: running before its first test, gone after its last. */
export function serverFor(...flags) {
  const server = new Server(flags)
  before(() => server.start())
  after(() => server.finish())
  return server
}

export class Server {
  output = ''
  port = 0
  #child
  #exit

  constructor(flags = []) {
    this.flags = flags
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  get pid() {
    return this.#child.pid
  }

  async start() {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, RUST_BACKTRACE: '1' }
    const port = this.flags.includes('--port') ? [] : ['--port', '0']
    const child = spawn(binary(), ['serve', ...port, ...this.flags], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    // A test process that ends early must not leave its server behind.
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    this.#exit = new Promise((done, failed) => {
      child.once('error', failed)
      child.once('exit', (code, signal) => {
        process.removeListener('exit', kill)
        done({ code, signal })
      })
    })
    const ready = new Promise((done) => {
      const read = (chunk) => {
        this.output += chunk
        this.port ||= Number(/(?:https?|wss?):\/\/[^\s/:]+:(\d+)/.exec(this.output)?.[1] ?? 0)
        if (this.port && /^ready\b/m.test(this.output)) done()
      }
      child.stdout.setEncoding('utf8').on('data', read)
      child.stderr.setEncoding('utf8').on('data', read)
    })
    const died = this.#exit.then(({ code, signal }) => {
      throw new Error(`server ended before it was ready (code ${code}, signal ${signal}):\n${this.output}`)
    })
    died.catch(() => {})
    try {
      await bounded(Promise.race([ready, died]), START_MS, () => `server not ready; it said:\n${this.output}`)
    } catch (error) {
      kill()
      throw error
    }
  }

  /** Sends the signal and waits for the end; `{code, signal, ms}`. */
  async stop(signal = 'SIGTERM') {
    const began = performance.now()
    this.#child.kill(signal)
    const end = await this.exit()
    return { ...end, ms: performance.now() - began }
  }

  /** The end of the process, however it comes. */
  exit() {
    return bounded(this.#exit, STOP_MS, () => `the server was told to stop and still runs:\n${this.output}`)
  }

  /** Stops the server if it still runs; it must have lived until here and go with exit code 0. */
  async finish() {
    if (!this.#child?.pid) return
    try {
      const early = this.#child.exitCode !== null || this.#child.signalCode !== null
      const { code, signal } = await (early ? this.exit() : this.stop())
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, `the server did not end well:\n${this.output}`)
      assert.doesNotMatch(this.output, /panicked at/, 'something panicked inside the server')
    } finally {
      this.#child.kill('SIGKILL')
    }
  }

  /** `GET path`: status, headers and the body's text and, where it is JSON, its value. */
  async get(path) {
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(5_000) })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return { status: response.status, type, text, json: type.includes('json') ? JSON.parse(text) : undefined }
  }

  /** What health counted under that name since the start. */
  async counter(name) {
    const { json } = await this.get('/health')
    return json.counters[name]
  }

  /** Fails unless the server still answers. */
  async assertAlive() {
    assert.equal(this.#child.exitCode, null, `the server ended:\n${this.output}`)
    assert.equal((await this.get('/health')).status, 200)
  }
}

/** `promise`, or an error with `why()` after `ms`. */
export async function bounded(promise, ms, why) {
  let timer
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`${why()} (waited ${ms} ms)`)), ms)
    // The server's process keeps a test alive; a wait that lost its race must not.
    timer.unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
