// Compares what everybody was told with what everybody else was told. Pure: from stories and faults to violations
// `{kind, user, at, what}` and to what is counted.
import { LIMIT_MS, NODE_MS, deadline } from './faults.mjs'
import { auditChat } from './chat.mjs'
import { nodeAt } from './story.mjs'

/** In this time a room that Redis lost is there again. */
const REGISTERED_MS = 2_000

/** How long a partner who is away may be: grace, until it is noticed, and what telling takes. */
const aloneMs = (graceMs) => graceMs + NODE_MS

/** `{violations, matches, told, chat}` of a drill in which these faults happened. */
export function audit(stories, faults, { graceMs }) {
  const people = new Map(stories.map((story) => [story.user, story]))
  const chat = auditChat(people, faults)
  const violations = [
    ...doubles(stories),
    ...pairs(people),
    ...oneSided(people, faults),
    ...alone(people, faults, graceMs),
    ...leftWaiting(stories, faults),
    ...unanswered(stories, faults),
    ...lateAnswers(stories, faults),
    ...signals(people),
    ...chat.violations,
  ]
  const { violations: late, ms } = told(people, faults)
  const agreed = new Set(stories.flatMap(({ matches }) => matches.filter(({ ready }) => ready).map(({ matchId }) => matchId)))
  return { violations: [...violations, ...late], matches: agreed.size, toldMs: ms, chat }
}

const violation = (kind, user, at, what) => ({ kind, user, at, what })

/** In a match, and told of another one before the first was over. */
function doubles(stories) {
  return stories.flatMap(({ user, doubles }) =>
    doubles.map(({ at, first, second }) => violation('double', user, at, `in ${first} and told of ${second}`)))
}

/** Both sides of a match name each other, the same room, and one of them makes the offer. */
function pairs(people) {
  const sides = new Map()
  for (const { user, matches } of people.values()) {
    for (const match of matches) sides.set(match.matchId, [...(sides.get(match.matchId) ?? []), { user, ...match }])
  }
  return [...sides.values()].flatMap((told) => told.flatMap((side) => pairOf(side, told)))
}

function pairOf(side, told) {
  const { user, from, matchId, sessionId, partnerId, initiator } = side
  const say = (what) => violation('double', user, from, `${matchId}: ${what}`)
  const others = told.filter((other) => other.user !== user)
  if (partnerId === user) return [say('matched with itself')]
  const stranger = others.find((other) => other.user !== partnerId)
  if (stranger) return [say(`the partner is ${partnerId}, yet ${stranger.user} is in it as well`)]
  const [other] = others
  if (!other) return []
  if (other.sessionId !== sessionId) return [say(`rooms ${sessionId} and ${other.sessionId}`)]
  return other.initiator === initiator ? [say(`both are told initiator: ${initiator}`)] : []
}

/** Parts of an interval that no other interval covers, nor comes so near that it is a matter of telling. */
export function uncovered({ from, to }, covers) {
  const pieces = []
  let at = from
  for (const cover of covers.toSorted((one, other) => one.from - other.from)) {
    if (cover.from > at) pieces.push({ from: at, to: Math.min(cover.from, to) })
    at = Math.max(at, cover.to)
  }
  if (at < to) pieces.push({ from: at, to })
  return pieces.filter((piece) => piece.to > piece.from)
}

/** In a match whose other side is not in it, without having been told that it is away. */
function oneSided(people, faults) {
  return [...people.values()].flatMap((story) => story.matches.flatMap((match) => {
    const other = people.get(match.partnerId)
    const there = other?.matches.filter(({ matchId }) => matchId === match.matchId) ?? []
    return uncovered(match, [...there, ...match.aways])
      .filter((piece) => piece.to > deadline(faults, piece.from, nodesOf(piece.from, story, other)))
      .map(({ from, to }) => violation('one-sided', story.user, from,
        `in ${match.matchId} with ${match.partnerId}, who is not, for ${Math.round(to - from)} ms, until ${match.why}`))
  }))
}

const nodesOf = (at, ...stories) => stories.filter(Boolean).map((story) => nodeAt(story, at))

/** With a partner who is away, for longer than one may be away. Or told that there is no such room, and in it. */
function alone(people, faults, graceMs) {
  return [...people.values()].flatMap((story) => story.matches.flatMap((match) => {
    const nodes = (at) => nodesOf(at, story, people.get(match.partnerId))
    const aways = match.aways
      .filter(({ from, to }) => to > deadline(faults, from, nodes(from), aloneMs(graceMs)))
      .map(({ from, to }) => violation('left', story.user, from, `partner away for ${Math.round(to - from)} ms`))
    const refused = story.refused.find(({ at, sessionId, code }) =>
      code === 'not_in_session' && sessionId === match.sessionId && at < match.to
      && match.to > deadline(faults, at, nodes(at), REGISTERED_MS))
    const what = ({ event }) => `${event} in ${match.sessionId} is refused as not_in_session, yet nobody says that it is over`
    return refused ? [...aways, violation('left', story.user, refused.at, what(refused))] : aways
  }))
}

