-- Reclaim: what a user has belongs to another session from now on.
-- KEYS as in shared_pool.lua. ARGV: 1-2 as in shared_time.lua, 3 user, 4 the new owner as a body begins with it.
-- Answers {'waiting', ticket, user, avoided users, body}, {'taken', proposal} or {'nothing'}.
local user, owner = ARGV[3], ARGV[4]

sweep_proposals()

-- The body with the new owner, and how much later by the new owner's clock the ticket was enqueued than by that of
-- the old one; nothing if it is the new owner's already.
local function handed_over(body, enqueued)
  if string.sub(body, 1, #owner + 1) == owner .. ' ' then
    return
  end
  local rest, before, priority = string.match(body, '^[^ ]* [^ ]* [^ ]* [^ ]*( .* )(%d+)( %d+)$')
  local own = math.max(enqueued - shift, 0)
  return owner .. rest .. string.format('%.0f', own) .. priority, own - tonumber(before)
end

local ticket = call('HGET', users, user)
local value = ticket and call('HGET', tickets, ticket)
local record = waiting(value)
if record then
  local body, later = handed_over(record[BODY], record[ENQUEUED])
  if body then
    record[BODY], record[EFFECTIVE] = body, record[EFFECTIVE] + later
    call('HSET', tickets, ticket, pack(record))
  end
  return { 'waiting', ticket, user, record[AVOID], record[BODY] }
end
local id, proposal = taken(value)
if not id or proposal[EXPIRES] <= now then
  return { 'nothing' }
end
local side = proposal[proposal[CLAIMER][S_USER] == user and CLAIMER or CLAIMED]
local body = handed_over(side[S_BODY], side[S_ENQUEUED])
if body then
  side[S_BODY] = body
  call('HSET', proposals, id, pack(proposal))
end
return { 'taken', told(id, proposal) }
