-- Survey: who waits in a pool? Changes nothing.
-- KEYS as in shared_pool.lua. ARGV: 1-2 as in shared_time.lua, 3 a user or '', 4 how many tickets are told of each
--   direction, then the directions. Of a user who waits: the direction of those whom the user may meet instead.
-- Answers {'' or 'waiting' or 'taken' or 'unknown', that user's ticket or false,
--   {how many wait, {ticket, ticket, ...}}, ...}. A ticket is {number, stage, user, avoid, body, 1 if its lease holds}.
local function told_ticket(ticket, record)
  local lease = tonumber(call('ZSCORE', leases, ticket) or 0)
  return { ticket, record[STAGE], record[USER], record[AVOID], record[BODY], lease > now and 1 or 0 }
end

local function line(direction)
  local told = {}
  for _, place in ipairs(call('ZRANGE', KEYS[8] .. direction, 0, tonumber(ARGV[4]) - 1)) do
    local ticket = string.sub(place, 17, 36)
    local record = waiting(call('HGET', tickets, ticket))
    if record then
      told[#told + 1] = told_ticket(ticket, record)
    end
  end
  return { call('ZCARD', KEYS[8] .. direction), told }
end

local state, own, directions = '', false, { unpack(ARGV, 5) }
if ARGV[3] ~= '' then
  local ticket = call('HGET', users, ARGV[3])
  local value = ticket and call('HGET', tickets, ticket)
  local record = waiting(value)
  local _, proposal = taken(value)
  state = record and 'waiting' or proposal and not is_agreed(proposal) and 'taken' or 'unknown'
  if record then
    own = told_ticket(ticket, record)
    local speaks, learns = string.match(record[DIRECTION], '^(.*)>(.*)$')
    directions = { learns .. '>' .. speaks }
  end
end
local answer = { state, own }
for _, direction in ipairs(directions) do
  answer[#answer + 1] = line(direction)
end
return answer
