-- Renew: lets the leases of tickets end at another time, and tells how each of them stands.
-- KEYS as in shared_pool.lua. ARGV: 1-2 as in shared_time.lua, 3 lease end, 4... tickets.
-- Answers, for each ticket in the order asked, {'taken', proposal}, {'waiting', position, seconds} or {'unknown'}.
sweep_proposals()
local lease_until, standings, estimates = tonumber(ARGV[3]) + shift, {}, {}
for argument = 4, #ARGV do
  local ticket = ARGV[argument]
  local value = call('HGET', tickets, ticket)
  local id, proposal = taken(value)
  local record = waiting(value)
  if id then
    standings[argument - 3] = { 'taken', told(id, proposal) }
  elseif record then
    local direction = record[DIRECTION]
    call('ZADD', leases, lease_until, ticket)
    estimates[direction] = estimates[direction] or estimate(direction)
    standings[argument - 3] = { 'waiting', position(direction, place_in(record[MEMBER])), estimates[direction] }
  else
    standings[argument - 3] = { 'unknown' }
  end
end
return standings
