// The audit of what was written: each acknowledged message reached the other one exactly once, in order, live or
// by asking for it. Pure.
import { LIMIT_MS, isForgotten } from './faults.mjs'

const violation = (kind, user, at, what) => ({ kind, user, at, what })

/** `{violations, acknowledged, forgotten}`: `forgotten` are those that Redis had acknowledged and has no more. */
export function auditChat(people, faults) {
  const rooms = roomsOf(people)
  const violations = []
  const counted = { acknowledged: 0, forgotten: 0 }
  for (const story of people.values()) violations.push(...heardBy(story, people, faults))
  for (const room of rooms.values()) {
    counted.acknowledged += room.wrote.length
    violations.push(...numbers(room, faults))
    for (const message of room.wrote) {
      const missing = missingIn(room, message, people)
      if (missing.forgotten && isForgotten(faults, message.at)) counted.forgotten += 1
      else if (missing.forgotten || missing.lost) violations.push(lost(room, message, missing))
    }
  }
  return { violations, ...counted }
}

const lost = ({ sessionId }, { user, at, id }, { forgotten }) =>
  violation('chat', user, at, `${id} in ${sessionId} was acknowledged, ${forgotten ? 'and is not among what was kept' : 'and never reached the other one'}`)

/** What is known of each room from both sides. */
function roomsOf(people) {
  const rooms = new Map()
  const roomOf = (sessionId) => {
    if (!rooms.has(sessionId)) rooms.set(sessionId, { sessionId, wrote: [], synced: [] })
    return rooms.get(sessionId)
  }
  for (const { user, wrote, synced } of people.values()) {
    for (const message of wrote) roomOf(message.sessionId).wrote.push({ user, ...message })
    for (const reply of synced) roomOf(reply.sessionId).synced.push({ user, ...reply })
  }
  return rooms
}

/** Everything that somebody was sent: from the partner, each once, in the order it was written. */
function heardBy({ user, heard, matches }, people, faults) {
  const seen = new Set()
  const last = new Map()
  return heard.flatMap(({ at, sessionId, from, sequence, id }) => {
    const say = (what) => [violation('chat', user, at, `${id} in ${sessionId}: ${what}`)]
    const match = matches.find((one) => one.sessionId === sessionId)
    if (match?.partnerId !== from) return say(`from ${from}, who is not in this talk`)
    const name = `${sessionId} ${id}`
    if (seen.has(name)) return say('heard twice')
    seen.add(name)
    const before = last.get(sessionId)
    last.set(sessionId, { sequence, at })
    const wrote = people.get(from)?.wrote.find((message) => message.sessionId === sessionId && message.id === id)
    if (wrote && wrote.sequence !== sequence && !isForgotten(faults, Math.min(wrote.at, at))) {
      return say(`number ${sequence} here, ${wrote.sequence} for its writer`)
    }
    // After a loss numbers begin anew.
    if (!before || sequence > before.sequence || isForgotten(faults, before.at)) return []
    return say(`number ${sequence} after ${before.sequence}`)
  })
}

/** Nobody else's message has the same number. */
function numbers({ sessionId, wrote }, faults) {
  const known = new Map()
  return wrote.toSorted((one, other) => one.at - other.at).flatMap(({ user, at, id, sequence }) => {
    const before = known.get(sequence)
    known.set(sequence, { user, id, at })
    if (!before || isForgotten(faults, before.at)) return []
    return [violation('chat', user, at, `${id} and ${before.id} in ${sessionId} both have number ${sequence}`)]
  })
}

/** `forgotten`: somebody asked for what was written and it was not there. `lost`: the other one was in the talk
 * for long enough after it was acknowledged, and neither heard nor fetched it. */
function missingIn({ sessionId, synced }, { user, at, id }, people) {
  const replies = synced.filter((reply) => reply.asked > at)
  const has = (reply) => reply.messages.some((message) => message.id === id && message.from === user)
  const forgotten = replies.some((reply) => !has(reply))
  const match = people.get(user).matches.find((one) => one.sessionId === sessionId)
  const other = people.get(match?.partnerId)
  const reached = other?.heard.some((message) => message.sessionId === sessionId && message.id === id)
    || replies.some((reply) => reply.user === other?.user && has(reply))
  const until = other?.matches.find((one) => one.sessionId === sessionId)?.to ?? 0
  return { forgotten, lost: !reached && until > at + LIMIT_MS }
}
