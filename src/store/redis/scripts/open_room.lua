-- OpenRoom: a room begins. One that stands already stays as it is, but for a larger number of its last message.
-- KEYS: 1 room. ARGV: 1 one member, 2 the other, 3 the number of the last message, 4 seconds a silent room is kept.
local last = redis.call('HGET', KEYS[1], 'last')
if not last then
  redis.call('HSET', KEYS[1], 'a', ARGV[1], 'b', ARGV[2], 'last', ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
elseif tonumber(last) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'last', ARGV[3])
end
return { 'done' }
