-- Search: lists a ticket, looks through buckets for somebody acceptable, and claims both.
-- KEYS as in shared_pool.lua.
-- ARGV: 1-2 as in shared_time.lua, 3 ticket, 4 the ticket it replaces or '', 5 proposal, 6 room, 7 ms to accept,
--   8 lease end, 9 most waiting, 10 candidates, 11 direction, 12 bucket, 13 effective ms, 14 stage,
--   15 age, 16 youngest accepted, 17 oldest accepted, three digits each, 18 user, 19 avoided users, each
--   between newlines, 20 enqueued at, 21 body, 22 direction and 23 buckets to look in (a comma before and
--   behind each), 24 the place to look behind, or '', 25 whether both have accepted ('1').
-- Answers {'taken'|'claimed', proposal}, {'full'}, {'more', place}, {'listed', position, seconds}.
--
-- Its cost does not grow with the number of the waiting. `heads` holds the first ticket of every bucket of a
-- direction that is not empty, in waiting order: most searches end among those. What is behind a bucket's first
-- is read a few at a time and kept in a heap. Ages stand in the member itself, so only those whose age fits are
-- read; leases are looked at only while somebody's ran out.
local ticket, replaces, proposal_id, user = ARGV[3], ARGV[4], ARGV[5], ARGV[18]

sweep_proposals()
-- Asked again, because the answer was lost: it has claimed already, whatever became of the proposal since.
local made = call('HGET', proposals, proposal_id)
if made then
  local proposal = unpack_record(made)
  if now < proposal[EXPIRES] + KEPT_AFTER_EXPIRY then
    return { 'claimed', told(proposal_id, proposal) }
  end
  forget(proposal_id)
end
local own, replaced = call('HGET', tickets, ticket), false
local id, proposal = taken(own)
if not id and replaces ~= '' then
  replaced = call('HGET', tickets, replaces)
  id, proposal = taken(replaced)
end
-- Another ticket of the same user, which this one replaces as well.
local held = call('HGET', users, user)
local earlier = held and held ~= ticket and held ~= replaces and call('HGET', tickets, held)
if not id and earlier then
  id, proposal = taken(earlier)
  if id and is_agreed(proposal) then
    id = nil
  end
end
if id then
  return { 'taken', told(id, proposal) }
end

