-- Bury: remove a node, unless it gave a sign of life since.
-- KEYS: 1 nodes. ARGV: 1 the node; 2 the time of its last sign of life that is known, ms.
-- Answers 1 to the one who removed it, 0 to all others.
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not last or tonumber(last) > tonumber(ARGV[2]) then
  return 0
end
return redis.call('ZREM', KEYS[1], ARGV[1])
