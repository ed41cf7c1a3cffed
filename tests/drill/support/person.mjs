// One person with the official client who lives through a drill: joins, accepts, talks, leaves, joins again, and
// goes to another node when the connection is lost. Decides nothing about right or wrong: whatever the person
// did and was told is in the log, and the audit reads it.
import { io, newSecret } from '../../clients/support/client.mjs'
import { wish } from '../../clients/support/matching.mjs'
import { between, now, pause } from './time.mjs'

/** What is not answered for so long, on a connection that stands, never will be. */
const ANSWER_MS = 30_000
/** `session:resumed` comes behind the welcome, later when a node has died; who hears nothing for so long starts anew. */
const RESUMED_MS = 3_000
const CONNECT_MS = 2_000
const TALK_MS = [3_000, 12_000]
const STEP_MS = [500, 1_500]
/** Of so many matches one is rejected; of so many talks one is left without asking for what was written. */
const REJECTED = 25
const ABRUPT = 5

/** The directions of a drill: each of two pairs crosswise. */
export const DIRECTIONS = [['en', 'es'], ['es', 'en'], ['de', 'fr'], ['fr', 'de']]

/** One that nobody has the other way round: who takes it waits. */
export const LONELY = ['nl', 'sv']

export class Person {
  /** What was done and told, in order: `{at, what, ...}`. */
  log = []
  state = 'idle'
  match = null
  #guest = newSecret()
  #socket
  #online = false
  #quiet = false
  #gone = false
  #asked = new Set()
  #patientUntil = 0
  #unknown

  /** `urls`: the nodes; `first`: the place of the one to begin with; `wishes`: the directions to choose from. */
  constructor(urls, first, wishes = DIRECTIONS) {
    Object.assign(this, { urls, at: first, wishes, id: null })
    this.#connect()
    this.#live()
  }

  /** No new joins, no farewells, no more talking: everything that is under way comes to its end. */
  quiet() {
    this.#quiet = true
  }

  /** Asks for what was written in the talk, if there is one. */
  async catchUp() {
    return this.state === 'talking' && this.#online ? this.#sync(this.match) : undefined
  }

  /** Leaves whatever it is in, on purpose, and goes. */
  async depart() {
    this.#quiet = true
    if (this.state === 'talking') await this.#leave(this.match)
    else if (this.state !== 'idle') await this.#ask('matching:leave_queue')
    this.#gone = true
    this.#socket.disconnect()
  }

