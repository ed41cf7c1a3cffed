-- OpenRoom: a room begins, or is opened again. One that stands stays as it is, unless it forgot numbers it gave.
-- KEYS: 1 room. ARGV: 1 one member, 2 the other, 3 the highest number that was heard of, 4 the number to go on
--   after where the room knows less, 5 seconds a silent room is kept, 6 and 7 how many messages the one and the other
--   are known to have written, 8 the pool of its members.
local last, a, b = unpack(redis.call('HMGET', KEYS[1], 'last', 'a', 'b'))
if not last then
  a, b = ARGV[1], ARGV[2]
  redis.call('HSET', KEYS[1], 'a', a, 'b', b, 'last', ARGV[4], 'pool', ARGV[8])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
elseif tonumber(last) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'last', ARGV[4])
end
local counts = { [a] = 'by_a', [b] = 'by_b' }
for side = 1, 2 do
  local count, written = counts[ARGV[side]], tonumber(ARGV[5 + side])
  if count and written > tonumber(redis.call('HGET', KEYS[1], count) or 0) then
    redis.call('HSET', KEYS[1], count, ARGV[5 + side])
  end
end
return { 'done' }
