-- Expire: ends a proposal whose time is over.
-- KEYS as in shared_pool.lua. ARGV: 1-2 as in shared_time.lua, 3 proposal.
-- Answers {'ended'|'agreed', proposal}, {'early'} or {'gone'}. One that ended so is told as ended again.
sweep_proposals()
local id = ARGV[3]
local kept = call('HGET', proposals, id)
local proposal = kept and unpack_record(kept)
if not proposal or proposal[EXPIRES] + KEPT_AFTER_EXPIRY <= now then
  return { 'gone' }
end
if proposal[ENDED] ~= '' then
  return proposal[ENDED] == 'expired' and { 'ended', told(id, proposal) } or { 'gone' }
end
if is_agreed(proposal) then
  return { 'agreed', told(id, proposal) }
end
if now < proposal[EXPIRES] then
  return { 'early' }
end
proposal[ENDED] = 'expired'
call('HSET', proposals, id, pack(proposal))
release(id, proposal)
return { 'ended', told(id, proposal) }