  #note(what, more) {
    this.log.push({ at: now(), what, ...more })
  }

  #connect() {
    const url = this.urls[this.at % this.urls.length]
    const auth = { guest: this.#guest }
    const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true, timeout: CONNECT_MS })
    this.#socket = socket
    socket.onAny((event, payload) => this.#heard[event]?.(payload))
    socket.on('disconnect', (reason) => this.#lose(reason))
    socket.on('connect_error', () => this.#elsewhere())
  }

  #lose(reason) {
    this.#online = false
    clearTimeout(this.#unknown)
    for (const answer of [...this.#asked]) answer({ lost: true })
    if (this.#gone) return
    this.#note('lost', { reason })
    this.#elsewhere()
  }

  async #elsewhere() {
    this.#socket.removeAllListeners()
    this.at += 1
    await pause(between(50, 300))
    if (!this.#gone) this.#connect()
  }

  #heard = {
    'session:welcome': ({ userId, node }) => {
      this.id = userId
      this.#note('connected', { node, user: userId })
      if (this.state === 'idle') this.#online = true
      else this.#unknown = setTimeout(() => this.#resume({ state: 'nothing' }), RESUMED_MS)
    },
    'session:resumed': (kept) => this.#resume(kept),
    'matching:match_found': (match) => this.#find(match),
    'matching:match_ready': ({ matchId, sessionId }) => {
      this.#note('ready', { matchId, sessionId })
      if (this.match?.matchId === matchId) this.#begin()
    },
    'matching:match_rejected': ({ matchId, reason, requeued }) => {
      this.#note('rejected', { matchId, reason, requeued })
      if (this.match?.matchId === matchId) this.#be(requeued ? 'waiting' : 'idle')
    },
    'queue:expired': () => {
      this.#note('expired')
      this.#be('idle')
    },
    'chat:message': ({ sessionId, from, sequence, clientMessageId }) =>
      this.#note('heard', { sessionId, from, sequence, id: clientMessageId }),
    'webrtc:signal': ({ sessionId, signal }) => this.#note('signal', { sessionId, number: signal.number }),
    'session:peer_away': ({ sessionId }) => this.#note('peer_away', { sessionId }),
    'session:peer_back': ({ sessionId }) => this.#note('peer_back', { sessionId }),
    'session:peer_left': ({ sessionId, reason }) => {
      this.#note('peer_left', { sessionId, reason })
      if (this.match?.sessionId === sessionId) this.#be('idle')
    },
    replaced: () => this.#note('replaced'),
  }

  #be(state) {
    this.state = state
    if (state === 'idle' || state === 'waiting') this.match = null
  }

  #resume({ state, matchId, sessionId, partnerId, initiator }) {
    clearTimeout(this.#unknown)
    this.#note('resumed', { state, matchId, sessionId, partnerId, initiator })
    this.#online = true
    if (state === 'nothing' || state === 'idle') this.#be('idle')
    if (state === 'waiting') this.#be('waiting')
    if (state !== 'proposed' && state !== 'talking') return
    if (this.match?.matchId !== matchId) this.match = { matchId, sessionId, partnerId, written: 0, signals: 0 }
    if (state === 'proposed') {
      this.#propose()
      return
    }
    this.#begin()
    // What was sent to the lost connection and never came can only be asked for.
    this.#sync(this.match)
  }

  #find({ matchId, sessionId, partnerId, initiator }) {
    this.#note('found', { matchId, sessionId, partnerId, initiator })
    if (this.match?.matchId === matchId) return
    this.match = { matchId, sessionId, partnerId, written: 0, signals: 0 }
    this.#propose()
  }

  /** Thinks for a moment, and answers. */
  async #propose() {
    const { match } = this
    this.#be('proposed')
    const event = between(1, REJECTED) === 1 ? 'matching:reject_match' : 'matching:accept_match'
    while (this.match === match && this.state === 'proposed') {
      await pause(between(20, 200))
      if (!this.#mayAsk || match.isAccepted || this.match !== match || this.state !== 'proposed') continue
      await this.#ask(event, { matchId: match.matchId, sessionId: match.sessionId }, (reply) => {
        if (this.match === match && this.state === 'proposed') this.#answered(match, event, reply)
      })
    }
  }

  #answered(match, event, { success, code }) {
    if (code === 'match_gone') this.#be('idle')
    if (success && event === 'matching:accept_match') match.isAccepted = true
    if (success && event === 'matching:reject_match') {
      this.#note('rejecting', { matchId: match.matchId })
      this.#be('waiting')
    }
  }

  async #begin() {
    const { match } = this
    this.#be('talking')
    if (match.begun) return
    match.begun = true
    const end = now() + between(...TALK_MS)
    const isAbrupt = between(1, ABRUPT) === 1
    while (this.match === match) {
      await pause(between(...STEP_MS))
      if (!this.#online || this.match !== match || this.#quiet) continue
      const isOver = now() > end && (isAbrupt || (await this.#sync(match))) && (await this.#leave(match))
      if (!isOver) await Promise.all([this.#write(match), this.#signal(match)])
    }
  }

  /** A numbered message. One that was not acknowledged is sent again under the same name. */
  async #write(match) {
    if (!this.#mayAsk) return
    const { sessionId } = match
    const number = match.written + 1
    const id = `${this.id.slice(-8)}-${number}`
    const said = { sessionId, content: `message ${number}`, clientMessageId: id }
    await this.#ask('chat:send', said, ({ success, sequence }) => {
      if (!success) return
      match.written = number
      this.#note('wrote', { sessionId, id, number, sequence })
    })
  }

  /** A numbered signal: it needs no store, so it passes whether or not that is there. */
  async #signal(match) {
    const { sessionId } = match
    const number = (match.signals += 1)
    await this.#ask('webrtc:signal', { sessionId, signal: { number } }, ({ success }) => {
      if (success) this.#note('signalled', { sessionId, number })
    })
  }

  /** Asks for everything that was written in the talk; whether it came. */
  async #sync({ sessionId }) {
    if (!this.#mayAsk) return false
    const messages = []
    for (;;) {
      const asked = now()
      const after = messages.at(-1)?.sequence ?? 0
      const reply = await this.#ask('chat:sync', { sessionId, after })
      if (!reply.success) return false
      messages.push(...reply.messages)
      if (reply.messages.length > 0) continue
      const known = messages.map(({ clientMessageId, sequence, from }) => ({ id: clientMessageId, sequence, from }))
      this.#note('synced', { sessionId, asked, messages: known })
      return true
    }
  }

  async #leave({ sessionId }) {
    let isOver = false
    await this.#ask('session:leave', { sessionId }, ({ success, code }) => {
      isOver = success || code === 'not_in_session'
      if (!isOver || this.match?.sessionId !== sessionId) return
      this.#note('left', { sessionId })
      this.#be('idle')
    })
    return isOver
  }

  /** Joins whenever nothing goes on, until it is quiet. */
  async #live() {
    while (!this.#gone) {
      await pause(between(100, 600))
      if (this.state === 'idle' && this.#mayAsk && !this.#quiet) await this.#join()
    }
  }

  async #join() {
    const direction = this.wishes[between(0, this.wishes.length - 1)]
    this.#be('joining')
    this.#note('joining', { direction: direction.join('>') })
    await this.#ask('matching:join_queue', wish(...direction), ({ success, lost, queuePosition }) => {
      if (success) this.#note('joined', { position: queuePosition })
      // A match that was found meanwhile was the earlier wish's, and is let go.
      if (!lost) this.#be(success ? 'waiting' : 'idle')
    })
  }

  /** Whether it makes sense to ask for what needs the store: who was told to come back later does. */
  get #mayAsk() {
    return this.#online && now() >= this.#patientUntil
  }

  /** The answer; `{lost: true}` when the connection ended before it came. `take` gets it at once: an event that
   * comes right behind the answer would otherwise be heard first. */
  #ask(event, payload, take = () => {}) {
    if (!this.#online) return Promise.resolve({ lost: true })
    return new Promise((done) => {
      const answer = (reply) => {
        clearTimeout(late)
        this.#asked.delete(answer)
        if (reply.success === false) this.#note('refused', { event, code: reply.code, ...ids(payload) })
        if (reply.code === 'unavailable') this.#patientUntil = now() + reply.retry_after_ms
        take(reply)
        done(reply)
      }
      const late = setTimeout(() => {
        this.#note('unanswered', { event })
        answer({ unanswered: true })
      }, ANSWER_MS)
      this.#asked.add(answer)
      if (payload) this.#socket.emit(event, payload, answer)
      else this.#socket.emit(event, answer)
    })
  }
}

const ids = ({ sessionId, matchId } = {}) => ({ sessionId, matchId })
