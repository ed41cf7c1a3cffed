// What one person's log means: from when until when in which match, waiting for what, on which node. Pure.

/** The story of a person: `{user, end, nodes, matches, waits, wrote, heard, synced, refused, ...}`.
 * Times are those of the log; whatever still lasts ends at `end`. */
export function storyOf({ user, log }, end) {
  const story = {
    user, end,
    nodes: [], matches: [], waits: [], doubles: [], returns: [], joins: [],
    wrote: [], heard: [], synced: [], signalled: [], signals: [], refused: [], unanswered: [],
  }
  const teller = { story, match: null, wait: null, join: null, direction: null, node: null }
  for (const entry of log) MEANINGS[entry.what]?.(teller, entry)
  if (teller.node) teller.node.to = end
  closeMatch(teller, end)
  closeWait(teller, end)
  closeJoin(teller, end)
  return story
}

/** The node that the person was on at that time, or the last one before. */
export function nodeAt({ nodes }, at) {
  return nodes.findLast(({ from }) => from <= at)?.name ?? nodes[0]?.name
}

const MEANINGS = {
  connected: (teller, { at, node }) => {
    teller.node = { name: node, from: at, to: at }
    teller.story.nodes.push(teller.node)
  },
  lost: (teller, { at }) => {
    if (teller.node) teller.node.to = at
    // Nobody is matched with who is away, so nobody waits while away; nor for an answer.
    closeWait(teller, at)
    closeJoin(teller, at)
  },
  resumed: resume,
  joining: (teller, { at, direction }) => {
    teller.direction = direction
    teller.join = { from: at, to: null }
    teller.story.joins.push(teller.join)
  },
  joined: (teller, { at, position }) => {
    joinAnswered(teller, at)
    openWait(teller, at, position)
  },
  found: (teller, entry) => find(teller, entry),
  ready: (teller, { at, matchId }) => {
    if (teller.match?.matchId === matchId) teller.match.ready ??= at
  },
  rejected: (teller, { at, matchId, requeued }) => {
    if (teller.match?.matchId !== matchId) return
    closeMatch(teller, at, 'rejected')
    if (requeued) openWait(teller, at)
  },
  rejecting: (teller, { at }) => {
    closeMatch(teller, at, 'rejecting')
    openWait(teller, at)
  },
  expired: (teller, { at }) => closeWait(teller, at),
  peer_away: (teller, { at, sessionId }) => {
    if (teller.match?.sessionId === sessionId) teller.match.aways.push({ from: at, to: null })
  },
  peer_back: (teller, { at, sessionId }) => {
    if (teller.match?.sessionId !== sessionId) return
    teller.match.backs.push(at)
    const away = teller.match.aways.at(-1)
    if (away) away.to ??= at
  },
  peer_left: (teller, { at, sessionId, reason }) => {
    if (teller.match?.sessionId === sessionId) closeMatch(teller, at, `left: ${reason}`)
  },
  left: (teller, { at, sessionId }) => {
    if (teller.match?.sessionId === sessionId) closeMatch(teller, at, 'own')
  },
  refused: (teller, entry) => {
    teller.story.refused.push(entry)
    const { at, event, code, matchId } = entry
    if (event === 'matching:join_queue') joinAnswered(teller, at)
    if (code !== 'match_gone' || teller.match?.matchId !== matchId) return
    closeMatch(teller, at, event)
  },
  unanswered: ({ story }, entry) => story.unanswered.push(entry),
  wrote: ({ story }, entry) => story.wrote.push(entry),
  heard: ({ story }, entry) => story.heard.push(entry),
  synced: ({ story }, entry) => story.synced.push(entry),
  signalled: ({ story }, entry) => story.signalled.push(entry),
  signal: ({ story }, entry) => story.signals.push(entry),
}

function find(teller, { at, matchId, sessionId, partnerId, initiator }) {
  closeWait(teller, at)
  const { match, story } = teller
  if (match?.matchId === matchId) return
  if (match) {
    story.doubles.push({ at, first: match.matchId, second: matchId })
    closeMatch(teller, at, 'another match')
  }
  teller.match = { matchId, sessionId, partnerId, initiator, from: at, to: null, ready: null, aways: [], backs: [], why: null }
  story.matches.push(teller.match)
}

/** Joining leaves what one was in, and ends the earlier wait, whatever the answer. */
function joinAnswered(teller, at) {
  closeJoin(teller, at)
  closeMatch(teller, at, 'joined')
  closeWait(teller, at)
}

function resume(teller, entry) {
  const { at, state, matchId } = entry
  if (teller.match && teller.match.matchId !== matchId) closeMatch(teller, at, `resumed: ${state}`)
  if (state === 'waiting') openWait(teller, at)
  if (state !== 'proposed' && state !== 'talking') return
  teller.story.returns.push({ at, matchId })
  find(teller, entry)
  if (state === 'talking') teller.match.ready ??= at
}

function closeMatch(teller, at, why = 'end') {
  const { match } = teller
  if (!match) return
  Object.assign(match, { to: at, why })
  for (const away of match.aways) away.to ??= at
  teller.match = null
}

function openWait(teller, at, position = null) {
  if (teller.wait) return
  teller.wait = { direction: teller.direction, position, from: at, to: null }
  teller.story.waits.push(teller.wait)
}

function closeJoin({ join }, at) {
  if (join) join.to ??= at
}

function closeWait(teller, at) {
  if (teller.wait) teller.wait.to = at
  teller.wait = null
}
