// The audit of what was written: each acknowledged message reached the other one exactly once, in order, live or
// by asking for it. Pure.
import { deadline, isForgotten, TELLING_MS } from './faults.mjs'
import { nodeAt } from './story.mjs'

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
      const missing = missingIn(room, message, people, faults)
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

/** `forgotten`: somebody asked for what was written and it was not there. `lost`: both were in the talk for long
 * enough after it was acknowledged, or the other one heard what was written after it, and yet it never came. */
function missingIn({ sessionId, synced }, { user, at, id, number }, people, faults) {
  const [story, other] = [people.get(user), people.get(matchOf(people.get(user), sessionId)?.partnerId)]
  const replies = synced.filter((reply) => reply.asked > at)
  const has = (reply) => reply.messages.some((message) => message.id === id && message.from === user)
  const forgotten = replies.some((reply) => !has(reply) && stands(people, sessionId, reply))
  const heard = other?.heard.filter((message) => message.sessionId === sessionId) ?? []
  const reached = heard.some((message) => message.id === id) || replies.some((reply) => reply.user === other?.user && has(reply))
  const later = story.wrote.filter((message) => message.sessionId === sessionId && message.number > number)
  const overtaken = later.some((message) => heard.some((one) => one.id === message.id))
  const end = Math.min(...[story, other].map((one) => matchOf(one, sessionId)?.to ?? 0))
  return { forgotten, lost: !reached && (overtaken || end > deadline(faults, at, nodesOf(at, story, other))) }
}

const nodesOf = (at, ...stories) => stories.filter(Boolean).map((story) => nodeAt(story, at))

/** Whether the room was still there when that was answered: the partner had not ended it, nor lost it. */
function stands(people, sessionId, { user, at }) {
  const partner = people.get(matchOf(people.get(user), sessionId)?.partnerId)
  const match = matchOf(partner, sessionId)
  return match !== undefined && (match.to > at + TELLING_MS || match.why === 'left: left')
}

const matchOf = (story, sessionId) => story?.matches.find((match) => match.sessionId === sessionId)
