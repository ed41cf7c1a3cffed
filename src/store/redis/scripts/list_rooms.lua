-- List rooms: these were opened and closed, in no order.
-- KEYS: 1 rooms. ARGV: 1-2 as in shared_time.lua, then rooms, with '+' in front if open, '-' if closed.
-- Rooms that nobody closed, because every node that knew them is gone, make way after eight days: longer than anybody
-- stays in one talk.
local KEPT = 691200000
for place = 3, #ARGV do
  local room = string.sub(ARGV[place], 2)
  if string.byte(ARGV[place]) == 43 then
    call('ZADD', KEYS[1], 'NX', now, room)
  else
    call('ZREM', KEYS[1], room)
  end
end
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - KEPT)
call('PEXPIRE', KEYS[1], KEPT)
return #ARGV - 2
