// A Socket.IO server that is not qala, with as much of its dialect as `qala bench` plays: everybody who fits at the
// first stage is matched. On request it does one thing wrong, so that it can be seen whether anybody notices.
import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Server } from 'socket.io'

/** What it can do wrong, and what the oracle calls that. */
export const FAULTS = {
  'matches somebody twice': 'matched_twice',
  'tells one side only': 'one_sided',
  'swaps rooms': 'rooms_differ',
  'ignores wishes': 'wish_broken',
  'brings people together again': 'met_again',
  'forgets who waits': 'left_waiting',
  'relays into another room': 'wrong_room',
  'drops messages': 'lost',
  'doubles messages': 'doubled',
  'reorders messages': 'out_of_order',
}

/** One time in so many it is wrong. */
const NOW_AND_THEN = 5
/** And only in the first talks: clients wait long for what they miss. */
const TIMES = 120

const accepts = (one, other) =>
  one.native_language === other.target_language &&
  one.target_language === other.native_language &&
  (one.proficiency_level === 'any' || one.proficiency_level === other.proficiency_level) &&
  other.age >= one.age_min && other.age <= one.age_max &&
  (!one.gender_preference || one.gender_preference === other.gender)

class Double {
  constructor(fault) {
    this.fault = fault
    this.sockets = new Map()
    /** User and wish of everybody who searches, the one who came first, first. */
    this.waiting = []
    this.matches = new Map()
    this.met = new Set()
    this.heldBack = undefined
    this.times = 0
  }

  /** Whether it is time to be wrong in that way. */
  isWrong(fault) {
    return this.fault === fault && ++this.times <= TIMES && this.times % NOW_AND_THEN === 0
  }

  enter(socket) {
    // Who shows the same secret is the same user.
    const user = 'user-' + createHash('sha256').update(`${socket.handshake.auth.guest}`).digest('hex').slice(0, 16)
    this.sockets.set(user, socket)
    socket.on('disconnect', () => this.sockets.delete(user))
    socket.onAny((event, ...given) => {
      const acknowledge = given.pop()
      this.take(user, event, given[0], acknowledge)
    })
    this.tell(user, 'session:welcome', { userId: user, guest: true, node: 'double', version: '0.0.0' })
  }

  tell(user, event, payload) {
    this.sockets.get(user)?.emit(event, payload)
  }

  take(user, event, payload, acknowledge) {
    const done = (more) => acknowledge({ success: true, ...more })
    switch (event) {
      case 'matching:join_queue':
        done({ queuePosition: 1, estimatedWait: 30 })
        return this.search({ user, wish: payload })
      case 'matching:leave_queue':
        this.waiting = this.waiting.filter((one) => one.user !== user)
        return done()
      case 'matching:accept_match':
        done()
        return this.accept(user, payload.matchId)
      case 'matching:reject_match':
        done()
        return this.reject(user, payload.matchId)
      case 'session:leave':
        done()
        return this.leave(user, payload.sessionId)
      case 'chat:send':
        done({ sequence: this.next(payload.sessionId) })
        return this.relay(user, payload.sessionId, 'chat:message', { ...payload, sequence: 1, timestamp: Date.now() })
      default:
        done()
        return this.relay(user, payload.sessionId, event, payload)
    }
  }

  search(searcher) {
    const fits = (other) =>
      other.user !== searcher.user &&
      (accepts(searcher.wish, other.wish) && accepts(other.wish, searcher.wish) || this.isWrong('ignores wishes'))
    const known = (other) => this.met.has([searcher.user, other.user].sort().join())
    const again = this.fault === 'brings people together again'
    const found = (again && this.waiting.find((other) => fits(other) && known(other))) ||
      this.waiting.find((other) => fits(other) && (again || !known(other)))
    if (!found) {
      if (!this.isWrong('forgets who waits')) this.waiting.push(searcher)
      return
    }
    // Who is matched twice still waits.
    if (!this.isWrong('matches somebody twice')) this.waiting = this.waiting.filter((other) => other !== found)
    this.bring(found, searcher)
  }

  bring(...sides) {
    const users = sides.map(({ user }) => user)
    const match = { id: randomUUID(), room: randomUUID(), sides, accepted: new Set(), lines: 0 }
    this.matches.set(match.id, match)
    this.met.add([...users].sort().join())
    const oneSide = this.isWrong('tells one side only')
    const swapped = this.isWrong('swaps rooms')
    for (const [place, user] of users.entries()) {
      if (oneSide && place === 1) continue
      const sessionId = swapped && place === 1 ? randomUUID() : match.room
      const expiresAt = Date.now() + 20_000
      const found = { matchId: match.id, partnerId: users[1 - place], sessionId, expiresAt, stage: 0, initiator: place === 1 }
      this.tell(user, 'matching:match_found', { ...found, partner: {} })
    }
  }

  accept(user, id) {
    const match = this.matches.get(id)
    if (!match) return
    match.accepted.add(user)
    if (match.accepted.size < 2) return
    for (const side of match.sides) {
      this.tell(side.user, 'matching:match_ready', { matchId: id, sessionId: match.room })
    }
  }

  reject(user, id) {
    const match = this.matches.get(id)
    if (!match) return
    this.matches.delete(id)
    const [other] = match.sides.filter((side) => side.user !== user)
    this.tell(other.user, 'matching:match_rejected', { matchId: id, reason: 'rejected', requeued: true })
    match.sides.forEach((side) => this.search(side))
  }

  leave(user, room) {
    const match = this.in(room)
    if (!match) return
    this.matches.delete(match.id)
    const [other] = match.sides.filter((side) => side.user !== user)
    this.tell(other.user, 'session:peer_left', { sessionId: room, userId: user, reason: 'left' })
  }

  relay(user, room, event, payload) {
    const match = this.in(room)
    if (!match) return
    let [to] = match.sides.map((side) => side.user).filter((other) => other !== user)
    if (this.isWrong('relays into another room')) to = this.somebodyElse(match) ?? to
    if (this.isWrong('drops messages')) return
    const message = { ...payload, from: user }
    const isSignal = event !== 'chat:message'
    if (isSignal && !this.heldBack && this.isWrong('reorders messages')) {
      this.heldBack = { to, event, message }
      return
    }
    this.tell(to, event, message)
    if (this.isWrong('doubles messages')) this.tell(to, event, message)
    const held = this.heldBack
    if (isSignal && held?.to === to) {
      this.heldBack = undefined
      this.tell(held.to, held.event, held.message)
    }
  }

  in(room) {
    return [...this.matches.values()].find((match) => match.room === room)
  }

  somebodyElse(than) {
    const others = [...this.matches.values()].filter((match) => match !== than && match.accepted.size === 2)
    return others[0]?.sides[0].user
  }

  next(room) {
    const match = this.in(room)
    return match ? ++match.lines : 0
  }
}

/** A running double: `{url, close()}`. `fault`: one of FAULTS, or none. */
export async function startDouble(fault) {
  const http = createServer()
  const io = new Server(http, { serveClient: false })
  const double = new Double(fault)
  io.on('connection', (socket) => double.enter(socket))
  await new Promise((done) => http.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${http.address().port}`, close: () => io.close() }
}
