-- OpenRoom: a room begins. One that stands already stays as it is, but for its numbers, of which the larger ones hold.
-- KEYS: 1 room. ARGV: 1 one member, 2 the other, 3 the number of the last message, 4 seconds a silent room is kept,
--   5 and 6 how many messages the one and the other have written.
local last, a, b = unpack(redis.call('HMGET', KEYS[1], 'last', 'a', 'b'))
if not last then
  a, b = ARGV[1], ARGV[2]
  redis.call('HSET', KEYS[1], 'a', a, 'b', b, 'last', ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
elseif tonumber(last) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'last', ARGV[3])
end
local counts = { [a] = 'by_a', [b] = 'by_b' }
for side = 1, 2 do
  local count, written = counts[ARGV[side]], tonumber(ARGV[4 + side])
  if count and written > tonumber(redis.call('HGET', KEYS[1], count) or 0) then
    redis.call('HSET', KEYS[1], count, ARGV[4 + side])
  end
end
return { 'done' }
