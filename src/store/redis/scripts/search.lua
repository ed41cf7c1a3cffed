-- Search: lists a ticket, looks through buckets for somebody acceptable, and claims both.
-- KEYS as in shared_pool.lua.
-- ARGV: 1-2 as in shared_time.lua, 3 ticket, 4 the ticket it replaces or '', 5 proposal, 6 room, 7 ms to accept,
--   8 lease end, 9 most waiting, 10 candidates, 11 direction, 12 bucket, 13 effective ms, 14 stage,
--   15 age, 16 youngest accepted, 17 oldest accepted (three digits each), 18 user, 19 avoided users, each
--   between newlines, 20 enqueued at, 21 body, 22 direction and 23 buckets to look in (a comma before and
--   behind each), 24 effective ms and 25 ticket to look behind, or ''.
-- Answers {'taken'|'claimed', proposal}, {'full'}, {'more', effective ms, ticket}, {'listed', position, seconds}.
--
-- Its cost does not grow with the number of the waiting. `heads` names the buckets of a direction that are not
-- empty by the score of their first ticket, so a search opens no more of them than it needs; ages stand in
-- the member itself, so only those whose age fits are read; leases are looked at only while some of them ran out.
local ticket, replaces, proposal_id = ARGV[3], ARGV[4], ARGV[5]

sweep_proposals()
-- Asked again, because the answer was lost: it has claimed already, whatever became of the proposal since.
local made = call('HGET', proposals, proposal_id)
if made then
  local proposal = unpack_record(made)
  if now < proposal[EXPIRES] + KEPT_AFTER_EXPIRY then
    return { 'claimed', told(proposal_id, proposal) }
  end
end
local own, replaced = call('HGET', tickets, ticket), false
local id, proposal = taken(own)
if not id and replaces ~= '' then
  replaced = call('HGET', tickets, replaces)
  id, proposal = taken(replaced)
end
if id then
  return { 'taken', told(id, proposal) }
end

own, replaced = waiting(own), waiting(replaced)
-- Clears away a few tickets whose lease has run out; is anybody dead left after that?
local ends = call('ZRANGE', leases, 0, SWEPT_AT_ONCE, 'WITHSCORES')
local some_dead = false
for place = 1, #ends, 2 do
  if tonumber(ends[place + 1]) > now then
    break
  end
  if place > 2 * SWEPT_AT_ONCE then
    some_dead = true
    break
  end
  local dead = ends[place]
  remove(dead)
  if dead == ticket then
    own = nil
  end
  if dead == replaces then
    replaced = nil
  end
end
if replaced and replaces ~= ticket then
  remove(replaces)
end
local count = call('ZCARD', leases)
if not own and count >= tonumber(ARGV[9]) then
  return { 'full' }
end

-- Looking: several buckets as one list, in waiting order.
local look_direction, look_in = ARGV[22], ARGV[23]
local after, after_ticket = tonumber(ARGV[24]), ARGV[25]
-- Most searches end with the first few buckets; the rest are read at once should that not be enough.
local FEW = 16
local heads = call('ZRANGE', KEYS[8] .. look_direction, 0, FEW - 1, 'WITHSCORES')
local next_head, unread = 1, #heads == 2 * FEW
-- Buckets that were opened, as a heap: the one whose first ticket has waited longest is on top. Of each: queue,
-- members read, place among them, next rank to read, first member and its score.
local open, size = {}, 0

local function before(one, other)
  return one.score < other.score or (one.score == other.score and one.member < other.member)
end

local function sink(lane, place)
  while true do
    local child = 2 * place
    if child > size then
      break
    end
    if child < size and before(open[child + 1], open[child]) then
      child = child + 1
    end
    if before(lane, open[child]) then
      break
    end
    open[place] = open[child]
    place = child
  end
  open[place] = lane
end

local function rise(lane)
  size = size + 1
  local place = size
  while place > 1 do
    local parent = (place - place % 2) / 2
    if before(open[parent], lane) then
      break
    end
    open[place] = open[parent]
    place = parent
  end
  open[place] = lane
end

-- Goes on to the next ticket of a bucket that is to be looked at; false at its end.
local function advance(lane)
  while true do
    lane.at = lane.at + 2
    if lane.at > #lane.read then
      lane.read = call('ZRANGE', lane.queue, lane.rank, lane.rank + lane.chunk - 1, 'WITHSCORES')
      lane.rank, lane.at, lane.chunk = lane.rank + lane.chunk, 1, 8
      if not lane.read[1] then
        return false
      end
    end
    lane.member, lane.score = lane.read[lane.at], tonumber(lane.read[lane.at + 1])
    local number = string.sub(lane.member, 1, 20)
    local behind = not after or lane.score > after or (lane.score == after and number > after_ticket)
    if behind and number ~= ticket then
      return true
    end
  end
end