earlier = waiting(earlier)
own, replaced = waiting(own), waiting(replaced)
-- Clears away a few tickets whose lease has run out; is anybody dead left after that?
local ends = call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, SWEPT_AT_ONCE + 1)
local some_dead = #ends > SWEPT_AT_ONCE
for number = 1, math.min(#ends, SWEPT_AT_ONCE) do
  local dead = ends[number]
  remove(dead)
  if dead == ticket then
    own, held = nil, nil
  end
  if dead == replaces then
    replaced = nil
  end
end
if replaced and replaces ~= ticket then
  remove(replaces)
end
if earlier then
  remove(held)
end
local count = call('ZCARD', leases)
if not own and count >= tonumber(ARGV[9]) then
  return { 'full' }
end

-- Looking: several buckets as one list, in waiting order. Texts are compared as numbers where they are some:
-- Lua compares texts by the server's locale, which is slow.
local look_direction, look_in, after = ARGV[22], ARGV[23], ARGV[24]
local after_time = tonumber(string.sub(after, 1, 16))
-- Most searches end with the first few buckets; the rest are read at once should that not be enough.
local FEW = 16
local heads = call('ZRANGE', KEYS[9] .. look_direction, 0, FEW - 1)
local next_head, unread = 1, #heads == FEW
local own_avoid = ARGV[19]
-- The last member that was looked at, whether more are left, and the record of who was found.
local last, more, found

-- A function of its own, so that nothing of it is made where nobody is on the other side.
local function look()
  -- Buckets whose first ticket was looked at, as a heap, who has waited longest on top. Of each: its bucket, members
  -- read, place among them, next rank to read, how many to read, the next member and its time.
  local open, size = {}, 0

  local function before(one, other)
    return one.time < other.time or (one.time == other.time and one.member < other.member)
  end

  local function sink(lane)
    local place = 1
    while 2 * place <= size do
      local child = 2 * place
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

  local function drop_top()
    local bottom = open[size]
    open[size] = nil
    size = size - 1
    if size > 0 then
      sink(bottom)
    end
  end

  local function is_own(member)
    return string.sub(member, 17, 36) == ticket
  end

  -- Goes on to the next ticket of a bucket that is not the searching one; false at its end.
  local function advance(lane)
    repeat
      lane.at = lane.at + 1
      if lane.at > #lane.read then
        local queue = KEYS[10] .. look_direction .. ':' .. lane.bucket
        lane.read = call('ZRANGE', queue, lane.rank, lane.rank + lane.count - 1)
        lane.rank, lane.at, lane.count = lane.rank + lane.count, 1, 8
        if not lane.read[1] then
          return false
        end
      end
      lane.member = lane.read[lane.at]
    until not is_own(lane.member)
    lane.time = tonumber(string.sub(lane.member, 1, 16))
    return true
  end

  -- The next bucket that nobody of was looked at, if its first ticket is to be looked at now.
  local function next_bucket()
    while true do
      if next_head > #heads and unread then
        heads, next_head, unread = call('ZRANGE', KEYS[9] .. look_direction, FEW, -1), 1, false
      end
      local head = heads[next_head]
      if not head then
        return
      end
      local bucket = string.sub(head, 46)
      if string.find(look_in, ',' .. bucket .. ',', 1, true) then
        local lane = { bucket = bucket, read = {}, at = 0, rank = 1, count = 2 }
        lane.member, lane.time = string.sub(head, 1, 45), tonumber(string.sub(head, 1, 16))
        local seen = after_time and (lane.time < after_time
          or (lane.time == after_time and string.sub(head, 17, 36) <= string.sub(after, 17)))
        if not seen and not is_own(head) then
          if open[1] and before(open[1], lane) then
            return
          end
          next_head = next_head + 1
          return lane
        end
        -- It begins with tickets that are not to be looked at: what is behind them takes its place in the heap.
        if seen then
          local queue = KEYS[10] .. look_direction .. ':' .. bucket
          lane.rank, lane.count = call('ZLEXCOUNT', queue, '-', '[' .. after .. '~'), 8
        end
        if advance(lane) then
          rise(lane)
        end
      end
      next_head = next_head + 1
    end
  end

  local between = '\n' .. user .. '\n'
  local age, youngest, oldest = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])

  -- The record of a ticket, if the two accept each other, given that their buckets do.
  local function acceptable(member)
    local other_age = tonumber(string.sub(member, 37, 39))
    if other_age < youngest or other_age > oldest
      or age < tonumber(string.sub(member, 40, 42)) or age > tonumber(string.sub(member, 43, 45)) then
      return
    end
    local record = waiting(call('HGET', tickets, string.sub(member, 17, 36)))
    if not record then
      return
    end
    local other = '\n' .. record[USER] .. '\n'
    if other ~= between and not string.find(own_avoid, other, 1, true)
      and not string.find(record[AVOID], between, 1, true) then
      return record
    end
  end

  local left, dead = math.max(tonumber(ARGV[10]), 1), {}
  while true do
    local new = next_bucket()
    local lane = new or open[1]
    if not lane then
      break
    end
    if left == 0 then
      more = true
      break
    end
    left, last = left - 1, lane.member
    local number = string.sub(last, 17, 36)
    if some_dead and tonumber(call('ZSCORE', leases, number) or 0) <= now then
      dead[#dead + 1] = number
    else
      found = acceptable(last)
      if found then
        break
      end
    end
    if not advance(lane) then
      if not new then
        drop_top()
      end
    elseif new then
      rise(lane)
    else
      sink(lane)
    end
  end
  for _, number in ipairs(dead) do
    remove(number)
  end
end

if heads[1] then
  look()
end

local direction, bucket = ARGV[11], ARGV[12]
-- A key that is new gets its life; that of others is renewed by one ticket in ten, which saves a fifth of the time.
local renews_keys = count == 0 or string.byte(ticket, 20) == 48
if held ~= ticket then
  call('HSET', users, user, ticket)
end
if found then
  local other = string.sub(found[MEMBER], 17, 36)
  leave(other, found)
  if own then
    leave(ticket, own)
  end
  local accepted = tonumber(ARGV[25])
  local kept = {
    ARGV[6],
    now + tonumber(ARGV[7]),
    '',
    { ticket, tonumber(ARGV[14]), accepted, user, own_avoid, ARGV[21], direction, tonumber(ARGV[20]) + shift },
    { other, found[STAGE], accepted, found[USER], found[AVOID], found[BODY], found[DIRECTION], found[ENQUEUED] },
  }
  call('HSET', tickets, ticket, '=' .. proposal_id, other, '=' .. proposal_id)
  call('HSET', proposals, proposal_id, pack(kept))
  call('ZADD', expiries, kept[EXPIRES], proposal_id)
  if renews_keys or call('ZCARD', expiries) == 1 then
    call('EXPIRE', proposals, WEEK)
    call('EXPIRE', expiries, WEEK)
  end
  if accepted == 1 then
    record_wait(kept[CLAIMER])
    record_wait(kept[CLAIMED])
  end
  return { 'claimed', told(proposal_id, kept) }
end

-- Listing. A ticket that is listed anew with the time it had before keeps the place it got.
local effective = tonumber(ARGV[13])
local place
if own and own[EFFECTIVE] == effective then
  place = place_in(own[MEMBER])
else
  place = string.format('%016.0f', effective + shift + 4503599627370496) .. ticket
end
local member = place .. ARGV[15] .. ARGV[16] .. ARGV[17]
if own then
  if place_in(own[MEMBER]) ~= place or own[DIRECTION] ~= direction then
    call('ZREM', KEYS[8] .. own[DIRECTION], place_in(own[MEMBER]))
  end
  if own[MEMBER] ~= member or own[BUCKET] ~= bucket or own[DIRECTION] ~= direction then
    leave_queue(own)
  end
end
local queue, own_heads, line = KEYS[10] .. direction .. ':' .. bucket, KEYS[9] .. direction, KEYS[8] .. direction
local alone = false
if call('ZADD', queue, 0, member) == 1 then
  local first = call('ZRANGE', queue, 0, 1)
  alone = not first[2]
  if first[1] == member then
    call('ZADD', own_heads, 0, member .. bucket)
    if first[2] then
      call('ZREM', own_heads, first[2] .. bucket)
    end
  end
end
call('ZADD', line, 0, place)
call('ZADD', leases, tonumber(ARGV[8]) + shift, ticket)
call('HSET', tickets, ticket, pack({
  member, direction, bucket, tonumber(ARGV[14]), user, own_avoid, tonumber(ARGV[20]) + shift, ARGV[21], effective,
}))
local standing = position(direction, place)
if renews_keys or alone or standing == 1 then
  for _, key in ipairs({ queue, own_heads, line, leases, tickets, users }) do
    call('EXPIRE', key, WEEK)
  end
end
if more then
  return { 'more', place_in(last) }
end
return { 'listed', standing, estimate(direction) }
