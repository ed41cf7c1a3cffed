-- Answer: one of the two answers a proposal.
-- KEYS as in shared_pool.lua. ARGV: 1-2 as in shared_time.lua, 3 proposal, 4 user, 5 'accept', 'reject' or 'leave'.
-- Answers {'pending'|'agreed'|'ended', proposal} or {'gone'}.
--
-- A proposal that ended stays as long as it would have been known, with the answer that ended it: whoever
-- repeats that answer because the reply was lost is told the same again.

sweep_proposals()
local id, by, verdict = ARGV[3], ARGV[4], ARGV[5]
local kept = call('HGET', proposals, id)
local proposal = kept and unpack_record(kept)
if not proposal or proposal[EXPIRES] + KEPT_AFTER_EXPIRY <= now then
  return { 'gone' }
end
local is_claimer, is_claimed = proposal[CLAIMER][S_USER] == by, proposal[CLAIMED][S_USER] == by
if not is_claimer and not is_claimed then
  return { 'gone' }
end
if proposal[ENDED] ~= '' then
  return proposal[ENDED] == verdict .. ' ' .. by and { 'ended', told(id, proposal) } or { 'gone' }
end
local claimer, claimed = proposal[CLAIMER], proposal[CLAIMED]
if is_agreed(proposal) then
  return { 'agreed', told(id, proposal) }
end
if proposal[EXPIRES] <= now then
  return { 'gone' }
end
if verdict ~= 'accept' then
  proposal[ENDED] = verdict .. ' ' .. by
  call('HSET', proposals, id, pack(proposal))
  release(id, proposal)
  return { 'ended', told(id, proposal) }
end
claimer[S_ACCEPTED] = is_claimer and 1 or claimer[S_ACCEPTED]
claimed[S_ACCEPTED] = is_claimed and 1 or claimed[S_ACCEPTED]
call('HSET', proposals, id, pack(proposal))
if not is_agreed(proposal) then
  return { 'pending', told(id, proposal) }
end
record_wait(claimer)
record_wait(claimed)
return { 'agreed', told(id, proposal) }
