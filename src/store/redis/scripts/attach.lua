-- Attach: whom is this user not to meet, and until when?
-- KEYS: 1 history. ARGV: 1-2 as in shared_time.lua.
-- Answers partner, end, partner, end, ..., the first to end first.
local history = call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
for place = 2, #history, 2 do
  history[place] = string.format('%.0f', tonumber(history[place]) - shift)
end
return history
