// One person with the official socket.io client: everything received is kept in order, waits are bounded,
// and every failure says what had arrived by then.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { io } from 'socket.io-client'
import { assertAnswered, assertTold } from './asyncapi.mjs'
import { bounded } from './server.mjs'

const WAIT_MS = 10_000
/** Socket.IO packet type of an acknowledgement, plain and with attachments. */
const ACK_TYPES = [3, 6]

/** The official client itself, for those who need one that differs from `User`. */
export { io }

/** A guest's secret: whoever shows it again is the same user. */
export const newSecret = () => randomBytes(24).toString('hex')

export class User {
  /** Every event received so far, in order: `{event, args, at}`. */
  log = []
  /** How often each acknowledgement id was answered: more than once is a bug the client itself hides. */
  acks = new Map()
  /** Every Engine.IO packet received, as text: for what must never be in there. */
  wire = []
  #taken = new Set()
  #waiting = new Set()
  #entrance
  #came = false
  #namespace

  /** `entrance`: a URL, or what tells one before each connection. `guest`: the secret to show, a new one unless
   * told; `auth` instead: the whole handshake as it is. */
  constructor(entrance, { guest, auth, transports = ['websocket'], namespace = '/', ...options } = {}) {
    this.#namespace = namespace
    this.#entrance = typeof entrance === 'function' ? entrance : () => entrance
    this.guest = auth ? undefined : (guest ?? newSecret())
    // A fresh manager per person: the client otherwise shares one connection.
    this.socket = io(this.#entrance() + namespace, {
      auth: auth ?? { guest: this.guest },
      transports,
      reconnection: false,
      forceNew: true,
      autoConnect: false,
      ...options,
    })
    this.socket.onAny((event, ...args) => {
      assertTold(namespace, event, args)
      this.log.push({ event, args, at: performance.now() })
      for (const check of [...this.#waiting]) check()
    })
    this.socket.io.on('packet', ({ type, id }) => {
      if (ACK_TYPES.includes(type)) this.acks.set(id, (this.acks.get(id) ?? 0) + 1)
    })
    this.socket.on('connect', () => {
      this.connectionId = this.socket.id
      this.engineId = this.socket.io.engine.id
    })
    this.socket.io.on('open', () => {
      const { engine } = this.socket.io
      engine.on('packet', ({ data }) => data !== undefined && this.wire.push(String(data)))
    })
  }

  /** Connects and waits for `session:welcome`, which tells the user id. */
  async connect() {
    const welcome = this.next('session:welcome')
    welcome.catch(() => {})
    await this.connected()
    this.id = (await welcome).userId
    return this
  }

  /** Connects; rejects with the server's own refusal. */
  connected() {
    if (this.#came) this.socket.io.uri = this.#entrance()
    this.#came = true
    return this.#settled(() => this.socket.connect(), 'connect', 'connect_error')
  }

  /** The message of the refusal; fails when the server lets this one in. */
  async refused() {
    const error = await this.connected().then(
      () => assert.fail('the server accepted a connection that it should refuse'),
      (refusal) => refusal,
    )
    return error.message
  }

  /** The first event of that name (and shape) not taken yet, now or within `ms`: its first argument. */
  next(event, { where = () => true, ms = WAIT_MS } = {}) {
    const find = () => this.log.find((e) => e.event === event && !this.#taken.has(e) && where(e.args[0]))
    let check
    const found = new Promise((done) => {
      check = () => {
        const entry = find()
        if (!entry) return
        this.#waiting.delete(check)
        this.#taken.add(entry)
        done(entry.args[0])
      }
      this.#waiting.add(check)
      check()
    })
    const late = () => {
      this.#waiting.delete(check)
      return `no ${event}; received: ${this.names().join(', ') || 'nothing'}`
    }
    return bounded(found, ms, late)
  }

  /** The next `count` events of that name, in the order they came. */
  async take(event, count, options) {
    const found = []
    while (found.length < count) found.push(await this.next(event, options))
    return found
  }

  /** Sends with a callback; the acknowledgement's only argument. */
  async ask(event, ...args) {
    const reply = new Promise((done) => this.socket.emit(event, ...args, (...values) => done(values)))
    const values = await bounded(reply, WAIT_MS, () => `${event} was not acknowledged`)
    assert.equal(values.length, 1, `${event}: an acknowledgement has one argument, this has ${JSON.stringify(values)}`)
    assertAnswered(this.#namespace, event, args, values[0])
    return values[0]
  }

  /** `ask` that must succeed. */
  async do(event, ...args) {
    const reply = await this.ask(event, ...args)
    assert.equal(reply?.success, true, `${event} was refused: ${JSON.stringify(reply)}`)
    return reply
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args)
  }

  /** When everything sent before has been handled: the answer to a heartbeat comes after it. */
  settled() {
    return this.ask('heartbeat')
  }

  /** First arguments of all events of that name so far. */
  all(event) {
    return this.log.filter((e) => e.event === event).map((e) => e.args[0])
  }

  names() {
    return this.log.map((e) => e.event)
  }

  /** The reason the client gives for the end of its connection. */
  disconnected() {
    const reason = this.socket.disconnected
      ? Promise.resolve('already')
      : new Promise((done) => this.socket.once('disconnect', done))
    return bounded(reason, WAIT_MS, () => 'still connected')
  }

  /** Loses the transport, as a phone in a tunnel does: the server is not told goodbye. */
  async drop() {
    const gone = this.disconnected()
    this.socket.io.engine.close()
    return gone
  }

  close() {
    this.socket.disconnect()
    this.socket.removeAllListeners()
  }

  async #settled(begin, good, bad) {
    const { socket } = this
    let onGood, onBad
    const outcome = new Promise((done, failed) => {
      socket.once(good, (onGood = done))
      socket.once(bad, (onBad = failed))
    })
    begin()
    try {
      await bounded(outcome, WAIT_MS, () => `neither ${good} nor ${bad}`)
    } finally {
      socket.off(good, onGood)
      socket.off(bad, onBad)
    }
  }
}

/** Where `who` enters in the test `t`: at the only door, unless the server has several. */
export function entrance(t, server, who) {
  return server.entrance?.(t, who) ?? server.url
}

/** A user who is not connected yet, and leaves when the test ends. `as`: whom the server will see, where that is
 * not told by the guest's secret. */
export function userOf(t, server, { as, ...options } = {}) {
  const guest = options.auth ? undefined : (options.guest ?? newSecret())
  const who = as ?? guest ?? Symbol('somebody')
  const user = new User(() => entrance(t, server, who), { ...options, guest })
  t.after(() => user.close())
  return user
}

/** A connected user who leaves when the test ends. */
export async function join(t, server, options) {
  return userOf(t, server, options).connect()
}

/** `count` connected users. */
export function joinMany(t, server, count, options) {
  return Promise.all(Array.from({ length: count }, () => join(t, server, options)))
}