/** Two who wait for each other, both of them all the time; or one who was matched at once and never told with whom. */
function leftWaiting(stories, faults) {
  const waits = stories.flatMap((story) => story.waits.map((wait) => ({ ...wait, story })))
    .filter(({ from, to }) => to - from > LIMIT_MS)
  return [...waits.flatMap((wait) => untold(wait, faults)), ...waits.flatMap((wait) => besides(wait, waits, faults))]
}

function untold({ story, position, from, to }, faults) {
  if (position !== 0 || to <= deadline(faults, from, nodesOf(from, story))) return []
  return [violation('left', story.user, from, `matched at once, and told of no match for ${Math.round(to - from)} ms`)]
}

function besides(wait, waits, faults) {
  const opposite = wait.direction.split('>').reverse().join('>')
  const end = (other) => Math.min(wait.to, other.to)
  const other = waits.find((one) => one.direction === opposite && one.from >= wait.from
    && end(one) > deadline(faults, one.from, nodesOf(one.from, wait.story, one.story)))
  if (!other) return []
  const ms = Math.round(end(other) - other.from)
  const what = `waits (${wait.direction}) beside ${other.story.user} (${other.direction}) for ${ms} ms`
  return [violation('left', wait.story.user, other.from, what)]
}

/** Asked on a connection that stood, and never answered. */
function unanswered(stories, faults) {
  return stories.flatMap(({ user, unanswered }) => unanswered
    .filter(({ at }) => !faults.some(({ from, until }) => from <= at && at <= until))
    .map(({ at, event }) => violation('left', user, at, `${event} was never answered`)))
}

/** Joined, and told nothing at all for too long. */
function lateAnswers(stories, faults) {
  return stories.flatMap((story) => story.joins
    .filter(({ from, to }) => to > deadline(faults, from, nodesOf(from, story)))
    .map(({ from, to }) => violation('left', story.user, from, `a join had no answer for ${Math.round(to - from)} ms`)))
}

/** Signals of one sender come in order, each at most once. */
function signals(people) {
  return [...people.values()].flatMap(({ user, signals }) => {
    const last = new Map()
    return signals.flatMap(({ at, sessionId, number }) => {
      const before = last.get(sessionId) ?? 0
      last.set(sessionId, Math.max(before, number))
      return number > before ? [] : [violation('signal', user, at, `signal ${number} after ${before} in ${sessionId}`)]
    })
  })
}

/** Who was matched with somebody on a node that died: when they learned of it, at the latest. */
function told(people, faults) {
  const violations = []
  let ms = 0
  for (const { from, node } of faults.filter((fault) => fault.node !== null && fault.isolates)) {
    for (const { story, match } of survivors(people, from, node)) {
      const after = [match.to, ...match.aways.map((away) => away.from), ...match.backs, ...returned(people, match)]
        .filter((at) => at >= from)
      const took = Math.min(...after) - from
      ms = Math.max(ms, took)
      if (took <= NODE_MS) continue
      const what = `told after ${Math.round(took)} ms that ${match.partnerId}'s node is gone`
      violations.push(violation('left', story.user, from, what))
    }
  }
  return { violations, ms }
}

/** When the partner came back to the match on another node: then there is nothing to tell. */
const returned = (people, { partnerId, matchId }) =>
  people.get(partnerId).returns.filter((one) => one.matchId === matchId).map(({ at }) => at)

function survivors(people, at, node) {
  return [...people.values()]
    .filter((story) => nodeAt(story, at) !== node)
    .flatMap((story) => story.matches.map((match) => ({ story, match })))
    .filter(({ match }) => match.from < at && match.to > at)
    .filter(({ match }) => people.has(match.partnerId) && nodeAt(people.get(match.partnerId), at) === node)
}

/** Calls under way go on: what was sent to somebody on the same node while Redis was away was heard. */
export function signalsWithoutStore(stories, { from, until }) {
  const people = new Map(stories.map((story) => [story.user, story]))
  const counted = { sent: 0, violations: [] }
  for (const story of stories) {
    for (const { at, sessionId, number } of story.signalled) {
      const match = story.matches.find((one) => one.sessionId === sessionId)
      const other = match && people.get(match.partnerId)
      if (at < from || at > until || !other || nodeAt(story, at) !== nodeAt(other, at)) continue
      // The other one may have left while it was on its way.
      if ((other.matches.find((one) => one.sessionId === sessionId)?.to ?? 0) < at + LIMIT_MS) continue
      counted.sent += 1
      if (other.signals.some((signal) => signal.sessionId === sessionId && signal.number === number)) continue
      counted.violations.push(violation('signal', other.user, at, `signal ${number} of ${sessionId} was not heard`))
    }
  }
  return counted
}
