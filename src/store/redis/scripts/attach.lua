-- Attach: a user's session begins. Whom is the user not to meet, and until when? Which session does it follow?
-- KEYS: 1 history, 2 session. ARGV: 1-2 as in shared_time.lua, 3 the session's address, 4 seconds it is known,
-- 5 when its client came in, 6 how many sessions before the former one are remembered.
-- Answers {address or nil, talk or nil} of the session before, {partner, end, partner, end, ...} the first to end
-- first, the session's rank: when its client came in, by this clock. Or the address of the session that stays known
-- because the client came in there since, and of the one that this session followed, if it was told so, or nil.
--
-- The session before stays known beside the new one until that is registered: one that attaches again, because the
-- answer was lost, is told the same again, and so is one that was followed itself meanwhile: `earlier` are those
-- before the session before, the latest first, with a newline after each.
local history, session, address = KEYS[1], KEYS[2], ARGV[3]
local known = call('HMGET', session, 'address', 'talk', 'former', 'former_talk', 'rank', 'earlier')
local former, former_talk = known[3], known[4]
local rank, known_rank = tonumber(ARGV[5]) + shift, tonumber(known[5] or '0')
local is_known, earlier = known[1] == address, ''
if is_known then
  rank = math.max(rank, known_rank)
elseif known[1] and known_rank > rank then
  local chain, followed = (former or '') .. '\n' .. (known[6] or ''), false
  local _, last = string.find('\n' .. chain, '\n' .. address .. '\n', 1, true)
  if last then
    followed = string.match(chain, '^[^\n]+', last)
  end
  return { known[1], followed or false }
else
  if former then
    local left = tonumber(ARGV[6])
    for one in string.gmatch(former .. '\n' .. (known[6] or ''), '[^\n]+') do
      if left > 0 then
        earlier = earlier .. one .. '\n'
      end
      left = left - 1
    end
  end
  former, former_talk = known[1], known[2]
  if former then
    rank = math.max(rank, known_rank + 1)
  end
  call('DEL', session)
end
rank = string.format('%.0f', rank)
call('HSET', session, 'address', address, 'rank', rank)
if not is_known then
  if former then
    call('HSET', session, 'former', former, 'earlier', earlier)
  end
  if former_talk then
    call('HSET', session, 'former_talk', former_talk)
  end
  call('EXPIRE', session, ARGV[4])
end
local partners = call('ZRANGEBYSCORE', history, '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
for place = 2, #partners, 2 do
  partners[place] = string.format('%.0f', tonumber(partners[place]) - shift)
end
return { { former, former_talk }, partners, rank }
