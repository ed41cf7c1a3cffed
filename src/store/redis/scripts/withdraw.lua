-- Withdraw: takes a ticket off its list.
-- KEYS as in shared_pool.lua. ARGV: 1-2 as in shared_time.lua, 3 ticket.
-- Answers {'taken', proposal}, {'removed'} or {'unknown'}.
sweep_proposals()
local value = call('HGET', tickets, ARGV[3])
local id, proposal = taken(value)
if id then
  return { 'taken', told(id, proposal) }
end
return { remove(ARGV[3]) and 'removed' or 'unknown' }
