-- Register: a session lives here and is in this talk, unless one of the same user is known whose rank is not lower.
-- KEYS: 1 session. ARGV: 1 the session's address, 2 its talk or '', 3 seconds it is known, 4 its rank.
-- Answers {address, rank} of the session that counts, and the address of the one that did until now, or nil.
local session, address, rank = KEYS[1], ARGV[1], tonumber(ARGV[4])
local known = redis.call('HMGET', session, 'address', 'rank')
local known_rank, former = tonumber(known[2] or '0'), false
if known[1] == address then
  rank = math.max(rank, known_rank)
elseif known[1] then
  if known_rank >= rank then
    return { known[1], string.format('%.0f', known_rank), false }
  end
  former = known[1]
end
rank = string.format('%.0f', rank)
redis.call('DEL', session)
redis.call('HSET', session, 'address', address, 'rank', rank)
if ARGV[2] ~= '' then
  redis.call('HSET', session, 'talk', ARGV[2])
end
redis.call('EXPIRE', session, ARGV[3])
return { address, rank, former }
