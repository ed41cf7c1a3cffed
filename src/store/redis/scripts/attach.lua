-- Attach: a user's session begins. Whom is the user not to meet, and until when? Which session does it follow?
-- KEYS: 1 history, 2 session. ARGV: 1-2 as in shared_time.lua, 3 the session's address, 4 seconds it is known.
-- Answers {address or nil, talk or nil} of the session before, {partner, end, partner, end, ...} the first to end
-- first.
--
-- The session before stays known beside the new one until that is registered: one that attaches again, because the
-- answer was lost, is told the same again.
local history, session, address = KEYS[1], KEYS[2], ARGV[3]
local known = call('HMGET', session, 'address', 'talk', 'former', 'former_talk')
local former, former_talk = known[3], known[4]
if known[1] ~= address then
  former, former_talk = known[1], known[2]
  call('DEL', session)
  call('HSET', session, 'address', address)
  if former then
    call('HSET', session, 'former', former)
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
return { { former, former_talk }, partners }
