// What became of people whose node closed their connection: whether they found their talk, or their place in the
// queue, where they came back. Pure.

/** In this time somebody may have learned of what the other one did in the same moment. */
const MEANWHILE_MS = 1_000

/** `{rooms, places, violations}`: from everybody's `{user, log}`, how many were in a room and how many waited when
 * their connection was lost, and what of it was not there when they were back. */
export function moves(logs) {
  const ended = endsOf(logs)
  const counted = { rooms: 0, places: 0, violations: [] }
  for (const { user, log } of logs) {
    const now = { state: 'idle', sessionId: null }
    let lost = null
    for (const entry of log) {
      if (entry.what === 'lost') lost = { ...now, at: entry.at }
      if (entry.what === 'resumed' && lost) {
        judge(user, lost, entry, ended, counted)
        lost = null
      }
      follow(now, entry)
    }
  }
  return counted
}

/** When each talk was ended by one of the two, on purpose. */
function endsOf(logs) {
  const left = logs.flatMap(({ log }) => log.filter(({ what }) => what === 'left'))
  return new Map(left.map(({ at, sessionId }) => [sessionId, at]))
}

function judge(user, lost, back, ended, counted) {
  const say = (kind, what) => counted.violations.push({ kind, user, at: back.at, what })
  if (lost.state === 'waiting') {
    counted.places += 1
    if (!['waiting', 'proposed', 'talking'].includes(back.state)) say('place', `waited, and is ${back.state} after coming back`)
  }
  if (lost.state === 'talking') {
    counted.rooms += 1
    const stands = back.state === 'talking' && back.sessionId === lost.sessionId
    const isOver = (ended.get(lost.sessionId) ?? Infinity) <= back.at + MEANWHILE_MS
    if (!stands && !isOver) say('room', `talked in ${lost.sessionId}, and is ${back.state} after coming back`)
  }
}

/** What somebody is in after that. */
function follow(now, { what, state, sessionId, requeued }) {
  const be = (next, room = null) => Object.assign(now, { state: next, sessionId: room })
  if (what === 'joining') be('joining')
  if (what === 'joined' && now.state === 'joining') be('waiting')
  if (what === 'found') be('proposed')
  if (what === 'ready') be('talking', sessionId)
  if (what === 'rejecting') be('waiting')
  if (what === 'rejected') be(requeued ? 'waiting' : 'idle')
  if (what === 'resumed') be(state === 'nothing' ? 'idle' : state, sessionId ?? null)
  if (what === 'expired') be('idle')
  if ((what === 'left' || what === 'peer_left') && now.sessionId === sessionId) be('idle')
}
