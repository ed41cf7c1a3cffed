-- Remember: the user is not to meet a partner until then. The later of two ends holds.
-- KEYS: 1 history. ARGV: 1-2 as in shared_time.lua, 3 partner, 4 end, 5 partners kept, 6 longest life of the key, ms.
local history = KEYS[1]
call('ZADD', history, 'GT', tonumber(ARGV[4]) + shift, ARGV[3])
call('ZREMRANGEBYSCORE', history, '-inf', now)
call('ZREMRANGEBYRANK', history, 0, -1 - tonumber(ARGV[5]))
local last = call('ZRANGE', history, -1, -1, 'WITHSCORES')
if last[2] then
  -- A minute longer than its last entry: clocks differ.
  call('PEXPIRE', history, string.format('%.0f', math.min(tonumber(last[2]) - now + 60000, tonumber(ARGV[6]))))
end
return { 'done' }
