-- Register: a session lives here and is in this talk, unless another one of the same user is known.
-- KEYS: 1 session. ARGV: 1 the session's address, 2 its talk or '', 3 seconds it is known.
-- Answers the address of the session that is known.
local session, address = KEYS[1], ARGV[1]
local known = redis.call('HGET', session, 'address')
if known and known ~= address then
  return known
end
redis.call('DEL', session)
redis.call('HSET', session, 'address', address)
if ARGV[2] ~= '' then
  redis.call('HSET', session, 'talk', ARGV[2])
end
redis.call('EXPIRE', session, ARGV[3])
return address
