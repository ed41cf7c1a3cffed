-- Reserve: a hall is there for a while, also with nobody in it.
-- KEYS: as in shared_hall.lua. ARGV: 1-2 as in shared_time.lua, 3 hall, 4 halls that may be reserved, 5 halls that there
-- may be. Answers {'reserved'} or {'no_more_halls'}.
call('ZREMRANGEBYSCORE', reservations, '-inf', whole(now))
local hall = known(ARGV[3])
local is_reserved = hall and hall.reserved > now
if is_reserved then
  return { 'reserved' }
end
if not hall and call('ZCARD', creations) >= tonumber(ARGV[5])
  or call('ZCARD', reservations) >= tonumber(ARGV[4]) then
  return { 'no_more_halls' }
end
hall = hall or begin(ARGV[3], now)
hall.reserved = now + RESERVED
changed(hall)
call('ZADD', reservations, hall.reserved, hall.name)
call('EXPIRE', reservations, WEEK)
put(hall)
return { 'reserved' }
