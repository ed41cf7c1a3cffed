-- Beat: this node lives, and which others do?
-- KEYS: 1 nodes. ARGV: 1 this node; 2 how long, ms, a name must have been silent to be taken, or '' for one that
-- is this node's already.
-- Answers '1' or, if the name is another's, '0'; the time; node, time, node, time, ...
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = ARGV[2] ~= '' and tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) or 0
local free = now - last >= (tonumber(ARGV[2]) or 0)
if free then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
return {free and '1' or '0', string.format('%.0f', now), redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')}
