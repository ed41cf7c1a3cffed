-- Beat: this node lives, and which others do?
-- KEYS: 1 nodes; 2 people. ARGV: 1 this node; 2 how long, ms, a name must have been silent to be taken, or '' for one that
-- is this node's already; 3 the time of the node's last sign of life that it had an answer to, or ''.
-- 4 how many people it has, as a text, or ''.
-- Answers '1' or, if the name is another's, '0'; the time; node, time, node, time, ...; '1' if the last sign of
-- life is that one, '0' otherwise; node, people, node, people, ... One that nobody answered is another one: it may have come after a loss of
-- everything, and told so to nobody.
local clock = redis.call('TIME')
local now, answered = clock[1] * 1000 + math.floor(clock[2] / 1000), tonumber(ARGV[3])
-- Two signs of life of one millisecond would be taken for one.
if now == answered then
  now = now + 1
end
local last = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '')
local free = ARGV[2] == '' or now - (last or 0) >= tonumber(ARGV[2])
if free then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
local people = redis.call('HGETALL', KEYS[2])
for place = 1, #people, 2 do
  if not redis.call('ZSCORE', KEYS[1], people[place]) then
    redis.call('HDEL', KEYS[2], people[place])
  end
end
if free and ARGV[4] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
end
local known = last and last == answered
local nodes = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
return { free and '1' or '0', string.format('%.0f', now), nodes, known and '1' or '0', people }
