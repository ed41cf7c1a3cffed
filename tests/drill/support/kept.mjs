// What Redis holds, and what of it belongs to nobody. Keys and records as src/store/redis/keys.rs and
// src/store/redis/scripts/shared_pool.lua declare them.
import { masterOf } from './servers.mjs'

const POOL = 'qala:{p:qala}:'

/** All tickets and proposals of the pool, each as a list of texts. */
const READ_POOL = `
local clock, told = redis.call('TIME'), {}
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local tickets = redis.call('HGETALL', KEYS[1])
for place = 1, #tickets, 2 do
  local ticket, value = tickets[place], tickets[place + 1]
  if string.byte(value) == 61 then
    local known = redis.call('HEXISTS', KEYS[2], string.sub(value, 2))
    if known == 0 then told[#told + 1] = { 'dangling', ticket, string.sub(value, 2) } end
  else
    local record = cmsgpack.unpack(value)
    told[#told + 1] = { 'waiting', record[5], record[2], ticket }
  end
end
local users = redis.call('HGETALL', KEYS[3])
for place = 1, #users, 2 do
  if redis.call('HEXISTS', KEYS[1], users[place + 1]) == 0 then told[#told + 1] = { 'dangling', users[place + 1], users[place] } end
end
local proposals = redis.call('HGETALL', KEYS[2])
for place = 1, #proposals, 2 do
  local proposal = cmsgpack.unpack(proposals[place + 1])
  local agreed = proposal[4][3] == 1 and proposal[5][3] == 1
  if proposal[3] == '' and not agreed and proposal[2] > now then
    told[#told + 1] = { 'open', proposal[4][4], proposal[5][4], proposals[place] }
  end
end
return told`

/** `{waiting: [{user, direction}], open: [{users, id}], dangling: [ticket], rooms: Map(id -> members),
 * sessions: [user]}` */
export async function kept(masters) {
  const [tickets, proposals, users] = ['tickets', 'proposals', 'users'].map((name) => POOL + name)
  const pool = await masterOf(masters, tickets)
  const told = await pool.ask('EVAL', READ_POOL, 3, tickets, proposals, users)
  const of = (kind) => told.filter(([first]) => first === kind).map(([, ...rest]) => rest)
  const named = (await Promise.all(masters.map(namedBy))).flat()
  return {
    waiting: of('waiting').map(([user, direction]) => ({ user, direction })),
    open: of('open').map(([one, other, id]) => ({ users: [one, other], id })),
    dangling: of('dangling').map(([ticket]) => ticket),
    rooms: new Map(named.filter(({ room }) => room).map(({ room, members }) => [room, members])),
    sessions: named.filter(({ user }) => user).map(({ user }) => user),
  }
}

/** Rooms with their members, and users of whom a session is recorded. */
async function namedBy(master) {
  const keys = new Set()
  let cursor = '0'
  do {
    const [next, some] = await master.ask('SCAN', cursor, 'MATCH', 'qala:{[ru]:*', 'COUNT', 1_000)
    cursor = next
    for (const key of some) keys.add(key)
  } while (cursor !== '0')
  const named = await Promise.all([...keys].map(async (key) => {
    const [, room] = /\{r:([^}]*)\}$/.exec(key) ?? []
    const [, user] = /\{u:([^}]*)\}:session:/.exec(key) ?? []
    return room ? { room, members: await master.ask('HMGET', key, 'a', 'b') } : { user }
  }))
  // A room that has gone since has no members.
  return named.filter(({ room, members }) => !room || members.every((member) => member !== null))
}

/** Where people and Redis differ at a quiet time: violations `{kind, user, what}`. `strangers` are users of whom
 * nothing is known here. Pure. */
export function differences(states, held, strangers = new Set()) {
  return [...ticketsDiffer(states, held, strangers), ...talksDiffer(states, held, strangers)]
}

function ticketsDiffer(states, held, strangers) {
  const tickets = held.waiting.filter(({ user }) => !strangers.has(user))
  const listed = new Set(tickets.map(({ user }) => user))
  const waits = new Map(states.map(({ user, state }) => [user, state]))
  const found = []
  for (const { user, state } of states) {
    if (state === 'waiting' && !listed.has(user)) found.push({ kind: 'left', user, what: 'waits, and Redis holds no ticket' })
    if (state === 'proposed' || state === 'joining') found.push({ kind: 'left', user, what: `still ${state}` })
  }
  for (const { user } of tickets) {
    if (waits.get(user) !== 'waiting') found.push({ kind: 'leftover', user, what: `a ticket of who is ${waits.get(user) ?? 'unknown'}` })
  }
  if (listed.size < tickets.length) found.push({ kind: 'leftover', user: null, what: `${tickets.length} tickets of ${listed.size} people` })
  const directions = new Set(tickets.map(({ direction }) => direction))
  for (const direction of directions) {
    const opposite = direction.split('>').reverse().join('>')
    if (direction < opposite && directions.has(opposite)) {
      found.push({ kind: 'left', user: null, what: `people wait for ${direction} and for ${opposite}` })
    }
  }
  const open = held.open.filter(({ users }) => !users.some((user) => strangers.has(user)))
  return [
    ...found,
    ...open.map(({ users, id }) => ({ kind: 'leftover', user: users[0], what: `the proposal ${id} to ${users.join(' and ')}` })),
    ...held.sessions.filter((user) => !waits.has(user) && !strangers.has(user))
      .map((user) => ({ kind: 'leftover', user, what: 'a session of who is gone' })),
    ...held.dangling.map((ticket) => ({ kind: 'leftover', user: null, what: `ticket ${ticket} is part of nothing` })),
  ]
}

function talksDiffer(states, held, strangers) {
  const talks = new Map()
  for (const { user, state, sessionId } of states) {
    if (state === 'talking') talks.set(sessionId, [...(talks.get(sessionId) ?? []), user])
  }
  const found = []
  for (const [room, users] of talks) {
    if (users.length !== 2) found.push({ kind: 'one-sided', user: users[0], what: `alone in ${room}` })
    const members = held.rooms.get(room)
    if (!members) found.push({ kind: 'left', user: users[0], what: `talks in ${room}, which Redis does not know` })
    else if (!users.every((user) => members.includes(user))) {
      found.push({ kind: 'double', user: users[0], what: `${users.join(', ')} talk in the room of ${members.join(', ')}` })
    }
  }
  for (const [room, members] of held.rooms) {
    if (talks.has(room) || members.some((user) => strangers.has(user))) continue
    found.push({ kind: 'leftover', user: members[0], what: `the room ${room} of ${members.join(' and ')}, who are not in it` })
  }
  return found
}
