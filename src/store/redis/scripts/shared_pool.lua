-- Put in front of every script of a pool, after shared_time.lua.
-- KEYS of all of them: 1 tickets, 2 leases, 3 proposals, 4 expiries, 5 waits, 6 former waits, 7 users, and the
-- beginnings of 8 lines, 9 heads, 10 queues. What follows a beginning is a direction, or a direction and a bucket.
--
-- A ticket is told by its number, twenty digits. A place is sixteen digits of its effective time, moved so that
-- no time is negative, and its number: places sort as texts in waiting order. A member of a queue is a place and
-- nine digits, its age and the ages it accepts; one of `heads` is the first member of a queue and its bucket.
-- The sorted sets of places have no scores, because a score costs more to read than all else of an entry.
--
-- `users` leads from a user to the ticket that the user listed last, as long as that waits or is part of a proposal:
-- a ticket that waits is always its user's.
--
-- In `tickets` a ticket is either '=' and the proposal that it is part of, or, while it waits, this record:
local MEMBER, DIRECTION, BUCKET, STAGE, USER, AVOID, ENQUEUED, BODY, EFFECTIVE = 1, 2, 3, 4, 5, 6, 7, 8, 9
-- A proposal: its room, its end, how it ended ('' while it stands), both sides. A side:
local ROOM, EXPIRES, ENDED, CLAIMER, CLAIMED = 1, 2, 3, 4, 5
local S_TICKET, S_STAGE, S_ACCEPTED, S_USER, S_AVOID, S_BODY, S_DIRECTION, S_ENQUEUED = 1, 2, 3, 4, 5, 6, 7, 8

-- How long a proposal is known after its time is over, ms.
local KEPT_AFTER_EXPIRY = 10000
-- What one operation clears away of what is long over: more than the one that it may add.
local SWEPT_AT_ONCE = 4
-- Every key of a pool goes a week after it was last written: longer than anybody waits, shorter than for ever.
local WEEK = 604800

local tickets, leases, proposals, expiries, users = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[7]
local pack, unpack_record = cmsgpack.pack, cmsgpack.unpack

local function place_in(member)
  return string.sub(member, 1, 36)
end

-- Takes a ticket out of its bucket, and keeps the bucket's first ticket known.
local function leave_queue(record)
  local queue, heads = KEYS[10] .. record[DIRECTION] .. ':' .. record[BUCKET], KEYS[9] .. record[DIRECTION]
  local first = call('ZRANGE', queue, 0, 1)
  if first[1] == record[MEMBER] then
    -- The new one before the old one goes: a key that is empty in between would lose its life.
    if first[2] then
      call('ZADD', heads, 0, first[2] .. record[BUCKET])
    end
    call('ZREM', heads, record[MEMBER] .. record[BUCKET])
  end
  call('ZREM', queue, record[MEMBER])
end

-- Takes a ticket off everything but `tickets` and `users`.
local function leave(ticket, record)
  leave_queue(record)
  call('ZREM', KEYS[8] .. record[DIRECTION], place_in(record[MEMBER]))
  call('ZREM', leases, ticket)
end

-- The record of a value of `tickets`, if that ticket waits.
local function waiting(value)
  if value and string.byte(value) ~= 61 then
    return unpack_record(value)
  end
end

-- Takes a ticket off its list; does it wait?
local function remove(ticket)
  local record = waiting(call('HGET', tickets, ticket))
  if record then
    leave(ticket, record)
    call('HDEL', tickets, ticket)
    call('HDEL', users, record[USER])
  else
    call('ZREM', leases, ticket)
  end
  return record
end

-- The proposal of a value of `tickets`, if that ticket is part of one that is not forgotten.
local function taken(value)
  if not value or string.byte(value) ~= 61 then
    return
  end
  local id = string.sub(value, 2)
  local kept = call('HGET', proposals, id)
  if kept then
    local proposal = unpack_record(kept)
    if now < proposal[EXPIRES] + KEPT_AFTER_EXPIRY then
      return id, proposal
    end
  end
end

local function is_agreed(proposal)
  return proposal[CLAIMER][S_ACCEPTED] == 1 and proposal[CLAIMED][S_ACCEPTED] == 1
end

-- Its two tickets are free for others.
local function release(id, proposal)
  for side = CLAIMER, CLAIMED do
    local ticket, user = proposal[side][S_TICKET], proposal[side][S_USER]
    if call('HGET', tickets, ticket) == '=' .. id then
      call('HDEL', tickets, ticket)
      if call('HGET', users, user) == ticket then
        call('HDEL', users, user)
      end
    end
  end
end

local function forget(id)
  local kept = call('HGET', proposals, id)
  if kept then
    release(id, unpack_record(kept))
    call('HDEL', proposals, id)
  end
  call('ZREM', expiries, id)
end

-- Clears away a few proposals whose time is long over.
local function sweep_proposals()
  local over = call('ZRANGEBYSCORE', expiries, '-inf', now - KEPT_AFTER_EXPIRY, 'LIMIT', 0, SWEPT_AT_ONCE)
  for _, id in ipairs(over) do
    forget(id)
  end
end

-- Eight times the mean of recent waits, ms; thirty seconds before anybody was matched.
local function sum_of_waits(direction)
  return tonumber(call('HGET', KEYS[5], direction) or call('HGET', KEYS[6], direction) or 240000)
end

local function estimate(direction)
  return math.min(math.ceil(sum_of_waits(direction) / 8000), 300)
end

-- From 1, among all buckets of the direction.
local function position(direction, place)
  return (call('ZRANK', KEYS[8] .. direction, place) or 0) + 1
end

local function told_side(side)
  return { side[S_TICKET], side[S_STAGE], side[S_ACCEPTED], side[S_USER], side[S_AVOID], side[S_BODY] }
end

-- A proposal as the node is told of it.
local function told(id, proposal)
  return { id, proposal[ROOM], proposal[EXPIRES] - shift, told_side(proposal[CLAIMER]), told_side(proposal[CLAIMED]) }
end

-- Directions kept in one generation of waits; those that no match touches for a generation are forgotten.
local DIRECTIONS = 1024

-- Waits are counted when a match is agreed, until that moment.
local function record_wait(side)
  local sum = sum_of_waits(side[S_DIRECTION])
  local waited = math.max(now - side[S_ENQUEUED], 0)
  call('HSET', KEYS[5], side[S_DIRECTION], sum - math.floor(sum / 8) + waited)
  call('EXPIRE', KEYS[5], WEEK)
  if call('HLEN', KEYS[5]) >= DIRECTIONS then
    call('RENAME', KEYS[5], KEYS[6])
  end
end

