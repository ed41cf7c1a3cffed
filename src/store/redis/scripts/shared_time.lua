-- Put in front of every script that knows a moment.
-- ARGV[1] the node's time, ms; ARGV[2] '1' to go by the server's clock instead.
-- `now` is the moment that counts. `shift` leads from the node's clock to it: added to times that the node
-- names, taken off times that the node is told.
local call = redis.call
local now, shift = tonumber(ARGV[1]), 0
if ARGV[2] == '1' then
  local clock = call('TIME')
  local server = clock[1] * 1000 + math.floor(clock[2] / 1000)
  now, shift = server, server - now
end

