-- Survey: what time is it, and which nodes gave a sign of life when? Changes nothing.
-- KEYS: 1 nodes.
-- Answers the time, ms, and node, time, node, time, ...
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return { string.format('%.0f', now), redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES') }
