// A backend of sorsu's: a real HTTP server that behaves as the contract says, and as badly as it is told.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before } from 'node:test'

/** A backend for the surrounding `describe`: running before its first test, gone after its last. */
export function backendFor() {
  const backend = new Backend()
  before(() => backend.start())
  after(() => backend.stop())
  return backend
}

export class Backend {
  /** Every request so far: `{method, path, token, body, at}`. */
  calls = []
  #server
  #port = 0
  #guests = new Map()
  #online = new Set()
  #opted = new Set()
  #chats = new Map()
  #next = 1
  /** How paths that begin so misbehave: a status, or `hang`, or `{slow: ms}`, or `garbage`. */
  #faults = new Map()
  #held = new Set()

  get url() {
    return `http://127.0.0.1:${this.#port}/api`
  }

  async start() {
    this.#server = createServer((request, response) => this.#take(request, response))
    await new Promise((done) => this.#server.listen(this.#port, '127.0.0.1', done))
    this.#port = this.#server.address().port
  }

  /** Down: nobody listens. `start` brings it back at the same address. */
  async stop() {
    for (const response of this.#held) response.destroy()
    const closed = new Promise((done) => this.#server.close(done))
    this.#server.closeAllConnections()
    await closed
  }

  /** A new session, as the backend's own pages get one. */
  session() {
    const token = `${this.#guests.size + 1}|${randomBytes(20).toString('hex')}`
    const guestId = `g-${randomBytes(4).toString('hex')}`
    this.#guests.set(token, guestId)
    this.#opted.add(guestId)
    return { token, guestId }
  }

  /** The session is over. */
  expire(token) {
    this.#guests.delete(token)
  }

  /** From now on, that path misbehaves; without a fault, no longer. */
  fault(path, fault) {
    if (fault === undefined) this.#faults.delete(path)
    else this.#faults.set(path, fault)
    if (fault === undefined) for (const response of this.#held) response.destroy()
  }

  /** Requests to that path so far, of that session if one is named. */
  asked(path, token) {
    return this.calls.filter((call) => call.path === path && (!token || call.token === token))
  }

  messages(chatId) {
    return this.#chats.get(chatId)?.messages ?? []
  }

  isOver(chatId) {
    return this.#chats.get(chatId)?.over === true
  }

  async #take(request, response) {
    let text = ''
    for await (const chunk of request) text += chunk
    const path = request.url.replace(/^\/api/, '')
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const body = text ? JSON.parse(text) : undefined
    this.calls.push({ method: request.method, path, token, body, at: performance.now() })
    const send = (status, answer) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    }
    const fault = [...this.#faults].find(([begin]) => path.startsWith(begin))?.[1]
    if (fault === 'hang') {
      this.#held.add(response)
      response.on('close', () => this.#held.delete(response))
      return
    }
    if (fault === 'garbage') return send(200, '<html>')
    if (typeof fault === 'number') return send(fault, { success: false, message: 'as told' })
    if (fault?.slow) await new Promise((done) => setTimeout(done, fault.slow))
    const guest = this.#guests.get(token)
    if (!guest) return send(401, { success: false, message: 'Unauthenticated.' })
    const data = this.#answer(request.method, path, guest, body)
    if (data === undefined) return send(404, { success: false, message: 'Not found' })
    send(200, { success: true, data })
  }

  #answer(method, path, guest, body) {
    switch (`${method} ${path}`) {
      case 'POST /guest/refresh':
        return { guest_id: guest }
      case 'POST /presence/heartbeat':
        this.#online.add(guest)
        return {}
      case 'POST /presence/disconnect':
        this.#online.delete(guest)
        this.#waiting.delete(guest)
        return {}
      case 'POST /chat/start':
        return this.#begin(guest)
      case 'POST /chat/message':
        return this.#write(guest, body)
      case 'POST /chat/end': {
        const chat = this.#of(guest, body.chat_id)
        if (chat) chat.over = true
        return chat && {}
      }
      default: {
        const [, id] = /^\/chat\/(\d+)\/messages$/.exec(path) ?? []
        const chat = method === 'GET' && id && this.#of(guest, Number(id))
        return chat ? { messages: chat.messages } : undefined
      }
    }
  }

  #waiting = new Set()

  #of(guest, id) {
    const chat = this.#chats.get(id)
    return chat?.guests.includes(guest) && !chat.over ? chat : undefined
  }

  #begin(guest) {
    if (!this.#online.has(guest)) return { status: 'not_online' }
    const told = (status, [id, chat]) => {
      const partner_id = chat.guests.find((other) => other !== guest)
      return { status, chat_id: id, partner_id, started_at: chat.started_at }
    }
    const current = [...this.#chats].find(([, chat]) => !chat.over && chat.guests.includes(guest))
    if (current) return told('already_matched', current)
    const partner = [...this.#waiting].find((other) => other !== guest && this.#online.has(other))
    if (!partner) {
      this.#waiting.add(guest)
      return { status: 'waiting' }
    }
    this.#waiting.delete(guest)
    this.#waiting.delete(partner)
    const id = this.#next++
    this.#chats.set(id, { guests: [partner, guest], started_at: new Date().toISOString(), messages: [], over: false })
    return told('matched', [id, this.#chats.get(id)])
  }

  #write(guest, { chat_id, content }) {
    assert.equal(typeof content, 'string')
    const chat = this.#of(guest, chat_id)
    if (!chat) return undefined
    const message = {
      message_id: 100_000 + this.#next++, sender_guest_id: guest, content,
      created_at: new Date().toISOString(), is_flagged: content.includes('rude'),
    }
    chat.messages.push(message)
    return message
  }
}
