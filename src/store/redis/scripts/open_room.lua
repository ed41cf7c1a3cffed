-- OpenRoom: a room begins. One that stands already stays as it is.
-- KEYS: 1 room. ARGV: 1 one member, 2 the other, 3 seconds a silent room is kept.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'a', ARGV[1], 'b', ARGV[2], 'last', 0)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return { 'done' }