-- The bucket whose first ticket has waited longest, once every bucket that may have an earlier one is open.
local function first_lane()
  while true do
    if next_head > #heads and unread then
      heads, next_head, unread = call('ZRANGE', KEYS[8] .. look_direction, FEW, -1, 'WITHSCORES'), 1, false
    end
    if next_head > #heads then
      return open[1]
    end
    local bucket, score = heads[next_head], tonumber(heads[next_head + 1])
    if open[1] and score > open[1].score then
      return open[1]
    end
    next_head = next_head + 2
    if string.find(look_in, ',' .. bucket .. ',', 1, true) then
      -- Two at once: whoever looks at the first mostly wants to know the second.
      local lane = { queue = KEYS[9] .. look_direction .. ':' .. bucket, read = {}, at = 1, rank = 0, chunk = 2 }
      if after and score <= after then
        lane.rank, lane.chunk = call('ZCOUNT', lane.queue, '-inf', '(' .. ARGV[24]), 8
      end
      if advance(lane) then
        rise(lane)
      end
    end
  end
end

local user, own_avoid = '\n' .. ARGV[18] .. '\n', ARGV[19]

-- The record of a ticket, if the two accept each other, given that their buckets do.
local function acceptable(member)
  local age = string.sub(member, 21, 23)
  if age < ARGV[16] or age > ARGV[17] or ARGV[15] < string.sub(member, 24, 26) or ARGV[15] > string.sub(member, 27, 29) then
    return
  end
  local record = waiting(call('HGET', tickets, string.sub(member, 1, 20)))
  if not record then
    return
  end
  local other = '\n' .. record[USER] .. '\n'
  if other ~= user and not string.find(own_avoid, other, 1, true) and not string.find(record[AVOID], user, 1, true) then
    return record
  end
end

local left, last, found, more, dead = math.max(tonumber(ARGV[10]), 1), nil, nil, false, {}
while true do
  local lane = first_lane()
  if not lane then
    break
  end
  if left == 0 then
    more = true
    break
  end
  left, last = left - 1, { lane.member, lane.score }
  local number = string.sub(lane.member, 1, 20)
  if some_dead and tonumber(call('ZSCORE', leases, number) or 0) <= now then
    dead[#dead + 1] = number
  else
    found = acceptable(lane.member)
    if found then
      break
    end
  end
  if advance(lane) then
    sink(lane, 1)
  else
    local bottom = open[size]
    open[size], size = nil, size - 1
    if size > 0 then
      sink(bottom, 1)
    end
  end
end
for _, number in ipairs(dead) do
  remove(number)
end

local direction, bucket = ARGV[11], ARGV[12]
-- A key that is new gets its life; that of others is renewed by one ticket in ten, which saves a fifth of the time.
local renews_keys = count == 0 or string.byte(ticket, 20) == 48
if found then
  local other = string.sub(found[MEMBER], 1, 20)
  leave(other, found)
  if own then
    leave(ticket, own)
  end
  local kept = {
    ARGV[6],
    now + tonumber(ARGV[7]),
    '',
    { ticket, tonumber(ARGV[14]), 0, ARGV[18], own_avoid, ARGV[21], direction, tonumber(ARGV[20]) + shift },
    { other, found[STAGE], 0, found[USER], found[AVOID], found[BODY], found[DIRECTION], found[ENQUEUED] },
  }
  call('HSET', tickets, ticket, '=' .. proposal_id, other, '=' .. proposal_id)
  call('HSET', proposals, proposal_id, pack(kept))
  call('ZADD', expiries, kept[EXPIRES], proposal_id)
  if renews_keys or call('ZCARD', expiries) == 1 then
    call('EXPIRE', proposals, WEEK)
    call('EXPIRE', expiries, WEEK)
  end
  return { 'claimed', told(proposal_id, kept) }
end

-- Listing. A ticket that is listed anew with the place it asked for before keeps the place it got.
local place = tonumber(ARGV[13])
local score = place + shift
local member = ticket .. ARGV[15] .. ARGV[16] .. ARGV[17]
if own then
  if own[PLACE] == place then
    score = own[SCORE]
  end
  if own[DIRECTION] ~= direction then
    call('ZREM', KEYS[7] .. own[DIRECTION], ticket)
  end
  if own[MEMBER] ~= member or own[BUCKET] ~= bucket or own[SCORE] ~= score or own[DIRECTION] ~= direction then
    leave_queue(own)
  end
end
local queue, own_heads, line = KEYS[9] .. direction .. ':' .. bucket, KEYS[8] .. direction, KEYS[7] .. direction
call('ZADD', queue, score, member)
local first_in_queue = call('ZADD', own_heads, 'LT', score, bucket) == 1
call('ZADD', line, score, ticket)
call('ZADD', leases, tonumber(ARGV[8]) + shift, ticket)
call('HSET', tickets, ticket, pack({
  member, direction, bucket, score, tonumber(ARGV[14]), ARGV[18], own_avoid, tonumber(ARGV[20]) + shift, ARGV[21], place,
}))
local standing = position(direction, ticket)
if renews_keys or first_in_queue or standing == 1 then
  for _, key in ipairs({ queue, own_heads, line, leases, tickets }) do
    call('EXPIRE', key, WEEK)
  end
end
if more then
  return { 'more', string.format('%.0f', last[2]), string.sub(last[1], 1, 20) }
end
return { 'listed', standing, estimate(direction) }
