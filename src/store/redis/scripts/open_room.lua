-- OpenRoom: a room begins, or is opened again. One that stands stays as it is, unless it forgot numbers it gave.
-- KEYS: 1 room. ARGV: 1 one member, 2 the other, 3 the highest number that was heard of, 4 the number to go on
--   after where the room knows less, 5 seconds a silent room is kept.
local last = redis.call('HGET', KEYS[1], 'last')
if not last then
  redis.call('HSET', KEYS[1], 'a', ARGV[1], 'b', ARGV[2], 'last', ARGV[4])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
elseif tonumber(last) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'last', ARGV[4])
end
return { 'done' }
